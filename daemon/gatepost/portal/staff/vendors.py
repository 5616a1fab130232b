"""Vendors for staff: who sells here, and each one's report card with its chart."""

from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from ... import absences, vendor_changes
from ...chart import chart
from ...core.address import plain
from ...core.away_plan import AwayPlan
from ...core.calendar import length_text
from ...core.party import Vendor
from ...core.report_card import WINDOWS
from ...core.staff import Permission
from ...core.vendor_change import Change
from ...errors import PermanentError
from ...house import House
from ...links import LinkError
from ...store import parties, queue
from ...store import vendor_changes as changes
from ...store.database import Tx
from ...store.queue import Line
from ..counter import Counter, go
from ..customer.ticket_face import number_in
from ..page import Page, Visitor
from ..stops import Missing
from .cards import Cards
from .frame import StaffPages, asked_number, clock_text, page_of
from .queue import Names, names_of

_DAYS = 90
_FIELDS = ("first", "back", "substitute", "text")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


class StaffVendors(StaffPages):
    """The handlers."""

    here = "/staff/vendors"

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self._cards = Cards(counter)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            page_of("GET", "/staff/vendors", self.vendors, "Vendors", Permission.VENDORS),
            page_of("GET", "/staff/vendors/{slug}", self.vendor, "Vendor", Permission.VENDORS),
            page_of("POST", "/staff/vendors/{slug}/away", self.away, "Absence", Permission.SETTINGS),
            page_of("POST", "/staff/vendors/{slug}/change", self.change, "Other address", Permission.SETTINGS),
            page_of("GET", "/staff/vendors/{slug}/card.svg", self.chart, "Report card", Permission.VENDORS),
        )

    async def vendors(self, request: Request, visitor: Visitor) -> Response:
        """Every vendor with what their card says in short."""
        lines, stale = await self._cards.every(_DAYS)
        page = self.show("vendors", visitor, lines=lines, waiting=any(one.card is None for one in lines), days=_DAYS)
        if stale:
            page.background = BackgroundTask(self._cards.renew, stale, _DAYS)
        return page

    async def vendor(self, request: Request, visitor: Visitor) -> Response:
        """One vendor: addresses, hours, absence, report card, open tickets."""
        return await self._page(request, visitor, done=request.query_params.get("done", ""))

    async def away(self, request: Request, visitor: Visitor) -> Response:
        """Write down that the vendor is away, or here again; due dates are worked out anew (R8)."""
        slug, member, now, house = request.path_params["slug"], self.member(visitor), self._counter.now(), self._house()
        sent = await request.form()
        form = {name: str(sent.get(name, "")).strip() for name in _FIELDS}
        plan = None
        if "here" not in sent:
            plan = AwayPlan(**form)
        if await self._counter.read(lambda tx: parties.vendor_named(tx, slug)) is None:
            raise Missing
        try:
            if plan is not None and plan.substitute:
                plain(plan.substitute)
            await self._counter.write(lambda tx: absences.put(tx, house, slug, plan, member.who, now))
        except (PermanentError, ValueError) as error:
            said = error.message if isinstance(error, PermanentError) else str(error)
            return await self._page(request, visitor, 422, wrong=said, given=form)
        return go(f"/staff/vendors/{slug}?done=away")

    async def change(self, request: Request, visitor: Visitor) -> Response:
        """Yes or no to an address that was asked for on the vendor's page, in the place of the present one (P12)."""
        slug, member, now, house = request.path_params["slug"], self.member(visitor), self._counter.now(), self._house()
        sent = await request.form()
        number, brand = number_in(str(sent.get("change", ""))), visitor.brand

        def run(tx: Tx) -> None:
            vendor = parties.vendor_named(tx, slug)
            wanted = changes.find(tx, number)
            if vendor is None or wanted is None or wanted.vendor != vendor.id:
                raise Missing
            act = vendor_changes.refuse if sent.get("answer") == "no" else vendor_changes.vouch
            act(tx, house, brand, wanted, member.who, now)

        try:
            await self._counter.write(run)
        except LinkError:
            return await self._page(request, visitor, 409, wrong="Somebody was faster, or its time is over.")
        self._counter.wake()
        return go(f"/staff/vendors/{slug}?done=address")

    def _house(self) -> House:
        return self._counter.house

    async def _page(self, request: Request, visitor: Visitor, status: int = 200, **values: object) -> Response:
        slug, days = request.path_params["slug"], _days(request)
        house, now = self._counter.house, self._counter.now()
        brands = self.member(visitor).brands

        def read(tx: Tx) -> tuple[Vendor, tuple[Line, ...], Names, list[Change]] | None:
            vendor = parties.vendor_named(tx, slug)
            if vendor is None:
                return None
            lines = queue.of_vendor(tx, vendor.id, brands=brands)
            waiting = [one for one in changes.waiting(tx, vendor.id, now) if one.waits(vendor, now)]
            return vendor, lines, names_of(tx, house, lines), waiting

        found = await self._counter.read(read)
        if found is None:
            raise Missing
        vendor, lines, named, waiting = found
        card = await self._cards.one(vendor, days)
        blank = {"done": "", "wrong": "", "given": dict.fromkeys(_FIELDS, "")}
        return self.show(
            "vendor", visitor, status, **blank | values, vendor=vendor, card=card, days=days, windows=WINDOWS,
            lines=lines, named=named, length=length_text, waiting=waiting,
            there=partial(clock_text, zone=vendor.hours.zone),
        )  # fmt: skip

    async def chart(self, request: Request, visitor: Visitor) -> Response:
        """The report card as a picture."""
        slug = request.path_params["slug"]
        vendor = await self._counter.read(lambda tx: parties.vendor_named(tx, slug))
        if vendor is None:
            raise Missing
        picture = chart(vendor.name, await self._cards.one(vendor, _days(request)))
        return Response(picture, media_type="image/svg+xml", headers={"content-security-policy": _POLICY})


def _days(request: Request) -> int:
    days = asked_number(request, "days", _DAYS)
    return days if days in WINDOWS else _DAYS
