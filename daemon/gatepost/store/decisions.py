"""How mails were decided: the books of rules of then, each rule's hit or miss, and stored mail to be decided again.

A decision keeps what the rules saw, which rules hit, and the digest of the book. The misses follow from these and are
made again when somebody asks: with hundreds of rules they would be most of the database.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sqlite_utils import Database as Utils

from ..core import Millis
from ..core.quarantine import Release, cause_of
from ..core.rules.backtest import Stored
from ..core.rules.book import Book, load
from ..core.rules.judge import judge
from ..core.rules.kept import unknown, unpack, verdict_of
from ..core.rules.seen import Seen
from ..core.verdict import Condition, RuleTrace
from ..patterns import compile_pattern
from . import arrivals
from .database import Row, Tx

TABLES = (
    # Every set of rules that has decided a mail, as JSON by file name.
    "CREATE TABLE rule_book (digest TEXT PRIMARY KEY, files TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
)
_BATCH = 500
_RULES_DECIDED = {"opens": "", "continues": "", "aside": "quarantine", "kept": "event"}
"""The decisions that the rules' route made, and the route without which they made it not; '' for any."""


def m0080_rule_books(db: Utils) -> None:
    """The books of rules that have served."""
    for statement in TABLES:
        db.execute(statement)


def keep_book(tx: Tx, book: Book, now: Millis) -> bool:
    """Keep a book of rules, so that what it decided can be told; whether it was kept before this transaction."""
    if tx.value("SELECT 1 FROM rule_book WHERE digest = :digest", digest=book.digest):
        return True
    tx.run(
        "INSERT INTO rule_book (digest, files, at) VALUES (:digest, :files, :at)",
        digest=book.digest,
        files=book.text,
        at=now,
    )
    return False


def trail(tx: Tx, arrival: int) -> tuple[RuleTrace, ...]:
    """Every rule's hit or miss for one mail, in the order in which they were asked; () where nothing is known."""
    said = arrivals.decision(tx, arrival)
    verdict: Any = said.get("verdict") or {}
    hits = {trace.rule: trace for trace in map(_trace, verdict.get("trail", ()))}
    book, row = _book_of(tx, str(said.get("book", ""))), _row(tx, arrival)
    if book is None or row is None or "seen" not in said:
        return tuple(hits.values())
    again = judge(book, _seen(row, said))
    missed = {trace.rule: trace for trace in again.trail if not trace.hit}
    # The hits are told as they were; only what is not kept is made again.
    order = [rule.name for rule in book.rules if rule.name in hits or rule.name in missed]
    return tuple((hits | missed)[name] for name in order) or tuple(hits.values())


def seen_of(tx: Tx, arrival: int) -> Stored | None:
    """What the rules saw of one mail and what they said; None where nothing is known of it."""
    said, row = arrivals.decision(tx, arrival), _row(tx, arrival)
    if row is None or "seen" not in said or not said.get("verdict"):
        return None
    return _as_stored(arrival, row, said)


def count_since(tx: Tx, since: Millis) -> int:
    """How many arrivals came at `since` or later."""
    return int(tx.value("SELECT count(*) FROM arrival WHERE received >= :since", since=since))


def stored(tx: Tx, since: Millis, after: int) -> tuple[int, int, list[Stored]]:
    """The next mails since `since` behind the arrival `after` that rules have decided.

    With them go the last arrival that was looked at, 0 at the end, and the number of those looked at.
    """
    rows = tx.rows(
        """SELECT arrival.id, arrival.ticket, arrival.outcome, decision.said, message.subject, message.text,
             message.reply_text
           FROM arrival LEFT JOIN decision ON decision.arrival = arrival.id
             LEFT JOIN message ON message.id = arrival.message
           WHERE arrival.received >= :since AND arrival.id > :after ORDER BY arrival.id LIMIT :limit""",
        since=since,
        after=after,
        limit=_BATCH,
    )
    return (rows[-1]["id"] if rows else 0), len(rows), list(_stored(rows))


def _stored(rows: Any) -> Iterator[Stored]:
    for row in rows:
        said = json.loads(row["said"]) if row["said"] and row["outcome"] not in ("", "duplicate") else {}
        verdict = said.get("verdict") or {}
        wanted = _RULES_DECIDED.get(str(said.get("decision")))
        if "seen" not in said or wanted is None or wanted not in ("", verdict.get("route")):
            continue
        yield _as_stored(row["id"], row, said)


def _as_stored(arrival: int, row: Row, said: Mapping[str, Any]) -> Stored:
    release = said.get("released")
    return Stored(
        arrival=arrival,
        ticket=row["ticket"] or 0,
        seen=_seen(row, said),
        before=verdict_of(said["verdict"]),
        release=Release(cause=cause_of(release), said="") if release else None,
        unknown=unknown(int(said.get("version", 0))),
    )


def _row(tx: Tx, arrival: int) -> Row | None:
    return tx.row(
        """SELECT arrival.ticket, message.subject, message.text, message.reply_text FROM arrival
           LEFT JOIN message ON message.id = arrival.message WHERE arrival.id = :arrival""",
        arrival=arrival,
    )


def _seen(row: Row, said: Mapping[str, Any]) -> Seen:
    """What the rules saw; the words of a message lie with the message alone."""
    return unpack(said["seen"], subject=row["subject"] or "", text=row["reply_text"] or row["text"] or "")


def _book_of(tx: Tx, digest: str) -> Book | None:
    files = tx.value("SELECT files FROM rule_book WHERE digest = :digest", digest=digest) if digest else None
    return _book(files) if files else None


@lru_cache(maxsize=8)
def _book(files: str) -> Book | None:
    """A book of then; None where today's vocabulary no longer has its words."""
    loaded = load(json.loads(files), compile_pattern)
    return loaded if isinstance(loaded, Book) else None


def _trace(said: Mapping[str, Any]) -> RuleTrace:
    return RuleTrace(
        rule=said["rule"],
        file=said["file"],
        hit=said["hit"],
        conditions=tuple(Condition(**condition) for condition in said["conditions"]),
        steps=tuple(said["steps"]),
    )
