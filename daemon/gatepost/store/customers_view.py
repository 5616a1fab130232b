"""Customers as staff see them: the list with its filters, and since when somebody is known."""

from dataclasses import dataclass
from enum import StrEnum

from sqlite_utils import Database as Utils

from ..core import Millis
from .database import Row, Tx

_HIGH = "\U0010ffff"


def m0025_customers(db: Utils) -> None:
    """Customers can be found by the beginning of their name."""
    db.execute("CREATE INDEX customer_name ON customer (lower(name), id)")


class Account(StrEnum):
    """Whether somebody has an account that is open."""

    ANY = ""
    WITH = "with"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One customer in the list."""

    id: int
    address: str
    folded: str
    name: str
    account: bool
    open_tickets: int


_ACCOUNT = "EXISTS (SELECT 1 FROM account WHERE account.customer = c.id AND account.closed IS NULL)"
_LINES = (
    f"SELECT c.id, c.address, c.folded, c.name, {_ACCOUNT} AS account, "  # noqa: S608 - our own constants
    "(SELECT count(*) FROM ticket WHERE ticket.customer = c.id AND ticket.state = 'open') AS open_tickets "
    "FROM customer AS c WHERE {where} AND (:account = '' OR " + _ACCOUNT.replace("{", "{{") + " = (:account = 'with')) "
    "ORDER BY c.folded LIMIT :limit"
)
_ALL = _LINES.format(where="c.folded > :after")
_BEGINNING = _LINES.format(
    where="""c.folded > :after AND c.id IN (
        SELECT id FROM customer WHERE folded >= :start AND folded < :end
        UNION SELECT id FROM customer WHERE lower(name) >= :start AND lower(name) < :end
        UNION SELECT customer FROM customer_alias WHERE folded >= :start AND folded < :end)"""
)


def page(
    tx: Tx, *, beginning: str = "", account: Account = Account.ANY, after: str = "", limit: int = 50
) -> tuple[Line, ...]:
    """Customers by address, behind the folded address `after`: those whose address, alias or name begins like that."""
    start = beginning.casefold()
    if not start:
        rows = tx.rows(_ALL, after=after, account=account.value, limit=limit)
    else:
        rows = tx.rows(_BEGINNING, after=after, account=account.value, limit=limit, start=start, end=start + _HIGH)
    return tuple(map(_line, rows))


def known_since(tx: Tx, customer: int, now: Millis) -> Millis | None:
    """The first thing that the marketplace knows of a customer: a ticket, an order, a subscription or an account."""
    found = tx.value(
        """SELECT min(at) FROM (
             SELECT min(filed) AS at FROM ticket WHERE customer = :customer
             UNION ALL SELECT min(placed) FROM purchase WHERE customer = :customer
             UNION ALL SELECT min(starts) FROM subscription WHERE customer = :customer
             UNION ALL SELECT opened FROM account WHERE customer = :customer) WHERE at <= :now""",
        customer=customer,
        now=now,
    )
    return int(found) if found is not None else None


def aliases(tx: Tx, customer: int) -> tuple[str, ...]:
    """Their further addresses."""
    sql = "SELECT folded FROM customer_alias WHERE customer = :customer ORDER BY at"
    return tuple(row["folded"] for row in tx.rows(sql, customer=customer))


def _line(row: Row) -> Line:
    return Line(
        id=row["id"],
        address=row["address"],
        folded=row["folded"],
        name=row["name"],
        account=bool(row["account"]),
        open_tickets=row["open_tickets"],
    )
