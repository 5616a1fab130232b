"""What comes before and after overdue: a nudge to the vendor, then the ladder, each rung once and in working hours.

The rungs: overdue (vendor and staff are told), help (a team of the marketplace gets the ticket too), reroute (the
ticket goes to the vendor's substitute, or to that team). Each is a deadline; whether one came too early, too late or
for nothing is decided here. Who is told when a ticket is overdue is came_due.py's; what stops a clock, ticket.py's.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from . import Millis
from .effect import Auto, Effect, Flag, Join, Note, Promise, Release, Send
from .event import CameDue, DeadlineKind
from .party import Participant, Role
from .verdict import Route

if TYPE_CHECKING:
    from .ticket import Fallback, Terms, Ticket

CLOCK = (DeadlineKind.NUDGE, DeadlineKind.OVERDUE, DeadlineKind.HELP, DeadlineKind.REROUTE)
"""The deadlines of one wait: an answer ends them all."""

MOVED = "the ticket went to somebody else: the clock starts anew"
PASSED_OVER = "nobody has answered: somebody else takes the ticket over, and the clock starts anew"

_Outcome = tuple["Ticket", tuple[Effect, ...]]


def clock_starts(ticket: "Ticket", terms: "Terms") -> list[Effect]:
    """The promises of a wait that begins: when an answer is overdue, and when the vendor is nudged before that."""
    if not ticket.clock_wanted or ticket.waiting_since is None:
        return []
    since = ticket.waiting_since
    due = terms.overdue_at(since)
    effects: list[Effect] = [Promise(kind=DeadlineKind.OVERDUE, due=due, since=since)]
    nudge = terms.nudge_at(since)
    if nudge is not None and nudge < due and ticket.route is Route.VENDOR:
        effects.append(Promise(kind=DeadlineKind.NUDGE, due=nudge, since=since))
    return effects


def moved(ticket: "Ticket", terms: "Terms", now: Millis, why: str = MOVED) -> _Outcome:
    """The ticket with its clock started anew, after it went to another party; `terms` are that party's (R10)."""
    stop = Release(kinds=CLOCK, reason=why)
    if ticket.waiting_since is None:
        return ticket, (stop,)
    ticket = replace(ticket, waiting_since=now)
    return ticket, (stop, *clock_starts(ticket, terms))


def untimely(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> tuple[Effect, ...]:
    """Why nothing is done for a deadline of the clock now, and when it comes again; nothing where it is in time.

    A calendar that has changed since the promise (an absence, a day off) moves it; so does a night after a downtime.
    """
    if ticket.route is Route.EVENT or ticket.waiting_since != event.since or ticket.state.value == "closed":
        return (Note(text=f"the {event.kind.value} deadline came, but the customer has had an answer meanwhile"),)
    planned = _planned(event, terms)
    at = max(planned, terms.opens_at(max(planned, now)))
    if at <= now:
        return ()
    why = "the calendar has changed" if planned > now else "nobody works just now"
    return Note(text=f"put off: {why}"), Promise(kind=event.kind, due=at, since=event.since)


def overdue_at_night(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> bool:
    """Whether the ticket is overdue although nobody may be told just now: the mark does not wait for the morning."""
    over = event.kind is DeadlineKind.OVERDUE and ticket.waiting_since == event.since and ticket.state.value != "closed"
    return over and terms.overdue_at(event.since) <= now


def nudge(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> _Outcome:
    """A reminder to the vendor while there is time; one that comes after a downtime too late is left out."""
    if terms.overdue_at(event.since) <= now:
        return ticket, (Note(text="no nudge: the answer is overdue already"),)
    sends = [
        Send(template="vendor/nudge", participant=p.number, auto=Auto.GENERATED, key=f"nudge-{event.since}")
        for p in vendors(terms)
    ]
    return ticket, tuple(sends)


def help_came(ticket: "Ticket", event: CameDue, terms: "Terms") -> _Outcome:
    """The marketplace team gets the ticket beside the vendor."""
    if ticket.route is not Route.VENDOR or terms.team is None:
        return ticket, (Note(text="no help is sent: the vendor does not answer this ticket"),)
    if any(p.active and p.role is Role.STAFF and p.address == terms.team.address for p in terms.participants):
        return ticket, (Note(text=f"{terms.team.name} is on the ticket already"),)
    flag = Flag(name="escalated", reason="the vendor has not answered although the answer is overdue")
    joins = Join(participant=_numbered(terms.team, ticket, terms), template="team")
    return _flagged(ticket), (flag, joins)


def reroute(ticket: "Ticket", event: CameDue, terms: "Terms", now: Millis) -> _Outcome:
    """The ticket goes to the substitute or the team, and the clock starts anew; the vendor may still answer."""
    fallback = terms.fallback
    if ticket.route is not Route.VENDOR or fallback is None:
        return ticket, (Note(text="nobody else can take the ticket"),)
    flag = Flag(name="escalated", reason="rerouted: the vendor has not answered although the answer is overdue")
    ticket, effects = hand_over(_flagged(ticket), fallback, terms, now)
    return ticket, (flag, *effects)


def hand_over(ticket: "Ticket", fallback: "Fallback", terms: "Terms", now: Millis) -> _Outcome:
    """The fallback gets the ticket with its whole history; the vendor stays on it, and may still answer."""
    effects: list[Effect] = []
    for p in vendors(terms):
        # The vendor keeps the reply address: an answer that comes late after all still reaches the customer.
        effects.append(Join(participant=replace(p, role=Role.COLLABORATOR)))
    here = [p for p in terms.participants if p.active and p.address == fallback.participant.address]
    if not here:
        template = "ticket" if fallback.route is Route.VENDOR else "team"
        effects.append(Join(participant=_numbered(fallback.participant, ticket, terms), template=template))
    ticket = replace(ticket, route=fallback.route, team=fallback.team)
    ticket, restarted = moved(ticket, fallback.terms, now, PASSED_OVER)
    return ticket, (*effects, *restarted)


def vendors(terms: "Terms") -> list[Participant]:
    """Who of the vendor's side takes part."""
    return [p for p in terms.participants if p.active and p.role is Role.VENDOR]


def _planned(event: CameDue, terms: "Terms") -> Millis:
    """When the deadline is due by today's calendar; the rungs above overdue keep the instant that was promised."""
    if event.kind is DeadlineKind.OVERDUE:
        return terms.overdue_at(event.since)
    if event.kind is DeadlineKind.NUDGE:
        return terms.nudge_at(event.since) or 0
    return 0


def _numbered(participant: Participant, ticket: "Ticket", terms: "Terms") -> Participant:
    number = max((p.number for p in terms.participants), default=0) + 1
    return replace(participant, ticket=ticket.number, number=number)


def _flagged(ticket: "Ticket") -> "Ticket":
    return replace(ticket, flags=tuple(dict.fromkeys((*ticket.flags, "escalated"))))
