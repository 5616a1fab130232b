"""Accounts at the portal: which customers have one, which addresses they want to add, and who was invited.

Of a mailed link only the hash is kept. What may be done to an account is `core/account.py`'s to say.
"""

from dataclasses import dataclass

from sqlite_utils import Database as Utils

from ..core import DAY, Millis
from ..core.account import Account
from . import parties
from .database import Row, Tx
from .sessions import digest

TABLES = (
    # `name`, `language` and `zone` are what the customer chose on their page, '' where they chose nothing.
    """CREATE TABLE account (
        customer INTEGER PRIMARY KEY REFERENCES customer (id), opened INTEGER NOT NULL, terms TEXT NOT NULL,
        agreed INTEGER NOT NULL, closed INTEGER, name TEXT NOT NULL, language TEXT NOT NULL, zone TEXT NOT NULL)""",
    # An address that a customer says is theirs too; the link was mailed to it.
    """CREATE TABLE address_claim (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, address TEXT NOT NULL, folded TEXT NOT NULL,
        asked INTEGER NOT NULL, digest TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, used INTEGER)""",
    "CREATE INDEX address_claim_customer ON address_claim (customer, asked)",
    "CREATE TABLE invitation (folded TEXT PRIMARY KEY, address TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    # A single-use word of an identity provider or shop, until it would be too old anyway.
    "CREATE TABLE used_word (digest TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX used_word_expires ON used_word (expires)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An address that a customer wants to add, and until when they can confirm it."""

    id: int
    customer: int
    address: str
    asked: Millis
    expires: Millis
    used: Millis | None = None


def m0040_accounts(db: Utils) -> None:
    """Accounts, the addresses asked for, and invitations."""
    for statement in TABLES:
        db.execute(statement)


def find(tx: Tx, customer: int) -> Account | None:
    """The account of a customer, open or closed; None where they never signed in."""
    row = tx.row("SELECT * FROM account WHERE customer = :customer", customer=customer)
    return _account(row) if row else None


def is_open(tx: Tx, customer: int) -> bool:
    """Whether the customer has an account that is not closed."""
    account = find(tx, customer)
    return account is not None and account.open


def enter(tx: Tx, customer: int, terms: str, now: Millis) -> bool:
    """Open the account, or open it again, and remember the consent text; whether it was not open before."""
    before = find(tx, customer)
    fresh = before is None or not before.open
    tx.run(
        """INSERT INTO account (customer, opened, terms, agreed, closed, name, language, zone)
           VALUES (:customer, :now, :terms, :now, NULL, '', '', '')
           ON CONFLICT (customer) DO UPDATE SET terms = excluded.terms, closed = NULL,
             agreed = CASE WHEN account.terms = excluded.terms AND account.closed IS NULL
                           THEN account.agreed ELSE excluded.agreed END,
             opened = CASE WHEN account.closed IS NULL THEN account.opened ELSE excluded.opened END""",
        customer=customer,
        terms=terms,
        now=now,
    )
    return fresh


def choose(tx: Tx, customer: int, *, name: str, language: str, zone: str) -> None:
    """Write what the customer chose, here and into their profile; an import does not change it back."""
    sql = "UPDATE account SET name = :name, language = :language, zone = :zone WHERE customer = :customer"
    tx.run(sql, customer=customer, name=name, language=language, zone=zone)
    parties.set_profile(tx, customer, name=name, language=language, zone=zone)


def close(tx: Tx, customer: int, now: Millis) -> bool:
    """End the account; the profile stays. False where it was closed before."""
    sql = "UPDATE account SET closed = :now WHERE customer = :customer AND closed IS NULL"
    return tx.run(sql, customer=customer, now=now) > 0


def addresses(tx: Tx, customer: int) -> tuple[str, ...]:
    """The further addresses of a customer, in the order in which they came."""
    sql = "SELECT folded FROM customer_alias WHERE customer = :customer ORDER BY at, folded"
    return tuple(row["folded"] for row in tx.rows(sql, customer=customer))


def claims_today(tx: Tx, customer: int, now: Millis) -> int:
    """How many addresses the customer asked to add within a day."""
    sql = "SELECT count(*) FROM address_claim WHERE customer = :customer AND asked > :since"
    return int(tx.value(sql, customer=customer, since=now - DAY))


def claim(tx: Tx, customer: int, address: str, secret: str, *, until: Millis, now: Millis) -> int:
    """Remember that the customer wants this address, whose link carries `secret`; the number of it."""
    return tx.insert(
        """INSERT INTO address_claim (customer, address, folded, asked, digest, expires)
           VALUES (:customer, :address, :folded, :now, :digest, :until) RETURNING id""",
        customer=customer,
        address=address,
        folded=address.casefold(),
        digest=digest(secret),
        until=until,
        now=now,
    )


def claimed(tx: Tx, secret: str) -> Claim | None:
    """What the link with this secret is about, used or not."""
    row = tx.row("SELECT * FROM address_claim WHERE digest = :digest", digest=digest(secret)) if secret else None
    return _claim(row) if row else None


def open_claims(tx: Tx, customer: int, now: Millis) -> tuple[Claim, ...]:
    """The addresses that wait for their confirmation, one each."""
    rows = tx.rows(
        """SELECT *, max(asked) FROM address_claim WHERE customer = :customer AND used IS NULL AND expires > :now
           GROUP BY folded ORDER BY folded""",
        customer=customer,
        now=now,
    )
    return tuple(_claim(row) for row in rows)


def take(tx: Tx, one: Claim, now: Millis) -> str:
    """Add the address to the customer's; a word for why not: `old`, `taken` by somebody else; '' where it was added."""
    used = "UPDATE address_claim SET used = :now WHERE id = :id AND used IS NULL AND expires > :now"
    if not tx.run(used, id=one.id, now=now):
        return "old"
    owner = parties.customer_of(tx, one.address)
    if owner is not None:
        return "" if owner.id == one.customer else "taken"
    tx.run(
        "INSERT INTO customer_alias (folded, customer, at) VALUES (:folded, :customer, :now)",
        folded=one.address.casefold(),
        customer=one.customer,
        now=now,
    )
    return ""


def remove(tx: Tx, customer: int, address: str) -> bool:
    """Take a further address away from the customer; False where it is not one of theirs."""
    sql = "DELETE FROM customer_alias WHERE customer = :customer AND folded = :folded"
    return tx.run(sql, customer=customer, folded=address.casefold()) > 0


def invite(tx: Tx, address: str, now: Millis) -> bool:
    """Let this address have an account; False where it was invited before."""
    sql = """INSERT INTO invitation (folded, address, at) VALUES (:folded, :address, :now)
             ON CONFLICT (folded) DO NOTHING"""
    return tx.run(sql, folded=address.casefold(), address=address, now=now) > 0


def invited(tx: Tx, address: str) -> bool:
    """Whether this address was invited."""
    return tx.row("SELECT 1 FROM invitation WHERE folded = :folded", folded=address.casefold()) is not None


def use_word(tx: Tx, word: str, expires: Millis, now: Millis) -> bool:
    """Take a word for its one use; False where it was used before. Words that are too old by now are forgotten."""
    tx.run("DELETE FROM used_word WHERE expires < :now", now=now)
    sql = "INSERT INTO used_word (digest, expires) VALUES (:digest, :expires) ON CONFLICT (digest) DO NOTHING"
    return tx.run(sql, digest=digest(word), expires=expires) > 0


def _account(row: Row) -> Account:
    return Account(
        customer=row["customer"],
        opened=row["opened"],
        terms=row["terms"],
        agreed=row["agreed"],
        closed=row["closed"],
        name=row["name"],
        language=row["language"],
        zone=row["zone"],
    )


def _claim(row: Row) -> Claim:
    return Claim(
        id=row["id"],
        customer=row["customer"],
        address=row["address"],
        asked=row["asked"],
        expires=row["expires"],
        used=row["used"],
    )
