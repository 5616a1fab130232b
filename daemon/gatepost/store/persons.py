"""One person in the tables: their addresses, their tickets, and the legal holds that keep what is theirs.

A person is a customer with every address of theirs, or an address that has filed tickets and belongs to no customer.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database as Utils

from ..core import Millis
from .database import Row, Tx

TABLES: tuple[str, ...] = (
    # Nothing of theirs is erased or purged while one of these is open.
    """CREATE TABLE legal_hold (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, folded TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,
        at INTEGER NOT NULL, released INTEGER, released_by TEXT NOT NULL, released_why TEXT NOT NULL)""",
    "CREATE INDEX legal_hold_open ON legal_hold (folded) WHERE released IS NULL",
)

# The holds come first, few as they are, and + takes the affinity from their column: or else SQLite would not use the
# index of addresses, and read every participant.
HELD_TICKETS = """SELECT t.number FROM legal_hold AS h CROSS JOIN ticket AS t ON h.customer = t.customer
      WHERE h.released IS NULL AND h.customer <> 0
    UNION SELECT p.ticket FROM legal_hold AS h CROSS JOIN participant AS p ON lower(p.address) = +h.folded
      WHERE h.released IS NULL"""
"""The numbers of the tickets that a legal hold keeps, as a subquery."""


def m0160_erasing(db: Utils) -> None:
    """What an erasure asks of every file and message: who else has the same, and how a copy would be known."""
    db.execute("CREATE INDEX attachment_sha256 ON attachment (sha256)")
    db.execute("CREATE INDEX taken_arrival ON taken (arrival)")
    db.execute("CREATE INDEX seen_message ON seen (message) WHERE message <> 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is to us: customer 0 where they are none; `filed` are their tickets, `others` those they are on."""

    customer: int
    name: str
    addresses: tuple[str, ...]
    filed: tuple[int, ...] = ()
    others: tuple[int, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything is here of them."""
        return bool(self.customer or self.filed or self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One legal hold."""

    id: int
    customer: int
    folded: str
    reason: str
    by: str
    at: Millis
    released: Millis | None


def m0063_legal_holds(db: Utils) -> None:
    """Legal holds."""
    for statement in TABLES:
        db.execute(statement)


def find(tx: Tx, address: str) -> Person:
    """The person with this address; one of whom nothing is `known` where there is none."""
    folded = address.casefold()
    row = tx.row(
        """SELECT id FROM customer WHERE folded = :folded
           UNION SELECT customer FROM customer_alias WHERE folded = :folded LIMIT 1""",
        folded=folded,
    )
    return of_customer(tx, int(row["id"])) if row is not None else _person(tx, 0, "", [address])


def of_customer(tx: Tx, customer: int, also: Iterable[str] = ()) -> Person:
    """The person who is this customer, with every address that is known of them."""
    row = tx.row("SELECT address, name FROM customer WHERE id = :id", id=customer)
    addresses = [row["address"]] if row is not None else []
    aliases = tx.rows("SELECT folded FROM customer_alias WHERE customer = :id ORDER BY folded", id=customer)
    addresses += [alias["folded"] for alias in aliases]
    return _person(tx, customer, row["name"] if row is not None else "", [*addresses, *also])


def of_tickets(tx: Tx, tickets: Iterable[int]) -> Person:
    """The person who filed these tickets, where they are no customer."""
    addresses = [
        row["address"]
        for number in tickets
        for row in tx.rows("SELECT address FROM participant WHERE ticket = :n AND role = 'requester'", n=number)
        if row["address"]
    ]
    return _person(tx, 0, "", addresses)


def _person(tx: Tx, customer: int, name: str, addresses: list[str]) -> Person:
    folded = json.dumps(sorted({address.casefold() for address in addresses if address}))
    own = tx.rows(
        """SELECT DISTINCT p.ticket, p.number, p.role, p.address, p.name FROM participant AS p
           WHERE lower(p.address) IN (SELECT value FROM json_each(:folded))
             OR (:customer <> 0 AND p.party = :customer AND p.role IN ('requester', 'copied'))
           ORDER BY p.ticket""",
        folded=folded,
        customer=customer,
    )
    filed = {row["number"] for row in tx.rows("SELECT number FROM ticket WHERE customer = :c AND :c <> 0", c=customer)}
    filed |= {row["ticket"] for row in own if row["role"] == "requester"}
    others = {row["ticket"] for row in own} - filed
    more = [
        row["folded"]
        for place in own
        for row in tx.rows(
            "SELECT folded FROM participant_alias WHERE ticket = :t AND number = :n",
            t=place["ticket"],
            n=place["number"],
        )
    ]
    every = dict.fromkeys(address for address in (*addresses, *(row["address"] for row in own), *more) if address)
    named = name or next((row["name"] for row in own if row["name"]), "")
    return Person(
        customer=customer, name=named, addresses=tuple(every), filed=tuple(sorted(filed)), others=tuple(sorted(others))
    )


def refund_open(tx: Tx, person: Person) -> int:
    """The ticket on which a refund of theirs is still open; 0 for none."""
    found = tx.value(
        """SELECT number FROM ticket WHERE number IN (SELECT value FROM json_each(:numbers))
             AND state = 'open' AND route = 'team' AND team = 'billing' ORDER BY number LIMIT 1""",
        numbers=json.dumps(person.filed),
    )
    return int(found or 0)


def hold(tx: Tx, person: Person, *, reason: str, by: str, now: Millis) -> int:
    """Keep all that is theirs; the hold's number."""
    address = person.addresses[0] if person.addresses else ""
    return tx.insert(
        """INSERT INTO legal_hold (customer, folded, reason, by, at, released_by, released_why)
           VALUES (:customer, :folded, :reason, :by, :now, '', '') RETURNING id""",
        customer=person.customer,
        folded=address.casefold(),
        reason=reason,
        by=by,
        now=now,
    )


def holds(tx: Tx, person: Person) -> tuple[Hold, ...]:
    """The open holds of a person."""
    rows = tx.rows(
        """SELECT * FROM legal_hold WHERE released IS NULL AND ((customer <> 0 AND customer = :customer)
             OR folded IN (SELECT value FROM json_each(:folded))) ORDER BY id""",
        customer=person.customer,
        folded=json.dumps([address.casefold() for address in person.addresses]),
    )
    return tuple(map(_hold, rows))


def release(tx: Tx, person: Person, *, why: str, by: str, now: Millis) -> int:
    """End the holds of a person; how many there were."""
    found = holds(tx, person)
    for one in found:
        tx.run(
            "UPDATE legal_hold SET released = :now, released_by = :by, released_why = :why WHERE id = :id",
            id=one.id,
            by=by,
            why=why,
            now=now,
        )
    return len(found)


def _hold(row: Row) -> Hold:
    return Hold(
        id=row["id"],
        customer=row["customer"],
        folded=row["folded"],
        reason=row["reason"],
        by=row["by"],
        at=row["at"],
        released=row["released"],
    )
