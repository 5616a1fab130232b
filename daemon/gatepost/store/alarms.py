"""Alarms in SQL: what is wrong with the house, raised once and cleared once, however often it is seen meanwhile."""

from dataclasses import dataclass

from sqlite_utils import Database as Utils

from ..core import Millis
from . import vitals
from .database import Row, Tx

TABLES: tuple[str, ...] = (
    """CREATE TABLE alarm (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, why TEXT NOT NULL, raised INTEGER NOT NULL,
        cleared INTEGER)""",
    "CREATE UNIQUE INDEX alarm_standing ON alarm (kind, subject) WHERE cleared IS NULL",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm: its kind's word, what it is about, why it was raised, and when; `cleared` is None while it stands."""

    id: int
    kind: str
    subject: str
    why: str
    raised: Millis
    cleared: Millis | None


def m0070_alarms(db: Utils) -> None:
    """The tables of the alarms and of the watch."""
    for statement in (*TABLES, *vitals.TABLES):
        db.execute(statement)


def raise_(tx: Tx, kind: str, subject: str, why: str, now: Millis) -> bool:
    """Raise an alarm; False where it stands already."""
    sql = """INSERT INTO alarm (kind, subject, why, raised) VALUES (:kind, :subject, :why, :now)
             ON CONFLICT (kind, subject) WHERE cleared IS NULL DO NOTHING"""
    return tx.run(sql, kind=kind, subject=subject, why=why, now=now) > 0


def clear(tx: Tx, kind: str, subject: str, now: Millis) -> bool:
    """Clear an alarm; False where none stands."""
    sql = "UPDATE alarm SET cleared = :now WHERE kind = :kind AND subject = :subject AND cleared IS NULL"
    return tx.run(sql, kind=kind, subject=subject, now=now) > 0


def standing(tx: Tx) -> tuple[Alarm, ...]:
    """The alarms that stand, the oldest first."""
    return tuple(_alarm(row) for row in tx.rows("SELECT * FROM alarm WHERE cleared IS NULL ORDER BY id"))


def latest(tx: Tx, limit: int = 20) -> tuple[Alarm, ...]:
    """The newest alarms, cleared ones too, the newest first."""
    return tuple(_alarm(row) for row in tx.rows("SELECT * FROM alarm ORDER BY id DESC LIMIT :limit", limit=limit))


def _alarm(row: Row) -> Alarm:
    return Alarm(**{name: row[name] for name in row.keys()})  # noqa: SIM118 - a sqlite3.Row iterates over its values
