"""The figures of the desk's database that monitoring and status show; on one snapshot."""

from dataclasses import dataclass

from . import outbox_view, quarantine, trace
from .database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Tickets and deliveries by state, and how much of the rest there is."""

    tickets: dict[str, int]
    deliveries: dict[str, int]
    quarantine: int
    deadlines: int
    alarms: int


def read(tx: Tx) -> Figures:
    """The figures now."""
    counters = trace.counters(tx)
    return Figures(
        tickets={state: counters.get(f"ticket.{state}", 0) for state in ("open", "closed")},
        deliveries=outbox_view.waiting(tx),
        quarantine=quarantine.count(tx),
        deadlines=int(tx.value("SELECT count(*) FROM deadline WHERE state = 'open'")),
        alarms=int(tx.value("SELECT count(*) FROM alarm WHERE cleared IS NULL")),
    )
