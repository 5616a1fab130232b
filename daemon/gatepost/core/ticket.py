"""The life of a ticket: `advance` says what one event makes of it and what is to be done.

It decides nothing that the rules decide (where a mail goes) and nothing about identity; it keeps the promises.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from . import DAY, Millis
from .access import Account, remind
from .came_due import came_due
from .confirmation import Ask, Kind, letter_for
from .effect import Absent, Auto, Effect, Fill, Flag, Join, Label, Note, Promise, Release, Send, Unflag, VendorAway
from .event import CameDue, Closed, DeadlineKind, Event, Filed, Marked, Reopened, Undeliverable, WasNotice, Wrote
from .ladder import CLOCK, clock_starts, hand_over
from .masked import MASKED, masked
from .nature import Author, Nature
from .party import Participant, Role
from .receipt import was_notice
from .topics import AT_MOST
from .verdict import Route, Verdict

UNVERIFIED = "unverified"
IMPORTED = "imported"
NOT_FOR_RULES = frozenset((UNVERIFIED, IMPORTED))
"""Flags that guard something: no rule takes them off."""


class State(StrEnum):
    """Whether a ticket waits for anything; it is never deleted (R12)."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One conversation. `waiting_since` is when the oldest unanswered human customer message came, None if answered.

    `route` and `team` say who answers: the vendor, or a team of the marketplace; `assignee` is the address of who of
    staff looks after it, '' for nobody (R12).
    """

    number: int
    brand: str
    subject: str
    filed: Millis
    state: State = State.OPEN
    route: Route = Route.TRIAGE
    team: str = ""
    customer_id: int = 0
    product_id: int = 0
    vendor_id: int = 0
    waiting_since: Millis | None = None
    last_activity: Millis = 0
    unread: bool = True
    rating_wanted: bool = True
    clock_wanted: bool = True
    flags: tuple[str, ...] = ()
    language: str = ""
    assignee: str = ""

    def flags_with(self, *names: str) -> tuple[str, ...]:
        """Its flags and these, each once."""
        return tuple(dict.fromkeys((*self.flags, *names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What `advance` needs beside the ticket: who takes part, who is told, and the promises as functions of time.

    `overdue_at` gives the instant at which an answer is overdue, in the answering party's calendar; `rating_at` the
    instant of the rating request for a ticket filed then. `nudge_at` is when the vendor is reminded, None for never.
    `rungs` are the deadlines of the ladder after an overdue notice of that instant, `opens_at` the first instant of
    working hours from then on. `team` and `fallback` are who helps and who takes over. A rating request that comes
    more than `rating_late` after its time is left out, 0 leaves none out; `no_rating` says why none is asked for.
    `archived` says that the event was imported from the past. `tell_masked` and `tell_staff_masked` say whether
    authors and staff are told of credentials that were masked. `accounts` are temporary administrators not yet gone.
    """

    participants: tuple[Participant, ...]
    overdue_at: Callable[[Millis], Millis]
    rating_at: Callable[[Millis], Millis] = lambda filed: filed + 7 * DAY
    staff_address: str = ""
    acknowledge: bool = True
    nudge_at: Callable[[Millis], Millis | None] = lambda since: None
    rungs: Callable[[Millis], tuple[Promise, ...]] = lambda told: ()
    opens_at: Callable[[Millis], Millis] = lambda now: now
    team: Participant | None = None
    fallback: "Fallback | None" = None
    rating_late: Millis = 0
    no_rating: str = ""
    archived: bool = False
    tell_masked: bool = True
    tell_staff_masked: bool = True
    accounts: tuple[Account, ...] = ()

    def requester(self) -> Participant | None:
        """The customer who asked, None once they take no part any more."""
        return next((p for p in self.participants if p.role is Role.REQUESTER and p.active), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Who takes a ticket over that its vendor leaves lying: the party without a number yet, and the terms for them."""

    participant: Participant
    route: Route
    team: str
    terms: Terms


Outcome = tuple[Ticket, tuple[Effect, ...]]


def closed_since(ticket: Ticket | None, nature: Nature) -> Millis | None:
    """When a ticket was closed, for a person's mail; None while it is open. A program's mail never opens anything."""
    if ticket is None or ticket.state is not State.CLOSED or nature.author is not Author.HUMAN:
        return None
    return ticket.last_activity


def advance(ticket: Ticket, event: Event, verdict: Verdict, terms: Terms, now: Millis) -> Outcome:
    """The ticket after `event`, and the effects, in the order in which they are to be done. Never raises.

    What was imported from the past is only recorded: nothing is sent, nothing promised, nothing falls due (G4).
    """
    after, effects = _advanced(ticket, event, verdict, terms, now)
    after, effects = _masked(after, event, terms, effects)
    if ticket.state is State.OPEN and after.state is State.CLOSED:
        effects = (*effects, *remind(terms.accounts, now))
    return _recorded(ticket, after, event, effects) if terms.archived else (after, effects)


def _advanced(ticket: Ticket, event: Event, verdict: Verdict, terms: Terms, now: Millis) -> Outcome:
    match event:
        case Filed():
            return _filed(ticket, event, verdict, terms, now)
        case Wrote():
            return _wrote(ticket, event, verdict, terms, now)
        case CameDue():
            return came_due(ticket, event, terms, now)
        case Undeliverable():
            return _undeliverable(ticket, event, terms, now)
        case WasNotice():
            return was_notice(ticket, event, terms)
        case Marked():
            return replace(ticket, unread=event.unread), ()
        case Closed():
            return close(ticket)
        case Reopened():
            return replace(ticket, state=State.OPEN), ()
        case _:
            assert_never(event)


def close(ticket: Ticket) -> Outcome:
    """The ticket, closed: nothing is waited for, so only a rating and accounts to delete still fall due."""
    if ticket.state is State.CLOSED:
        return ticket, ()
    kinds = tuple(kind for kind in DeadlineKind if kind not in (DeadlineKind.RATING, DeadlineKind.ACCESS))
    flags = tuple(flag for flag in ticket.flags if flag != "overdue")
    closed = replace(ticket, state=State.CLOSED, waiting_since=None, unread=False, flags=flags)
    return closed, (Release(kinds=kinds, reason="the ticket was closed"),)


def _masked(ticket: Ticket, event: Event, terms: Terms, effects: tuple[Effect, ...]) -> Outcome:
    """What follows where credentials were masked in a message: a mark, and what its author and staff are told (S1)."""
    if not isinstance(event, Filed | Wrote) or not event.secrets:
        return ticket, effects
    author = 1 if isinstance(event, Filed) else event.author
    known = not isinstance(event, Filed) or (event.verified and not event.on_behalf)
    told = masked(
        event.secrets,
        message=event.message,
        author=author if known and event.nature.author is Author.HUMAN and terms.tell_masked else 0,
        staff=terms.staff_address if terms.tell_staff_masked else "",
    )
    return replace(ticket, flags=ticket.flags_with(MASKED)), (*effects, *told)


def _recorded(before: Ticket, after: Ticket, event: Event, effects: tuple[Effect, ...]) -> Outcome:
    """The record of an event of the past: a ticket that it opened is closed already, one that was there goes on."""
    kept = tuple(effect for effect in effects if _stays_inside(effect))
    if not isinstance(event, Filed):
        return replace(before, last_activity=max(before.last_activity, after.last_activity)), kept
    closed = replace(
        after,
        state=State.CLOSED,
        waiting_since=None,
        unread=False,
        rating_wanted=False,
        clock_wanted=False,
        flags=after.flags_with(IMPORTED),
    )
    return closed, kept


def _stays_inside(effect: Effect) -> bool:
    """Whether an effect only says something of the ticket, to nobody, and owes nothing."""
    match effect:
        case Flag() | Label() | Fill() | Note():
            return True
        case Send() | Promise() | Release() | Unflag() | Join() | Absent() | VendorAway():
            return False
        case _:
            assert_never(effect)


def _filed(ticket: Ticket, event: Filed, verdict: Verdict, terms: Terms, now: Millis) -> Outcome:
    ticket = replace(
        ticket,
        route=verdict.route,
        team=verdict.team,
        last_activity=now,
        rating_wanted=verdict.rating,
        clock_wanted=verdict.clock,
        waiting_since=now if event.nature.author is Author.HUMAN else None,
        flags=ticket.flags_with(*verdict.flags, *(() if event.verified else (UNVERIFIED,))),
        assignee=verdict.assign or ticket.assignee,
    )
    effects: list[Effect] = [*_marks(ticket, verdict), *_topics(event, verdict)]
    ticket = _unflagged(ticket, verdict)
    effects += _to_answering(ticket, event.message, terms)
    requester = terms.requester()
    wanted = verdict.acknowledge and terms.acknowledge and event.nature.answerable and not event.on_behalf
    if wanted and requester is not None:
        effects.append(_acknowledgement(verdict.acknowledge, requester, event))
    effects += clock_starts(ticket, terms)
    if ticket.rating_wanted and event.nature.author is Author.HUMAN:
        effects.append(Promise(kind=DeadlineKind.RATING, due=terms.rating_at(ticket.filed), since=ticket.filed))
    return ticket, tuple(effects)


def _acknowledgement(template: str, requester: Participant, event: Filed) -> Send:
    """The acknowledgement; a sender who is not proved gets a bare one, which asks whether the mail is theirs (A5)."""
    ask = None if event.verified else Ask(kind=Kind.TICKET)
    return Send(
        template=template if ask is None else letter_for(ask.kind, requester.role),
        participant=requester.number,
        about=event.message,
        auto=Auto.REPLIED,
        key="acknowledgement",
        ask=ask,
    )


def _wrote(ticket: Ticket, event: Wrote, verdict: Verdict, terms: Terms, now: Millis) -> Outcome:
    ticket = replace(
        ticket,
        last_activity=now,
        unread=True,
        flags=ticket.flags_with(*verdict.flags),
        assignee=verdict.assign or ticket.assignee,
    )
    effects: list[Effect] = [*_marks(ticket, verdict)]
    ticket = _unflagged(ticket, verdict)
    if verdict.route is Route.EVENT or event.nature.author is not Author.HUMAN:
        effects.append(Note(text=f"kept as an event, sent to nobody: {event.nature.reason}"))
        if event.nature.out_of_office and event.nature.back:
            effects.append(Absent(participant=event.author, back=event.nature.back))
        return ticket, tuple(effects)
    if ticket.state is State.CLOSED:
        ticket = replace(ticket, state=State.OPEN)
        effects.append(Note(text="opened again by a human reply"))
    author = next((p for p in terms.participants if p.number == event.author), None)
    if author is not None and author.back:
        effects.append(Absent(participant=author.number, back=""))
    if author is not None and author.role is Role.REQUESTER and UNVERIFIED in ticket.flags:
        # Who is proved to write on the ticket has filed it, or takes it for theirs.
        ticket = replace(ticket, flags=tuple(flag for flag in ticket.flags if flag != UNVERIFIED))
        effects.append(Unflag(name=UNVERIFIED))
    if author is not None and author.role in (Role.REQUESTER, Role.COPIED):
        return _customer_wrote(ticket, event, terms, effects, now)
    return _answer_came(ticket, event, terms, effects)


def _customer_wrote(ticket: Ticket, event: Wrote, terms: Terms, effects: list[Effect], now: Millis) -> Outcome:
    """A customer's message goes to whoever answers, and to who else takes part on their side and has not got it from
    its author: on a page, and where a mail was sent to us alone. The clock starts if none is running; a bump does not
    restart it.
    """
    effects += _to_answering(ticket, event.message, terms, but=event.author)
    effects += _to_customers(event, terms, reached=event.reached)
    if ticket.waiting_since is None:
        ticket = replace(ticket, waiting_since=now)
        effects += clock_starts(ticket, terms)
    return ticket, tuple(effects)


def _answer_came(ticket: Ticket, event: Wrote, terms: Terms, effects: list[Effect]) -> Outcome:
    """An answer goes to the requester, to those copied and to who else answers, and stops the clock."""
    effects += _to_customers(event, terms)
    effects += _to_answering(ticket, event.message, terms, but=event.author)
    if ticket.waiting_since is not None:
        ticket = replace(ticket, waiting_since=None)
        effects.append(Release(kinds=CLOCK, reason="answered"))
    if "overdue" in ticket.flags:
        ticket = replace(ticket, flags=tuple(flag for flag in ticket.flags if flag != "overdue"))
        effects.append(Unflag(name="overdue"))
    return ticket, tuple(effects)


def _undeliverable(ticket: Ticket, event: Undeliverable, terms: Terms, now: Millis) -> Outcome:
    """A mail that cannot be delivered flags the ticket and tells staff; the address is named, the words are kept."""
    hit = next((p for p in terms.participants if p.number == event.participant), None)
    if hit is not None and not hit.active:
        # Who has left the ticket knows the envelope sender of their last mail still, and decides nothing any more.
        return ticket, (Note(text=f"a mail to {event.address} came back: {event.reason}; they have left the ticket"),)
    role = hit.role.value if hit is not None else "staff"
    name = "vendor_unreachable" if role == Role.VENDOR else f"{role}_unreachable"
    effects: list[Effect] = [Flag(name=name, reason=f"{event.address}: {event.reason}")]
    if terms.staff_address and terms.staff_address != event.address:
        key = f"undeliverable-{event.participant}"
        effects.append(Send(template="undeliverable", address=terms.staff_address, auto=Auto.GENERATED, key=key))
    was_reachable = name not in ticket.flags
    ticket = replace(ticket, flags=ticket.flags_with(name))
    if role == Role.VENDOR and was_reachable and ticket.route is Route.VENDOR and terms.fallback is not None:
        # D7: somebody else takes it at once, with all that was said; the customer is not to wait for the deadline.
        ticket, handed = hand_over(ticket, terms.fallback, terms, now)
        effects += handed
    return ticket, tuple(effects)


def _to_customers(event: Wrote, terms: Terms, reached: tuple[str, ...] = ()) -> list[Effect]:
    """The message, to the requester and those copied, but for its author and who has got it already."""
    return [
        Send(template="answer", participant=p.number, about=event.message, key=f"message-{event.message}")
        for p in terms.participants
        if p.active and p.number != event.author and p.role in (Role.REQUESTER, Role.COPIED)
        if not any(p.is_at(address) for address in reached)
    ]


def _to_answering(ticket: Ticket, message: int, terms: Terms, but: int = 0) -> list[Effect]:
    """The message, to the party that answers the ticket and to collaborators."""
    first = "ticket" if ticket.route is Route.VENDOR else "team"
    return [
        Send(
            template="collaborator" if p.role is Role.COLLABORATOR else first,
            participant=p.number,
            about=message,
            key=f"message-{message}",
        )
        for p in terms.participants
        if p.active and p.number != but and p.role in (Role.VENDOR, Role.STAFF, Role.COLLABORATOR)
        if not _given_up(ticket, p)
    ]


def _given_up(ticket: Ticket, participant: Participant) -> bool:
    """Whether nothing is sent to them any more: the vendor whose address bounced, and whose ticket another has."""
    theirs = participant.role is Role.COLLABORATOR and participant.party_id == ticket.vendor_id != 0
    return theirs and "vendor_unreachable" in ticket.flags


def _unflagged(ticket: Ticket, verdict: Verdict) -> Ticket:
    """The ticket without the flags that the rules take off."""
    return replace(ticket, flags=tuple(flag for flag in ticket.flags if flag not in verdict.unflags))


def _marks(ticket: Ticket, verdict: Verdict) -> list[Effect]:
    assigned = [Note(text=f"assigned to {verdict.assign} by a rule")] if verdict.assign else []
    return [
        *assigned,
        *(Flag(name=name, reason=f"rule {verdict.by}") for name in verdict.flags),
        *(Unflag(name=name) for name in verdict.unflags if name in ticket.flags),
        *(Label(topic=topic, confidence=1.0) for topic in verdict.labels),
        *(Fill(name=name, value=value) for name, value in verdict.fields),
        *(Note(text=text) for text in verdict.notes),
    ]


def _topics(event: Filed, verdict: Verdict) -> list[Effect]:
    """The topics that the model saw, as far as the rules' own labels leave room: a ticket has at most two (T2)."""
    seen = [topic for topic in event.topics if topic.name not in verdict.labels]
    room = max(0, AT_MOST - len(verdict.labels))
    return [Label(topic=topic.name, confidence=topic.confidence) for topic in seen[:room]]
