"""Puts a mail aside, asks about it whom it concerns, and does what follows from a yes.

A yes releases a mail only in the database: it is run again by whoever can read it, as if it had just come.
"""

from dataclasses import replace
from typing import assert_never

from .case import Case, case_of
from .core import Millis
from .core.confirmation import Ask, Kind, Question, about_held, letter_for
from .core.effect import Auto, Send
from .core.identity import Place
from .core.nature import Author
from .core.party import Membership, Participant, Role
from .core.quarantine import Cause
from .core.ticket import UNVERIFIED
from .core.trip import Aside
from .house import House
from .perform import perform
from .store import aliases, arrivals, confirmations, quarantine, tickets, trace
from .store.arrivals import Outcome
from .store.database import Tx
from .travel import Trip

_PLAIN_YES = 12


def put_aside(tx: Tx, house: House, trip: Trip, decision: Aside, row: int, now: Millis) -> Outcome:
    """Keep the mail whole, with its cause, and ask whose it is where they can tell."""
    letter = trip.letter
    held = quarantine.put(
        tx,
        row,
        cause=decision.cause,
        detail=decision.detail,
        sender=letter.sender.address if letter.sender else trip.arrival.envelope.mail_from,
        subject=letter.subject,
        ticket=decision.ticket,
        now=now,
    )
    arrivals.remember(tx, letter.fingerprint, letter.message_id, message=0, ticket=0, now=trip.arrival.received)
    said = f"{decision.cause.number} {decision.cause.sentence}: {decision.detail}"
    trace.note(tx, kind="quarantine", said=said, now=now, ticket=decision.ticket, arrival=row)
    ours_again = decision.cause is Cause.LOOP and trip.nature.author is Author.OURSELVES
    outcome = Outcome.SELF if ours_again else Outcome.QUARANTINED
    arrivals.finish(tx, row, outcome, now, ticket=decision.ticket, cause=decision.cause.word)
    _ask_about(tx, house, trip, decision.cause, held, row, now)
    return outcome


def ask(tx: Tx, house: House, case: Case, of: Participant, question: Ask, now: Millis) -> None:
    """Ask a participant something by mail; in the trace stands whether it went out."""
    key = f"confirm-{question.kind.value}-{question.quarantine or case.arrival}"
    send = Send(
        template=letter_for(question.kind, of.role), participant=of.number, auto=Auto.REPLIED, key=key, ask=question
    )
    perform(tx, house, case, (send,), now)


def confirmed(tx: Tx, trip: Trip, question: Question, row: int, now: Millis) -> Outcome:
    """Do what follows from a yes by mail to a question of ours."""
    word = said_yes(tx, question, now, arrival=row)
    if len(trip.letter.reply_text.split()) > _PLAIN_YES:
        return _run_as_message(tx, trip, row, word, question.ticket, now)
    arrivals.finish(tx, row, Outcome.EVENT, now, ticket=question.ticket, cause=word)
    return Outcome.EVENT


def said_yes(tx: Tx, question: Question, now: Millis, *, arrival: int = 0) -> str:
    """Do what follows from a yes to a question of ours, by mail or by a page; the word that stands in the trace."""
    confirmations.answer(tx, question.id, now)
    word = f"confirmed by {question.address}"
    said = f"{question.ask.kind.value}: {word}"
    trace.note(tx, kind="confirmed", said=said, now=now, ticket=question.ticket, arrival=arrival)
    match question.ask.kind:
        case Kind.REPLY:
            quarantine.release(tx, question.ask.quarantine, word)
        case Kind.ALIAS:
            _know_alias(tx, question, now)
            quarantine.release(tx, question.ask.quarantine, word)
        case Kind.TICKET:
            _verify(tx, question, now)
        case Kind.COPIES:
            _admit(tx, question, now)
        case _:
            assert_never(question.ask.kind)
    return word


def _run_as_message(tx: Tx, trip: Trip, row: int, word: str, ticket: int, now: Millis) -> Outcome:
    """A yes with more words than that is a message too: it is run again as one, with the yes for its proof."""
    cause, letter = Cause.UNCLEAR_ANSWER, trip.letter
    sender = letter.sender.address if letter.sender is not None else ""
    held = quarantine.put(
        tx, row, cause=cause, detail="more than a yes", sender=sender, subject=letter.subject, ticket=ticket, now=now
    )
    quarantine.release(tx, held, word)
    arrivals.finish(tx, row, Outcome.QUARANTINED, now, ticket=ticket, cause=cause.word)
    return Outcome.QUARANTINED


def _ask_about(tx: Tx, house: House, trip: Trip, cause: Cause, held: int, row: int, now: Millis) -> None:
    identity, ticket = trip.identity, trip.facts.ticket
    if ticket is None or identity.participant is None:
        return
    named = identity.participant
    answers_ours = any(
        citation.place is not Place.RECIPIENT
        and (citation.token.ticket, citation.token.participant) == (named.ticket, named.number)
        for citation in trip.citations
    )
    question = about_held(
        cause, identity=identity, letter=trip.letter, nature=trip.nature, answers_ours=answers_ours, quarantine=held
    )
    if question is not None:
        ask(tx, house, replace(case_of(tx, house, ticket, now), arrival=row), named, question, now)


def _know_alias(tx: Tx, question: Question, now: Millis) -> None:
    for participant in tickets.participants(tx, question.ticket):
        if participant.number == question.participant:
            for address in question.ask.names:
                aliases.add(tx, participant, address, now)


def _verify(tx: Tx, question: Question, now: Millis) -> None:
    """The ticket is the requester's own: the mark goes."""
    ticket = tickets.find(tx, question.ticket)
    if ticket is not None:
        tickets.save(tx, replace(ticket, flags=tuple(flag for flag in ticket.flags if flag != UNVERIFIED)))
        trace.note(tx, kind="unflag", said=UNVERIFIED, now=now, ticket=ticket.number)


def _admit(tx: Tx, question: Question, now: Millis) -> None:
    """Those who were asked about take part from now on: what came before is not theirs to see."""
    names = {name.casefold() for name in question.ask.names}
    for participant in tickets.participants(tx, question.ticket):
        pending = participant.role is Role.COPIED and participant.membership is Membership.PENDING
        if pending and participant.address.casefold() in names:
            tickets.join(tx, replace(participant, membership=Membership.ACTIVE, joined=now))
            said = f"{participant.address} takes part from now on"
            trace.note(tx, kind="joined", said=said, now=now, ticket=question.ticket)
