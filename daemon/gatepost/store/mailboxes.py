"""What the store keeps of each IMAP mailbox: how far it was fetched, whether it works, and which mails are poison."""

from dataclasses import dataclass

from ..core import Millis
from .database import Tx

TABLES = (
    # `validity` and `uid` are the cursor: the UIDVALIDITY of the folder, and the highest UID that was taken there.
    # `failing` is since when nothing could be fetched, NULL while all is well.
    """CREATE TABLE mailbox (
        name TEXT PRIMARY KEY, validity INTEGER NOT NULL, uid INTEGER NOT NULL, fetched INTEGER, failing INTEGER,
        said TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE mailbox_poison (
        name TEXT NOT NULL, validity INTEGER NOT NULL, uid INTEGER NOT NULL, tries INTEGER NOT NULL,
        PRIMARY KEY (name, validity, uid)) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxState:
    """How a mailbox stands: its cursor, its last good fetch, since when it fails, and what the server said."""

    name: str
    validity: int
    uid: int
    fetched: Millis | None
    failing: Millis | None
    said: str


def begin(tx: Tx, name: str, validity: int) -> int:
    """The highest UID that was taken under this UIDVALIDITY; a new one begins at 0 (RFC 3501 2.3.1.1)."""
    tx.run(
        """INSERT INTO mailbox (name, validity, uid, fetched, failing, said)
           VALUES (:name, :validity, 0, NULL, NULL, '')
           ON CONFLICT (name) DO UPDATE SET
             uid = CASE WHEN validity = :validity THEN uid ELSE 0 END, validity = :validity""",
        name=name,
        validity=validity,
    )
    return int(tx.value("SELECT uid FROM mailbox WHERE name = :name", name=name))


def reached(tx: Tx, name: str, uid: int) -> None:
    """Everything up to this UID is taken, or lies in the folder of failed mails."""
    tx.run("UPDATE mailbox SET uid = max(uid, :uid) WHERE name = :name", name=name, uid=uid)


def well(tx: Tx, name: str, now: Millis) -> bool:
    """The mailbox was looked through; whether it had failed before."""
    failed = tx.value("SELECT failing FROM mailbox WHERE name = :name", name=name) is not None
    tx.run("UPDATE mailbox SET fetched = :now, failing = NULL, said = '' WHERE name = :name", name=name, now=now)
    return failed


def failing(tx: Tx, name: str, said: str, now: Millis) -> bool:
    """The mailbox could not be fetched; whether it has just begun to fail."""
    tx.run(
        """INSERT INTO mailbox (name, validity, uid, fetched, failing, said) VALUES (:name, -1, 0, NULL, NULL, '')
           ON CONFLICT (name) DO NOTHING""",
        name=name,
    )
    first = tx.value("SELECT failing FROM mailbox WHERE name = :name", name=name) is None
    tx.run(
        "UPDATE mailbox SET failing = coalesce(failing, :now), said = :said WHERE name = :name",
        name=name,
        said=said,
        now=now,
    )
    return first


def stumbled(tx: Tx, name: str, validity: int, uid: int) -> int:
    """Fetching this mail has failed once more; how often it has."""
    tx.run(
        """INSERT INTO mailbox_poison (name, validity, uid, tries) VALUES (:name, :validity, :uid, 1)
           ON CONFLICT (name, validity, uid) DO UPDATE SET tries = tries + 1""",
        name=name,
        validity=validity,
        uid=uid,
    )
    return tries(tx, name, validity, uid)


def tries(tx: Tx, name: str, validity: int, uid: int) -> int:
    """How often fetching this mail has failed."""
    said = tx.value(
        "SELECT tries FROM mailbox_poison WHERE name = :name AND validity = :validity AND uid = :uid",
        name=name,
        validity=validity,
        uid=uid,
    )
    return int(said or 0)


def states(tx: Tx) -> tuple[MailboxState, ...]:
    """Every mailbox that was ever looked into."""
    rows = tx.rows("SELECT * FROM mailbox ORDER BY name")
    return tuple(MailboxState(**dict(row)) for row in rows)
