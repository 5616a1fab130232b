"""The intake: mail that the desk's own process has taken, from mailboxes and archives, and that waits to be handled.

States of an arrival here, and the instant at which each begins:

    taken     the COMMIT returned in which its bytes were written, with where they came from; now, and only now, the
              mail may be moved or marked where it lay
    cleared   it has an outcome, and its row in `waiting` is deleted

What is offered a second time from the same place, because a kill came between the commit and the mark, is known by its
row in `taken` and is not taken again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..core import Millis
from ..core.letter import Arrival, Door, Envelope
from . import arrivals
from .database import Database, Tx

TABLES = (
    "CREATE TABLE waiting (arrival INTEGER PRIMARY KEY REFERENCES arrival (id), door TEXT NOT NULL)",
    "CREATE INDEX waiting_door ON waiting (door, arrival)",
    # Where a mail lay: a mailbox with its UIDVALIDITY and the UID, an archive and the place in it.
    """CREATE TABLE taken (
        source TEXT NOT NULL, position TEXT NOT NULL, digest TEXT NOT NULL, arrival INTEGER NOT NULL,
        PRIMARY KEY (source, position)) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mail that lay somewhere: in `source`, at `position`, with the envelope that could be made out."""

    source: str
    position: str
    received: Millis
    envelope: Envelope
    raw: bytes = field(repr=False)


def take(tx: Tx, found: Found, kin: str = "") -> int:
    """Write the mail as an arrival that waits; its id, 0 where it was taken before from the same place.

    `kin` begins the names of the sources that are this one under other numbers, such as a mailbox that was rebuilt: the
    same bytes from there are the same mail.
    """
    digest = hashlib.sha256(found.raw).hexdigest()[:32]
    known = tx.row(
        "SELECT digest FROM taken WHERE source = :source AND position = :position",
        source=found.source,
        position=found.position,
    )
    if known is not None and known["digest"] == digest:
        return 0
    earlier = _earlier(tx, found.source, digest, kin) if kin else 0
    row = earlier or _insert(tx, found)
    if not earlier:
        tx.run("INSERT INTO waiting (arrival, door) VALUES (:id, :door)", id=row, door=found.envelope.door.value)
    tx.run(
        """INSERT INTO taken (source, position, digest, arrival) VALUES (:source, :position, :digest, :arrival)
           ON CONFLICT (source, position) DO UPDATE SET digest = excluded.digest, arrival = excluded.arrival""",
        source=found.source,
        position=found.position,
        digest=digest,
        arrival=row,
    )
    return 0 if earlier else row


def known(tx: Tx, source: str, positions: Sequence[str]) -> set[str]:
    """Those positions of a source from which a mail was taken."""
    return {
        each
        for each in positions
        if tx.row("SELECT 1 FROM taken WHERE source = :source AND position = :each", source=source, each=each)
    }


def sizes(tx: Tx, source: str, positions: Sequence[str]) -> dict[str, tuple[int, Millis]]:
    """The octets of the mails that were taken from those positions, and when they came."""
    found = {}
    for each in positions:
        row = tx.row(
            """SELECT arrival.size, arrival.received FROM taken JOIN arrival ON arrival.id = taken.arrival
               WHERE taken.source = :source AND taken.position = :each""",
            source=source,
            each=each,
        )
        if row is not None:
            found[each] = (int(row["size"]), int(row["received"]))
    return found


def waiting_from(tx: Tx, peer: str) -> int:
    """How many mails of one mailbox, as its arrivals name it, wait to be handled."""
    return int(
        tx.value(
            """SELECT count(*) FROM waiting JOIN arrival ON arrival.id = waiting.arrival
               WHERE waiting.door = :door AND arrival.peer = :peer""",
            door=Door.IMAP.value,
            peer=peer,
        )
    )


def backlog(tx: Tx, door: Door) -> int:
    """How many mails of a door wait."""
    return int(tx.value("SELECT count(*) FROM waiting WHERE door = :door", door=door.value))


def outcomes(tx: Tx, door: Door, after: int) -> dict[str, int]:
    """What became of the mails of a door behind the row `after`: how many of each outcome."""
    rows = tx.rows(
        "SELECT outcome, count(*) AS many FROM arrival WHERE id > :after AND door = :door GROUP BY outcome",
        after=after,
        door=door.value,
    )
    return {row["outcome"] or "waiting": int(row["many"]) for row in rows}


def last(tx: Tx) -> int:
    """The newest row of the arrivals."""
    return int(tx.value("SELECT coalesce(max(id), 0) FROM arrival"))


class Intake:
    """One door's waiting mail, as the desk reads a spool and has it cleared."""

    def __init__(self, db: Database, door: Door) -> None:
        self._db, self._door = db, door

    def pending(self, after: int, limit: int) -> list[Arrival]:
        """The arrivals behind the id `after`, at most `limit`, oldest first."""

        def read(tx: Tx) -> list[Arrival]:
            rows = tx.rows(
                """SELECT arrival.* FROM waiting JOIN arrival ON arrival.id = waiting.arrival
                   WHERE waiting.door = :door AND waiting.arrival > :after ORDER BY waiting.arrival LIMIT :limit""",
                door=self._door.value,
                after=after,
                limit=limit,
            )
            return [arrivals.as_arrival(tx, row) for row in rows]

        return self._db.read_now(read)

    async def done(self, ids: Sequence[int]) -> None:
        """These have an outcome and wait no longer."""

        def clear(tx: Tx) -> None:
            for each in ids:
                tx.run("DELETE FROM waiting WHERE arrival = :id", id=each)

        if ids:
            await self._db.write(clear)


def _earlier(tx: Tx, source: str, digest: str, kin: str) -> int:
    """The arrival of the same bytes from a source that begins with `kin`, not this one; 0 for none."""
    row = tx.row(
        """SELECT arrival FROM taken WHERE digest = :digest AND source <> :source
           AND substr(source, 1, length(:kin)) = :kin LIMIT 1""",
        digest=digest,
        source=source,
        kin=kin,
    )
    return int(row["arrival"]) if row is not None else 0


def _insert(tx: Tx, found: Found) -> int:
    """The row of the arrival, which is also its number: no gate has given it one."""
    row = last(tx) + 1
    envelope = found.envelope
    arrival = Arrival(id=row, received=found.received, envelope=envelope, raw=found.raw)
    number = arrivals.begin(tx, arrival)
    if number != row:
        raise LookupError(f"arrival {row} was given the row {number}")
    return row
