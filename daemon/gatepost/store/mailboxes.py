"""What the store keeps of each IMAP mailbox: how far it was fetched, whether it works, and which mails are poison."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database as Utils

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
HEALTH = (
    # How many mails still lie there to be taken; since when we are signed in; when the OAuth2 token in use was given
    # and when it ends, NULL for a password; how many mails were set aside in the folder of failed ones, and the last.
    "ALTER TABLE mailbox ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE mailbox ADD COLUMN signed_in INTEGER",
    "ALTER TABLE mailbox ADD COLUMN token INTEGER",
    "ALTER TABLE mailbox ADD COLUMN token_ends INTEGER",
    "ALTER TABLE mailbox ADD COLUMN aside INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE mailbox ADD COLUMN aside_at INTEGER",
    "ALTER TABLE mailbox ADD COLUMN aside_said TEXT NOT NULL DEFAULT ''",
    # A mailbox that was rebuilt is known again by the bytes of its mails.
    "CREATE INDEX taken_digest ON taken (digest)",
)


def m0090_mailbox_health(db: Utils) -> None:
    """How each mailbox stands."""
    for statement in HEALTH:
        db.execute(statement)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxState:
    """How a mailbox stands: its cursor, its last good fetch, since when it fails, and what the server said."""

    name: str
    validity: int
    uid: int
    fetched: Millis | None
    failing: Millis | None
    said: str
    waiting: int
    signed_in: Millis | None
    token: Millis | None
    token_ends: Millis | None
    aside: int
    aside_at: Millis | None
    aside_said: str


def begin(tx: Tx, name: str, validity: int, next_uid: int = 0) -> MailboxState:
    """The mailbox as it stands under this UIDVALIDITY; a new one begins at UID 0 (RFC 3501 2.3.1.1).

    So does one whose UIDs have gone backward, below its cursor: `next_uid` is what the next mail would have had.
    """
    _ensure(tx, name)
    tx.run(
        """UPDATE mailbox SET uid = 0, validity = :validity
           WHERE name = :name AND (validity <> :validity OR (:next > 0 AND :next <= uid))""",
        name=name,
        validity=validity,
        next=next_uid,
    )
    return _state(tx, name)


def signed_in(tx: Tx, name: str, now: Millis, *, token: Millis | None, token_ends: Millis | None) -> None:
    """The server has let us in, with a token that was given at `token`, or by password."""
    _ensure(tx, name)
    tx.run(
        "UPDATE mailbox SET signed_in = :now, token = :token, token_ends = :ends WHERE name = :name",
        name=name,
        now=now,
        token=token,
        ends=token_ends,
    )


def well(tx: Tx, name: str, now: Millis, *, waiting: int = 0, upto: int = 0) -> bool:
    """Mails were looked through, and everything up to the UID `upto` is done with; whether it had failed before."""
    _ensure(tx, name)
    failed = _state(tx, name).failing is not None
    tx.run(
        """UPDATE mailbox SET fetched = :now, failing = NULL, said = '', waiting = :waiting, uid = max(uid, :upto)
           WHERE name = :name""",
        name=name,
        now=now,
        waiting=waiting,
        upto=upto,
    )
    return failed


def failing(tx: Tx, name: str, said: str, now: Millis) -> bool:
    """The mailbox could not be fetched; whether it has just begun to fail."""
    _ensure(tx, name)
    first = _state(tx, name).failing is None
    tx.run(
        "UPDATE mailbox SET failing = coalesce(failing, :now), said = :said WHERE name = :name",
        name=name,
        said=said,
        now=now,
    )
    return first


def stumbled(tx: Tx, name: str, validity: int, uids: Sequence[int]) -> None:
    """Fetching these mails has failed once more."""
    for uid in uids:
        tx.run(
            """INSERT INTO mailbox_poison (name, validity, uid, tries) VALUES (:name, :validity, :uid, 1)
               ON CONFLICT (name, validity, uid) DO UPDATE SET tries = tries + 1""",
            name=name,
            validity=validity,
            uid=uid,
        )


def tries(tx: Tx, name: str, validity: int, uids: Sequence[int]) -> dict[int, int]:
    """How often fetching has failed, for those of these mails with which it has."""
    rows = tx.rows(
        "SELECT uid, tries FROM mailbox_poison WHERE name = :name AND validity = :validity",
        name=name,
        validity=validity,
    )
    return {row["uid"]: row["tries"] for row in rows if row["uid"] in set(uids)}


def set_aside(tx: Tx, name: str, many: int, said: str, now: Millis) -> None:
    """So many mails could not be taken and lie in the folder of failed ones."""
    tx.run(
        "UPDATE mailbox SET aside = aside + :many, aside_at = :now, aside_said = :said WHERE name = :name",
        name=name,
        many=many,
        said=said,
        now=now,
    )


def keep_only(tx: Tx, names: Sequence[str]) -> None:
    """Forget how mailboxes stood that the config no longer has: nobody waits for them. What was taken stays known."""
    for state in states(tx):
        if state.name not in names:
            tx.run("DELETE FROM mailbox WHERE name = :name", name=state.name)
            tx.run("DELETE FROM mailbox_poison WHERE name = :name", name=state.name)


def states(tx: Tx) -> tuple[MailboxState, ...]:
    """Every mailbox that was ever looked into."""
    return tuple(MailboxState(**dict(row)) for row in tx.rows("SELECT * FROM mailbox ORDER BY name"))


def _ensure(tx: Tx, name: str) -> None:
    tx.run(
        """INSERT INTO mailbox (name, validity, uid, fetched, failing, said) VALUES (:name, -1, 0, NULL, NULL, '')
           ON CONFLICT (name) DO NOTHING""",
        name=name,
    )


def _state(tx: Tx, name: str) -> MailboxState:
    row = tx.row("SELECT * FROM mailbox WHERE name = :name", name=name)
    if row is None:
        raise LookupError(f"the mailbox {name} was never looked into")
    return MailboxState(**dict(row))
