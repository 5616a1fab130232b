"""What a vendor's report card is made of: human messages, ratings, what is overdue, complaints."""

from ..core import Millis
from ..core.party import Role
from ..core.rating import Rating
from ..core.report_card import Said
from .database import Tx

_COMPLAINT = "complaint"


def said(tx: Tx, vendor: int, since: Millis) -> tuple[Said, ...]:
    """What people wrote on the vendor's tickets that were active since then, ticket by ticket, in order of arrival."""
    rows = tx.rows(
        """SELECT message.ticket, message.received, participant.role FROM ticket
           JOIN message ON message.ticket = ticket.number
           JOIN participant ON participant.ticket = ticket.number AND participant.number = message.author
           WHERE ticket.vendor = :vendor AND ticket.clock_wanted = 1 AND ticket.last_activity >= :since
             AND message.author_kind = 'human'
           ORDER BY message.ticket, message.id""",
        vendor=vendor,
        since=since,
    )
    customers = (Role.REQUESTER.value, Role.COPIED.value)
    return tuple(Said(ticket=r["ticket"], at=r["received"], by_customer=r["role"] in customers) for r in rows)


def ratings(tx: Tx, vendor: int, since: Millis) -> tuple[Rating, ...]:
    """The vendor's ratings since then, the newest first."""
    rows = tx.rows(
        "SELECT * FROM rating WHERE vendor = :vendor AND at >= :since ORDER BY at DESC", vendor=vendor, since=since
    )
    return tuple(
        Rating(ticket=r["ticket"], score=r["score"], comment=r["comment"], at=r["at"], changed=r["changed"])
        for r in rows
    )


def counts(tx: Tx, vendor: int, since: Millis) -> tuple[int, int, int]:
    """Open tickets, overdue ones among them, and complaints (a flag or a topic) filed since then."""
    row = tx.row(
        """SELECT
             count(CASE WHEN state = 'open' THEN 1 END) AS open,
             count(CASE WHEN state = 'open' AND (' ' || flags || ' ') LIKE '% overdue %' THEN 1 END) AS overdue,
             count(CASE WHEN filed >= :since AND ((' ' || flags || ' ') LIKE '% complaint %' OR EXISTS (
               SELECT 1 FROM label WHERE label.ticket = ticket.number AND label.topic = :complaint)) THEN 1 END)
               AS complaints
           FROM ticket WHERE vendor = :vendor""",
        vendor=vendor,
        since=since,
        complaint=_COMPLAINT,
    )
    return (row["open"], row["overdue"], row["complaints"]) if row else (0, 0, 0)
