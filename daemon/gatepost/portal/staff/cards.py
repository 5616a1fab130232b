"""Report cards for the staff pages: worked out when they are asked for, or kept for a while where that takes long.

A card is made of every message of ninety days. Where vendors have few tickets that is done at once; for the others the
last one is shown, and a new one is worked out behind the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...core import DAY, MINUTE, Millis
from ...core.party import Vendor
from ...core.report_card import Card
from ...house import House
from ...report_cards import read_card
from ...store import parties, report_card
from ...store.database import Tx
from ..counter import Counter

SPAN: Millis = 90 * DAY
_KEPT: Millis = 15 * MINUTE
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One vendor in the list; `card` is None until it is worked out for the first time."""

    vendor: Vendor
    open: int
    overdue: int
    card: Card | None


class Cards:
    """The cards of every vendor. What is kept is forgotten with the process."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._made: dict[tuple[int, int], tuple[Millis, Card]] = {}
        self._busy: set[int] = set()

    async def every(self, days: int) -> tuple[list[Standing], list[Vendor]]:
        """Each vendor's standing, and the vendors whose card has to be worked out anew: see `renew`."""
        now, left = self._counter.now(), _AT_ONCE
        vendors, standing = await self._counter.read(
            lambda tx: (parties.vendors(tx), report_card.standing(tx, now - SPAN))
        )
        lines, stale = list[Standing](), list[Vendor]()
        for vendor in vendors:
            opened, overdue, active = standing.get(vendor.id, (0, 0, 0))
            card = self._kept(vendor, days, now)
            if active <= left:
                left -= active
                card = await self._make(vendor, days)
            elif card is None:
                stale.append(vendor)
                card = self._made.get((vendor.id, days), (0, None))[1]
            lines.append(Standing(vendor=vendor, open=opened, overdue=overdue, card=card))
        return lines, stale

    async def renew(self, vendors: Sequence[Vendor], days: int) -> None:
        """Work these out, one after the other; none that is being worked out already."""
        for vendor in vendors:
            if vendor.id in self._busy:
                continue
            self._busy.add(vendor.id)
            try:
                await self._make(vendor, days)
            finally:
                self._busy.discard(vendor.id)

    async def one(self, vendor: Vendor, days: int) -> Card:
        """One vendor's card: of this instant, or of the last minutes where it takes long."""
        now = self._counter.now()
        standing = await self._counter.read(lambda tx: report_card.standing(tx, now - SPAN))
        few = standing.get(vendor.id, (0, 0, 0))[2] <= _AT_ONCE
        kept = None if few else self._kept(vendor, days, now)
        return kept if kept is not None else await self._make(vendor, days)

    def _kept(self, vendor: Vendor, days: int, now: Millis) -> Card | None:
        at, card = self._made.get((vendor.id, days), (0, None))
        return card if now - at < _KEPT else None

    async def _make(self, vendor: Vendor, days: int) -> Card:
        house, now = self._counter.house, self._counter.now()
        card = await self._counter.read(lambda tx: _card(tx, house, vendor, days, now))
        self._made[vendor.id, days] = (now, card)
        return card


def _card(tx: Tx, house: House, vendor: Vendor, days: int, now: Millis) -> Card:
    calendar = house.calendar(next(iter(house.brands.values())), vendor, now)
    return read_card(tx, vendor, calendar, business_days=house.overdue_business_days, days=days, now=now)
