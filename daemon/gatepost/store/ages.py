"""Takes away what has passed its age, class by class: each call a bounded piece, the oldest first, safe to do twice.

What is due is looked for on a snapshot, over a range of rows at each look, so that nobody who writes waits for it; what
is taken away is asked once more whether it is due. Whatever belongs to a person under a legal hold stays, however old
it is. The rows that say that something happened stay as well; what goes is content.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core import Millis
from .database import Tx
from .erasure_steps import GONE
from .persons import HELD_TICKETS

_SPAN = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """One kind of content: its key in [retention], the table `t` whose rows hold it, and when it is due, as SQL."""

    key: str
    table: str
    due: str
    take: Callable[[Tx, Sequence[int]], None]
    at_once: int = 200

    def look(self, tx: Tx, before: Millis, after: int) -> tuple[tuple[int, ...], int]:
        """What was due before this instant behind the row `after`; from where on to look next."""
        end = int(tx.value(f"SELECT coalesce(max(id), 0) FROM {self.table}"))
        rows = tx.rows(
            f"""SELECT t.id FROM {self.table} AS t WHERE t.id > :after AND t.id <= :last AND {self.due}
                ORDER BY t.id LIMIT :limit""",
            before=before,
            after=after,
            last=after + _SPAN,
            limit=self.at_once,
        )
        found = tuple(int(row["id"]) for row in rows)
        if len(found) == self.at_once:
            return found, found[-1]
        return found, after + _SPAN if after + _SPAN < end else 0

    def purge(self, tx: Tx, before: Millis, some: Sequence[int]) -> int:
        """Take away those of `some` that are due; how many."""
        rows = tx.rows(
            f"""SELECT t.id FROM {self.table} AS t
                WHERE t.id IN (SELECT value FROM json_each(:some)) AND {self.due} ORDER BY t.id""",
            before=before,
            some=json.dumps(some),
        )
        self.take(tx, [int(row["id"]) for row in rows])
        return len(rows)


def _raw(tx: Tx, some: Sequence[int]) -> None:
    for number in some:
        for table in ("raw", "decision"):
            tx.run(f"DELETE FROM {table} WHERE arrival = :id", id=number)


def _quarantine(tx: Tx, some: Sequence[int]) -> None:
    for number in some:
        for table in ("raw", "sealed_raw", "decision"):
            tx.run(f"DELETE FROM {table} WHERE arrival = (SELECT arrival FROM quarantine WHERE id = :id)", id=number)
        tx.run(
            """UPDATE quarantine SET state = 'forgotten', said = 'its time was over', subject = '', detail = '',
                 sender = '', ended = coalesce(ended, at) WHERE id = :id""",
            id=number,
        )


def _outbox(tx: Tx, some: Sequence[int]) -> None:
    for number in some:
        tx.run("UPDATE outbox SET raw = X'' WHERE id = :id", id=number)


def _trace(tx: Tx, some: Sequence[int]) -> None:
    for number in some:
        tx.run("DELETE FROM trace WHERE id = :id", id=number)


def _attempts(tx: Tx, some: Sequence[int]) -> None:
    for number in some:
        tx.run("DELETE FROM attempt WHERE id = :id", id=number)


def _words(tx: Tx, some: Sequence[int]) -> None:
    for number in some:
        row = tx.row("SELECT subject, text FROM message WHERE id = :id", id=number)
        if row is not None:
            tx.run(
                """INSERT INTO message_words (message_words, rowid, subject, text)
                   VALUES ('delete', :id, :subject, :text)""",
                id=number,
                subject=row["subject"],
                text=row["text"],
            )
        tx.run("INSERT INTO message_words (rowid, subject, text) VALUES (:id, '', :gone)", id=number, gone=GONE)
        tx.run(
            """UPDATE message SET subject = '', text = :gone, reply_text = NULL, relay_text = NULL, cards = '',
                 author_kind = 'erased' WHERE id = :id""",
            id=number,
            gone=GONE,
        )
        _files(tx, number)


def _files(tx: Tx, message: int) -> None:
    """The names of a message's files, and their contents where no other message has the same."""
    files = tx.rows("SELECT DISTINCT sha256 FROM attachment WHERE message = :id", id=message)
    tx.run("UPDATE attachment SET filename = :gone, sha256 = '' WHERE message = :id", id=message, gone=GONE)
    for file in files:
        tx.run(
            """DELETE FROM content WHERE sha256 = :sha256
               AND NOT EXISTS (SELECT 1 FROM attachment AS a WHERE a.sha256 = content.sha256)""",
            sha256=file["sha256"],
        )


AGES: tuple[Age, ...] = (
    # Mails as they came, and how they were decided; those in quarantine have an age of their own.
    Age(
        key="raw_days",
        table="arrival",
        due=f"""t.handled < :before AND t.outcome <> 'quarantined'
              AND (t.ticket IS NULL OR t.ticket NOT IN ({HELD_TICKETS}))
              AND (EXISTS (SELECT 1 FROM raw AS r WHERE r.arrival = t.id)
                   OR EXISTS (SELECT 1 FROM decision AS d WHERE d.arrival = t.id))""",
        take=_raw,
    ),
    # Mails in quarantine: forgotten, as by hand.
    Age(
        key="quarantine_days",
        table="quarantine",
        due=f"""t.at < :before AND t.state IN ('held', 'done') AND t.ticket NOT IN ({HELD_TICKETS})
              AND NOT EXISTS (SELECT 1 FROM legal_hold AS h WHERE h.released IS NULL AND h.folded = lower(t.sender))""",
        take=_quarantine,
    ),
    # The text of mails that are at their end.
    Age(
        key="outbox_days",
        table="outbox",
        due=f"""t.created < :before AND t.raw <> X'' AND t.ticket NOT IN ({HELD_TICKETS})
              AND NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.outbox = t.id
                              AND d.state IN ('queued', 'sending', 'deferred'))""",
        take=_outbox,
    ),
    # Lines of the trace, and what servers said at each try.
    Age(key="trace_days", table="trace", due=f"t.at < :before AND t.ticket NOT IN ({HELD_TICKETS})", take=_trace),
    Age(
        key="trace_days",
        table="attempt",
        due=f"""t.at < :before AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.id = t.delivery
              AND d.ticket NOT IN ({HELD_TICKETS}) AND d.state NOT IN ('queued', 'sending', 'deferred'))""",
        take=_attempts,
    ),
    # The words and files of closed tickets; that there was one stays.
    Age(
        key="ticket_days",
        table="message",
        due=f"""t.author_kind <> 'erased' AND EXISTS (SELECT 1 FROM ticket AS k WHERE k.number = t.ticket
              AND k.state = 'closed' AND k.last_activity < :before) AND t.ticket NOT IN ({HELD_TICKETS})""",
        take=_words,
        at_once=50,
    ),
)  # fmt: skip
