"""The vendor's page, by the link in their mails: their open tickets, when they are away, their address, their figures.

It changes nothing but the absence. The link dies with the support address that it was sent to.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ... import absences
from ...core import Millis
from ...core.audit import ActorKind
from ...core.audit import Who as Actor
from ...core.away_plan import AwayPlan
from ...core.party import Vendor
from ...errors import PermanentError
from ...links import For, LinkError, vendor_mark
from ...mail import fields, wording
from ...mail.compose import bare_subject
from ...mail.masking import mask
from ...report_cards import read_card
from ...store import digests, parties
from ...store.database import Row, Tx
from ..counter import Counter, go
from ..page import Form, Page, Visitor, Who

_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """What was written into the absence's form, and what is wrong with it."""

    first: str = ""
    back: str = ""
    substitute: str = ""
    text: str = ""
    why: str = ""


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
        )

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The page."""
        return await self._page(request, visitor, _Wrong())

    async def away(self, request: Request, visitor: Visitor) -> Response:
        """Write down an absence."""
        form = await request.form()
        said = {name: fields.one_line(str(form.get(name, "")), 300).strip() for name in ("first", "back", "substitute")}
        plan = AwayPlan(**said, text=str(form.get("text", ""))[:1_000].strip())
        try:
            await self._counter.write(lambda tx: self._put(tx, visitor, plan))
        except PermanentError as error:
            wrong = _Wrong(**said, text=plan.text, why=error.message)
            return await self._page(request, visitor, wrong, 422)
        return go(f"/vendor/{request.path_params['token']}?noted")

    async def here(self, request: Request, visitor: Visitor) -> Response:
        """Here again."""
        await self._counter.write(lambda tx: self._put(tx, visitor, None))
        return go(f"/vendor/{request.path_params['token']}?noted")

    def _put(self, tx: Tx, visitor: Visitor, plan: AwayPlan | None) -> None:
        vendor = vendor_of(tx, visitor)
        if plan is not None and plan.substitute and not _is_theirs(vendor, plan.substitute):
            raise PermanentError(
                f"{plan.substitute} is at none of your own domains.", "Ask the marketplace to name somebody elsewhere."
            )
        by = Actor(kind=ActorKind.VENDOR, name=vendor.support_address, party=vendor.id)
        absences.put(tx, self._counter.house, vendor.slug, plan, by, self._counter.now())

    async def _page(self, request: Request, visitor: Visitor, wrong: _Wrong, status: int = 200) -> Response:
        vendor, values = await self._counter.read(lambda tx: self._values(tx, visitor))
        served = vendor.language if vendor.language in visitor.brand.languages else visitor.language
        dressed = replace(visitor, language=served, zone=vendor.hours.zone)
        base = f"/vendor/{request.path_params['token']}"
        noted = "noted" in request.query_params
        return self._counter.show(
            "customer/vendor", dressed, status, vendor=vendor, base=base, wrong=wrong, noted=noted, **values
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


def _is_theirs(vendor: Vendor, address: str) -> bool:
    """Whether an address is at a domain of the vendor's: who has only their link cannot send their mail elsewhere."""
    known = (vendor.support_address, vendor.contact_address, *vendor.senders)
    return address.rpartition("@")[2].lower() in {one.rpartition("@")[2].lower() for one in known if one}


def vendor_of(tx: Tx, visitor: Visitor) -> Vendor:
    """The vendor of the link. Raises LinkError where they are gone, or get their mail elsewhere now."""
    number, mark = visitor.about
    vendor = parties.vendor(tx, int(number))
    if vendor is None or not vendor.active or vendor_mark(vendor) != mark:
        raise LinkError("this link is no longer good", expired=True)
    return vendor
