"""What is true of a sound data folder at every instant, as questions in SQL; reads only, mends nothing.

Each question asks for the rows that break one invariant, so an empty answer is a proof. The crash harness asks them
after every run, `gatepost doctor` on request. Nothing here depends on the daemon's standing still.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core import SECOND, Millis
from .connection import open_reader

_LEASE_GRACE = 90 * SECOND
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One invariant that does not hold: which, in words, how many rows break it, and the first of them."""

    invariant: str
    sentence: str
    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.invariant} {self.sentence}: {self.rows} (for example {', '.join(self.examples)})"


# I1: what was accepted is there, once.
# I2: every arrival that was handled has one outcome, and what belongs to that outcome.
# I3: what is to be sent is there once, with somebody to go to.
# I4: every delivery is in a state out of which it finds by itself.
# I5: nobody holds a claim for longer than it was given.
_QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        "an arrival that opened or continued a ticket without its message there",
        """SELECT id FROM arrival WHERE outcome IN ('opened', 'continued') AND NOT EXISTS (
             SELECT 1 FROM message WHERE message.id = arrival.message AND message.ticket = arrival.ticket)""",
    ),
    (
        "I1",
        "a message that two arrivals claim to have brought",
        """SELECT message FROM arrival WHERE outcome IN ('opened', 'continued')
           GROUP BY message HAVING count(*) > 1""",
    ),
    (
        "I1",
        "a ticket without any message, or without its first participant",
        """SELECT number FROM ticket WHERE NOT EXISTS (SELECT 1 FROM message WHERE message.ticket = ticket.number)
             OR NOT EXISTS (SELECT 1 FROM participant WHERE participant.ticket = ticket.number AND number = 1)""",
    ),
    (
        "I1",
        "a message that the search does not know",
        "SELECT id FROM message WHERE id NOT IN (SELECT id FROM message_words_docsize)",
    ),
    (
        "I1",
        "a counter of tickets that is not what there is",
        """SELECT name FROM counter WHERE
             (name = 'ticket.open' AND value <> (SELECT count(*) FROM ticket WHERE state = 'open'))
             OR (name = 'ticket.closed' AND value <> (SELECT count(*) FROM ticket WHERE state = 'closed'))
             OR (name = 'queue.unassigned'
               AND value <> (SELECT count(*) FROM ticket WHERE state = 'open' AND assignee = ''))
             OR (name = 'queue.unread' AND value <> (SELECT count(*) FROM ticket WHERE state = 'open' AND unread = 1))
             OR (name = 'queue.overdue' AND value <> (
               SELECT count(*) FROM ticket WHERE state = 'open' AND (' ' || flags || ' ') LIKE '% overdue %'))""",
    ),
    (
        "I2",
        "an arrival with half an outcome",
        """SELECT id FROM arrival WHERE (outcome = '') <> (handled IS NULL) OR outcome NOT IN
             ('', 'opened', 'continued', 'duplicate', 'event', 'report', 'quarantined', 'self')""",
    ),
    (
        "I2",
        "an arrival in quarantine with no place there, or with two",
        """SELECT id FROM arrival WHERE outcome = 'quarantined' AND 1 <> (
             SELECT count(*) FROM quarantine WHERE quarantine.arrival = arrival.id)""",
    ),
    (
        "I2",
        "a place in quarantine whose arrival went another way",
        """SELECT quarantine.id FROM quarantine LEFT JOIN arrival ON arrival.id = quarantine.arrival
           WHERE quarantine.state = 'held' AND coalesce(arrival.outcome, '') NOT IN ('quarantined', 'self')""",
    ),
    (
        "I3",
        "a mail that is in the outbox twice",
        "SELECT min(id) FROM outbox GROUP BY ticket, participant, address, key HAVING count(*) > 1",
    ),
    (
        "I3",
        "a mail in the outbox that goes to nobody",
        """SELECT id FROM outbox WHERE state = 'ready' AND NOT EXISTS (
             SELECT 1 FROM delivery WHERE delivery.outbox = outbox.id)""",
    ),
    (
        "I3",
        "a ticket that came by mail and of which nobody was told",
        """SELECT ticket FROM arrival WHERE outcome = 'opened' AND door IN ('smtp', 'lmtp', 'imap') AND NOT EXISTS (
             SELECT 1 FROM trace WHERE trace.ticket = arrival.ticket AND kind IN ('outbox', 'unsent', 'error'))""",
    ),
    (
        "I4",
        "a delivery whose state and claim contradict each other",
        """SELECT id FROM delivery WHERE (state = 'sending') <> (lease_until IS NOT NULL)
             OR (next IS NOT NULL AND state NOT IN ('queued', 'deferred'))""",
    ),
    (
        "I4",
        "a delivery that waits for nobody, for ever",
        """SELECT id FROM delivery AS waiting WHERE state IN ('queued', 'deferred') AND next IS NULL AND NOT EXISTS (
             SELECT 1 FROM delivery AS ahead WHERE ahead.ticket = waiting.ticket
             AND ahead.recipient = waiting.recipient AND (ahead.next IS NOT NULL OR ahead.lease_until IS NOT NULL))""",
    ),
    (
        "I4",
        "a line of mails in which two are under way",
        """SELECT min(id) FROM delivery WHERE ticket <> 0 AND (next IS NOT NULL OR lease_until IS NOT NULL)
           GROUP BY ticket, recipient HAVING count(*) > 1""",
    ),
    (
        "I4",
        "a mail that counts as sent without a try that succeeded",
        """SELECT id FROM delivery WHERE state = 'sent' AND NOT EXISTS (
             SELECT 1 FROM attempt WHERE attempt.delivery = delivery.id AND attempt.code BETWEEN 200 AND 299)""",
    ),
    ("I5", "a claim that ran out and was not taken back", "SELECT id FROM delivery WHERE lease_until < :before"),
)


def breaches(connection: sqlite3.Connection, now: Millis) -> list[Breach]:
    """Every invariant I1–I5 that does not hold on what `connection` sees at the instant `now`."""
    found = []
    for invariant, sentence, sql in _QUESTIONS:
        rows = connection.execute(sql, {"before": now - _LEASE_GRACE} if ":before" in sql else {}).fetchall()
        if rows:
            found.append(_breach(invariant, sentence, [str(row[0]) for row in rows]))
    return found


def damage(connection: sqlite3.Connection, name: str) -> list[Breach]:
    """I7: what SQLite itself finds wrong with a file; reads all of it."""
    found = []
    said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    if said != ["ok"]:
        found.append(_breach("I7", f"{name} is damaged", said))
    orphans = [f"{row[0]} {row[1]}" for row in connection.execute("PRAGMA foreign_key_check")]
    if orphans:
        found.append(_breach("I7", f"{name} has rows that refer to nothing", orphans))
    return found


def examine(data: Path, now: Millis) -> list[Breach]:
    """Every breach in the data folder `data`: both databases, on one snapshot each. The daemon may run meanwhile."""
    with _snapshot(data / "desk.sqlite3") as desk, _snapshot(data / "spool.sqlite3") as spool:
        return [*damage(spool, "spool.sqlite3"), *damage(desk, "desk.sqlite3"), *breaches(desk, now)]


@contextlib.contextmanager
def _snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_reader(path)
    try:
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def _breach(invariant: str, sentence: str, rows: list[str]) -> Breach:
    return Breach(invariant=invariant, sentence=sentence, rows=len(rows), examples=tuple(rows[:_EXAMPLES]))
