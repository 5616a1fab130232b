"""What a digest lists: open tickets with their due instants; and which digests were written already."""

from collections.abc import Sequence

from ..core.party import Role
from .database import Row, Tx


def open_tickets(tx: Tx, vendor: int, limit: int = 200) -> Sequence[Row]:
    """Open tickets that wait for an answer, the earliest due first: the vendor's own, or with 0 the marketplace's."""
    return tx.rows(
        """SELECT ticket.number, ticket.brand, ticket.subject, ticket.flags, deadline.due FROM ticket
           LEFT JOIN deadline ON deadline.ticket = ticket.number AND deadline.kind = 'overdue'
             AND deadline.state = 'open'
           WHERE ticket.state = 'open' AND ticket.waiting_since IS NOT NULL
             AND ((:vendor = 0 AND ticket.route <> 'vendor') OR (ticket.vendor = :vendor AND ticket.route = 'vendor'))
           ORDER BY deadline.due IS NOT NULL, deadline.due, ticket.number LIMIT :limit""",
        vendor=vendor,
        limit=limit,
    )


def customers(tx: Tx, number: int) -> tuple[str, ...]:
    """The addresses of the customer's side of a ticket."""
    sql = "SELECT address FROM participant WHERE ticket = :number AND role IN (:requester, :copied)"
    rows = tx.rows(sql, number=number, requester=Role.REQUESTER.value, copied=Role.COPIED.value)
    return tuple(row["address"] for row in rows)


def overdue_of_all(tx: Tx, limit: int = 200) -> Sequence[Row]:
    """Every vendor's overdue tickets, for staff."""
    return tx.rows(
        """SELECT number, subject, flags, NULL AS due FROM ticket WHERE state = 'open' AND route = 'vendor'
             AND (' ' || flags || ' ') LIKE '% overdue %' ORDER BY waiting_since LIMIT :limit""",
        limit=limit,
    )


def written(tx: Tx, address: str, key: str) -> bool:
    """Whether this digest is in the outbox already."""
    sql = "SELECT 1 FROM outbox WHERE ticket = 0 AND participant = 0 AND address = :address AND key = :key"
    return tx.value(sql, address=address, key=key) is not None
