"""The threads of imported mail: found by the Message-IDs that a mail cites, or by people and subject."""

from collections.abc import Iterable, Iterator

from ..core import DAY, Millis
from ..core.ticket import IMPORTED
from .database import Tx

_SPAN = 60 * DAY
_MOST = 30

TABLES = (
    # The latest imported ticket of a person under a subject; only imports read it.
    """CREATE TABLE thread (
        address TEXT NOT NULL, subject TEXT NOT NULL, ticket INTEGER NOT NULL REFERENCES ticket (number),
        at INTEGER NOT NULL, PRIMARY KEY (address, subject)) WITHOUT ROWID""",
    "CREATE INDEX thread_ticket ON thread (ticket)",
)


def citing(tx: Tx, message_ids: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each cited Message-ID that is a message of an imported ticket, with the ticket, in the order given."""
    for each in tuple(message_ids)[:_MOST]:
        row = tx.row(
            """SELECT ticket.number FROM seen JOIN ticket ON ticket.number = seen.ticket
               WHERE seen.message_id = :id AND (' ' || ticket.flags || ' ') LIKE '% ' || :flag || ' %' LIMIT 1""",
            id=each,
            flag=IMPORTED,
        )
        if row is not None:
            yield each, int(row["number"])


def about(tx: Tx, addresses: Iterable[str], subject: str, at: Millis | None) -> Iterator[int]:
    """The imported tickets that one of these people has under this subject, not long before or after `at`."""
    for address in tuple(dict.fromkeys(each.casefold() for each in addresses))[:_MOST]:
        row = tx.row(
            "SELECT ticket, at FROM thread WHERE address = :address AND subject = :subject",
            address=address,
            subject=subject,
        )
        if row is not None and (at is None or abs(at - row["at"]) <= _SPAN):
            yield int(row["ticket"])


def remember(tx: Tx, addresses: Iterable[str], subject: str, ticket: int, at: Millis) -> None:
    """These people have an imported ticket under this subject, last written on at `at`."""
    for address in {each.casefold() for each in addresses}:
        tx.run(
            """INSERT INTO thread (address, subject, ticket, at) VALUES (:address, :subject, :ticket, :at)
               ON CONFLICT (address, subject) DO UPDATE SET ticket = excluded.ticket, at = excluded.at""",
            address=address,
            subject=subject,
            ticket=ticket,
            at=at,
        )
