"""What people and rules have marked on tickets: corrections of topics, and fields that patterns have captured."""

from sqlite_utils import Database as Utils

from ..core import Millis
from .database import Tx

TABLES = (
    # What one of staff said that a ticket is about; the latest word counts, and the next training learns it.
    """CREATE TABLE topic_correction (
        ticket INTEGER PRIMARY KEY REFERENCES ticket (number), topic TEXT NOT NULL, at INTEGER NOT NULL)""",
    # What a named group of a rule's pattern has found, such as an order number; the latest mail wins.
    """CREATE TABLE ticket_field (
        ticket INTEGER NOT NULL REFERENCES ticket (number), name TEXT NOT NULL, value TEXT NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (ticket, name)) WITHOUT ROWID""",
)


def m0081_marks(db: Utils) -> None:
    """Corrections of topics and fields of tickets."""
    for statement in TABLES:
        db.execute(statement)


def correct(tx: Tx, ticket: int, topic: str, now: Millis) -> None:
    """Keep what one of staff says that a ticket is about."""
    tx.run(
        """INSERT INTO topic_correction (ticket, topic, at) VALUES (:ticket, :topic, :at)
           ON CONFLICT (ticket) DO UPDATE SET topic = excluded.topic, at = excluded.at""",
        ticket=ticket,
        topic=topic,
        at=now,
    )


def corrections(tx: Tx) -> dict[int, str]:
    """The topic that staff say that each ticket has, by its number."""
    rows = tx.rows("SELECT ticket, topic FROM topic_correction ORDER BY ticket")
    return {row["ticket"]: row["topic"] for row in rows}


def fill(tx: Tx, ticket: int, name: str, value: str, now: Millis) -> None:
    """Set a field of a ticket."""
    tx.run(
        """INSERT INTO ticket_field (ticket, name, value, at) VALUES (:ticket, :name, :value, :at)
           ON CONFLICT (ticket, name) DO UPDATE SET value = excluded.value, at = excluded.at""",
        ticket=ticket,
        name=name,
        value=value,
        at=now,
    )


def fields(tx: Tx, ticket: int) -> dict[str, str]:
    """The fields of a ticket by name."""
    rows = tx.rows("SELECT name, value FROM ticket_field WHERE ticket = :ticket ORDER BY name", ticket=ticket)
    return {row["name"]: row["value"] for row in rows}
