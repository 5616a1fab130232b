"""What a vendor's report card is made of: human messages, ratings, what is overdue, complaints."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from ..core import Millis
from ..core.party import Role
from ..core.rating import Rating, is_set_aside
from ..core.report_card import By, Said
from . import holdings
from .database import Row, Tx
from .ticket_events import Happened

_COMPLAINT = "complaint"


def said(tx: Tx, vendor: int, since: Millis) -> tuple[Said, ...]:
    """What people wrote while the tickets active since then were the vendor's, ticket by ticket, in order.

    The vendor is who takes part for them, under whatever role by now. A ticket that left the vendor ends for them as by
    an answer of somebody else; each time that it was theirs is told by itself. Spam and duplicates are nobody's.
    """
    spells: dict[int, list[tuple[Millis, Millis | None]]] = {}
    for number, of_ticket in groupby(holdings.of_vendor(tx, vendor, since), key=itemgetter("ticket")):
        rows = list(of_ticket)
        if not is_set_aside(rows[0]["flags"].split()):
            spells[number] = list(_spells(rows, vendor))
    found: list[Said] = []
    for number, of_ticket in groupby(_lines(tx, vendor, since), key=itemgetter("ticket")):
        lines = list(of_ticket)
        for start, end in spells.get(number, ()):
            found += _of_spell(number, lines, vendor, start, end)
    return tuple(found)


def _spells(rows: Sequence[Row], vendor: int) -> Iterator[tuple[Millis, Millis | None]]:
    """From when until when the ticket was the vendor's; None for until now."""
    ends = [*(row["at"] for row in rows[1:]), None]
    yield from ((row["at"], end) for row, end in zip(rows, ends, strict=True) if row["vendor"] == vendor)


def _lines(tx: Tx, vendor: int, since: Millis) -> Sequence[Row]:
    """What people wrote on these tickets and when they were closed, ticket by ticket, in order of time."""
    return tx.rows(
        """WITH held AS (SELECT number FROM ticket WHERE clock_wanted = 1 AND last_activity >= :since
             AND number IN (SELECT ticket FROM holding WHERE vendor = :vendor))
           SELECT message.ticket, message.received AS at, message.id, participant.role, participant.party
           FROM held JOIN message ON message.ticket = held.number
           JOIN participant ON participant.ticket = message.ticket AND participant.number = message.author
           WHERE message.author_kind = 'human' AND message.internal = 0
           UNION ALL
           SELECT ticket_event.ticket, ticket_event.at, 1 << 62, '', 0 FROM held
           JOIN ticket_event ON ticket_event.ticket = held.number AND kind = :closed
           ORDER BY 1, 2, 3""",
        vendor=vendor,
        since=since,
        closed=Happened.CLOSED.value,
    )


def _of_spell(number: int, lines: Iterable[Row], vendor: int, start: Millis, end: Millis | None) -> list[Said]:
    """The lines as they concern one time that the vendor had the ticket: what waited before waits from its start."""
    said = [
        Said(ticket=number, at=line["at"], by=_by(line["role"], line["party"], vendor), theirs=start)
        for line in lines
        if end is None or line["at"] < end
    ]
    return said if end is None else [*said, Said(ticket=number, at=end, by=By.OTHER)]


def _by(role: str, party: int, vendor: int) -> By:
    if not role:
        return By.CLOSING
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


def standing(tx: Tx, since: Millis) -> dict[int, tuple[int, int, int]]:
    """Of every vendor with tickets: how many are open, how many of those overdue, how many were active since then."""
    rows = tx.rows(
        """SELECT vendor, sum(state = 'open') AS open, sum(last_activity >= :since) AS active FROM ticket
           WHERE vendor <> 0 GROUP BY vendor""",
        since=since,
    )
    late = tx.rows(
        """SELECT vendor, count(*) AS overdue FROM ticket
           WHERE state = 'open' AND (' ' || flags || ' ') LIKE '% overdue %' GROUP BY vendor"""
    )
    overdue = {row["vendor"]: row["overdue"] for row in late}
    return {row["vendor"]: (row["open"], overdue.get(row["vendor"], 0), row["active"]) for row in rows}


def counts(tx: Tx, vendor: int, since: Millis) -> tuple[int, int, int]:
    """Open tickets that the vendor answers, overdue ones among them, and complaints filed since then.

    A complaint is a flag or a topic, and about the product's vendor, whoever answers it.
    """
    row = tx.row(
        """SELECT
             count(CASE WHEN state = 'open' AND route = 'vendor' THEN 1 END) AS open,
             count(CASE WHEN state = 'open' AND route = 'vendor'
               AND (' ' || flags || ' ') LIKE '% overdue %' THEN 1 END) AS overdue,
             count(CASE WHEN filed >= :since AND ((' ' || flags || ' ') LIKE '% complaint %' OR EXISTS (
               SELECT 1 FROM label WHERE label.ticket = ticket.number AND label.topic = :complaint)) THEN 1 END)
               AS complaints
           FROM ticket WHERE vendor = :vendor""",
        vendor=vendor,
        since=since,
        complaint=_COMPLAINT,
    )
    return (row["open"], row["overdue"], row["complaints"]) if row else (0, 0, 0)
