"""Customers for staff: the list, and a profile with subscriptions, orders, notes and tickets. Nothing of it is changed
here but notes: an address is the customer's own to change (P8).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ...core import DAY, Millis
from ...core.account import Account
from ...core.audit import Act, Action
from ...core.party import Customer, Order
from ...core.staff import Member, Permission
from ...core.wall import local
from ...house import House
from ...mail import wording
from ...store import accounts, customers_view, orders, parties, queue, staff_tables
from ...store.customers_view import Account as Accounts
from ...store.database import Tx
from ...store.queue import Line
from ...store.staff_tables import Note
from ..counter import go
from ..page import Page, Visitor
from ..stops import Missing
from .frame import StaffPages, number_in, page_of
from .queue import Names, names_of

_ORDERS_WITHIN = 60 * DAY
_TICKETS = 20
_LONGEST_NOTE = 20_000
_LONGEST_QUESTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    """What the page shows."""

    customer: Customer
    since: Millis | None
    account: Account | None
    aliases: tuple[str, ...]
    subscriptions: list[dict[str, Any]]
    orders: tuple[Order, ...]
    order_count: int
    total: tuple[str, ...]
    notes: tuple[Note, ...]
    lines: tuple[Line, ...]
    named: Names

    @property
    def returning(self) -> bool:
        """Whether they have bought or asked before."""
        return self.order_count > 1 or len(self.lines) > 1


class StaffCustomers(StaffPages):
    """The handlers."""

    here = "/staff/customers"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            page_of("GET", "/staff/customers", self.customers, "Customers", Permission.CUSTOMERS_READ),
            page_of("GET", "/staff/customers/{number}", self.profile, "Customer", Permission.CUSTOMERS_READ),
            page_of("POST", "/staff/customers/{number}/note", self.note, "Note", Permission.CUSTOMERS_WRITE),
        )

    async def customers(self, request: Request, visitor: Visitor) -> Response:
        """The list, by address, with or without an account, or those whose address or name begins with something."""
        question = request.query_params.get("q", "").strip()[:_LONGEST_QUESTION]
        given, rows = request.query_params.get("account", ""), self._counter.staff.rows
        account = Accounts(given) if given in set(Accounts) else Accounts.ANY
        after = request.query_params.get("after", "")[:320]
        lines = await self._counter.read(
            lambda tx: customers_view.page(tx, beginning=question, account=account, after=after, limit=rows + 1)
        )
        more = {"q": question, "account": account.value, "after": lines[rows - 1].folded} if len(lines) > rows else {}
        return self.show(
            "customers", visitor, lines=lines[:rows], question=question, account=account.value, first=not after,
            next=urlencode(more), accounts=list(Accounts),
        )  # fmt: skip

    async def profile(self, request: Request, visitor: Visitor) -> Response:
        """One customer."""
        return await self._page(request, visitor)

    async def note(self, request: Request, visitor: Visitor) -> Response:
        """Keep a note on the customer."""
        number, member, now = number_in(request), self.member(visitor), self._counter.now()
        text = str((await request.form()).get("text", "")).replace("\r\n", "\n").strip()[:_LONGEST_NOTE]
        if not text:
            return await self._page(request, visitor, 422, wrong="There are no words in it yet.")

        def run(tx: Tx) -> None:
            if parties.customer(tx, number) is None:
                raise Missing
            staff_tables.note(tx, number, member.slug, text, now)
            act = Act(actor=member.who, action=Action.CUSTOMER_NOTED, object=f"customer {number}", about=number)
            self._counter.house.audit.write(tx, act, now)

        await self._counter.write(run)
        return go(f"/staff/customers/{number}#notes")

    async def _page(self, request: Request, visitor: Visitor, status: int = 200, **values: object) -> Response:
        number, now, house = number_in(request), self._counter.now(), self._counter.house
        member = self.member(visitor)
        profile = await self._counter.read(lambda tx: _profile(tx, house, member, number, now))
        if profile is None:
            raise Missing
        customer = profile.customer
        zone = customer.zone or visitor.brand.zone
        return self.show(
            "customer", visitor, status, **{"wrong": ""} | values, profile=profile, customer=customer,
            customer_id=customer.id, ticket=None, most=_TICKETS, online=self._counter.presence.online(customer.id, now),
            local=f"{local(now, zone):%a %H:%M}", zone=customer.zone,
            speaks=wording.language_name(customer.language) if customer.language else "",
            staff={slug: member.name for slug, member in house.members.items()}, money=money,
        )  # fmt: skip


def money(amount: int, currency: str) -> str:
    """Hundredths of a currency as people read them."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100:,}.{abs(amount) % 100:02d} {currency}"


def _profile(tx: Tx, house: House, member: Member, number: int, now: Millis) -> _Profile | None:
    customer = parties.customer(tx, number)
    if customer is None:
        return None
    known, lines = house.names(tx).by_id, queue.of_customer(tx, number, limit=_TICKETS, brands=member.brands)
    count, totals, _ = orders.totals(tx, number)
    subscriptions = [
        {
            "product": known[one.product_id].name if one.product_id in known else "?",
            "standing": one.standing(now).value,
            "starts": one.starts,
            "ends": one.ends,
            "reference": one.reference,
        }
        for one in parties.subscriptions_of(tx, number)
    ]
    return _Profile(
        customer=customer,
        since=customers_view.known_since(tx, number, now),
        account=accounts.find(tx, number),
        aliases=customers_view.aliases(tx, number),
        subscriptions=subscriptions,
        orders=orders.latest(tx, number, now - _ORDERS_WITHIN),
        order_count=count,
        total=tuple(money(total, currency) for currency, total in totals.items()),
        notes=staff_tables.notes(tx, number),
        lines=lines,
        named=names_of(tx, house, lines),
    )
