"""Mails as they came in which something was masked: sealed, for some hours or not at all, in place of the raw bytes.

A mail in quarantine stays sealed for as long as it is held, since it must be possible to run it again; its time begins
when it has an outcome. Who opens one by hand says why, and stands in the audit log.
"""

import zlib
from dataclasses import dataclass

from sqlite_utils import Database as Utils

from ..core import Millis
from . import arrivals
from .database import Tx

TABLES: tuple[str, ...] = (
    # `until` is when it is dropped, NULL while the mail is held in quarantine.
    """CREATE TABLE sealed_raw (
        arrival INTEGER PRIMARY KEY REFERENCES arrival (id), key INTEGER NOT NULL, octets BLOB NOT NULL,
        at INTEGER NOT NULL, until INTEGER)""",
    "CREATE INDEX sealed_raw_until ON sealed_raw (until) WHERE until IS NOT NULL",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRaw:
    """One sealed mail: the key that opens it, and the bytes."""

    arrival: int
    key: int
    octets: bytes
    until: Millis | None


def m0060_sealed_raw(db: Utils) -> None:
    """Sealed mails."""
    for statement in TABLES:
        db.execute(statement)


def about(arrival: int) -> str:
    """The place to which a sealed mail is bound."""
    return f"arrival {arrival}"


def packed(raw: bytes) -> bytes:
    """A mail as it is sealed: compressed."""
    return zlib.compress(raw, 1)


def unpacked(octets: bytes) -> bytes:
    """A mail out of what was sealed."""
    return zlib.decompress(octets)


def put(tx: Tx, arrival: int, *, key: int, octets: bytes, until: Millis | None, now: Millis) -> None:
    """Keep a mail sealed in place of its bytes."""
    arrivals.drop_raw(tx, arrival)
    tx.run(
        """INSERT INTO sealed_raw (arrival, key, octets, at, until) VALUES (:arrival, :key, :octets, :now, :until)
           ON CONFLICT (arrival) DO UPDATE SET key = excluded.key, octets = excluded.octets, until = excluded.until""",
        arrival=arrival,
        key=key,
        octets=octets,
        now=now,
        until=until,
    )


def find(tx: Tx, arrival: int) -> SealedRaw | None:
    """The sealed mail of an arrival; None where there is none, or it was dropped."""
    row = tx.row("SELECT * FROM sealed_raw WHERE arrival = :arrival", arrival=arrival)
    if row is None:
        return None
    return SealedRaw(arrival=arrival, key=row["key"], octets=bytes(row["octets"]), until=row["until"])


def drop(tx: Tx, arrival: int) -> int:
    """Drop the sealed mail of one arrival; 1 where there was one."""
    return tx.run("DELETE FROM sealed_raw WHERE arrival = :arrival", arrival=arrival)


def purge(tx: Tx, now: Millis, limit: int) -> int:
    """Drop sealed mails whose time is over, at most so many; how many."""
    return tx.run(
        """DELETE FROM sealed_raw WHERE arrival IN (
             SELECT arrival FROM sealed_raw WHERE until <= :now ORDER BY until LIMIT :limit)""",
        now=now,
        limit=limit,
    )


def keys_in_use(tx: Tx) -> dict[int, int]:
    """How many sealed mails each key opens."""
    return {row["key"]: row["n"] for row in tx.rows("SELECT key, count(*) AS n FROM sealed_raw GROUP BY key")}
