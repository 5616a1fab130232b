"""Staff pages of logging in as a customer: to ask for leave, to start with it, and the log of who was whom (L7).

Whether anything may happen is leave.py's.
"""

from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from ...core import DAY, HOUR, SECOND, Millis
from ...core.audit import Act, Action
from ...core.consent import LEAVE_LIVES, REASON_CAP, START_WITHIN, Consent, Impersonation, Refused, Scope, Stage, Wish
from ...core.party import Customer
from ...core.staff import Permission
from ...outline import csv_line
from ...store import consents, parties
from ...store.consents import Line, Wanted
from ...store.database import Tx
from ..counter import Counter, go
from ..page import Page, Visitor
from ..staff.frame import StaffPages, asked_number, clock_text, number_in, page_of
from ..stops import Missing
from . import letters
from .leave import Leave

_HOURS = (1, 4, 8, 24)
_ROWS = 50
_CSV_ROWS = 10_000
_HEAD = (
    "id",
    "customer",
    "address",
    "staff",
    "reason",
    "scope",
    "brand",
    "ticket",
    "start",
    "end",
    "why",
    "peer",
    "acts",
    "actions",
)


class StaffLogInPages(StaffPages):
    """The handlers."""

    here = "/staff/log-ins"

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self._leave = Leave(counter.house)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        may, log = Permission.IMPERSONATE, Permission.IMPERSONATE_LOG
        at, title = "/staff/customers/{number}/log-in", "Log in as a customer"
        return (
            page_of("GET", at, self.plan, title, may),
            page_of("POST", f"{at}/ask", self.ask, title, may),
            page_of("POST", f"{at}/start", self.mint, title, may),
            page_of("GET", "/staff/log-ins", self.log, "Who was logged in as whom", log),
            page_of("GET", "/staff/log-ins/{number}", self.one, "What was done", log),
            page_of("POST", "/staff/log-ins/csv", self.log_as_csv, "Who was logged in as whom", log),
        )

    async def plan(self, request: Request, visitor: Visitor) -> Response:
        """What the member may do: ask for leave, or start with the one that is there."""
        return await self._plan(request, visitor)

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """Send the request to the customer."""
        member, number = self.member(visitor), number_in(request)
        form, now = await request.form(), self._counter.now()
        hours = _number(form, "hours")
        wish = _wish(form, visitor, until=now + min(hours * HOUR, LEAVE_LIVES))
        said = await self._counter.write(lambda tx: self._leave.ask(tx, member, number, wish, now))
        if isinstance(said, Refused):
            return await self._plan(request, visitor, said.value, 409)
        self._counter.wake()
        return go(f"/staff/customers/{number}/log-in?ticket={wish.ticket}")

    async def mint(self, request: Request, visitor: Visitor) -> Response:
        """Prepare the session; the link that follows begins it once, within a minute."""
        member, number = self.member(visitor), number_in(request)
        form, now = await request.form(), self._counter.now()
        wish, consent = _wish(form, visitor, until=now), _number(form, "consent")
        said = await self._counter.write(
            lambda tx: self._leave.mint(tx, member, visitor.session, number, wish, consent, now)
        )
        if isinstance(said, Refused):
            return await self._plan(request, visitor, said.value, 409)
        link = f"{self._counter.house.brands[wish.brand].portal.rstrip('/')}/as/{said}"
        return self.show("log-in-link", visitor, link=link, seconds=START_WITHIN // SECOND)

    async def log(self, request: Request, visitor: Visitor) -> Response:
        """The sessions, newest first, filtered by brand, person and time."""
        wanted = _wanted(request, self._counter.now())
        before = asked_number(request, "before", 0)
        rows = await self._counter.read(lambda tx: consents.search(tx, wanted, before=before, limit=_ROWS + 1))
        older = rows[_ROWS - 1].id if len(rows) > _ROWS else 0
        brands = [(brand.slug, brand.name) for brand in self._counter.house.brands.values()]
        return self.show(
            "log-ins", visitor, rows=rows[:_ROWS], wanted=wanted, older=older, brands=brands,
            days=asked_number(request, "days", 0), query=_query(wanted, asked_number(request, "days", 0)),
        )  # fmt: skip

    async def one(self, request: Request, visitor: Visitor) -> Response:
        """One session, with all that was done and looked at in it."""
        number = number_in(request)
        session, customer, acts = await self._counter.read(lambda tx: _session(tx, number))
        if session is None:
            raise Missing
        return self.show(
            "log-in-one", visitor, session=session, customer=customer, act=Scope.ACT,
            acts=[(one.at, one.did, letters.done("en", one)) for one in acts],
        )  # fmt: skip

    async def log_as_csv(self, request: Request, visitor: Visitor) -> Response:
        """The list, as far as the filter goes, as a table for a spreadsheet; who has taken it out is on record."""
        wanted = _wanted(request, self._counter.now())
        member = self.member(visitor)
        act = Act(
            actor=member.who, action=Action.AUDIT_EXPORTED, object="log-ins",
            details={"brand": wanted.brand, "person": wanted.person, "since": wanted.since},
        )  # fmt: skip

        rows = await self._counter.read(lambda tx: _lines(tx, wanted))
        await self._counter.write(lambda tx: self._counter.house.audit.write(tx, act, self._counter.now()))
        zone = member.zone or visitor.brand.zone
        lines = [csv_line(_HEAD)]
        for row, did in rows:
            start, end = clock_text(row.started, zone=zone), clock_text(row.ended, zone=zone)
            cells = (row.id, row.customer_name, row.address, row.staff, row.reason, row.scope, row.brand, row.ticket)
            lines.append(csv_line(map(str, (*cells, start, end, row.why, row.peer, row.acts, did))))
        headers = {"content-disposition": 'attachment; filename="log-ins.csv"'}
        return Response("".join(lines), media_type="text/csv; charset=utf-8", headers=headers)

    async def _plan(self, request: Request, visitor: Visitor, refused: str = "", status: int = 200) -> Response:
        number, now = number_in(request), self._counter.now()
        customer, standing, asked = await self._counter.read(lambda tx: _known(tx, number, now))
        if customer is None:
            raise Missing
        usable = [c for c in asked if c.stage is Stage.APPROVED and now < c.until and c.staff == visitor.staff]
        brands = [
            (b.slug, b.name)
            for b in self._counter.house.brands.values()
            if b.impersonation and b.portal and self.member(visitor).at(b.slug)
        ]
        return self.show(
            "log-in", visitor, status, customer=customer, requests=asked, usable=usable, refused=refused,
            standing=standing, brands=brands, hours=_HOURS, chosen=visitor.brand.slug,
            ticket=asked_number(request, "ticket", 0), act=Scope.ACT,
        )  # fmt: skip


def _session(tx: Tx, number: int) -> tuple[Impersonation | None, Customer | None, tuple[consents.Act, ...]]:
    session = consents.session(tx, number)
    customer = parties.customer(tx, session.customer) if session is not None else None
    return session, customer, consents.acts(tx, number)


def _lines(tx: Tx, wanted: Wanted) -> list[tuple[Line, str]]:
    """The sessions, each with what was done in it, in words."""
    lines = consents.search(tx, wanted, before=0, limit=_CSV_ROWS)
    return [(one, ", ".join(letters.done("en", act) for act in consents.acts(tx, one.id) if act.did)) for one in lines]


def _known(tx: Tx, number: int, now: Millis) -> tuple[Customer | None, Scope | None, tuple[Consent, ...]]:
    return parties.customer(tx, number), consents.standing(tx, number), consents.recent(tx, number, now)


def _wish(form: FormData, visitor: Visitor, *, until: Millis) -> Wish:
    """What the form asks for; the brand is the one that was chosen, else this host's (L4)."""
    return Wish(
        brand=str(form.get("brand", "")) or visitor.brand.slug,
        ticket=_number(form, "ticket"),
        reason=str(form.get("reason", ""))[:REASON_CAP],
        scope=Scope.ACT if str(form.get("scope", "")) == "act" else Scope.READ,
        until=until,
    )


def _number(form: FormData, name: str) -> int:
    text = str(form.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _wanted(request: Request, now: Millis) -> Wanted:
    """The filter in the query: a brand, a person (staff or customer), the last days."""
    days = asked_number(request, "days", 0)
    return Wanted(
        brand=request.query_params.get("brand", "")[:100],
        person=request.query_params.get("person", "").strip()[:254],
        since=now - min(days, 36_500) * DAY if days else 0,
    )


def _query(wanted: Wanted, days: int) -> str:
    """The filter as a query, for the links to further pages."""
    return urlencode({"brand": wanted.brand, "person": wanted.person, "days": days or ""})
