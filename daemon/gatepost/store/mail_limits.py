"""How large a mail may be that goes to a domain, as its servers have told: the smarthost's SIZE, and refusals (F19)."""

from sqlite_utils import Database as Utils

from ..core import DAY, Millis
from .database import Tx

SMARTHOST = ""
_FORGOTTEN_AFTER = 90 * DAY

TABLES: tuple[str, ...] = (
    # `domain` is '' for the smarthost, through which everything goes.
    """CREATE TABLE mail_limit (
        domain TEXT PRIMARY KEY, octets INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID""",
)


def m0100_mail_limits(db: Utils) -> None:
    """The table of what servers take at most."""
    for statement in TABLES:
        db.execute(statement)


def learn(tx: Tx, domain: str, octets: int, now: Millis) -> None:
    """Remember that mail to `domain` may have at most so many octets; 0 forgets what was known."""
    tx.run("DELETE FROM mail_limit WHERE domain = :domain", domain=domain.lower())
    if octets > 0:
        tx.run(
            "INSERT INTO mail_limit (domain, octets, at) VALUES (:domain, :octets, :now)",
            domain=domain.lower(),
            octets=octets,
            now=now,
        )


def known(tx: Tx, address: str, now: Millis) -> int | None:
    """The octets that a mail to `address` may have, None where nobody has said. A refusal is believed for 90 days."""
    found: int | None = tx.value(
        """SELECT min(octets) FROM mail_limit
           WHERE domain = :smarthost OR (domain = :domain AND at > :since)""",
        smarthost=SMARTHOST,
        domain=address.rpartition("@")[2].lower(),
        since=now - _FORGOTTEN_AFTER,
    )
    return found
