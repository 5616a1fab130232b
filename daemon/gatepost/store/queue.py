"""The queue of the staff pages: its saved views by pages, and how many tickets are in each, without counting rows.

Each view has an index that holds its tickets and no others, in the order in which they are shown; a query repeats the
condition of its index word for word, or the index is not used. The counters move with every ticket that is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sqlite_utils import Database as Utils

from ..core import Millis
from .database import Row, Tx

TABLES: tuple[str, ...] = (
    """CREATE INDEX ticket_overdue ON ticket (state, last_activity, number)
       WHERE state = 'open' AND (' ' || flags || ' ') LIKE '% overdue %'""",
    "CREATE INDEX ticket_unassigned ON ticket (state, last_activity, number) WHERE state = 'open' AND assignee = ''",
    "CREATE INDEX ticket_unread ON ticket (state, last_activity, number) WHERE state = 'open' AND unread = 1",
    """CREATE INDEX ticket_assignee ON ticket (state, assignee, last_activity, number)
       WHERE state = 'open' AND assignee <> ''""",
    "CREATE INDEX quarantine_ticket ON quarantine (state, ticket) WHERE state = 'held' AND ticket <> 0",
)


def m0022_queue(db: Utils) -> None:
    """Indexes and counters of the queue's views."""
    for statement in TABLES:
        db.execute(statement)
    for name, where in _CONDITIONS.items():
        db.execute(f"INSERT INTO counter (name, value) SELECT 'queue.{name}', count(*) FROM ticket WHERE {where}")  # noqa: S608
    db.execute(
        """INSERT INTO counter (name, value) SELECT 'queue.of.' || assignee, count(*) FROM ticket
           WHERE state = 'open' AND assignee <> '' GROUP BY assignee"""
    )


def m0151_deadlines(db: Utils) -> None:
    """What was promised for a ticket is found without looking through all promises."""
    db.execute("CREATE INDEX deadline_ticket ON deadline (ticket, kind, since)")


Brands: TypeAlias = Sequence[str]


class View(StrEnum):
    """A saved view of the queue."""

    OPEN = "open"
    OVERDUE = "overdue"
    HELD = "held"
    UNASSIGNED = "unassigned"
    MINE = "mine"
    UNREAD = "unread"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket as the queue shows it. `due` is when an answer is overdue, None where nobody waits."""

    number: int
    subject: str
    state: str
    brand: str
    route: str
    team: str
    customer: int
    product: int
    vendor: int
    requester: str
    requester_name: str
    waiting_since: Millis | None
    due: Millis | None
    last_activity: Millis
    unread: bool
    assignee: str
    flags: tuple[str, ...]


_CONDITIONS: Mapping[str, str] = {
    "overdue": "state = 'open' AND (' ' || flags || ' ') LIKE '% overdue %'",
    "unassigned": "state = 'open' AND assignee = ''",
    "unread": "state = 'open' AND unread = 1",
}
_WHERE: Mapping[View, str] = {
    View.OPEN: "state = 'open'",
    View.OVERDUE: _CONDITIONS["overdue"],
    View.UNASSIGNED: _CONDITIONS["unassigned"],
    View.UNREAD: _CONDITIONS["unread"],
    View.MINE: "state = 'open' AND assignee <> '' AND assignee = :assignee",
    View.CLOSED: "state = 'closed'",
    View.HELD: "number IN (SELECT ticket FROM quarantine WHERE state = 'held' AND ticket <> 0)",
}
# `due` is the promise of the wait that is under way: open until its time has come, met afterwards.
_LINES = """SELECT t.*, p.address AS requester, p.name AS requester_name,
      (SELECT max(due) FROM deadline WHERE deadline.ticket = t.number AND kind = 'overdue'
        AND since = t.waiting_since AND deadline.state IN ('open', 'met')) AS due
    FROM (SELECT * FROM ticket WHERE {where} AND (last_activity, number) < (:activity, :number)
            AND (:brands = '' OR :brands LIKE '% ' || brand || ' %')
          ORDER BY last_activity DESC, number DESC LIMIT :limit) AS t
    LEFT JOIN participant AS p ON p.ticket = t.number AND p.number = 1 ORDER BY t.last_activity DESC, t.number DESC"""
_OVERDUE = """SELECT t.*, late.due AS due, p.address AS requester, p.name AS requester_name
    FROM (SELECT number, due FROM (
            SELECT number, coalesce((SELECT max(due) FROM deadline WHERE deadline.ticket = number AND kind = 'overdue'
                AND since = waiting_since AND deadline.state IN ('open', 'met')), last_activity) AS due
              FROM ticket WHERE state = 'open' AND (' ' || flags || ' ') LIKE '% overdue %'
                AND (:brands = '' OR :brands LIKE '% ' || brand || ' %'))
          WHERE (due, number) > (:due, :number) ORDER BY due, number LIMIT :limit) AS late
    JOIN ticket AS t ON t.number = late.number
    LEFT JOIN participant AS p ON p.ticket = t.number AND p.number = 1 ORDER BY late.due, late.number"""
_PAGES: Mapping[View, str] = {view: _LINES.format(where=where) for view, where in _WHERE.items()}
_COUNT = "SELECT count(*) FROM ticket WHERE {where} AND :brands LIKE '% ' || brand || ' %'"
_COUNTS: Mapping[View, str] = {view: _COUNT.format(where=where) for view, where in _WHERE.items()}
_OF_CUSTOMER = _LINES.format(where="customer = :customer")
_OF_VENDOR = _LINES.format(where="vendor = :vendor AND state = 'open' AND route = 'vendor'")
_LAST = (1 << 62, 1 << 62)


def page(
    tx: Tx,
    view: View,
    *,
    assignee: str = "",
    before: tuple[Millis, int] = _LAST,
    limit: int = 50,
    brands: Brands = (),
) -> tuple[Line, ...]:
    """The tickets of a view, the latest activity first, behind the last activity and number of the page before.

    Here and below, `brands` are those whose tickets count; none for every one.
    """
    return _lines(tx, _PAGES[view], before, limit, brands, assignee=assignee)


def overdue(tx: Tx, *, after: tuple[Millis, int] = (-1, 0), limit: int = 50, brands: Brands = ()) -> tuple[Line, ...]:
    """The overdue tickets, the longest overdue first, behind the due date and number of the page before."""
    rows = tx.rows(_OVERDUE, due=after[0], number=after[1], limit=limit, brands=_words(brands))
    return tuple(map(_line, rows))


def of_customer(tx: Tx, customer: int, *, limit: int = 20, brands: Brands = ()) -> tuple[Line, ...]:
    """A customer's tickets, the latest activity first."""
    return _lines(tx, _OF_CUSTOMER, _LAST, limit, brands, customer=customer)


def of_vendor(tx: Tx, vendor: int, *, limit: int = 20, brands: Brands = ()) -> tuple[Line, ...]:
    """The open tickets that a vendor answers, the latest activity first."""
    return _lines(tx, _OF_VENDOR, _LAST, limit, brands, vendor=vendor)


def some(tx: Tx, numbers: Iterable[int], brands: Brands = ()) -> tuple[Line, ...]:
    """These tickets, in this order; those that are not there are left out."""
    found = [_lines(tx, _LINES.format(where="number = :one"), _LAST, 1, brands, one=number) for number in numbers]
    return tuple(line for lines in found for line in lines)


def filed_from(tx: Tx, address: str, limit: int = 50) -> tuple[int, ...]:
    """The tickets on which this address takes part, the newest first."""
    sql = (
        """SELECT DISTINCT ticket FROM participant WHERE lower(address) = :address ORDER BY ticket DESC LIMIT :limit"""
    )
    return tuple(row["ticket"] for row in tx.rows(sql, address=address.lower(), limit=limit))


def counts(tx: Tx, assignee: str, brands: Brands = ()) -> dict[View, int]:
    """How many tickets are in each view. For every brand that is known beforehand, for some it has to be counted."""
    if brands:
        words = _words(brands)
        return {view: int(tx.value(_COUNTS[view], assignee=assignee, brands=words)) for view in View}
    names = {
        View.OPEN: "ticket.open", View.CLOSED: "ticket.closed", View.OVERDUE: "queue.overdue",
        View.UNASSIGNED: "queue.unassigned", View.UNREAD: "queue.unread", View.MINE: f"queue.of.{assignee}",
    }  # fmt: skip
    rows = tx.rows(
        """SELECT name, value FROM counter WHERE name IN ('ticket.open', 'ticket.closed', 'queue.overdue',
             'queue.unassigned', 'queue.unread', :mine)""",
        mine=names[View.MINE],
    )
    held = "SELECT count(DISTINCT ticket) FROM quarantine WHERE state = 'held' AND ticket <> 0"
    known = {row["name"]: int(row["value"]) for row in rows}
    found = {view: known.get(name, 0) for view, name in names.items()}
    found[View.HELD] = int(tx.value(held))
    return {view: found[view] for view in View}


def counters_of(state: str, flags: str, assignee: str, *, unread: bool) -> frozenset[str]:
    """The names of the counters that a ticket with these values is counted in."""
    if state != "open":
        return frozenset({f"ticket.{state}"})
    names = {"ticket.open", f"queue.of.{assignee}" if assignee else "queue.unassigned"}
    if unread:
        names.add("queue.unread")
    if "overdue" in flags.split():
        names.add("queue.overdue")
    return frozenset(names)


def _lines(
    tx: Tx, sql: str, before: tuple[Millis, int], limit: int, brands: Brands, **values: object
) -> tuple[Line, ...]:
    rows = tx.rows(sql, activity=before[0], number=before[1], limit=limit, brands=_words(brands), **values)
    return tuple(map(_line, rows))


def _words(brands: Brands) -> str:
    """Brands as the queries look for one in them."""
    return f" {' '.join(brands)} " if brands else ""


def _line(row: Row) -> Line:
    return Line(
        number=row["number"],
        subject=row["subject"],
        state=row["state"],
        brand=row["brand"],
        route=row["route"],
        team=row["team"],
        customer=row["customer"],
        product=row["product"],
        vendor=row["vendor"],
        requester=row["requester"] or "",
        requester_name=row["requester_name"] or "",
        waiting_since=row["waiting_since"],
        due=row["due"],
        last_activity=row["last_activity"],
        unread=bool(row["unread"]),
        assignee=row["assignee"],
        flags=tuple(row["flags"].split()),
    )
