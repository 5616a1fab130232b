"""The outbox in SQL: what is to be sent, to whom, and how each try ended. When to try again is decided elsewhere.

A delivery is one recipient of one mail. Its states, and the instant at which each is written:

    queued    with its cause, in the same transaction
    sending   claimed: `lease_until` says until when nobody else may try it
    deferred  a try failed for now; `next` says when the next one comes
    sent      the server said 250 after the data
    failed    refused for good
    dead      tried for as long as was promised; `requeue` starts over
    dropped   given up by a person, with a reason

`next` is the instant from which a row may be claimed, and NULL in every row that may not be: those being sent, those
at an end, and those that wait for an earlier mail of the same ticket to the same recipient. So at most one row of such
a line has a `next` or a lease, and the order of a conversation holds whatever a single mail meets.
"""

import logging
from collections.abc import Callable, Iterable
from typing import assert_never

from ..core import Millis
from ..core.outgoing import Due, Expired, Later, Outgoing, Refused, Result, Sent
from .claims import find
from .database import Tx
from .lane import EVERYWHERE, Lane

_log = logging.getLogger("gatepost.store")
ONE_TIME_LINK = "customer/secret-link"
"""The letter whose link opens a one-time secret."""

_OPEN = "state IN ('queued', 'sending', 'deferred')"


def put(tx: Tx, mail: Outgoing, now: Millis, *, sender: Callable[[int], str] | None = None) -> int:
    """Put a mail into the outbox, in the transaction of its cause; its id. Asked for twice, it is there once.

    `sender` makes the envelope sender out of the id, for a bounce address that names the mail.
    """
    first = mail.recipients[0] if mail.recipients else ""
    new = tx.value(
        """INSERT INTO outbox (ticket, participant, message, template, key, address, message_id, mail_from, subject,
            raw, auto, state, error, created)
        VALUES (:ticket, :participant, :message, :template, :key, :address, :message_id, :mail_from, :subject,
            :raw, :auto, :state, :error, :now)
        ON CONFLICT DO NOTHING RETURNING id""",
        ticket=mail.ticket,
        participant=mail.participant,
        message=mail.message,
        template=mail.template,
        key=mail.key,
        address=first,
        message_id=mail.message_id,
        mail_from=mail.mail_from,
        subject=mail.subject,
        raw=mail.raw,
        auto=mail.auto.value,
        state="error" if mail.error else "ready",
        error=mail.error,
        now=now,
    )
    if new is None:
        return _known(tx, mail, first)
    if sender is not None:
        tx.run("UPDATE outbox SET mail_from = :mail_from WHERE id = :id", id=new, mail_from=sender(int(new)))
    if not mail.error:
        _queue(tx, int(new), mail.ticket, mail.recipients, now)
    return int(new)


def mend(tx: Tx, outbox: int, mail: Outgoing, now: Millis) -> bool:
    """Give a mail in state `error` its text and queue it; False if it is in that state no longer.

    With `mail.error` set only the new cause is kept.
    """
    changed = tx.run(
        """UPDATE outbox SET raw = :raw, subject = :subject, message_id = :message_id, mail_from = :mail_from,
            state = :state, error = :error WHERE id = :id AND state = 'error'""",
        id=outbox,
        raw=mail.raw,
        subject=mail.subject,
        message_id=mail.message_id,
        mail_from=mail.mail_from,
        state="error" if mail.error else "ready",
        error=mail.error,
    )
    if changed and not mail.error:
        _queue(tx, outbox, mail.ticket, mail.recipients, now)
    return bool(changed)


def content(tx: Tx, outbox: int) -> bytes:
    """The bytes of one mail, of any size."""
    return bytes(tx.value("SELECT raw FROM outbox WHERE id = :id", id=outbox) or b"")


OnFailed = Callable[[Tx, Due, Refused | Expired], None]


def record(
    tx: Tx,
    due: Due,
    result: Result,
    now: Millis,
    *,
    took_ms: int = 0,
    host: str = "",
    on_failed: OnFailed | None = None,
) -> bool:
    """Write down how a try ended, and let the next mail of the line go where this one is at its end.

    `on_failed` is called in this transaction when the mail will not be delivered; what it raises is logged and undoes
    only what it wrote, since the end of the try is true whatever follows from it. False if the delivery was at its end
    already: somebody else finished it after our lease had run out. The try is kept all the same.
    """
    tx.run(
        "INSERT INTO attempt (delivery, at, code, said, took_ms, host) "
        "VALUES (:delivery, :now, :code, :said, :took_ms, :host)",
        delivery=due.id,
        now=now,
        code=result.code,
        said=result.said,
        took_ms=took_ms,
        host=host,
    )
    match result:
        case Later():
            return _settle(tx, due, "deferred", result, now, until=result.until, uncounted=result.unreachable)
        case Sent():
            settled = _settle(tx, due, "sent", result, now)
        case Refused() | Expired():
            settled = _settle(tx, due, "failed" if isinstance(result, Refused) else "dead", result, now)
            if settled and on_failed is not None:
                _tell(tx, due, result, on_failed)
        case _:
            assert_never(result)
    if settled and isinstance(result, Sent):
        _forget_link(tx, due.outbox)
    if settled and due.ticket:
        advance_line(tx, due.ticket, due.recipient, now)
    return settled


def tired(tx: Tx, before: Millis, limit: int = 256, *, lane: Lane = EVERYWHERE) -> list[Due]:
    """Deliveries that nobody is sending and with which patience began before that instant, oldest first."""
    condition, destinations = lane.where()
    rows = tx.rows(
        f"SELECT id FROM delivery WHERE {_OPEN} AND since < :before {condition} "  # noqa: S608 - constants of ours
        "AND lease_until IS NULL ORDER BY since LIMIT :limit",
        before=before,
        limit=limit,
        **destinations,
    )
    return [due for row in rows if (due := find(tx, int(row["id"]))) is not None]


def next_due(tx: Tx, after: Millis = -1, *, lane: Lane = EVERYWHERE) -> Millis | None:
    """The first instant behind `after` from which a delivery may be claimed, None if there is none."""
    condition, destinations = lane.where()
    sql = f"SELECT min(next) FROM delivery WHERE next > :after {condition}"  # noqa: S608 - constants of ours
    found = tx.value(sql, after=after, **destinations)
    return None if found is None else int(found)


def requeue(tx: Tx, delivery: int, now: Millis) -> bool:
    """Start over with a delivery that failed or is dead, at once and with fresh patience; False if it is neither."""
    row = tx.row("SELECT ticket, recipient FROM delivery WHERE id = :id AND state IN ('failed', 'dead')", id=delivery)
    if row is None:
        return False
    tx.run(
        "UPDATE delivery SET state = 'queued', attempts = 0, since = :now, next = :next, changed = :now WHERE id = :id",
        id=delivery,
        now=now,
        next=None if _line_is_open(tx, row["ticket"], row["recipient"]) else now,
    )
    return True


def _queue(tx: Tx, outbox: int, ticket: int, recipients: Iterable[str], now: Millis) -> None:
    """One delivery per recipient; it waits where an earlier mail of the ticket to the same recipient is still open."""
    for recipient in dict.fromkeys(recipients):
        tx.run(
            """INSERT INTO delivery (outbox, ticket, recipient, destination, state, attempts, since, next, owner, code,
                said, changed)
            VALUES (:outbox, :ticket, :recipient, :destination, 'queued', 0, :now, :next, '', 0, '', :now)""",
            outbox=outbox,
            ticket=ticket,
            recipient=recipient,
            destination=recipient.rpartition("@")[2].lower(),
            now=now,
            next=None if _line_is_open(tx, ticket, recipient) else now,
        )


def _forget_link(tx: Tx, outbox: int) -> None:
    """Forget the text of a mail whose link is half of a key, once nobody is to be sent it any more (K04)."""
    tx.run(
        f"""UPDATE outbox SET raw = X'' WHERE id = :id AND template = :template
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE outbox = :id AND {_OPEN})""",  # noqa: S608 - a constant of ours
        id=outbox,
        template=ONE_TIME_LINK,
    )


def _known(tx: Tx, mail: Outgoing, address: str) -> int:
    return int(
        tx.value(
            "SELECT id FROM outbox WHERE ticket = :ticket AND participant = :participant AND address = :address "
            "AND key = :key",
            ticket=mail.ticket,
            participant=mail.participant,
            address=address,
            key=mail.key,
        )
    )


def _line_is_open(tx: Tx, ticket: int, recipient: str) -> bool:
    """Whether a mail of the ticket to this recipient is on its way; mails without a ticket stand in no line."""
    return bool(ticket) and bool(
        tx.value(
            f"SELECT 1 FROM delivery WHERE ticket = :ticket AND recipient = :recipient AND {_OPEN} LIMIT 1",  # noqa: S608 - a constant of ours
            ticket=ticket,
            recipient=recipient,
        )
    )


def _tell(tx: Tx, due: Due, result: Refused | Expired, on_failed: OnFailed) -> None:
    tx.run("SAVEPOINT told")
    try:
        on_failed(tx, due, result)
    except Exception:
        _log.exception("outbox.failure_not_told")
        tx.run("ROLLBACK TO told")
    tx.run("RELEASE told")


def advance_line(tx: Tx, ticket: int, recipient: str, now: Millis) -> None:
    """Let the next mail of a ticket to a recipient go, where none before it is on its way."""
    tx.run(
        """UPDATE delivery SET next = :now WHERE id = (
            SELECT min(id) FROM delivery
            WHERE ticket = :ticket AND recipient = :recipient AND state = 'queued' AND next IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM delivery AS ahead WHERE ahead.ticket = :ticket AND ahead.recipient = :recipient
            AND (ahead.next IS NOT NULL OR ahead.lease_until IS NOT NULL))""",
        ticket=ticket,
        recipient=recipient,
        now=now,
    )


def _settle(
    tx: Tx, due: Due, state: str, result: Result, now: Millis, *, until: Millis | None = None, uncounted: bool = False
) -> bool:
    """The new state, if the claim is still ours; that a mail was sent stays true whoever holds the claim by now."""
    return bool(
        tx.run(
            f"""UPDATE delivery SET state = :state, code = :code, said = :said, changed = :now, next = :until,
                lease_until = NULL, owner = '', attempts = attempts - :uncounted
            WHERE id = :id AND {_OPEN} AND (:state = 'sent' OR coalesce(lease_until, 0) = :lease_until)""",  # noqa: S608 - a constant of ours
            id=due.id,
            state=state,
            code=result.code,
            said=result.said,
            now=now,
            until=until,
            uncounted=int(uncounted),
            lease_until=due.lease_until,
        )
    )
