"""Explains when an answer to a ticket is due: every piece of business time that counts, and each rung of the ladder."""

from collections.abc import Iterator

from .case import Case
from .core import Millis
from .core.calendar import tell
from .core.effect import Promise
from .core.event import DeadlineKind
from .core.verdict import Route
from .core.wall import day_text, local
from .house import House
from .store import deadlines
from .store.database import Tx

_RUNGS = {
    DeadlineKind.NUDGE: "Reminder to the vendor",
    DeadlineKind.OVERDUE: "Overdue notice to vendor and staff",
    DeadlineKind.HELP: "Triage gets the ticket too",
    DeadlineKind.REROUTE: "Substitute or triage take the ticket over",
}


def explain(tx: Tx, house: House, case: Case, now: Millis) -> Iterator[str]:
    """When an answer is due: every piece of time that counts towards it, and each rung with its instant."""
    promised = {
        row["kind"]: row["due"] for row in deadlines.of_ticket(tx, case.ticket.number) if row["state"] == "open"
    }
    due = promised.get(DeadlineKind.OVERDUE.value)
    since = case.ticket.waiting_since
    vendor = case.vendor if case.ticket.route is Route.VENDOR else None
    calendar = house.calendar(case.brand, vendor, now)
    over = None
    if since is None:
        yield "Nobody waits for an answer."
    elif due is None and "overdue" not in case.ticket.flags:
        yield f"Waiting since {moment(since, calendar.zone)}; no deadline is open."
    else:
        # A notice that was put off until somebody works does not move the instant that was promised.
        reckoned = house.overdue_at(case.brand, vendor, now)(since)
        over = reckoned if due is None else min(due, reckoned)
        word = "since" if over <= now else "at"
        yield f"Waiting since {moment(since, calendar.zone)}; overdue {word} {moment(over, calendar.zone)}:"
        yield from (f"  {line}" for line in tell(calendar, since, over))
    planned = {} if due is None else {rung.kind.value: rung.due for rung in _rungs(house, case, due, now)}
    for kind, said in _RUNGS.items():
        if kind is DeadlineKind.NUDGE and over is not None and over <= now:
            continue
        if (at := promised.get(kind.value, planned.get(kind.value))) is not None:
            yield f"{said} at {moment(at, calendar.zone)}."
    if (rating := promised.get(DeadlineKind.RATING.value)) is not None:
        yield f"Rating request at {moment(rating, case.brand.zone)}."


def _rungs(house: House, case: Case, due: Millis, now: Millis) -> tuple[Promise, ...]:
    """The ladder as it will stand when the ticket becomes overdue; only a vendor's ticket has one."""
    return case.terms(house, now).rungs(due) if case.ticket.route is Route.VENDOR else ()


def answering(house: House, case: Case) -> str:
    """Who answers the ticket: name and address."""
    if case.ticket.route is Route.VENDOR and case.vendor is not None:
        return f"{case.vendor.name} <{case.vendor.support_address}>"
    team = house.teams.get(case.ticket.team) or house.teams["triage"]
    return f"{team.name} <{team.address}>"


def moment(at: Millis, zone: str) -> str:
    """An instant in a zone, as people read it."""
    shown = local(at, zone)
    return f"{day_text(shown.date())} {shown:%H:%M} {zone}"
