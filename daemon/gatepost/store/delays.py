"""Destinations to which mail waits too long, in SQL: which they are now, and of which staff were told."""

from ..core import Millis
from .database import Tx


def waiting(tx: Tx, before: Millis) -> dict[str, Millis]:
    """The destinations for which a ticket's mail has been waiting since before that instant, and since when."""
    rows = tx.rows(
        """SELECT destination, min(since) AS since FROM delivery
           WHERE state IN ('queued', 'sending', 'deferred') AND since < :before AND ticket <> 0
           GROUP BY destination""",
        before=before,
    )
    return {str(row["destination"]): int(row["since"]) for row in rows}


def told(tx: Tx) -> dict[str, Millis]:
    """The delays of which staff were told and that are not over, with the instant since which mail waited."""
    rows = tx.rows("SELECT destination, since FROM delay WHERE ended IS NULL ORDER BY id")
    return {str(row["destination"]): int(row["since"]) for row in rows}


def begin(tx: Tx, destination: str, since: Millis, now: Millis) -> None:
    """Staff are told of a delay."""
    sql = "INSERT INTO delay (destination, since, told) VALUES (:destination, :since, :now)"
    tx.run(sql, destination=destination, since=since, now=now)


def end(tx: Tx, destination: str, now: Millis) -> None:
    """Staff are told that it is over."""
    sql = "UPDATE delay SET ended = :now WHERE destination = :destination AND ended IS NULL"
    tx.run(sql, destination=destination, now=now)
