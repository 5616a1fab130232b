"""What customers have bought, as the marketplace's own table says; shown to staff, and no decision reads it."""

from collections.abc import Mapping
from dataclasses import asdict

from sqlite_utils import Database as Utils

from ..core import Millis
from ..core.party import Order
from .database import Row, Tx
from .parties import Change, upsert

TABLES: tuple[str, ...] = (
    """CREATE TABLE purchase (
        id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer (id), reference TEXT NOT NULL UNIQUE,
        placed INTEGER NOT NULL, total INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,
        items TEXT NOT NULL)""",
    "CREATE INDEX purchase_customer ON purchase (customer, placed)",
)


def m0023_orders(db: Utils) -> None:
    """What customers have bought."""
    for statement in TABLES:
        db.execute(statement)


def put(tx: Tx, order: Order) -> tuple[int, Change]:
    """Insert or update by reference; the id and what changed."""
    values = {name: value for name, value in asdict(order).items() if name not in ("id", "customer_id")}
    return upsert(tx, "purchase", ("reference",), {**values, "customer": order.customer_id})


def named(tx: Tx, reference: str) -> Order | None:
    """The order with this reference."""
    row = tx.row("SELECT * FROM purchase WHERE reference = :reference", reference=reference)
    return _order(row) if row else None


def latest(tx: Tx, customer: int, since: Millis, limit: int = 3) -> tuple[Order, ...]:
    """The customer's last orders from then on, the newest first."""
    rows = tx.rows(
        """SELECT * FROM purchase WHERE customer = :customer AND placed >= :since
           ORDER BY placed DESC, id DESC LIMIT :limit""",
        customer=customer,
        since=since,
        limit=limit,
    )
    return tuple(map(_order, rows))


def totals(tx: Tx, customer: int) -> tuple[int, Mapping[str, int], Millis | None]:
    """How many orders there are, what they come to in hundredths by currency, and when the first was placed."""
    rows = tx.rows(
        """SELECT currency, count(*) AS n, sum(total) AS total, min(placed) AS first FROM purchase
           WHERE customer = :customer GROUP BY currency ORDER BY total DESC""",
        customer=customer,
    )
    first = min((row["first"] for row in rows), default=None)
    return sum(row["n"] for row in rows), {row["currency"]: row["total"] for row in rows}, first


def _order(row: Row) -> Order:
    return Order(
        id=row["id"],
        customer_id=row["customer"],
        reference=row["reference"],
        placed=row["placed"],
        total=row["total"],
        currency=row["currency"],
        status=row["status"],
        items=row["items"],
    )
