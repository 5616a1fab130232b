"""Who is signed in: one row for each session, and the mailed links that open one. Of a secret only the hash is kept.

A row stays after its session has ended, so that an account page can tell of it.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from sqlite_utils import Database as Utils

from ..core import DAY, HOUR, Millis
from .database import Row, Tx

TABLES = (
    # `customer` or `staff` is whose it is; an impersonation has both, and the number of its consent in `consent`.
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, customer INTEGER NOT NULL,
        staff TEXT NOT NULL, consent INTEGER NOT NULL, brand TEXT NOT NULL, started INTEGER NOT NULL,
        seen INTEGER NOT NULL, expires INTEGER NOT NULL, ended INTEGER, browser TEXT NOT NULL, peer TEXT NOT NULL)""",
    "CREATE INDEX session_customer ON session (customer, kind)",
    "CREATE INDEX session_staff ON session (staff) WHERE staff <> ''",
    # A link that was asked for: `digest` is '' until its mail is written, `used` when it has opened a session.
    """CREATE TABLE sign_in (
        id INTEGER PRIMARY KEY, address TEXT NOT NULL, folded TEXT NOT NULL, kind TEXT NOT NULL, brand TEXT NOT NULL,
        language TEXT NOT NULL, wanted TEXT NOT NULL, asked INTEGER NOT NULL, digest TEXT NOT NULL,
        expires INTEGER NOT NULL, used INTEGER, dropped TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX sign_in_digest ON sign_in (digest) WHERE digest <> ''",
    "CREATE INDEX sign_in_folded ON sign_in (folded, asked)",
    "CREATE INDEX sign_in_waiting ON sign_in (id) WHERE digest = '' AND dropped = ''",
)


def m0030_sessions(db: Utils) -> None:
    """Who is signed in at the portal, and the links that open a session; whose tickets are whose, by address."""
    for statement in (*TABLES, "CREATE INDEX participant_address ON participant (lower(address))"):
        db.execute(statement)


_KEPT: Millis = 90 * DAY


class Kind(StrEnum):
    """Whose session it is: a customer's, a member of staff's, or one of staff who is logged in as a customer."""

    CUSTOMER = "customer"
    STAFF = "staff"
    IMPERSONATION = "impersonation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in, until `expires` or `ended`.

    `groups` is what the identity provider said of a member of staff; None where no provider has opened it.
    """

    id: int
    kind: Kind
    customer: int = 0
    staff: str = ""
    consent: int = 0
    brand: str = ""
    started: Millis = 0
    seen: Millis = 0
    expires: Millis = 0
    ended: Millis | None = None
    browser: str = ""
    peer: str = ""
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A link that somebody has asked for; `wanted` is the path to which it leads afterwards."""

    id: int
    address: str
    kind: Kind
    brand: str
    language: str
    wanted: str
    asked: Millis
    expires: Millis
    used: Millis | None = None


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256. The secrets have 256 bits, so that no salt is needed (I06)."""
    return sha256(secret.encode("utf-8")).hexdigest()


def open_(tx: Tx, session: Session, secret: str) -> int:
    """Store a new session, whose cookie will carry `secret`; its id. What `session.id` says is not looked at."""
    return tx.insert(
        """INSERT INTO session (digest, kind, customer, staff, consent, brand, started, seen, expires, browser, peer,
             groups)
           VALUES (:digest, :kind, :customer, :staff, :consent, :brand, :started, :started, :expires, :browser, :peer,
             :groups)
           RETURNING id""",
        digest=digest(secret),
        kind=session.kind.value,
        customer=session.customer,
        staff=session.staff,
        consent=session.consent,
        brand=session.brand,
        started=session.started,
        expires=session.expires,
        browser=session.browser[:200],
        peer=session.peer,
        groups=json.dumps(session.groups) if session.groups is not None else None,
    )


def find(tx: Tx, secret: str, kind: Kind, now: Millis) -> Session | None:
    """The session whose cookie carries `secret`, if it is one of this kind and still open."""
    if not secret:
        return None
    row = tx.row(
        "SELECT * FROM session WHERE digest = :digest AND kind = :kind AND ended IS NULL AND expires > :now",
        digest=digest(secret),
        kind=kind.value,
        now=now,
    )
    return _session(row) if row else None


def get(tx: Tx, number: int) -> Session | None:
    """The session with this id, open or not."""
    row = tx.row("SELECT * FROM session WHERE id = :id", id=number)
    return _session(row) if row else None


def of_customer(tx: Tx, customer: int, now: Millis) -> tuple[Session, ...]:
    """The customer's own open sessions, the latest first."""
    rows = tx.rows(
        """SELECT * FROM session WHERE customer = :customer AND kind = 'customer' AND ended IS NULL AND expires > :now
           ORDER BY started DESC, id DESC""",
        customer=customer,
        now=now,
    )
    return tuple(_session(row) for row in rows)


def seen(tx: Tx, number: int, at: Millis) -> None:
    """The session was used at that instant."""
    tx.run("UPDATE session SET seen = max(seen, :at) WHERE id = :id", id=number, at=at)


def end(tx: Tx, number: int, now: Millis) -> bool:
    """End one session; False where it had ended before."""
    return tx.run("UPDATE session SET ended = :now WHERE id = :id AND ended IS NULL", id=number, now=now) > 0


def end_all(tx: Tx, customer: int, now: Millis) -> int:
    """End every session of a customer, and those of staff who are logged in as them; how many (I27)."""
    sql = "UPDATE session SET ended = :now WHERE customer = :customer AND ended IS NULL"
    return tx.run(sql, customer=customer, now=now)


def end_staff(tx: Tx, staff: str, now: Millis) -> int:
    """End every session of a member of staff, and those in which they are logged in as somebody; how many."""
    sql = "UPDATE session SET ended = :now WHERE staff = :staff AND staff <> '' AND ended IS NULL"
    return tx.run(sql, staff=staff, now=now)


def ask(
    tx: Tx, *, address: str, kind: Kind, brand: str, language: str, wanted: str, per_hour: int, now: Millis
) -> bool:
    """Remember that a link was asked for; False where this address has asked `per_hour` times within the hour (I16).

    Each door counts by itself: what nobody is mailed for at the one must not shut the other.
    """
    folded = address.casefold()
    sql = "SELECT count(*) FROM sign_in WHERE folded = :folded AND kind = :kind AND asked > :since"
    if tx.value(sql, folded=folded, kind=kind.value, since=now - HOUR) >= per_hour:
        return False
    tx.run(
        """INSERT INTO sign_in (address, folded, kind, brand, language, wanted, asked, digest, expires, dropped)
           VALUES (:address, :folded, :kind, :brand, :language, :wanted, :now, '', 0, '')""",
        address=address,
        folded=folded,
        kind=kind.value,
        brand=brand,
        language=language,
        wanted=wanted,
        now=now,
    )
    return True


def waiting(tx: Tx, limit: int = 50) -> tuple[SignIn, ...]:
    """The links that were asked for and have no mail yet, oldest first."""
    rows = tx.rows("SELECT * FROM sign_in WHERE digest = '' AND dropped = '' ORDER BY id LIMIT :limit", limit=limit)
    return tuple(_sign_in(row) for row in rows)


def mailed(tx: Tx, number: int, secret: str, expires: Millis) -> bool:
    """The mail with the link is being written; the link carries `secret` and is good until `expires`.

    False where somebody else has just written it: a second secret would make the link that was mailed useless.
    """
    sql = "UPDATE sign_in SET digest = :digest, expires = :expires WHERE id = :id AND digest = ''"
    return tx.run(sql, id=number, digest=digest(secret), expires=expires) > 0


def drop(tx: Tx, number: int, why: str) -> None:
    """No mail is written for this one."""
    tx.run("UPDATE sign_in SET dropped = :why WHERE id = :id", id=number, why=why)


def link(tx: Tx, secret: str) -> SignIn | None:
    """The link that carries `secret`, used or not."""
    row = tx.row("SELECT * FROM sign_in WHERE digest = :digest", digest=digest(secret)) if secret else None
    return _sign_in(row) if row else None


def use(tx: Tx, number: int, now: Millis) -> bool:
    """Take a link for its one use; False where it was used before or is too old (I02, I04)."""
    sql = "UPDATE sign_in SET used = :now WHERE id = :id AND used IS NULL AND expires > :now"
    return tx.run(sql, id=number, now=now) > 0


def forget(tx: Tx, now: Millis) -> int:
    """Delete links that were asked for a day ago, and sessions that ended long before; how many."""
    links = tx.run("DELETE FROM sign_in WHERE asked < :before", before=now - DAY)
    before = now - _KEPT
    return links + tx.run("DELETE FROM session WHERE expires < :before OR ended < :before", before=before)


def _session(row: Row) -> Session:
    return Session(
        id=row["id"],
        kind=Kind(row["kind"]),
        customer=row["customer"],
        staff=row["staff"],
        consent=row["consent"],
        brand=row["brand"],
        started=row["started"],
        seen=row["seen"],
        expires=row["expires"],
        ended=row["ended"],
        browser=row["browser"],
        peer=row["peer"],
        groups=tuple(json.loads(row["groups"])) if row["groups"] is not None else None,
    )


def _sign_in(row: Row) -> SignIn:
    return SignIn(
        id=row["id"],
        address=row["address"],
        kind=Kind(row["kind"]),
        brand=row["brand"],
        language=row["language"],
        wanted=row["wanted"],
        asked=row["asked"],
        expires=row["expires"],
        used=row["used"],
    )
