"""Deadlines: what is due when, for which ticket. A row is written with its cause and ended once; nothing is pickled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core import Millis
from ..core.effect import Promise
from ..core.event import DeadlineKind
from .database import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One deadline that has come: the row, and for which ticket and waiting instant it was written."""

    id: int
    kind: DeadlineKind
    ticket: int
    due: Millis
    since: Millis


def promise(tx: Tx, number: int, promise: Promise) -> None:
    """Write a deadline; an open one of the same kind is moved to the new instant."""
    tx.run(
        """INSERT INTO deadline (kind, ticket, due, since, state, why) VALUES (:kind, :ticket, :due, :since, 'open', '')
           ON CONFLICT (ticket, kind) WHERE state = 'open' DO UPDATE SET due = excluded.due, since = excluded.since""",
        kind=promise.kind.value,
        ticket=number,
        due=promise.due,
        since=promise.since,
    )


def release(tx: Tx, number: int, kinds: Iterable[DeadlineKind], why: str, now: Millis) -> list[str]:
    """Close the open deadlines of these kinds; which there were."""
    return [
        kind.value
        for kind in kinds
        if tx.run(
            """UPDATE deadline SET state = 'released', ended = :now, why = :why
               WHERE ticket = :ticket AND kind = :kind AND state = 'open'""",
            ticket=number,
            kind=kind.value,
            why=why,
            now=now,
        )
    ]


def due(tx: Tx, now: Millis, limit: int) -> tuple[Due, ...]:
    """The deadlines that have come, the oldest first."""
    rows = tx.rows(
        "SELECT * FROM deadline WHERE state = 'open' AND due <= :now ORDER BY due, id LIMIT :limit",
        now=now,
        limit=limit,
    )
    return tuple(
        Due(id=r["id"], kind=DeadlineKind(r["kind"]), ticket=r["ticket"], due=r["due"], since=r["since"]) for r in rows
    )


def met(tx: Tx, deadline: int, now: Millis) -> bool:
    """Close a deadline that has come; False where somebody else has closed it (two schedulers do nothing twice)."""
    done = tx.run(
        "UPDATE deadline SET state = 'met', ended = :now WHERE id = :id AND state = 'open'", id=deadline, now=now
    )
    return done == 1


def put_off(tx: Tx, deadline: int, until: Millis) -> None:
    """Let an open deadline come again later."""
    tx.run("UPDATE deadline SET due = :until WHERE id = :id AND state = 'open'", id=deadline, until=until)


def next_due(tx: Tx) -> Millis | None:
    """When the next open deadline is due."""
    found: Millis | None = tx.value("SELECT min(due) FROM deadline WHERE state = 'open'")
    return found


def of_vendor(tx: Tx, vendor: int, kinds: Iterable[DeadlineKind]) -> Sequence[Row]:
    """The open deadlines of these kinds of the tickets that a vendor answers."""
    rows = tx.rows(
        """SELECT deadline.* FROM deadline JOIN ticket ON ticket.number = deadline.ticket
           WHERE deadline.state = 'open' AND ticket.vendor = :vendor AND ticket.route = 'vendor'
           ORDER BY deadline.id""",
        vendor=vendor,
    )
    wanted = {kind.value for kind in kinds}
    return [row for row in rows if row["kind"] in wanted]


def of_ticket(tx: Tx, number: int) -> Sequence[Row]:
    """Every deadline of a ticket, as rows, the earliest first."""
    return tx.rows("SELECT * FROM deadline WHERE ticket = :number ORDER BY due, id", number=number)
