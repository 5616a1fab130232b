"""Takes a person out of every table (L02): in steps, each of them safe to do twice, each a transaction of its own.

    begun    the steps go on, at `step` and from row `place`; who is erased stands in `strings` for as long
    swept    no table holds them any more; the audit log is still to follow
    settling the audit log has forgotten them; unused parts of files are still to follow
    done     nothing of them is left; the row keeps numbers alone, so that a restore can do it again (L05)
    refused  a legal hold or an open refund stood against it

What each step does is erasure_steps.py's.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlite_utils import Database as Utils

from ..core import Millis
from . import persons
from .database import Row, Tx
from .erasure_steps import ROWS, STEPS, Erasure, Step, Walk
from .erasure_sweep import Sweep, sweeps
from .persons import Person

_PIECES = 50
_PAGES = 300
TABLES: tuple[str, ...] = (
    """CREATE TABLE erasure (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, filed TEXT NOT NULL, others TEXT NOT NULL,
        strings TEXT NOT NULL, by TEXT NOT NULL, asked INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('begun', 'swept', 'settling', 'done', 'refused')), step INTEGER NOT NULL,
        place INTEGER NOT NULL, why TEXT NOT NULL, ended INTEGER)""",
    "CREATE INDEX erasure_open ON erasure (state) WHERE state IN ('begun', 'swept')",
)


def m0064_erasures(db: Utils) -> None:
    """The list of erasures."""
    for statement in TABLES:
        db.execute(statement)


def begin(tx: Tx, person: Person, *, by: str, now: Millis) -> int:
    """Begin to erase a person, or go on with the erasure that has begun; its number."""
    known = tx.value(
        """SELECT id FROM erasure WHERE state IN ('begun', 'swept') AND customer = :customer AND filed = :filed""",
        customer=person.customer,
        filed=json.dumps(person.filed),
    )
    if known is not None:
        return int(known)
    return _insert(tx, person, by=by, now=now, state="begun", why="")


def refuse(tx: Tx, person: Person, *, by: str, why: str, now: Millis) -> int:
    """Keep that an erasure was asked for and refused, and why; its number."""
    return _insert(tx, person, by=by, now=now, state="refused", why=why)


def unfinished(tx: Tx) -> tuple[Erasure, ...]:
    """The erasures that are under way, the oldest first."""
    rows = tx.rows("SELECT * FROM erasure WHERE state IN ('begun', 'swept') ORDER BY id")
    return tuple(map(_erasure, rows))


def find(tx: Tx, number: int) -> Erasure | None:
    """The erasure with this number."""
    row = tx.row("SELECT * FROM erasure WHERE id = :id", id=number)
    return _erasure(row) if row is not None else None


def ahead(tx: Tx, number: int) -> int:
    """From where on the erasure's step has something to do, as a snapshot shows it: what lies before is clean.

    For `advance`. It blocks nobody who writes, and looks at so many pieces at most.
    """
    one = find(tx, number)
    step = _step(tx, one) if one is not None and one.state == "begun" else None
    if one is None or not isinstance(step, Walk | Sweep):
        return 0
    place = one.place
    for _ in range(_PIECES):
        if step.has(tx, one, place):
            break
        place += ROWS
    return place


def advance(tx: Tx, number: int, place: int = 0) -> bool:
    """Do the next piece of an erasure, from `place` on; False once no table holds the person any more."""
    one = find(tx, number)
    if one is None or one.state != "begun":
        return False
    step = _step(tx, one)
    if step is None:
        tx.run("UPDATE erasure SET state = 'swept' WHERE id = :id", id=number)
        return False
    more = step(tx, replace(one, place=max(place, one.place)))
    tx.run("UPDATE erasure SET step = step + :on WHERE id = :id", id=number, on=int(not more))
    return True


def _step(tx: Tx, one: Erasure) -> Step | None:
    if one.step < len(STEPS):
        return STEPS[one.step]
    every = sweeps(tx)
    at = one.step - len(STEPS)
    return every[at] if at < len(every) else None


def forgotten(tx: Tx, number: int) -> None:
    """The audit log has forgotten too: only numbers stay."""
    tx.run("UPDATE erasure SET state = 'settling', strings = '[]' WHERE id = :id AND state = 'swept'", id=number)


def unsettled(tx: Tx) -> tuple[int, ...]:
    """The erasures after which the files are still to be looked at."""
    return tuple(row["id"] for row in tx.rows("SELECT id FROM erasure WHERE state = 'settling' ORDER BY id"))


def finish(tx: Tx, now: Millis) -> None:
    """The files have been looked at: what was to be erased is gone."""
    tx.run("UPDATE erasure SET state = 'done', ended = :now WHERE state = 'settling'", now=now)


def settle_index(tx: Tx, *, begin: bool) -> bool:
    """Take deleted words out of the search index's own tables, where they lie until its parts are merged.

    A piece at each call, the first one with `begin`; whether more is left (FTS5, 6.8).
    """
    before = tx.value("SELECT total_changes()")
    pages = -_PAGES if begin else _PAGES
    tx.run("INSERT INTO message_words (message_words, rank) VALUES ('merge', :pages)", pages=pages)
    return int(tx.value("SELECT total_changes()")) - int(before) > 1


def erased(tx: Tx) -> list[dict[str, Any]]:
    """The list of erasures, for a restore to replay."""
    rows = tx.rows("SELECT id, customer, filed, others, by, asked FROM erasure WHERE state <> 'refused' ORDER BY id")
    return [dict(row) for row in rows]


def replay(tx: Tx, rows: Sequence[dict[str, Any]], now: Millis) -> int:
    """Erase again, in a database that was restored from before, whom `rows` name; how many.

    The tables are swept here; the daemon does the rest at its next start, as for an erasure that was cut short.
    """
    count = 0
    for row in rows:
        filed = json.loads(row["filed"])
        person = persons.of_customer(tx, row["customer"]) if row["customer"] else persons.of_tickets(tx, filed)
        done = tx.value(
            "SELECT 1 FROM erasure WHERE id = :id AND state = 'done' AND asked = :asked",
            id=row["id"],
            asked=row["asked"],
        )
        if done or not (person.addresses or person.known):
            continue
        number = _insert(tx, person, by=row["by"], now=row["asked"], state="begun", why="")
        while advance(tx, number):
            pass
        count += 1
    return count


def _insert(tx: Tx, person: Person, *, by: str, now: Millis, state: str, why: str) -> int:
    names = [person.name] if " " in person.name.strip() else []
    strings = [] if state == "refused" else [*person.addresses, *names]
    return tx.insert(
        """INSERT INTO erasure (customer, filed, others, strings, by, asked, state, step, place, why)
           VALUES (:customer, :filed, :others, :strings, :by, :now, :state, 0, 0, :why) RETURNING id""",
        customer=person.customer,
        filed=json.dumps(person.filed),
        others=json.dumps(person.others),
        strings=json.dumps(strings, ensure_ascii=False),
        by=by,
        now=now,
        state=state,
        why=why,
    )


def _erasure(row: Row) -> Erasure:
    return Erasure(
        id=row["id"],
        customer=row["customer"],
        filed=tuple(json.loads(row["filed"])),
        others=tuple(json.loads(row["others"])),
        strings=tuple(json.loads(row["strings"])),
        by=row["by"],
        state=row["state"],
        step=row["step"],
        place=row["place"],
        asked=row["asked"],
    )
