"""The vendor's page, by the link in their mails: their open tickets, when they are away, their address, their figures.

The link stands in mails, which are forwarded: it changes the absence, and only asks for an address that is not known to
be the vendor's. It dies with the support address that it was sent to.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ... import absences, vendor_changes
from ...absences import AbsenceError
from ...core import Millis
from ...core.away_plan import AwayPlan
from ...core.party import Vendor
from ...core.phrase import Sentence
from ...core.vendor_change import Change, Kind, Stage, is_known
from ...links import For, LinkError, vendor_mark
from ...mail import fields, wording
from ...mail.catalogue import phrase, tell
from ...mail.compose import bare_subject
from ...mail.masking import mask
from ...report_cards import read_card
from ...store import digests, parties
from ...store import vendor_changes as changes
from ...store.database import Row, Tx
from ..counter import Counter, go
from ..page import Form, Page, Visitor, Who
from ..sign_in.entry import readable

_DAYS = 90
_NO_ADDRESS = phrase("%(address)s is not a plain mail address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """What was written into a form, and what is wrong with it: the absence, or the support address."""

    first: str = ""
    back: str = ""
    substitute: str = ""
    text: str = ""
    address: str = ""
    why: Sentence | None = None


class VendorPages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        line = partial(Page, who=Who.VENDOR, link=For.VENDOR, form=Form.LINK)
        return (
            line("GET", "/vendor/{token}", self.show, title="Your tickets"),
            line("POST", "/vendor/{token}/away", self.away, title="Away"),
            line("POST", "/vendor/{token}/here", self.here, title="Here again"),
            line("POST", "/vendor/{token}/address", self.address, title="Support address"),
        )

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The page."""
        return await self._page(request, visitor, _Wrong())

    async def away(self, request: Request, visitor: Visitor) -> Response:
        """Write down an absence; a substitute who is not known as the vendor's stands in once that is confirmed."""
        form = await request.form()
        said = {name: fields.one_line(str(form.get(name, "")), 300).strip() for name in ("first", "back", "substitute")}
        plan = AwayPlan(**said, text=str(form.get("text", ""))[:1_000].strip())
        try:
            asked = await self._counter.write(lambda tx: self._put(tx, visitor, plan))
        except AbsenceError as error:
            return await self._page(request, visitor, _Wrong(**said, text=plan.text, why=error.said), 422)
        self._counter.wake()
        return go(f"/vendor/{request.path_params['token']}?{'asked' if asked else 'noted'}")

    async def here(self, request: Request, visitor: Visitor) -> Response:
        """Here again."""
        await self._counter.write(lambda tx: self._put(tx, visitor, None))
        return go(f"/vendor/{request.path_params['token']}?noted")

    async def address(self, request: Request, visitor: Visitor) -> Response:
        """Ask for another support address: nothing changes before the present one has said yes, and the new one too."""
        typed = fields.one_line(str((await request.form()).get("address", "")), 300).strip()
        house, now = self._counter.house, self._counter.now()

        def run(tx: Tx) -> None:
            vendor, address = vendor_of(tx, visitor), readable(typed)
            if not address:
                raise AbsenceError(Sentence(message=_NO_ADDRESS, values={"address": typed[:80]}), "")
            vendor_changes.ask(tx, house, visitor.brand, vendor, Kind.SUPPORT, address, now)

        try:
            await self._counter.write(run)
        except AbsenceError as error:
            return await self._page(request, visitor, _Wrong(address=typed, why=error.said), 422)
        self._counter.wake()
        return go(f"/vendor/{request.path_params['token']}?asked#address")

    def _put(self, tx: Tx, visitor: Visitor, plan: AwayPlan | None) -> bool:
        """Write the absence down; whether its substitute waits for a word."""
        vendor, house, now = vendor_of(tx, visitor), self._counter.house, self._counter.now()
        by = vendor_changes.of_vendor(vendor)
        asks = plan is not None and bool(plan.substitute) and not is_known(vendor, plan.substitute)
        if plan is not None and asks:
            absences.refuse(house, vendor, plan, now)
            absences.put(tx, house, vendor.slug, replace(plan, substitute=""), by, now)
            away = vendor_of(tx, visitor).away
            vendor_changes.ask(
                tx, house, visitor.brand, vendor, Kind.SUBSTITUTE, readable(plan.substitute), now, away=away
            )
        else:
            absences.put(tx, house, vendor.slug, plan, by, now)
        return asks

    async def _page(self, request: Request, visitor: Visitor, wrong: _Wrong, status: int = 200) -> Response:
        vendor, values = await self._counter.read(lambda tx: self._values(tx, visitor))
        served = vendor.language if vendor.language in visitor.brand.languages else visitor.language
        dressed = replace(visitor, language=served, zone=vendor.hours.zone)
        base = f"/vendor/{request.path_params['token']}"
        done = next((word for word in ("noted", "asked") if word in request.query_params), "")
        why = tell(served, wrong.why) if wrong.why is not None else ""
        return self._counter.show(
            "customer/vendor", dressed, status, vendor=vendor, base=base, wrong=wrong, why=why, done=done, **values
        )

    def _values(self, tx: Tx, visitor: Visitor) -> tuple[Vendor, dict[str, Any]]:
        vendor, now = vendor_of(tx, visitor), self._counter.now()
        house, zone, language = self._counter.house, vendor.hours.zone, vendor.language
        calendar = house.calendar(visitor.brand, vendor, now)
        card = read_card(tx, vendor, calendar, business_days=house.overdue_business_days, days=_DAYS, now=now)
        away = vendor.away if vendor.away is not None and vendor.away.ends > now else None
        return vendor, {
            "tickets": [self._line(tx, row, vendor) for row in digests.open_tickets(tx, vendor.id)],
            "gone": {
                "until": wording.day(away.ends, language, zone),
                "since": wording.day(away.starts, language, zone),
                "substitute": away.substitute,
                "text": away.text,
            }
            if away is not None
            else None,
            "waiting": [
                _waiting(one, language, zone) for one in changes.waiting(tx, vendor.id, now) if one.waits(vendor, now)
            ],
            "figures": _figures(card, language),
            "days": _DAYS,
        }

    def _line(self, tx: Tx, row: Row, vendor: Vendor) -> dict[str, Any]:
        """One open ticket; a masked customer's address does not stand in its subject either."""
        brand = self._counter.house.brands.get(row["brand"])
        masked = vendor.masking or (brand is not None and brand.masking)
        hidden = digests.customers(tx, row["number"]) if masked else ()
        return {
            "number": row["number"],
            "subject": mask(bare_subject(row["subject"]), hidden),
            "due": wording.short(row["due"], vendor.language, vendor.hours.zone) if row["due"] is not None else "",
            "overdue": "overdue" in row["flags"].split(),
        }


def _figures(card: Any, language: str) -> dict[str, str]:
    share = card.shares[1].percent if len(card.shares) > 1 else None
    return {
        "ratings": str(card.ratings),
        "mean": wording.number(card.mean, language) if card.mean is not None else "",
        "in_time": wording.percent(share, language) if share is not None else "",
        "overdue": str(card.overdue),
        "first": _hours(card.first_response.median, language) if card.first_response.count else "",
    }


def _hours(time: Millis, language: str) -> str:
    return wording.number(time / 3_600_000, language)


def _waiting(change: Change, language: str, zone: str) -> dict[str, str]:
    """A change that waits for somebody's word."""
    of = change.address if change.stage is Stage.VOUCHED else change.was
    until = wording.moment(change.expires, language, zone)
    return {"kind": change.kind.value, "address": change.address, "of": of, "until": until}


def vendor_of(tx: Tx, visitor: Visitor) -> Vendor:
    """The vendor of the link. Raises LinkError where they are gone, or get their mail elsewhere now."""
    number, mark = visitor.about
    vendor = parties.vendor(tx, int(number))
    if vendor is None or not vendor.active or vendor_mark(vendor) != mark:
        raise LinkError("this link is no longer good", expired=True)
    return vendor
