"""What hangs on the house's keys, as far as the database can tell: whoever loses one loses this."""

from . import one_time, sealed
from .database import Tx


def sealed_with(tx: Tx) -> dict[int, int]:
    """How much each sealing key still opens; nothing in a database of before there were any."""
    counts: dict[int, int] = {}
    for table, of in (("sealed_raw", sealed.keys_in_use), ("one_time_secret", one_time.keys_in_use)):
        if _there(tx, table):
            for number, count in of(tx).items():
                counts[number] = counts.get(number, 0) + count
    return counts


def signed(tx: Tx) -> int:
    """How many tickets have reply addresses out there."""
    return int(tx.value("SELECT count(*) FROM ticket")) if _there(tx, "ticket") else 0


def logged(tx: Tx) -> int:
    """How many rows the audit log has."""
    return int(tx.value("SELECT count(*) FROM audit")) if _there(tx, "audit") else 0


def _there(tx: Tx, table: str) -> bool:
    return tx.value("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :table", table=table) is not None
