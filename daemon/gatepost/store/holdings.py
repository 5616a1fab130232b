"""Which vendor had a ticket from when on: a row for each change of who answers it, for report cards and ratings."""

from collections.abc import Sequence

from sqlite_utils import Database as Utils

from ..core import Millis
from ..core.ticket import Ticket
from ..core.verdict import Route
from .database import Row, Tx

_MOVED = "the ticket went to somebody else: the clock starts anew"
_PASSED_OVER = "nobody has answered: somebody else takes the ticket over, and the clock starts anew"

_AS_FAR_AS_KNOWN = (
    """INSERT INTO holding (ticket, vendor, at)
       SELECT number, vendor, coalesce((SELECT max(ended) FROM deadline
         WHERE deadline.ticket = number AND deadline.state = 'released' AND why = :moved), filed)
       FROM ticket WHERE route = 'vendor'""",
    """CREATE TEMPORARY TABLE left_vendor AS
       SELECT number, vendor, filed, (SELECT max(ended) FROM deadline WHERE deadline.ticket = number
         AND ((deadline.state = 'released' AND why IN (:moved, :passed))
           OR (deadline.state = 'met' AND kind = 'reroute'))) AS at
       FROM ticket WHERE route <> 'vendor'""",
    "INSERT INTO holding (ticket, vendor, at) SELECT number, vendor, filed FROM left_vendor WHERE at IS NOT NULL",
    "INSERT INTO holding (ticket, vendor, at) SELECT number, 0, coalesce(at, filed) FROM left_vendor",
    "DROP TABLE left_vendor",
)


def m0111_holdings(db: Utils) -> None:
    """Who has had which ticket, as far as the deadlines tell: the vendors before the last move are not known."""
    # `vendor` is 0 while a team of the marketplace has the ticket.
    db.execute(
        """CREATE TABLE holding (
            id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket (number), vendor INTEGER NOT NULL,
            at INTEGER NOT NULL)"""
    )
    db.execute("CREATE INDEX holding_ticket ON holding (ticket, id)")
    db.execute("CREATE INDEX holding_vendor ON holding (vendor, ticket)")
    for statement in _AS_FAR_AS_KNOWN:
        db.execute(statement, {"moved": _MOVED, "passed": _PASSED_OVER})


def holder(ticket: Ticket) -> int:
    """The vendor who answers the ticket, 0 for a team of the marketplace."""
    return ticket.vendor_id if ticket.route is Route.VENDOR else 0


def note(tx: Tx, ticket: Ticket, at: Millis) -> None:
    """Write down who has the ticket from now on."""
    tx.run(
        "INSERT INTO holding (ticket, vendor, at) VALUES (:ticket, :vendor, :at)",
        ticket=ticket.number,
        vendor=holder(ticket),
        at=at,
    )


def of_vendor(tx: Tx, vendor: int, since: Millis) -> Sequence[Row]:
    """Everybody who has had the tickets that this vendor has ever had and that were active since then, in order."""
    return tx.rows(
        """SELECT holding.ticket, holding.vendor, holding.at, ticket.flags FROM holding
           JOIN ticket ON ticket.number = holding.ticket
           WHERE holding.ticket IN (SELECT ticket FROM holding WHERE vendor = :vendor)
             AND ticket.clock_wanted = 1 AND ticket.last_activity >= :since
           ORDER BY holding.ticket, holding.id""",
        vendor=vendor,
        since=since,
    )
