"""What a vendor's report card is made of: human messages, ratings, what is overdue, complaints."""

from itertools import groupby
from operator import itemgetter

from ..core import Millis
from ..core.event import DeadlineKind
from ..core.ladder import MOVED, PASSED_OVER
from ..core.party import Role
from ..core.rating import Rating
from ..core.report_card import By, Said
from ..core.verdict import Route
from .database import Row, Tx

_COMPLAINT = "complaint"


def said(tx: Tx, vendor: int, since: Millis) -> tuple[Said, ...]:
    """What people wrote on the vendor's tickets that were active since then, ticket by ticket, in order of arrival.

    The vendor is who takes part for them, under whatever role by now. Where the ticket has left the vendor, the taking
    over stands for an answer of somebody else, and what came later is not the vendor's.
    """
    rows = tx.rows(
        """SELECT message.ticket, message.received, participant.role, participant.party, ticket.route,
             (SELECT max(ended) FROM deadline WHERE deadline.ticket = ticket.number AND state = 'released'
                AND why = :moved) AS moved,
             (SELECT max(ended) FROM deadline WHERE deadline.ticket = ticket.number
                AND ((state = 'released' AND why = :passed) OR (state = 'met' AND kind = :reroute))) AS passed
           FROM ticket
           JOIN message ON message.ticket = ticket.number
           JOIN participant ON participant.ticket = ticket.number AND participant.number = message.author
           WHERE ticket.vendor = :vendor AND ticket.clock_wanted = 1 AND ticket.last_activity >= :since
             AND message.author_kind = 'human' AND message.internal = 0
           ORDER BY message.ticket, message.id""",
        vendor=vendor,
        since=since,
        moved=MOVED,
        passed=PASSED_OVER,
        reroute=DeadlineKind.REROUTE.value,
    )
    found: list[Said] = []
    for number, of_ticket in groupby(rows, key=itemgetter("ticket")):
        found += _of_ticket(number, list(of_ticket), vendor)
    return tuple(found)


def _of_ticket(number: int, rows: list[Row], vendor: int) -> list[Said]:
    here = rows[0]["route"] == Route.VENDOR.value
    moved, passed = rows[0]["moved"] or 0, rows[0]["passed"] or 0
    left = 0 if here else max(moved, passed)
    said = [
        Said(ticket=number, at=r["received"], by=_by(r["role"], r["party"], vendor), theirs=moved if here else 0)
        for r in rows
        if not left or r["received"] < left
    ]
    return [*said, Said(ticket=number, at=left, by=By.OTHER)] if left else said


def _by(role: str, party: int, vendor: int) -> By:
    if role in (Role.REQUESTER.value, Role.COPIED.value):
        return By.CUSTOMER
    answers = role in (Role.VENDOR.value, Role.COLLABORATOR.value)
    return By.VENDOR if answers and party == vendor else By.OTHER


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
