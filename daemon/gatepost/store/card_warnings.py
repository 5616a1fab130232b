"""Which vendors were told that a figure of their report card is too low, and since when (C6)."""

from sqlite_utils import Database as Utils

from ..core import Millis
from ..core.report_card import Figure, Short
from .database import Tx

TABLES: tuple[str, ...] = (
    # `ended` is NULL while the figure is too low.
    """CREATE TABLE card_warning (
        id INTEGER PRIMARY KEY, vendor INTEGER NOT NULL REFERENCES vendor (id), figure TEXT NOT NULL,
        seen REAL NOT NULL, wanted REAL NOT NULL, at INTEGER NOT NULL, ended INTEGER)""",
    "CREATE UNIQUE INDEX card_warning_standing ON card_warning (vendor, figure) WHERE ended IS NULL",
)


def m0101_card_warnings(db: Utils) -> None:
    """The table of the warnings."""
    for statement in TABLES:
        db.execute(statement)


def begin(tx: Tx, vendor: int, short: Short, now: Millis) -> None:
    """Write down that the vendor is told of this figure."""
    tx.run(
        """INSERT INTO card_warning (vendor, figure, seen, wanted, at)
           VALUES (:vendor, :figure, :seen, :wanted, :now) ON CONFLICT DO NOTHING""",
        vendor=vendor,
        figure=short.figure.value,
        seen=short.seen,
        wanted=short.wanted,
        now=now,
    )


def end(tx: Tx, vendor: int, figure: Figure, now: Millis) -> None:
    """Write down that the figure is as it should be again."""
    tx.run(
        "UPDATE card_warning SET ended = :now WHERE vendor = :vendor AND figure = :figure AND ended IS NULL",
        vendor=vendor,
        figure=figure.value,
        now=now,
    )


def standing(tx: Tx, vendor: int) -> tuple[Figure, ...]:
    """The vendor's figures that are too low by what was told."""
    rows = tx.rows("SELECT figure FROM card_warning WHERE vendor = :vendor AND ended IS NULL", vendor=vendor)
    return tuple(Figure(row["figure"]) for row in rows)


def ended_since(tx: Tx, vendor: int, since: Millis) -> frozenset[Figure]:
    """The vendor's figures that were told to be well again since then."""
    sql = "SELECT figure FROM card_warning WHERE vendor = :vendor AND ended > :since"
    return frozenset(Figure(row["figure"]) for row in tx.rows(sql, vendor=vendor, since=since))
