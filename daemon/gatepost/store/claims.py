"""Claims on deliveries in SQL: who may try what until when, so that nothing is tried twice at once or forgotten.

How a try ended is written down in outbox.py, which also tells what the states mean.
"""

from ..core import Millis
from ..core.outgoing import Due
from .database import Row, Tx
from .lane import EVERYWHERE, Lane

_SMALL = 262_144
_WINDOW = 64
_UNKNOWN = "claimed, and its end was never written down: gatepost ended meanwhile"

# The innermost query walks the due rows in order and passes over destinations that are at their bound; the one around
# it leaves no destination more than its bound. A backlog to one dead host thus costs others nothing but the walk.
_CLAIM = """
UPDATE delivery SET state = 'sending', attempts = attempts + 1, next = NULL, lease_until = :lease_until,
    owner = :owner, changed = :now
WHERE id IN (
    SELECT id FROM (
        SELECT id, destination, row_number() OVER (PARTITION BY destination ORDER BY next, id) AS place, next FROM (
            SELECT id, destination, next FROM delivery
            WHERE next <= :now {lane} AND destination NOT IN (
                SELECT destination FROM delivery WHERE lease_until IS NOT NULL
                GROUP BY destination HAVING count(*) >= :per_destination)
            ORDER BY next, id LIMIT :window {lock}) AS window_of_due) AS placed
    WHERE place <= :per_destination - (
        SELECT count(*) FROM delivery AS busy
        WHERE busy.destination = placed.destination AND busy.lease_until IS NOT NULL)
    ORDER BY next, id LIMIT :limit)
RETURNING id"""

_DUE = """
SELECT d.id, d.outbox, d.ticket, o.participant, d.recipient, d.destination, o.mail_from, o.message_id, d.attempts,
    d.since, coalesce(d.lease_until, 0) AS lease_until, length(o.raw) AS octets, d.code, d.said,
    CASE WHEN length(o.raw) <= :small THEN o.raw END AS raw
FROM delivery AS d JOIN outbox AS o ON o.id = d.outbox WHERE d.id = :id"""


def claim(
    tx: Tx,
    *,
    now: Millis,
    limit: int,
    lease: Millis,
    owner: str,
    per_destination: int,
    lane: Lane = EVERYWHERE,
) -> list[Due]:
    """Take at most `limit` due deliveries of the lane for `lease` milliseconds, oldest first.

    No destination gets more than `per_destination` at one time, those claimed before included.
    """
    ids: list[int] = []
    condition, destinations = lane.where()
    sql = _CLAIM.format(lock=tx.lock, lane=condition)
    while len(ids) < limit:
        rows = tx.rows(
            sql,
            now=now,
            limit=limit - len(ids),
            window=max(_WINDOW, limit),
            lease_until=now + lease,
            owner=owner,
            per_destination=per_destination,
            **destinations,
        )
        if not rows:
            break
        ids += [int(row["id"]) for row in rows]
    return [due for id_ in sorted(ids) if (due := find(tx, id_)) is not None]


def find(tx: Tx, delivery: int) -> Due | None:
    """One delivery, in whatever state it is."""
    row = tx.row(_DUE, id=delivery, small=_SMALL)
    return None if row is None else _due(row)


def give_back(tx: Tx, due: Due, now: Millis) -> None:
    """Undo a claim that led to no try."""
    tx.run(
        """UPDATE delivery SET state = CASE WHEN attempts > 1 THEN 'deferred' ELSE 'queued' END,
            attempts = attempts - 1, next = :now, lease_until = NULL, owner = '', changed = :now
        WHERE id = :id AND lease_until = :lease_until""",
        id=due.id,
        lease_until=due.lease_until,
        now=now,
    )


def release_expired(tx: Tx, now: Millis, *, but: str = "", lane: Lane = EVERYWHERE) -> int:
    """Make claimable again what somebody claimed and did not finish in time; how many. At most one copy more each.

    The owner `but` is left alone: it is alive, and a clock that was set must not make it send twice.
    """
    return _release(tx, now, "lease_until <= :now AND owner <> :but", lane, but=but)


def release_all(tx: Tx, now: Millis, *, lane: Lane = EVERYWHERE) -> int:
    """Make every claim claimable again, whoever made it: at the start of the only one who delivers there.

    It does not ask for the owner's name: a process may well be born with the name of the one that was killed.
    """
    return _release(tx, now, "lease_until IS NOT NULL", lane)


def _release(tx: Tx, now: Millis, which: str, lane: Lane, **values: object) -> int:
    """The try whose end nobody knows stays visible as one without an answer."""
    condition, destinations = lane.where()
    which, values = f"{which} {condition}", values | destinations
    tx.run(
        "INSERT INTO attempt (delivery, at, code, said, took_ms, host) "  # noqa: S608 - constants of ours
        f"SELECT id, changed, 0, :said, 0, '' FROM delivery WHERE lease_until IS NOT NULL AND {which}",
        said=_UNKNOWN,
        now=now,
        **values,
    )
    return tx.run(
        "UPDATE delivery SET state = 'deferred', next = :now, lease_until = NULL, owner = '', changed = :now, "  # noqa: S608 - constants of ours
        f"said = :said WHERE lease_until IS NOT NULL AND {which}",
        said=_UNKNOWN,
        now=now,
        **values,
    )


def _due(row: Row) -> Due:
    return Due(
        id=row["id"],
        outbox=row["outbox"],
        ticket=row["ticket"],
        participant=row["participant"],
        recipient=row["recipient"],
        destination=row["destination"],
        mail_from=row["mail_from"],
        message_id=row["message_id"],
        attempts=row["attempts"],
        since=row["since"],
        lease_until=row["lease_until"],
        octets=row["octets"],
        code=row["code"],
        said=row["said"],
        raw=row["raw"] or b"",
    )
