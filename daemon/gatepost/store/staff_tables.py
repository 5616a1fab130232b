"""What is kept of members of staff: the secret of each one's authenticator, and their notes on customers."""

from dataclasses import dataclass

from sqlite_utils import Database as Utils

from ..core import Millis
from ..core.staff import shut_for
from .database import Tx

TABLES: tuple[str, ...] = (
    # `secret` is sealed with a key outside the database; `step` is that of the last code that was taken.
    """CREATE TABLE authenticator (
        staff TEXT PRIMARY KEY, secret BLOB NOT NULL, step INTEGER NOT NULL,
        enrolled INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE customer_note (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id), staff TEXT NOT NULL,
        at INTEGER NOT NULL, text TEXT NOT NULL)""",
    "CREATE INDEX customer_note_customer ON customer_note (customer, id)",
)


def m0024_staff(db: Utils) -> None:
    """Members of staff: their authenticators, and their notes on customers."""
    for statement in TABLES:
        db.execute(statement)


def m0150_wrong_codes(db: Utils) -> None:
    """Wrong codes of staff since each one's last right one, and until when none is taken; how a session was opened."""
    db.execute(
        """CREATE TABLE wrong_code (
            staff TEXT PRIMARY KEY, count INTEGER NOT NULL, shut INTEGER NOT NULL) WITHOUT ROWID"""
    )
    # What a member's groups at the identity provider were, as JSON; NULL for a session that no provider has opened.
    db.execute("ALTER TABLE session ADD COLUMN groups TEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a member of staff has written down about a customer."""

    id: int
    staff: str
    at: Millis
    text: str


def secret_of(tx: Tx, staff: str) -> bytes | None:
    """The sealed secret of a member's authenticator; None where they have none yet."""
    found = tx.value("SELECT secret FROM authenticator WHERE staff = :staff", staff=staff)
    return bytes(found) if found is not None else None


def enrolled(tx: Tx, staff: str) -> Millis | None:
    """Since when a member has an authenticator."""
    found = tx.value("SELECT enrolled FROM authenticator WHERE staff = :staff", staff=staff)
    return int(found) if found is not None else None


def enrol(tx: Tx, staff: str, secret: bytes, step: int, now: Millis) -> bool:
    """Keep a member's first authenticator, whose code of `step` was just taken; False where they have one."""
    return bool(
        tx.run(
            """INSERT INTO authenticator (staff, secret, step, enrolled) VALUES (:staff, :secret, :step, :now)
               ON CONFLICT (staff) DO NOTHING""",
            staff=staff,
            secret=secret,
            step=step,
            now=now,
        )
    )


def take_step(tx: Tx, staff: str, step: int) -> bool:
    """Take the code of a step, once: False where that one, or a later one, was taken before (RFC 6238 5.2)."""
    sql = "UPDATE authenticator SET step = :step WHERE staff = :staff AND step < :step"
    return tx.run(sql, staff=staff, step=step) > 0


def shut(tx: Tx, staff: str) -> Millis:
    """Until when no code of this member is taken; 0 for never shut."""
    return int(tx.value("SELECT shut FROM wrong_code WHERE staff = :staff", staff=staff) or 0)


def missed(tx: Tx, staff: str, now: Millis) -> Millis:
    """Count a wrong code; until when no further one is taken, 0 where the next may come."""
    count = tx.insert(
        """INSERT INTO wrong_code (staff, count, shut) VALUES (:staff, 1, 0)
           ON CONFLICT (staff) DO UPDATE SET count = count + 1 RETURNING count""",
        staff=staff,
    )
    until = now + wait if (wait := shut_for(count)) else 0
    tx.run("UPDATE wrong_code SET shut = :until WHERE staff = :staff", until=until, staff=staff)
    return until


def released(tx: Tx, staff: str) -> bool:
    """Forget a member's wrong codes; False where there were none."""
    return tx.run("DELETE FROM wrong_code WHERE staff = :staff", staff=staff) > 0


def reset(tx: Tx, staff: str) -> bool:
    """Forget a member's authenticator: at their next sign-in they enrol a new one. False where they had none."""
    return tx.run("DELETE FROM authenticator WHERE staff = :staff", staff=staff) > 0


def note(tx: Tx, customer: int, staff: str, text: str, now: Millis) -> int:
    """Keep a note on a customer; its id."""
    return tx.insert(
        """INSERT INTO customer_note (customer, staff, at, text) VALUES (:customer, :staff, :now, :text)
           RETURNING id""",
        customer=customer,
        staff=staff,
        text=text,
        now=now,
    )


def notes(tx: Tx, customer: int, limit: int = 50) -> tuple[Note, ...]:
    """The notes on a customer, the newest first."""
    sql = "SELECT id, staff, at, text FROM customer_note WHERE customer = :customer ORDER BY id DESC LIMIT :limit"
    rows = tx.rows(sql, customer=customer, limit=limit)
    return tuple(Note(id=row["id"], staff=row["staff"], at=row["at"], text=row["text"]) for row in rows)
