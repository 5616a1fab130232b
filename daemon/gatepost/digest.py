"""The daily digest for vendors and staff: what is open, overdue, and due today; only where there is something (C7).

Each recipient gets one a day, at or after the configured hour of their own zone; after a downtime it is one, not many.
"""

from collections.abc import Sequence
from dataclasses import replace

from .clock import Clock
from .core import Millis
from .core.effect import Auto
from .core.letter import Mailbox
from .core.outgoing import Outgoing
from .core.party import Brand, Vendor
from .core.reply_address import scrub
from .core.wall import local
from .errors import GatepostError
from .house import House
from .mail import wording
from .mail.compose import Draft, compose, via_name
from .mail.masking import mask
from .mail.values import ticket_values
from .store import digests, outbox, parties
from .store.database import Database, Row, Tx

_WORDS = {
    "en": ("{open} open, {overdue} overdue, {today} due today", "overdue", "due"),
    "de": ("{open} offen, {overdue} überfällig, {today} heute fällig", "überfällig", "fällig"),
}


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
            done += _put(tx, house, brand, "vendor/digest", to, vendor.language, vendor.hours.zone, rows, now)
    if _is_time(brand.zone, hour, now):
        rows = [*digests.overdue_of_all(tx), *digests.open_tickets(tx, 0)]
        done += _put(
            tx, house, brand, "staff/digest", Mailbox(address=house.staff), brand.languages[0], brand.zone, rows, now
        )
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
    tx: Tx,
    house: House,
    brand: Brand,
    template: str,
    to: Mailbox,
    language: str,
    zone: str,
    rows: Sequence[Row],
    now: Millis,
) -> int:
    day = local(now, zone).date().isoformat()
    key = f"digest-{day}-{to.address}"
    if not rows or digests.written(tx, to.address, key):
        return 0
    ident = house.message_id("", key)
    summary, listing = _listing(rows, language, zone, now)
    values = ticket_values(brand=brand, language=language, customer=Mailbox(address=""), words=listing, reason=summary)
    draft = Draft(
        template=template,
        language=language,
        brand=brand,
        to=to,
        from_name=via_name("", "", brand),
        reply_address=brand.support[0],
        message_id=ident,
        auto=Auto.GENERATED,
        values=values,
        date=now,
    )
    blank = Outgoing(template=template, key=key, recipients=(to.address,), message_id=ident, auto=Auto.GENERATED)
    try:
        composed = compose(draft, house.letters)
    except GatepostError as error:
        outbox.put(tx, replace(blank, error=error.message), now)
    else:
        outbox.put(tx, replace(blank, subject=composed.subject, raw=composed.raw), now)
    return 1


def _listing(rows: Sequence[Row], language: str, zone: str, now: Millis) -> tuple[str, str]:
    """The summary in a line, and a line for each ticket."""
    summary, overdue_word, due_word = _WORDS.get(language.lower().partition("-")[0], _WORDS["en"])
    today = local(now, zone).date()
    overdue = [row for row in rows if "overdue" in row["flags"].split()]
    due_today = [row for row in rows if row["due"] is not None and local(row["due"], zone).date() == today]
    lines = []
    for row in rows:
        late = overdue_word if row in overdue else ""
        when = (
            f"{due_word}: {wording.moment(row['due'], language, zone)}" if row["due"] is not None and not late else late
        )
        lines.append(f"#{row['number']}  {' '.join(row['subject'].split())[:70]}" + (f"\n    {when}" if when else ""))
    said = summary.format(open=len(rows), overdue=len(overdue), today=len(due_today))
    return said, "\n".join(lines)
