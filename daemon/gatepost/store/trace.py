"""The trace, a line for each thing that a ticket or an arrival went through, and the counters."""

from collections.abc import Sequence

from ..core import Millis
from .database import Row, Tx


def note(tx: Tx, *, kind: str, said: str, now: Millis, ticket: int = 0, arrival: int = 0) -> None:
    """Write one line of the trace."""
    tx.run(
        "INSERT INTO trace (at, ticket, arrival, kind, said) VALUES (:at, :ticket, :arrival, :kind, :said)",
        at=now,
        ticket=ticket,
        arrival=arrival,
        kind=kind,
        said=said,
    )


def lines(tx: Tx, *, ticket: int = 0, arrival: int = 0, after: int = 0) -> Sequence[Row]:
    """The trace of a ticket, of an arrival, or of all (both 0), behind the row `after`, in order."""
    return tx.rows(
        """SELECT * FROM trace WHERE id > :after AND (:ticket = 0 OR ticket = :ticket)
             AND (:arrival = 0 OR arrival = :arrival) ORDER BY id""",
        ticket=ticket,
        arrival=arrival,
        after=after,
    )


def count(tx: Tx, name: str, by: int) -> None:
    """Move a counter."""
    tx.run(
        """INSERT INTO counter (name, value) VALUES (:name, :by)
           ON CONFLICT (name) DO UPDATE SET value = value + excluded.value""",
        name=name,
        by=by,
    )


def counters(tx: Tx) -> dict[str, int]:
    """Every counter."""
    return {row["name"]: row["value"] for row in tx.rows("SELECT name, value FROM counter ORDER BY name")}
