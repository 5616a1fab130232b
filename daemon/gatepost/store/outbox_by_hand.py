"""What a person may do with a mail in the outbox: try it at once, or give it up. How it is sent is outbox.py's."""

from ..core import Millis
from ..errors import PermanentError, TemporaryError
from .database import Tx
from .outbox import advance_line, requeue


def retry(tx: Tx, outbox: int, now: Millis) -> tuple[str, ...]:
    """Try every recipient of a mail at once who has not got it: those put off, refused, or given up; who they are."""
    rows = tx.rows("SELECT id, recipient, state, next FROM delivery WHERE outbox = :outbox ORDER BY id", outbox=outbox)
    tried = []
    for row in rows:
        if row["state"] in ("failed", "dead") and requeue(tx, row["id"], now):
            tried.append(row["recipient"])
        elif row["state"] == "deferred" and row["next"] is not None:
            tx.run("UPDATE delivery SET next = :now WHERE id = :id AND next > :now", id=row["id"], now=now)
            tried.append(row["recipient"])
    return tuple(tried)


def drop(tx: Tx, outbox: int, reason: str, now: Millis) -> tuple[str, ...]:
    """Give a mail up for everybody who has not got it; who they are.

    Raises PermanentError where there is no such mail or nobody is left, TemporaryError while it is being sent.
    """
    mail = tx.row("SELECT ticket, address, state FROM outbox WHERE id = :id", id=outbox)
    if mail is None:
        raise PermanentError(f"there is no mail {outbox} in the outbox", "gatepost outbox list shows what is there.")
    if mail["state"] == "error":
        tx.run("UPDATE outbox SET state = 'dropped', error = :reason WHERE id = :id", id=outbox, reason=reason)
        return (str(mail["address"]),)
    if tx.value("SELECT 1 FROM delivery WHERE outbox = :id AND state = 'sending' LIMIT 1", id=outbox):
        raise TemporaryError(f"mail {outbox} is being sent at this moment", "Look at it again in a minute.")
    rows = tx.rows(
        """UPDATE delivery SET state = 'dropped', said = :reason, next = NULL, changed = :now
           WHERE outbox = :id AND state IN ('queued', 'deferred', 'failed', 'dead') RETURNING recipient""",
        id=outbox,
        reason=reason,
        now=now,
    )
    if not rows:
        raise PermanentError(f"nobody waits for mail {outbox}: it was sent, or dropped before")
    for row in rows:
        if mail["ticket"]:
            advance_line(tx, mail["ticket"], row["recipient"], now)
    return tuple(str(row["recipient"]) for row in rows)
