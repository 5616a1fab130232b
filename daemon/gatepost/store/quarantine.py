"""What is kept whole for a human, and what became of it: held, released, done, or forgotten.

held -> released     somebody has given their word for it; it waits for the desk to run it again
released -> done     it has been run again, through the code and the rules of that day
released -> held     a check other than the one that was lifted has kept it
held -> forgotten    its content is dropped; the row stays and says why
"""

from dataclasses import dataclass
from enum import StrEnum

from ..core import Millis
from ..core.quarantine import Cause, cause_of
from .database import Row, Tx


class State(StrEnum):
    """Where a mail in quarantine stands."""

    HELD = "held"
    RELEASED = "released"
    DONE = "done"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One mail in quarantine. `said` is the word by which it was released or forgotten, `ticket` 0 where for none."""

    id: int
    arrival: int
    cause: Cause
    detail: str
    sender: str
    subject: str
    ticket: int
    at: Millis
    state: State
    said: str = ""
    ended: Millis | None = None


def put(tx: Tx, arrival: int, *, cause: Cause, detail: str, sender: str, subject: str, ticket: int, now: Millis) -> int:
    """Keep an arrival whole for a human, or again after a release that led back here; the quarantine's id."""
    return tx.insert(
        """INSERT INTO quarantine (arrival, cause, detail, sender, subject, ticket, at, state, said)
           VALUES (:arrival, :cause, :detail, :sender, :subject, :ticket, :at, 'held', '')
           ON CONFLICT (arrival) DO UPDATE SET cause = excluded.cause, detail = excluded.detail, state = 'held',
             sender = excluded.sender, subject = excluded.subject, ticket = excluded.ticket, said = '', ended = NULL
           RETURNING id""",
        arrival=arrival,
        cause=cause.word,
        detail=detail,
        sender=sender,
        subject=subject,
        ticket=ticket,
        at=now,
    )


def find(tx: Tx, number: int) -> Held | None:
    """The mail with this number in quarantine."""
    row = tx.row("SELECT * FROM quarantine WHERE id = :id", id=number)
    return _held(row) if row else None


def page(tx: Tx, *, state: State = State.HELD, before: int = 1 << 62, limit: int = 100) -> tuple[Held, ...]:
    """What stands in `state`, the newest first, below the number `before`."""
    rows = tx.rows(
        "SELECT * FROM quarantine WHERE state = :state AND id < :before ORDER BY id DESC LIMIT :limit",
        state=state.value,
        before=before,
        limit=limit,
    )
    return tuple(_held(row) for row in rows)


def of_ticket(tx: Tx, ticket: int) -> tuple[Held, ...]:
    """What is held that belongs to a ticket, the oldest first."""
    rows = tx.rows(
        "SELECT * FROM quarantine WHERE state = 'held' AND ticket <> 0 AND ticket = :t ORDER BY id", t=ticket
    )
    return tuple(_held(row) for row in rows)


def count(tx: Tx) -> int:
    """How many wait for a human."""
    return int(tx.value("SELECT count(*) FROM quarantine WHERE state = 'held'"))


def release(tx: Tx, number: int, said: str) -> bool:
    """Let a held mail be run again by the word `said`; False where it is not held."""
    changed = tx.run(
        "UPDATE quarantine SET state = 'released', said = :said WHERE id = :id AND state = 'held'", id=number, said=said
    )
    return changed > 0


def released(tx: Tx, limit: int = 20) -> tuple[int, ...]:
    """The numbers of those that wait to be run again, the oldest first."""
    rows = tx.rows("SELECT id FROM quarantine WHERE state = 'released' ORDER BY id LIMIT :limit", limit=limit)
    return tuple(row["id"] for row in rows)


def done(tx: Tx, number: int, now: Millis) -> None:
    """It has been run again."""
    tx.run("UPDATE quarantine SET state = 'done', ended = :now WHERE id = :id", id=number, now=now)


def forget(tx: Tx, number: int, said: str, now: Millis) -> bool:
    """Drop the content of a held mail; the row stays with the reason. False where it is not held."""
    changed = tx.run(
        """UPDATE quarantine SET state = 'forgotten', said = :said, ended = :now, subject = '', detail = ''
           WHERE id = :id AND state = 'held'""",
        id=number,
        said=said,
        now=now,
    )
    for table in ("raw", "sealed_raw", "decision"):
        tx.run(
            f"""DELETE FROM {table} WHERE arrival IN (
                  SELECT arrival FROM quarantine WHERE id = :id AND state = 'forgotten')""",  # noqa: S608 - our names
            id=number,
        )
    return changed > 0


def _held(row: Row) -> Held:
    return Held(
        id=row["id"],
        arrival=row["arrival"],
        cause=cause_of(row["cause"]),
        detail=row["detail"],
        sender=row["sender"],
        subject=row["subject"],
        ticket=row["ticket"],
        at=row["at"],
        state=State(row["state"]),
        said=row["said"],
        ended=row["ended"],
    )
