"""Tickets that a guest has written on a page and not confirmed yet: the mail that it becomes, until it is confirmed or
too old. Of the secret in the mailed link only the hash is kept.
"""

from dataclasses import dataclass, field

from sqlite_utils import Database as Utils

from ..core import HOUR, Millis
from .database import Row, Tx
from .sessions import digest

TABLES = (
    """CREATE TABLE draft (
        id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, address TEXT NOT NULL, folded TEXT NOT NULL,
        name TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, once TEXT NOT NULL, asked INTEGER NOT NULL,
        expires INTEGER NOT NULL, ticket INTEGER NOT NULL DEFAULT 0, raw BLOB NOT NULL)""",
    "CREATE INDEX draft_folded ON draft (folded, asked)",
    "CREATE INDEX draft_expires ON draft (expires)",
)


def m0032_drafts(db: Utils) -> None:
    """Tickets of guests that wait for their confirmation."""
    for statement in TABLES:
        db.execute(statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a guest has written; `ticket` is the one that it has become, 0 for none yet."""

    id: int = 0
    address: str
    name: str
    recipient: str
    subject: str
    once: str
    expires: Millis
    ticket: int = 0
    raw: bytes = field(default=b"", repr=False)


def put(tx: Tx, draft: Draft, secret: str, *, per_hour: int, now: Millis) -> bool:
    """Keep a draft, whose link carries `secret`; False where this address has written `per_hour` within the hour."""
    folded = draft.address.casefold()
    sql = "SELECT count(*) FROM draft WHERE folded = :folded AND asked > :since"
    if tx.value(sql, folded=folded, since=now - HOUR) >= per_hour:
        return False
    tx.run(
        """INSERT INTO draft (digest, address, folded, name, recipient, subject, once, asked, expires, raw)
           VALUES (:digest, :address, :folded, :name, :recipient, :subject, :once, :now, :expires, :raw)""",
        digest=digest(secret),
        address=draft.address,
        folded=folded,
        name=draft.name,
        recipient=draft.recipient,
        subject=draft.subject,
        once=draft.once,
        now=now,
        expires=draft.expires,
        raw=draft.raw,
    )
    return True


def find(tx: Tx, secret: str) -> Draft | None:
    """The draft whose link carries `secret`."""
    row = tx.row("SELECT * FROM draft WHERE digest = :digest", digest=digest(secret)) if secret else None
    return _draft(row) if row else None


def filed(tx: Tx, number: int, ticket: int) -> None:
    """The draft has become a ticket: its words are there now, and not here."""
    tx.run("UPDATE draft SET ticket = :ticket, raw = x'' WHERE id = :id", id=number, ticket=ticket)


def forget(tx: Tx, now: Millis) -> int:
    """Delete what is too old; how many."""
    return tx.run("DELETE FROM draft WHERE expires < :now", now=now)


def _draft(row: Row) -> Draft:
    return Draft(
        id=row["id"],
        address=row["address"],
        name=row["name"],
        recipient=row["recipient"],
        subject=row["subject"],
        once=row["once"],
        expires=row["expires"],
        ticket=row["ticket"],
        raw=bytes(row["raw"]),
    )
