"""Takes what happens to a ticket through the core: stores what has become of it, and does what is to be done.

A deadline that has come, and a mail of ours that could not be delivered, take the same way as a message.
"""

from .case import Case, case_of
from .core import Millis
from .core.event import CameDue, Event, Filed, WasNotice
from .core.receipt import waits_since
from .core.ticket import advance
from .core.verdict import UNJUDGED, Verdict
from .house import House
from .perform import perform
from .store import deadlines, helpdesks, messages, tickets, trace
from .store.database import Tx
from .store.deadlines import Due
from .store.helpdesks import Words


def advance_ticket(
    tx: Tx, house: House, case: Case, event: Event, verdict: Verdict, at: Millis, now: Millis | None = None
) -> Case:
    """Take one event through the core, store what has become of the ticket, and do what is to be done; the case after.

    `at` is when the event happened, `now` when it is handled; they differ where the daemon was down between.
    """
    moment = at if now is None else now
    ticket, effects = advance(case.ticket, event, verdict, case.terms(house, moment), at)
    # What opened the ticket is its beginning, not something that happened to it.
    tickets.save(tx, ticket, 0 if isinstance(event, Filed) else moment)
    after = case.after(ticket)
    perform(tx, house, after, effects, moment)
    return after


def came_due(tx: Tx, house: House, due: Due, now: Millis) -> bool:
    """Do what a deadline asks for; False where somebody else has done it."""
    ticket = tickets.find(tx, due.ticket)
    if ticket is None or not deadlines.met(tx, due.id, now):
        return False
    trace.note(tx, kind="deadline", said=f"{due.kind.value} came due", now=now, ticket=ticket.number)
    advance_ticket(
        tx, house, case_of(tx, house, ticket, now), CameDue(kind=due.kind, since=due.since, due=due.due), UNJUDGED, now
    )
    return True


def happened(tx: Tx, house: House, number: int, event: Event, now: Millis) -> None:
    """Something happened to this ticket that no mail and no deadline brought, such as a refusal for good."""
    ticket = tickets.find(tx, number)
    if ticket is not None:
        advance_ticket(tx, house, case_of(tx, house, ticket, now), event, UNJUDGED, now)


def known_for_notices(tx: Tx, house: House, words: Words, reason: str, now: Millis) -> None:
    """A vendor's words are those of a receipt: what was taken for an answer in them is none any more (A6)."""
    taken = helpdesks.taken_for_answers(tx, words, now)
    for message in taken:
        messages.belongs_to_a_program(tx, message, reason)
    for message, number in taken.items():
        since = waits_since(helpdesks.steps(tx, number))
        happened(tx, house, number, WasNotice(message=message, since=since, reason=reason), now)
