"""What a deadline makes of its ticket when it comes due: overdue, the ladder after it, the rating, accounts to remove.

Whether a rung of the ladder came too early, too late or for nothing is ladder.py's; what an event is, ticket.py's.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from . import DAY, Millis, access
from .effect import Auto, Effect, Flag, Note, Promise, Send
from .event import CameDue, DeadlineKind
from .ladder import help_came, nudge, overdue_at_night, reroute, untimely, vendors
from .verdict import Route

if TYPE_CHECKING:
    from .ticket import Terms, Ticket

_LATE = "no human answer within the promised business time"

_Outcome = tuple["Ticket", tuple[Effect, ...]]


def came_due(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> _Outcome:
    """The ticket after a deadline of it has come due, and what is to be done. Never raises."""
    match event.kind:
        case DeadlineKind.RATING:
            return _rating(ticket, event, terms, now)
        case DeadlineKind.ACCESS:
            return ticket, access.came_due(terms.accounts, now)
        case DeadlineKind.NUDGE | DeadlineKind.OVERDUE | DeadlineKind.HELP | DeadlineKind.REROUTE:
            return _clock_came(ticket, event, terms, now)
        case _:
            assert_never(event.kind)


def _clock_came(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> _Outcome:
    effects = untimely(ticket, event, terms, now)
    if effects and overdue_at_night(ticket, event, terms, now):
        return replace(ticket, flags=ticket.flags_with("overdue")), (Flag(name="overdue", reason=_LATE), *effects)
    if effects:
        return ticket, effects
    match event.kind:
        case DeadlineKind.NUDGE:
            return nudge(ticket, event, terms, now)
        case DeadlineKind.HELP:
            return help_came(ticket, event, terms)
        case DeadlineKind.REROUTE:
            return reroute(ticket, event, terms, now)
        case _:
            return _overdue(ticket, event, terms, now)


def _overdue(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> _Outcome:
    effects: list[Effect] = [Flag(name="overdue", reason=_LATE)]
    effects += [
        Send(template="vendor/overdue", participant=p.number, auto=Auto.GENERATED, key=f"overdue-{event.since}")
        for p in vendors(terms)
    ]
    if terms.staff_address:
        key = f"overdue-staff-{event.since}"
        effects.append(Send(template="staff/overdue", address=terms.staff_address, auto=Auto.GENERATED, key=key))
    if ticket.route is Route.VENDOR:
        effects += [replace(rung, since=event.since) for rung in terms.rungs(now)]
    return replace(ticket, flags=ticket.flags_with("overdue")), tuple(effects)


def _rating(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> _Outcome:
    """The rating request, put off by a day while the customer waits for an answer (C5)."""
    requester = terms.requester()
    if not ticket.rating_wanted or requester is None or terms.no_rating:
        return ticket, (Note(text=f"no rating is asked for: {terms.no_rating or 'the rules want none'}"),)
    if ticket.waiting_since is not None:
        later = Promise(kind=DeadlineKind.RATING, due=now + DAY, since=ticket.filed)
        return ticket, (Note(text="rating request put off: the customer waits for an answer"), later)
    if terms.rating_late and event.due and now - event.due > terms.rating_late:
        return ticket, (Note(text="no rating is asked for: it is too late for that"),)
    ask = Send(template="rating", participant=requester.number, auto=Auto.GENERATED, key="rating")
    return ticket, (ask,)
