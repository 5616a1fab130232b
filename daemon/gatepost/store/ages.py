"""Takes away what has passed its age, class by class: each call a bounded piece, the oldest first, safe to do twice.

Whatever belongs to a person under a legal hold stays, however old it is. The rows that say that something happened
stay as well; what goes is content.
"""

from collections.abc import Callable

from ..core import Millis
from .database import Tx
from .erasure_steps import GONE
from .persons import HELD_TICKETS

Purge = Callable[[Tx, Millis, int], int]


def raw(tx: Tx, before: Millis, limit: int) -> int:
    """Mails as they came, and how they were decided; those in quarantine have an age of their own."""
    rows = tx.rows(
        f"""SELECT id FROM arrival WHERE handled < :before AND outcome <> 'quarantined'
              AND (ticket IS NULL OR ticket NOT IN ({HELD_TICKETS}))
              AND (id IN (SELECT arrival FROM raw) OR id IN (SELECT arrival FROM decision))
            ORDER BY id LIMIT :limit""",
        before=before,
        limit=limit,
    )
    for row in rows:
        for table in ("raw", "decision"):
            tx.run(f"DELETE FROM {table} WHERE arrival = :id", id=row["id"])
    return len(rows)


def quarantine(tx: Tx, before: Millis, limit: int) -> int:
    """Mails in quarantine: forgotten, as by hand."""
    rows = tx.rows(
        f"""SELECT id, arrival FROM quarantine WHERE at < :before AND state IN ('held', 'done')
              AND ticket NOT IN ({HELD_TICKETS})
              AND NOT EXISTS (SELECT 1 FROM legal_hold AS h WHERE h.released IS NULL AND h.folded = lower(sender))
            ORDER BY id LIMIT :limit""",
        before=before,
        limit=limit,
    )
    for row in rows:
        for table in ("raw", "sealed_raw", "decision"):
            tx.run(f"DELETE FROM {table} WHERE arrival = :id", id=row["arrival"])
        tx.run(
            """UPDATE quarantine SET state = 'forgotten', said = 'its time was over', subject = '', detail = '',
                 sender = '', ended = coalesce(ended, at) WHERE id = :id""",
            id=row["id"],
        )
    return len(rows)


def outbox(tx: Tx, before: Millis, limit: int) -> int:
    """The text of mails that are at their end."""
    return tx.run(
        f"""UPDATE outbox SET raw = X'' WHERE id IN (
              SELECT id FROM outbox AS o WHERE created < :before AND raw <> X'' AND ticket NOT IN ({HELD_TICKETS})
                AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.outbox = o.id
                                AND d.state IN ('queued', 'sending', 'deferred'))
              ORDER BY id LIMIT :limit)""",
        before=before,
        limit=limit,
    )


def trace(tx: Tx, before: Millis, limit: int) -> int:
    """Lines of the trace, and what servers said at each try."""
    gone = tx.run(
        f"""DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE at < :before AND ticket NOT IN ({HELD_TICKETS})
              ORDER BY id LIMIT :limit)""",
        before=before,
        limit=limit,
    )
    tries = tx.run(
        f"""DELETE FROM attempt WHERE id IN (SELECT a.id FROM attempt AS a JOIN delivery AS d ON d.id = a.delivery
              WHERE a.at < :before AND d.ticket NOT IN ({HELD_TICKETS})
                AND d.state NOT IN ('queued', 'sending', 'deferred') ORDER BY a.id LIMIT :limit)""",
        before=before,
        limit=limit,
    )
    return max(gone, tries)


def tickets(tx: Tx, before: Millis, limit: int) -> int:
    """The words and files of closed tickets; that there was one stays."""
    rows = tx.rows(
        f"""SELECT m.id, m.subject, m.text FROM message AS m JOIN ticket AS t ON t.number = m.ticket
            WHERE t.state = 'closed' AND t.last_activity < :before AND m.author_kind <> 'erased'
              AND t.number NOT IN ({HELD_TICKETS}) ORDER BY m.id LIMIT :limit""",
        before=before,
        limit=limit,
    )
    for row in rows:
        tx.run(
            "INSERT INTO message_words (message_words, rowid, subject, text) VALUES ('delete', :id, :subject, :text)",
            id=row["id"],
            subject=row["subject"],
            text=row["text"],
        )
        tx.run("INSERT INTO message_words (rowid, subject, text) VALUES (:id, '', :gone)", id=row["id"], gone=GONE)
        tx.run(
            """UPDATE message SET subject = '', text = :gone, reply_text = NULL, relay_text = NULL, cards = '',
                 author_kind = 'erased' WHERE id = :id""",
            id=row["id"],
            gone=GONE,
        )
        tx.run("UPDATE attachment SET filename = :gone, sha256 = '' WHERE message = :id", id=row["id"], gone=GONE)
    if rows:
        tx.run("DELETE FROM content WHERE sha256 NOT IN (SELECT sha256 FROM attachment)")
    return len(rows)


CLASSES: dict[str, Purge] = {
    "raw_days": raw,
    "quarantine_days": quarantine,
    "outbox_days": outbox,
    "trace_days": trace,
    "ticket_days": tickets,
}
"""What each key of [retention] is the age of."""
