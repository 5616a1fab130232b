"""Temporary administrators in SQL: made by a customer for a ticket, until when, and when they were said to be gone."""

from sqlite_utils import Database as Utils

from ..core import Millis
from ..core.access import Account
from .database import Tx

TABLES: tuple[str, ...] = (
    """CREATE TABLE access_account (
        id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket (number), owner INTEGER NOT NULL,
        login TEXT NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL, removed INTEGER)""",
    "CREATE INDEX access_account_ticket ON access_account (ticket)",
)


def m0062_access_accounts(db: Utils) -> None:
    """Temporary administrators."""
    for statement in TABLES:
        db.execute(statement)


def put(tx: Tx, *, ticket: int, owner: int, login: str, expires: Millis, now: Millis) -> int:
    """A customer made a temporary administrator; its number. The same name again is the same one, for longer."""
    known = tx.value(
        """SELECT id FROM access_account WHERE ticket = :ticket AND owner = :owner AND login = :login AND login <> ''
             AND removed IS NULL""",
        ticket=ticket,
        owner=owner,
        login=login,
    )
    if known is not None:
        tx.run("UPDATE access_account SET expires = max(expires, :expires) WHERE id = :id", id=known, expires=expires)
        return int(known)
    return tx.insert(
        """INSERT INTO access_account (ticket, owner, login, made, expires)
           VALUES (:ticket, :owner, :login, :now, :expires) RETURNING id""",
        ticket=ticket,
        owner=owner,
        login=login,
        now=now,
        expires=expires,
    )


def open_of(tx: Tx, ticket: int, owner: int = 0) -> tuple[Account, ...]:
    """Those of a ticket, or of one participant on it, that nobody has said to be gone."""
    rows = tx.rows(
        """SELECT * FROM access_account WHERE ticket = :ticket AND removed IS NULL
             AND (:owner = 0 OR owner = :owner) ORDER BY id""",
        ticket=ticket,
        owner=owner,
    )
    return tuple(
        Account(id=r["id"], ticket=r["ticket"], owner=r["owner"], login=r["login"], expires=r["expires"]) for r in rows
    )


def removed(tx: Tx, ticket: int, owner: int, now: Millis) -> int:
    """A participant says that theirs are gone; how many that were."""
    return tx.run(
        "UPDATE access_account SET removed = :now WHERE ticket = :ticket AND owner = :owner AND removed IS NULL",
        ticket=ticket,
        owner=owner,
        now=now,
    )
