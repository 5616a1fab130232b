"""One-time secrets in SQL. What is sealed lies here for as long as nobody has read it, and never a part of its key.

open       handed over; `octets` is sealed, `hash` is that of the token in the link
revealed   read once; destroyed in the transaction that read it
destroyed  too many wrong passphrases, or taken back
expired    nobody came in time
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from sqlite_utils import Database as Utils

from ..core import Millis
from .database import Row, Tx

TABLES: tuple[str, ...] = (
    # `giver` and `receiver` are participants of the ticket; `tries` is how many wrong passphrases are left.
    """CREATE TABLE one_time_secret (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, ticket INTEGER NOT NULL REFERENCES ticket (number),
        giver INTEGER NOT NULL, receiver INTEGER NOT NULL, passphrase INTEGER NOT NULL, key INTEGER NOT NULL,
        octets BLOB NOT NULL, tries INTEGER NOT NULL, made INTEGER NOT NULL, expires INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'revealed', 'destroyed', 'expired')), ended INTEGER)""",
    "CREATE INDEX one_time_secret_ticket ON one_time_secret (ticket)",
    "CREATE INDEX one_time_secret_expires ON one_time_secret (expires) WHERE state = 'open'",
)


class State(StrEnum):
    """Where a one-time secret stands."""

    OPEN = "open"
    REVEALED = "revealed"
    DESTROYED = "destroyed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTime:
    """One secret, without what it says."""

    id: int
    ticket: int
    giver: int
    receiver: int
    passphrase: bool
    key: int
    tries: int
    made: Millis
    expires: Millis
    state: State
    ended: Millis | None


def m0061_one_time_secrets(db: Utils) -> None:
    """One-time secrets."""
    for statement in TABLES:
        db.execute(statement)


def digest(token: str) -> str:
    """What is stored of a token: whoever reads the database learns no link."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def begin(tx: Tx, *, token: str, ticket: int, giver: int, receiver: int, passphrase: bool, tries: int, made: Millis,
          expires: Millis) -> int:  # fmt: skip
    """The row of a new secret, to which `fill` brings what is sealed for it; its id."""
    return tx.insert(
        """INSERT INTO one_time_secret (hash, ticket, giver, receiver, passphrase, key, octets, tries, made, expires,
             state)
           VALUES (:hash, :ticket, :giver, :receiver, :passphrase, 0, X'', :tries, :made, :expires, 'open')
           RETURNING id""",
        hash=digest(token),
        ticket=ticket,
        giver=giver,
        receiver=receiver,
        passphrase=int(passphrase),
        tries=tries,
        made=made,
        expires=expires,
    )


def fill(tx: Tx, secret: int, *, key: int, octets: bytes) -> None:
    """Put what is sealed into the row to which it is bound."""
    tx.run("UPDATE one_time_secret SET key = :key, octets = :octets WHERE id = :id", id=secret, key=key, octets=octets)


def by_token(tx: Tx, token: str) -> OneTime | None:
    """The secret behind a link."""
    row = tx.row("SELECT * FROM one_time_secret WHERE hash = :hash", hash=digest(token))
    return _one(row) if row is not None else None


def find(tx: Tx, secret: int) -> OneTime | None:
    """The secret with this id."""
    row = tx.row("SELECT * FROM one_time_secret WHERE id = :id", id=secret)
    return _one(row) if row is not None else None


def of_ticket(tx: Tx, ticket: int) -> tuple[OneTime, ...]:
    """The secrets of a ticket, the newest first."""
    rows = tx.rows("SELECT * FROM one_time_secret WHERE ticket = :ticket ORDER BY id DESC", ticket=ticket)
    return tuple(map(_one, rows))


def octets(tx: Tx, secret: int) -> bytes:
    """What is sealed; b'' where it is gone."""
    return bytes(tx.value("SELECT octets FROM one_time_secret WHERE id = :id", id=secret) or b"")


def end(tx: Tx, secret: int, state: State, now: Millis) -> bool:
    """Destroy what is sealed; False where it is gone already."""
    done = tx.run(
        """UPDATE one_time_secret SET octets = X'', state = :state, ended = :now
           WHERE id = :id AND state = 'open'""",
        id=secret,
        state=state.value,
        now=now,
    )
    return done == 1


def wrong(tx: Tx, secret: int) -> int:
    """Count a wrong passphrase; how many are left."""
    tx.run("UPDATE one_time_secret SET tries = tries - 1 WHERE id = :id AND state = 'open'", id=secret)
    return int(tx.value("SELECT tries FROM one_time_secret WHERE id = :id", id=secret) or 0)


def over(tx: Tx, now: Millis, limit: int) -> tuple[OneTime, ...]:
    """Open secrets whose time is over, at most so many."""
    rows = tx.rows(
        "SELECT * FROM one_time_secret WHERE state = 'open' AND expires <= :now ORDER BY expires LIMIT :limit",
        now=now,
        limit=limit,
    )
    return tuple(map(_one, rows))


def keys_in_use(tx: Tx) -> dict[int, int]:
    """How many open secrets each key opens."""
    rows = tx.rows("SELECT key, count(*) AS n FROM one_time_secret WHERE state = 'open' GROUP BY key")
    return {row["key"]: row["n"] for row in rows}


def _one(row: Row) -> OneTime:
    return OneTime(
        id=row["id"],
        ticket=row["ticket"],
        giver=row["giver"],
        receiver=row["receiver"],
        passphrase=bool(row["passphrase"]),
        key=row["key"],
        tries=row["tries"],
        made=row["made"],
        expires=row["expires"],
        state=State(row["state"]),
        ended=row["ended"],
    )
