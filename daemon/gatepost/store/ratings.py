"""Ratings, who wants to be asked no more, and how often the pages were looked at by people and by machines."""

from ..core import Millis
from ..core.rating import Rating
from . import trace
from .database import Row, Tx

TABLES = (
    # One for each ticket. `vendor` is whose people had answered last, `customer` that of the ticket when it was rated.
    """CREATE TABLE rating (
        ticket INTEGER PRIMARY KEY REFERENCES ticket (number), customer INTEGER NOT NULL, vendor INTEGER NOT NULL,
        score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5), comment TEXT NOT NULL, at INTEGER NOT NULL,
        changed INTEGER NOT NULL)""",
    "CREATE INDEX rating_vendor ON rating (vendor, at)",
    # Who wants no mails of this kind any more, by folded address (RFC 8058).
    """CREATE TABLE unsubscribed (
        folded TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (folded, kind)) WITHOUT ROWID""",
)
KIND = "rating"


def put(tx: Tx, rating: Rating, *, customer: int, vendor: int) -> None:
    """Store a rating; the first answer keeps its instant."""
    tx.run(
        """INSERT INTO rating (ticket, customer, vendor, score, comment, at, changed)
           VALUES (:ticket, :customer, :vendor, :score, :comment, :at, :changed)
           ON CONFLICT (ticket) DO UPDATE SET score = excluded.score, comment = excluded.comment,
             changed = excluded.changed""",
        ticket=rating.ticket,
        customer=customer,
        vendor=vendor,
        score=rating.score,
        comment=rating.comment,
        at=rating.at,
        changed=rating.changed,
    )


def whose(tx: Tx, ticket: int) -> int:
    """The vendor whom a rating of this ticket is about: whose people answered last, or who has it where nobody has.

    0 where that is a team of the marketplace.
    """
    found: int | None = tx.value(
        """SELECT CASE WHEN participant.role IN ('vendor', 'collaborator') THEN participant.party ELSE 0 END
           FROM message JOIN participant ON participant.ticket = message.ticket
             AND participant.number = message.author
           WHERE message.ticket = :ticket AND message.author_kind = 'human' AND message.internal = 0
             AND participant.role NOT IN ('requester', 'copied') ORDER BY message.id DESC LIMIT 1""",
        ticket=ticket,
    )
    if found is not None:
        return found
    holds: int | None = tx.value("SELECT vendor FROM holding WHERE ticket = :t ORDER BY id DESC LIMIT 1", t=ticket)
    return holds or 0


def find(tx: Tx, ticket: int) -> Rating | None:
    """The rating of a ticket."""
    row = tx.row("SELECT * FROM rating WHERE ticket = :ticket", ticket=ticket)
    return _rating(row) if row else None


def unsubscribe(tx: Tx, address: str, now: Millis) -> None:
    """Ask this address for no rating any more."""
    tx.run(
        "INSERT INTO unsubscribed (folded, kind, at) VALUES (:folded, :kind, :at) ON CONFLICT DO NOTHING",
        folded=address.casefold(),
        kind=KIND,
        at=now,
    )


def is_unsubscribed(tx: Tx, address: str) -> bool:
    """Whether this address wants to be asked for no rating."""
    sql = "SELECT 1 FROM unsubscribed WHERE folded = :folded AND kind = :kind"
    return tx.value(sql, folded=address.casefold(), kind=KIND) is not None


def visited(tx: Tx, *, machine: bool, count: int = 1) -> None:
    """Count looks at rating pages; programs that follow every link of a mail are counted apart."""
    trace.count(tx, "rating.visit.machine" if machine else "rating.visit.person", count)


def _rating(row: Row) -> Rating:
    return Rating(
        ticket=row["ticket"], score=row["score"], comment=row["comment"], at=row["at"], changed=row["changed"]
    )
