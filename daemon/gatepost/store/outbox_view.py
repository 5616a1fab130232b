"""What people are shown of the outbox: counts for status, lists for the command line, every try for the trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core import Millis
from .database import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: when, how long it took, at which host, and the server's words (`code` 0: our own)."""

    at: Millis
    code: int
    said: str
    took_ms: int
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One recipient of one mail with its state; `next` is the instant of the next try, None if none is planned."""

    id: int
    recipient: str
    state: str
    next: Millis | None
    code: int
    said: str
    changed: Millis
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One mail of the outbox, without its bytes. `state` is `error` where it could not be composed."""

    id: int
    ticket: int
    participant: int
    message: int
    template: str
    key: str
    address: str
    message_id: str
    mail_from: str
    subject: str
    auto: str
    state: str
    error: str
    created: Millis
    deliveries: tuple[Delivery, ...]


def waiting(tx: Tx) -> dict[str, int]:
    """How many deliveries are in each state but `sent`, and how many mails are in state `error`."""
    rows = tx.rows(
        """SELECT state, count(*) AS n FROM delivery WHERE state IN ('queued', 'sending', 'deferred') GROUP BY state
        UNION ALL SELECT state, count(*) FROM delivery WHERE state IN ('failed', 'dead') GROUP BY state
        UNION ALL SELECT state, count(*) FROM outbox WHERE state = 'error' GROUP BY state"""
    )
    found = {str(row["state"]): int(row["n"]) for row in rows}
    return {state: found.get(state, 0) for state in ("queued", "sending", "deferred", "failed", "dead", "error")}


def reasons(tx: Tx, limit: int = 3) -> dict[str, int]:
    """The words for which most deliveries are deferred, and how many each."""
    rows = tx.rows(
        """SELECT CASE WHEN code > 0 THEN code || ' ' ELSE '' END || said AS why, count(*) AS n FROM delivery
        WHERE state = 'deferred' AND state IN ('queued', 'sending', 'deferred')
        GROUP BY why ORDER BY n DESC, why LIMIT :limit""",
        limit=limit,
    )
    return {str(row["why"]): int(row["n"]) for row in rows}


def list_(tx: Tx, *, state: str = "", after: int = 0, limit: int = 50) -> Sequence[Row]:
    """Deliveries with their mail, oldest first, from behind the id `after`; in one state, or in any."""
    return tx.rows(
        f"""SELECT d.id, d.outbox, d.ticket, d.recipient, d.state, d.attempts, d.next, d.code, d.said, d.changed,
            o.template, o.subject, o.message_id
        FROM delivery AS d JOIN outbox AS o ON o.id = d.outbox
        WHERE d.id > :after AND {_IN_STATE.get(state, ":state = ''")} ORDER BY d.id LIMIT :limit""",  # noqa: S608 - constants of ours
        after=after,
        state=state,
        limit=limit,
    )


def show(tx: Tx, outbox: int) -> Posted | None:
    """One mail with every recipient and every try."""
    row = tx.row(f"{_POSTED} WHERE id = :id", id=outbox)
    return None if row is None else _posted(tx, row)


def of_ticket(tx: Tx, ticket: int) -> tuple[Posted, ...]:
    """Every mail that we wrote on a ticket, oldest first, with every try."""
    return tuple(_posted(tx, row) for row in tx.rows(f"{_POSTED} WHERE ticket = :ticket ORDER BY id", ticket=ticket))


def of_message(tx: Tx, message: int) -> tuple[Posted, ...]:
    """The mails that carry or answer one message, oldest first."""
    return tuple(
        _posted(tx, row) for row in tx.rows(f"{_POSTED} WHERE message = :message ORDER BY id", message=message)
    )


def in_error(tx: Tx, limit: int = 50) -> tuple[Posted, ...]:
    """Mails that could not be composed, oldest first."""
    rows = tx.rows(f"{_POSTED} WHERE state = 'error' ORDER BY id LIMIT :limit", limit=limit)
    return tuple(_posted(tx, row) for row in rows)


# Each repeats the condition of its partial index, or the index is not used.
_IN_STATE = {
    **dict.fromkeys(
        ("queued", "sending", "deferred"), "d.state = :state AND d.state IN ('queued', 'sending', 'deferred')"
    ),
    **dict.fromkeys(("failed", "dead"), "d.state = :state AND d.state IN ('failed', 'dead')"),
    "sent": "d.state = :state",
}

_POSTED = (
    "SELECT id, ticket, participant, message, template, key, address, message_id, mail_from, subject, auto, state, "
    "error, created FROM outbox"
)


def _posted(tx: Tx, row: Row) -> Posted:
    rows = tx.rows(
        "SELECT id, recipient, state, next, code, said, changed FROM delivery WHERE outbox = :id ORDER BY id",
        id=row["id"],
    )
    return Posted(**_dict(row), deliveries=tuple(Delivery(**_dict(d), attempts=_attempts(tx, d["id"])) for d in rows))


def _attempts(tx: Tx, delivery: int) -> tuple[Attempt, ...]:
    rows = tx.rows("SELECT at, code, said, took_ms, host FROM attempt WHERE delivery = :id ORDER BY id", id=delivery)
    return tuple(Attempt(**_dict(row)) for row in rows)


def _dict(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in row.keys()}  # noqa: SIM118 - a sqlite3.Row iterates over its values
