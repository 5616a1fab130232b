"""The daily digest for vendors and staff: what is open, overdue, and due today; only where there is something (C7).

Each recipient gets one a day, at or after the configured hour of their own zone; after a downtime it is one, not many.
"""

from collections.abc import Sequence

from . import notice
from .clock import Clock
from .core import Millis
from .core.letter import Mailbox
from .core.party import Vendor
from .core.reply_address import scrub
from .core.wall import local
from .house import House
from .mail import wording
from .mail.catalogue import say
from .mail.fields import one_line
from .mail.masking import mask
from .mail.wording import iso_day
from .store import digests, parties
from .store.database import Database, Row, Tx

_SUBJECT_CHARACTERS = 90


class Digests:
    """Writes the digests whose hour has come; `hour` is that of the recipient's day, -1 writes none."""

    def __init__(self, *, house: House, db: Database, clock: Clock, hour: int) -> None:
        self._house = house
        self._db = db
        self._clock = clock
        self._hour = hour

    async def look(self) -> int:
        """Write what is to be written now; how many digests."""
        now = self._clock.now()
        return await self._db.write(lambda tx: write(tx, self._house, self._hour, now)) if self._hour >= 0 else 0


def write(tx: Tx, house: House, hour: int, now: Millis) -> int:
    """Put every digest into the outbox that is due at `now` and not there yet; how many."""
    brand = next(iter(house.brands.values()))
    done = 0
    for vendor in parties.vendors(tx):
        if vendor.active and _is_time(vendor.hours.zone, hour, now):
            rows = _seen_by(tx, house, vendor, digests.open_tickets(tx, vendor.id))
            to = Mailbox(address=vendor.support_address, name=vendor.name)
            done += _put(tx, house, "vendor/digest", to, vendor.language, vendor.hours.zone, rows, now)
    if _is_time(brand.zone, hour, now):
        rows = [*digests.overdue_of_all(tx), *digests.open_tickets(tx, 0)]
        done += _put(tx, house, "staff/digest", Mailbox(address=house.staff), brand.languages[0], brand.zone, rows, now)
    return done


def _seen_by(tx: Tx, house: House, vendor: Vendor, rows: Sequence[Row]) -> list[Row]:
    """The rows with subjects as the vendor may read them: no foreign tokens (I8), no masked addresses (D5)."""
    seen: list[Row] = []
    for row in rows:
        masking = vendor.masking or (row["brand"] in house.brands and house.brands[row["brand"]].masking)
        hidden = digests.customers(tx, row["number"]) if masking else ()
        seen.append({**row, "subject": mask(scrub(house.keys, row["subject"], keep=()), hidden)})
    return seen


def _is_time(zone: str, hour: int, now: Millis) -> bool:
    return local(now, zone).hour >= hour


def _put(
    tx: Tx, house: House, template: str, to: Mailbox, language: str, zone: str, rows: Sequence[Row], now: Millis
) -> int:
    key = f"digest-{iso_day(now, zone)}-{to.address}"
    if not rows or digests.written(tx, to.address, key):
        return 0
    summary, listed = _summary(rows, language, zone, now), [_listed(row, language, zone) for row in rows]
    notice.put(tx, house, template, to, key=key, language=language, now=now, listed=listed, reason=summary)
    return 1


def _summary(rows: Sequence[Row], language: str, zone: str, now: Millis) -> str:
    """How many tickets are open, overdue and due today, in a line."""
    today = iso_day(now, zone)
    return say(
        language,
        "%(open)s open, %(overdue)s overdue, %(today)s due today",
        open=len(rows),
        overdue=sum(map(_is_late, rows)),
        today=sum(row["due"] is not None and iso_day(row["due"], zone) == today for row in rows),
    )


def _listed(row: Row, language: str, zone: str) -> dict[str, object]:
    """A ticket as the letter lists it, with its subject and when it is due."""
    late, when = _is_late(row), ""
    if late:
        when = say(language, "overdue")
    elif row["due"] is not None:
        when = say(language, "due: %(moment)s", moment=wording.moment(row["due"], language, zone))
    subject = one_line(row["subject"], _SUBJECT_CHARACTERS)
    return {"number": row["number"], "subject": subject, "when": when, "late": late}


def _is_late(row: Row) -> bool:
    return "overdue" in row["flags"].split()
