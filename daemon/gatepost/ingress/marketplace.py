"""Imports who sells what to whom: rows of vendors, products, customers, subscriptions, orders, each by natural key.

All rows or none, unless `partial`: a row that is refused says where, why and what to write instead. A column that the
table does not have leaves what is stored as it is; an empty cell clears it.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar, assert_never

from ..config import Config
from ..core import Millis
from ..core.audit import Act, Action, Who
from ..store import orders, parties
from ..store.audit import AuditLog
from ..store.database import Database, Tx
from ..store.parties import Change
from . import marketplace_rows as rows
from .marketplace_rows import Cells, Refusal, Rows
from .table_file import Columns, Row

T = TypeVar("T")


class Kind(StrEnum):
    """What a table holds."""

    VENDORS = "vendors"
    PRODUCTS = "products"
    CUSTOMERS = "customers"
    SUBSCRIPTIONS = "subscriptions"
    ORDERS = "orders"


COLUMNS: dict[Kind, Columns] = {
    Kind.VENDORS: rows.VENDORS,
    Kind.PRODUCTS: rows.PRODUCTS,
    Kind.CUSTOMERS: rows.CUSTOMERS,
    Kind.SUBSCRIPTIONS: rows.SUBSCRIPTIONS,
    Kind.ORDERS: rows.ORDERS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import did, or would do where `written` is false."""

    new: int
    changed: int
    unchanged: int
    refused: int
    refusals: tuple[Refusal, ...]
    written: bool

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One table to import."""

    kind: Kind
    rows: Sequence[Row]
    partial: bool = False
    dry_run: bool = False


Noted = Callable[[Tx, Report], object]


def noted(audit: AuditLog, kind: Kind, by: Who, now: Millis) -> Noted:
    """Writes an import that was done into the audit log, in its own transaction."""

    def note(tx: Tx, report: Report) -> None:
        counts = {"new": report.new, "changed": report.changed, "refused": report.refused}
        act = Act(actor=by, action=Action.IMPORTED, object=f"table {kind.value}", details=counts)
        audit.write(tx, act, now)

    return note


def run(
    db: Database, wanted: Import, config: Config, note: Noted, on_row: Callable[[], object] = lambda: None
) -> Report:
    """Import a table in one transaction. `on_row` is called for each row, in the thread that writes."""
    try:
        return db.write_now(lambda tx: apply(tx, wanted, config, note, on_row))
    except NotWritten as end:
        return end.report


class NotWritten(Exception):
    """Ends the transaction of an import that writes nothing; carries what it would have done."""

    def __init__(self, report: Report) -> None:
        super().__init__("the import writes nothing")
        self.report = report


def apply(tx: Tx, wanted: Import, config: Config, note: Noted, on_row: Callable[[], object] = lambda: None) -> Report:
    """Import a table within `tx`; `note` is told of one that is done.

    Raises NotWritten for a dry run, and where a row was refused unless `partial`.
    """
    counts = dict.fromkeys(Change, 0)
    refusals: list[Refusal] = []
    reading = Rows(tx=tx, config=config)
    refused = 0
    for row in wanted.rows:
        found = _put(reading, wanted.kind, row)
        if isinstance(found, Change):
            counts[found] += 1
        else:
            refused += 1
            refusals += found
        on_row()
    write = not wanted.dry_run and (wanted.partial or not refusals)
    report = Report(
        new=counts[Change.NEW],
        changed=counts[Change.CHANGED],
        unchanged=counts[Change.UNCHANGED],
        refused=refused,
        refusals=tuple(refusals),
        written=write,
    )
    if not write:
        raise NotWritten(report)
    if report.new or report.changed:
        note(tx, report)
    return report


def _put(reading: Rows, kind: Kind, row: Row) -> Change | list[Refusal]:
    """Write one row, or say why not."""
    cells, tx = Cells(row, COLUMNS[kind]), reading.tx
    match kind:
        case Kind.VENDORS:
            return _unless_refused(cells, tx, parties.put_vendor, reading.vendor(cells))
        case Kind.PRODUCTS:
            return _unless_refused(cells, tx, parties.put_product, reading.product(cells))
        case Kind.CUSTOMERS:
            return _unless_refused(cells, tx, parties.put_customer, reading.customer(cells))
        case Kind.SUBSCRIPTIONS:
            return _unless_refused(cells, tx, parties.put_subscription, reading.subscription(cells))
        case Kind.ORDERS:
            return _unless_refused(cells, tx, orders.put, reading.order(cells))
        case _:
            assert_never(kind)


def _unless_refused(
    cells: Cells, tx: Tx, put: Callable[[Tx, T], tuple[int, Change]], value: T
) -> Change | list[Refusal]:
    return cells.refusals or put(tx, value)[1]
