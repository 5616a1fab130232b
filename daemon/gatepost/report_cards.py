"""Reads a vendor's report card out of the store, and tells staff and vendor when a figure has become too low (C6).

What is counted is the core's. A warning is sent once, and once more when the figure is as it should be again.
"""

from collections.abc import Iterable

from . import notice
from .clock import Clock
from .config import ReportCardSection
from .core import DAY, Millis
from .core.calendar import Calendar
from .core.letter import Mailbox
from .core.party import Vendor
from .core.report_card import WINDOWS, Bounds, Card, Figure, Short, card, shortfalls, told
from .core.wall import local
from .house import House
from .mail import wording
from .store import card_warnings, parties, report_card, trace
from .store.database import Database, Tx

_HOUR = 8
_QUIET: Millis = 14 * DAY


def read_card(tx: Tx, vendor: Vendor, calendar: Calendar, *, business_days: int, days: int, now: Millis) -> Card:
    """The vendor's report card of the last `days`; `calendar` is theirs, `business_days` is what was promised."""
    since = now - max(days, *WINDOWS) * DAY
    _, overdue, complaints = report_card.counts(tx, vendor.id, now - days * DAY)
    return card(
        said=report_card.said(tx, vendor.id, since),
        ratings=report_card.ratings(tx, vendor.id, now - days * DAY),
        calendar=calendar,
        business_days=business_days,
        overdue=overdue,
        complaints=complaints,
        days=days,
        now=now,
    )


class CardWatch:
    """Looks at each vendor's card once a day, in the morning of the vendor's zone."""

    def __init__(self, *, house: House, db: Database, clock: Clock, section: ReportCardSection) -> None:
        self._house, self._db, self._clock, self._section = house, db, clock, section
        self._seen: dict[int, str] = {}

    async def look(self) -> int:
        """Look at the cards whose time has come; how many vendors were looked at."""
        now, looked = self._clock.now(), 0
        for vendor in await self._db.read(parties.vendors):
            today = wording.iso_day(now, vendor.hours.zone)
            if vendor.active and local(now, vendor.hours.zone).hour >= _HOUR and self._seen.get(vendor.id) != today:
                self._seen[vendor.id] = today
                await self._look_at(vendor, now)
                looked += 1
        return looked

    async def _look_at(self, vendor: Vendor, now: Millis) -> None:
        made = await self._db.read(lambda tx: self._card(tx, vendor, now))
        await self._db.write(lambda tx: judge(tx, self._house, vendor, made, self._section, now))

    def _card(self, tx: Tx, vendor: Vendor, now: Millis) -> Card:
        calendar = self._house.calendar(next(iter(self._house.brands.values())), vendor, now)
        promised = self._house.overdue_business_days
        return read_card(tx, vendor, calendar, business_days=promised, days=self._section.days, now=now)


def judge(tx: Tx, house: House, vendor: Vendor, made: Card, section: ReportCardSection, now: Millis) -> None:
    """Tell of what has fallen short since the last look, and of what no longer does.

    A figure that wavers around its bound is told of again after a fortnight at the earliest.
    """
    asked = Bounds(in_time_percent=section.in_time_percent, mean_rating=section.mean_rating, least=section.least)
    short = {one.figure: one for one in shortfalls(made, asked)}
    standing, lately = card_warnings.standing(tx, vendor.id), card_warnings.ended_since(tx, vendor.id, now - _QUIET)
    begun = [one for figure, one in short.items() if figure not in standing and figure not in lately]
    ended = [figure for figure in standing if figure in told(made) and figure not in short]
    for one in begun:
        card_warnings.begin(tx, vendor.id, one, now)
    for figure in ended:
        card_warnings.end(tx, vendor.id, figure, now)
    if begun:
        _tell(tx, house, vendor, begun, section, now)
    if ended:
        _tell(tx, house, vendor, [], section, now)


def _tell(
    tx: Tx, house: House, vendor: Vendor, begun: Iterable[Short], section: ReportCardSection, now: Millis
) -> None:
    """A letter to staff, and one to the vendor where the config wants it; without `begun`, that all is well again."""
    staff = next(iter(house.brands.values())).languages[0]
    readers = [("staff/report-card", Mailbox(address=house.staff), staff)]
    if section.tell_vendor:
        to = Mailbox(address=vendor.support_address, name=vendor.name)
        readers.append(("vendor/report-card", to, vendor.language))
    begun = list(begun)
    for template, to, language in readers:
        key = f"report-card-{'' if begun else 'over-'}{vendor.id}-{now}"
        shown = [_shown(one, section.days, language) for one in begun]
        notice.put(
            tx, house, template, to, key=key, language=language, now=now, vendor=vendor, pair=vendor.slug,
            short=shown, over=not begun,
        )  # fmt: skip
    said = ", ".join(f"{one.figure.value} {one.seen:.2f} of {one.wanted:g}" for one in begun) or "as asked for again"
    trace.note(tx, kind="report-card", said=f"{vendor.slug}: {said}", now=now)


def _shown(one: Short, days: int, language: str) -> dict[str, str]:
    """The figure as the letter says it."""
    write = wording.percent if one.figure is Figure.IN_TIME else wording.number
    return {
        "figure": one.figure.value,
        "seen": write(one.seen, language),
        "wanted": write(one.wanted, language),
        "count": str(one.count),
        "days": str(days),
    }
