"""What the watch asks of the desk's database: what waits and since when, what was given up, and what it saw last."""

import json
from dataclasses import dataclass, fields
from typing import Any

from ..core import Millis
from ..core.health import Box
from . import breakers, mailboxes
from .database import Tx

TABLES: tuple[str, ...] = (
    # The last look of the watch, for commands that run beside the daemon: one row.
    "CREATE TABLE watch (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, said TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the database says of the house, as `core.health.Seen` wants it."""

    waiting: int
    oldest_arrival: Millis | None
    oldest_due: Millis | None
    mailboxes: tuple[Box, ...]
    latest: Millis
    dead_letters: int
    breakers: tuple[str, ...]


def read(tx: Tx) -> Vitals:
    """The vitals on one snapshot. Mail of an import may wait: it comes in heaps and nobody waits for it."""
    waiting = tx.row(
        """SELECT count(*) AS many, min(arrival.received) AS oldest FROM waiting
           JOIN arrival ON arrival.id = waiting.arrival WHERE waiting.door <> 'import'"""
    )
    assert waiting is not None, "count(*) has a row"
    states = mailboxes.states(tx)
    return Vitals(
        waiting=int(waiting["many"]),
        oldest_arrival=waiting["oldest"],
        oldest_due=tx.value("SELECT min(next) FROM delivery WHERE next IS NOT NULL"),
        mailboxes=tuple(Box(**{field.name: getattr(state, field.name) for field in fields(Box)}) for state in states),
        latest=_latest(tx),
        dead_letters=int(
            tx.value("SELECT count(*) FROM delivery WHERE state = 'dead' AND state IN ('failed', 'dead')")
        ),
        breakers=tuple(one.pair for one in breakers.all_open(tx)),
    )


def _latest(tx: Tx) -> Millis:
    """The newest instant at which something was done, as it was written down then."""
    handled = tx.value("SELECT handled FROM arrival ORDER BY id DESC LIMIT 1")
    tried = tx.value("SELECT at FROM attempt ORDER BY id DESC LIMIT 1")
    return max(int(handled or 0), int(tried or 0))


def keep(tx: Tx, said: dict[str, Any], now: Millis) -> None:
    """Write down what the watch has seen; this write also proves that the disk takes writes."""
    tx.run(
        """INSERT INTO watch (id, at, said) VALUES (1, :now, :said)
           ON CONFLICT (id) DO UPDATE SET at = excluded.at, said = excluded.said""",
        now=now,
        said=json.dumps(said, ensure_ascii=False),
    )


def last(tx: Tx) -> tuple[Millis, dict[str, Any]] | None:
    """When the watch looked last and what it saw; None where it never did."""
    row = tx.row("SELECT at, said FROM watch")
    return None if row is None else (int(row["at"]), dict(json.loads(row["said"])))
