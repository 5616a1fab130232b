"""What happened to a ticket beside its messages, for whoever reads it: closed, opened again, handed on."""

from collections.abc import Sequence
from enum import StrEnum

from sqlite_utils import Database as Utils

from ..core import Millis
from .database import Row, Tx

TABLES = (
    "CREATE TABLE ticket_event (id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket (number), "
    "at INTEGER NOT NULL, kind TEXT NOT NULL)",
    "CREATE INDEX ticket_event_ticket ON ticket_event (ticket, id)",
)


def m0031_ticket_events(db: Utils) -> None:
    """What happened to tickets, as their readers see it."""
    for statement in TABLES:
        db.execute(statement)


class Happened(StrEnum):
    """What can happen to a ticket that its readers are shown."""

    CLOSED = "closed"
    OPENED = "opened"
    MOVED = "moved"


def note(tx: Tx, ticket: int, kind: Happened, at: Millis) -> None:
    """Write down that it happened."""
    tx.run(
        "INSERT INTO ticket_event (ticket, at, kind) VALUES (:ticket, :at, :kind)",
        ticket=ticket,
        at=at,
        kind=kind.value,
    )


def of_ticket(tx: Tx, ticket: int) -> Sequence[Row]:
    """What happened to a ticket, in order."""
    return tx.rows("SELECT * FROM ticket_event WHERE ticket = :ticket ORDER BY id", ticket=ticket)
