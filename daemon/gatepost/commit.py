"""Writes what a trip decided, in one transaction: ticket, message, outbox, deadlines, trace, and the arrival's outcome.

What goes to quarantine, and what we ask about it, is aside.py's.
"""

from dataclasses import replace
from functools import partial
from typing import assert_never

from . import alarm
from .aside import confirmed, put_aside
from .case import Case, case_of
from .choosing import product_named
from .company import ask_about_copied, without_inactive_vendor
from .core import Millis
from .core.event import Filed, Undeliverable, Wrote
from .core.helpdesk import Notice
from .core.identity import Finding, Trust
from .core.letter import Door
from .core.masked import masked
from .core.nature import Author, Nature
from .core.party import Brand, Participant
from .core.rules.book import Book
from .core.rules.kept import VERSION, pack
from .core.subject import plain_subject
from .core.ticket import IMPORTED, Ticket
from .core.trip import Aside, Confirms, Continues, Kept, Opens, Reports
from .core.verdict import Condition, Route, RuleTrace, Verdict
from .events import advance_ticket, happened, known_for_notices
from .house import House, requester
from .lighter import send_lighter
from .mail.fields import writable
from .orders import Given, carry_out, copied_by_rule, given_in
from .perform import perform
from .store import arrivals, decisions, helpdesks, messages, passed, returns, threads, tickets, trace
from .store.arrivals import Outcome
from .store.database import Tx
from .store.helpdesks import Words
from .travel import Trip


def commit(tx: Tx, house: House, trip: Trip, row: int, now: Millis) -> Outcome:
    """Write the trip of the arrival with the desk's row `row`; what became of it."""
    arrivals.decided(tx, row, _said(trip))
    _keep_book(tx, house, trip.book, now)
    for sentence in (*map(str, trip.proof.findings), *trip.identity.why, trip.nature.reason):
        trace.note(tx, kind="judged", said=sentence, now=now, arrival=row)
    _tell_guesses(tx, house, trip, row, now)
    if trip.revived is None and _is_copy(trip):
        return _duplicate(tx, trip, row, now)
    words = helpdesks.remember(tx, trip.facts, trip.letter, trip.identity, row, now)
    # Whoever got hold of a vendor's reply address must not be able to unsay their answers.
    if words is not None and trip.notice.kind and trip.identity.trust is Trust.TRUSTED and not _is_past(trip):
        known_for_notices(tx, house, words, trip.notice.reason, now)
    if not _is_past(trip):
        alarm.heard(tx, house, trip.facts.sender or trip.arrival.envelope.mail_from, now)
    if trip.flood:
        alarm.trip(tx, house, f"ticket {trip.identity.ticket}", trip.flood, now)
    decision = trip.decision if trip.revived is None else trip.revived
    match decision:
        case Opens():
            return _opened(tx, house, trip, decision, row, now)
        case Continues():
            return _continued(tx, house, trip, decision, row, now, words)
        case Reports():
            return _reported(tx, house, decision, row, now)
        case Kept():
            arrivals.finish(tx, row, Outcome.EVENT, now, ticket=decision.ticket, cause=decision.reason)
            trace.note(tx, kind="kept", said=decision.reason, now=now, ticket=decision.ticket, arrival=row)
            return Outcome.EVENT
        case Aside():
            return put_aside(tx, house, trip, decision, row, now)
        case Confirms():
            return confirmed(tx, trip, decision.question, row, now)
        case _:
            assert_never(decision)


def _opened(tx: Tx, house: House, trip: Trip, decision: Opens, row: int, now: Millis) -> Outcome:
    facts, letter, received = trip.facts, trip.letter, _came(trip, now)
    answers_vendor = trip.verdict.route is Route.VENDOR and facts.vendor is not None and facts.vendor.active
    route = trip.verdict.route if answers_vendor or trip.verdict.route is not Route.VENDOR else Route.TRIAGE
    verdict = _assigned(house, trip.verdict, facts.brand)
    verdict = replace(verdict, route=Route.TRIAGE if route is Route.TICKET else route)
    anew = _new_ticket(trip, verdict, received)
    ticket = _woken(tx, trip, anew, row, now) or replace(anew, number=tickets.open_(tx, anew))
    people = _first_participants(house, trip, ticket, verdict)
    for participant in people:
        tickets.join(tx, participant)
    people = (*people, *tickets.participants(tx, ticket.number)[2:])
    case = Case(
        ticket=ticket,
        brand=facts.brand,
        participants=people,
        product=facts.product,
        vendor=facts.vendor,
        subscription=facts.subscription,
        standing=facts.standing,
        candidates=facts.candidates,
        verified=trip.identity.trust is Trust.TRUSTED and letter.forwarder is None,
        forwarder=letter.forwarder,
        arrival=row,
        archived=_is_past(trip),
    )
    case, message = _received(tx, trip, case, author=1)
    trace.note(tx, kind="opened", said=f"product: {facts.product_why}", now=now, ticket=ticket.number, arrival=row)
    if decision.follows:
        for one, said in ((ticket.number, f"follows {decision.follows}"), (decision.follows, f"see {ticket.number}")):
            trace.note(tx, kind="linked", said=f"{said}: answered too long after it was closed", now=now, ticket=one)
    if letter.forwarder is not None:
        said = f"brought by {letter.forwarder}; {letter.sender} is told nothing before they write themselves"
        trace.note(tx, kind="forwarded", said=said, now=now, ticket=ticket.number, arrival=row)
    event = Filed(
        message=message,
        nature=trip.nature,
        verified=case.verified,
        on_behalf=letter.forwarder is not None,
        topics=trip.topics,
        secrets=letter.secrets,
    )
    case = advance_ticket(tx, house, case, event, verdict, received, now)
    if not case.archived:
        case = copied_by_rule(tx, house, case, verdict.copies, now)
    ask_about_copied(tx, house, trip, case, people[0], now)
    arrivals.finish(tx, row, Outcome.OPENED, now, message=message, ticket=ticket.number)
    return Outcome.OPENED


def _new_ticket(trip: Trip, verdict: Verdict, received: Millis) -> Ticket:
    """The ticket that a mail opens, without a number yet."""
    facts, letter = trip.facts, trip.letter
    return Ticket(
        number=0,
        brand=facts.brand.slug,
        subject=letter.subject,
        filed=received,
        route=verdict.route,
        team=verdict.team,
        customer_id=facts.customer.id if facts.customer else 0,
        product_id=facts.product.id if facts.product else 0,
        vendor_id=facts.vendor.id if facts.vendor else 0,
        last_activity=received,
        language=letter.language or (facts.customer.language if facts.customer else "") or facts.brand.languages[0],
        flags=_flags(trip),
    )


def _woken(tx: Tx, trip: Trip, anew: Ticket, row: int, now: Millis) -> Ticket | None:
    """The ticket that an archive has closed, as the live copy of its first mail opens it; None where there is none."""
    old = tickets.find(tx, trip.earlier.ticket) if trip.revived is not None and trip.earlier is not None else None
    if old is None:
        return None
    _tell_revived(tx, old.number, row, now)
    flags = tuple(flag for flag in dict.fromkeys((*old.flags, *anew.flags)) if flag != IMPORTED)
    return replace(anew, number=old.number, assignee=old.assignee, flags=flags)


def _tell_revived(tx: Tx, ticket: int, row: int, now: Millis) -> None:
    said = "came to a door after all: it was known out of an archive alone, which answers nobody"
    trace.note(tx, kind="revived", said=said, now=now, ticket=ticket, arrival=row)


def _continued(
    tx: Tx, house: House, trip: Trip, decision: Continues, row: int, now: Millis, words: Words | None
) -> Outcome:
    ticket = trip.facts.ticket if trip.revived is None else tickets.find(tx, decision.ticket)
    if ticket is None:
        raise LookupError(f"ticket {decision.ticket} was decided on and is not there")
    case = replace(case_of(tx, house, ticket, now), arrival=row, archived=_is_past(trip))
    if trip.revived is not None:
        # What was imported promised nothing; a message that has come alive does.
        case = case.after(replace(ticket, clock_wanted=True))
        _tell_revived(tx, ticket.number, row, now)
    if not case.archived:
        case = without_inactive_vendor(tx, house, case, now)
    author = None if case.archived else case.participant(decision.author)
    given = given_in(tx, house, trip, case, author, now)
    case, message = _received(tx, trip, case, author=decision.author, given=given)
    if given is None or given.relays:
        if words is not None and not case.archived and trip.nature.author is Author.HUMAN:
            helpdesks.take_for_answer(tx, words, message, ticket.number, now)
        event = Wrote(
            message=message, author=decision.author, nature=trip.nature, secrets=trip.letter.secrets,
            reached=tuple(box.address for box in (*trip.letter.to, *trip.letter.cc)),
        )  # fmt: skip
        case = advance_ticket(tx, house, case, event, _assigned(house, trip.verdict, case.brand), _came(trip, now), now)
    elif trip.letter.secrets:
        perform(tx, house, case, masked(trip.letter.secrets, message=message, author=decision.author), now)
    if trip.nature.author is Author.HUMAN:
        case = product_named(tx, house, case, author, trip.letter, now)
    if given is not None:
        case = carry_out(tx, house, case, given, message, now)
    ask_about_copied(tx, house, trip, case, case.participant(decision.author), now)
    arrivals.finish(tx, row, Outcome.CONTINUED, now, message=message, ticket=ticket.number)
    return Outcome.CONTINUED


def _assigned(house: House, verdict: Verdict, brand: Brand) -> Verdict:
    """The verdict with the address of whom of staff a rule assigns; with a note where nobody is called so."""
    if not verdict.assign:
        return verdict
    address = house.assignee(verdict.assign, brand)
    missing = () if address else (f"a rule assigns {verdict.assign}, who is nobody of staff, or not of {brand.slug}'s",)
    return replace(verdict, assign=address, notes=(*verdict.notes, *missing))


def _reported(tx: Tx, house: House, decision: Reports, row: int, now: Millis) -> Outcome:
    """A delivery report for a mail of ours: only what failed for good is an event, and that once (M4).

    Whoever has got a mail of ours can write reports of it, as many as they like and about whomever they like: the
    address is the one that we wrote to.
    """
    number = returns.ticket_of(tx, decision.outbox)
    failed = [recipient for recipient in decision.report.recipients if recipient.action == "failed"]
    for recipient in failed[:1]:
        address = returns.bounced(tx, decision.outbox, said=recipient.diagnostic or recipient.status, now=now)
        reason = " ".join(filter(None, (recipient.status, recipient.diagnostic))) or "reported as undeliverable"
        if not address or send_lighter(tx, house, decision.outbox, reason, now):
            continue
        event = Undeliverable(participant=decision.participant, address=address, reason=reason)
        happened(tx, house, number, event, now)
    arrivals.finish(tx, row, Outcome.REPORT, now, ticket=number)
    return Outcome.REPORT


def _flags(trip: Trip) -> tuple[str, ...]:
    """What a new ticket is marked with by the way in which its mail came."""
    sender = trip.letter.sender.address if trip.letter.sender is not None else trip.arrival.envelope.mail_from
    marks = (
        ("msgid_collision", trip.earlier is not None and trip.revived is None),
        ("forwarded", trip.letter.forwarder is not None),
        ("requester_unreachable", bool(sender) and not writable(sender)),
    )
    return tuple(name for name, holds in marks if holds)


def _tell_guesses(tx: Tx, house: House, trip: Trip, row: int, now: Millis) -> None:
    """An address that is made like a reply address and that we never signed: told, and counted (A14, D06)."""
    envelope = trip.arrival.envelope
    for recipient in house.unsigned(envelope):
        said = f"{recipient} carries no token of ours; it came from {envelope.peer or 'unknown'}"
        trace.note(tx, kind="token", said=said, now=now, arrival=row)
        trace.count(tx, "token.unknown", 1)


def _came(trip: Trip, now: Millis) -> Millis:
    """When the mail came to whom it is for: a promise about time does not count while it was held."""
    return trip.arrival.received if trip.release is None else now


def _is_copy(trip: Trip) -> bool:
    """Whether the mail is here already. A copy in quarantine is no reason to keep back one that comes with a proof."""
    earlier = trip.earlier
    if earlier is None or not earlier.same_mail:
        return False
    return earlier.message > 0 or (trip.release is None and isinstance(trip.decision, Aside | Kept))


def _duplicate(tx: Tx, trip: Trip, row: int, now: Millis) -> Outcome:
    """One more copy of a mail that is here already: its way is recorded, nothing else happens (G6)."""
    earlier = trip.earlier
    if earlier is None:
        raise LookupError("a duplicate has an earlier copy")
    way = f"{trip.arrival.envelope.door.value} for {', '.join(trip.arrival.envelope.recipients)}"
    trace.note(tx, kind="duplicate", said=f"came again by {way}", now=now, ticket=earlier.ticket, arrival=row)
    arrivals.finish(tx, row, Outcome.DUPLICATE, now, message=earlier.message, ticket=earlier.ticket)
    return Outcome.DUPLICATE


def _received(tx: Tx, trip: Trip, case: Case, author: int, given: Given | None = None) -> tuple[Case, int]:
    """Store the message, remember the mail, and say so where another mail has used its Message-ID (B08)."""
    again = trip.earlier.message if trip.revived is not None and trip.earlier is not None else 0
    put = partial(messages.wake, tx, again) if again else partial(messages.put, tx, ticket=case.ticket.number)
    message = put(
        author=author,
        received=trip.arrival.received,
        letter=trip.letter if given is None else given.letter,
        nature=trip.nature,
        identity=trip.identity,
        internal=given is not None and not given.relays,
        cards=given.cards if given is not None else (),
    )
    if not again:
        passed.keep(tx, message, trip.letter)
    arrivals.remember(
        tx,
        trip.letter.fingerprint,
        trip.letter.message_id,
        message=message,
        ticket=case.ticket.number,
        now=trip.arrival.received,
    )
    if case.archived:
        people = [each.address for each in case.participants]
        threads.remember(tx, people, plain_subject(trip.letter.subject)[0], case.ticket.number, trip.arrival.received)
    return replace(case, message=messages.find(tx, message)), message


def _is_past(trip: Trip) -> bool:
    return trip.arrival.envelope.door is Door.IMPORT


def _first_participants(house: House, trip: Trip, ticket: Ticket, verdict: Verdict) -> tuple[Participant, ...]:
    """The requester, and the party that answers."""
    facts = trip.facts
    name = facts.customer.name if facts.customer else ""
    first = requester(ticket.number, trip.letter, trip.arrival.envelope, ticket.customer_id, name, ticket.language)
    second = house.answering(ticket.number, 2, verdict.route, verdict.team, facts.vendor, facts.now)
    return first, second


def _said(trip: Trip) -> dict[str, object]:
    """How the mail was decided, for `gatepost trace`."""
    return {
        "nature": _fields(trip.nature),
        "identity": {
            "party": trip.identity.party.value,
            "trust": trip.identity.trust.value,
            "authentication": trip.identity.authentication.value,
            "why": trip.identity.why,
        },
        "proof": {"why": trip.proof.why, "findings": [_fields(finding) for finding in trip.proof.findings]},
        "notice": _fields(trip.notice),
        "topics": [[topic.name, round(topic.confidence, 4)] for topic in trip.topics],
        "product": trip.facts.product_why,
        "standing": trip.facts.standing.value,
        "verdict": _fields(trip.verdict) | {"trail": [_rule(rule) for rule in trip.verdict.trail if rule.hit]},
        "book": trip.book.digest,
        "seen": pack(trip.seen, words=not _words_lie_elsewhere(trip)),
        "version": VERSION,
        "released": trip.release.cause.word if trip.release is not None else "",
        "decision": type(trip.decision).__name__.lower(),
    }


def _words_lie_elsewhere(trip: Trip) -> bool:
    """Whether the words of the mail become those of a message: they are kept once, where they can be erased.

    A mail that may begin with commands is stored without them, and so keeps what the rules saw.
    """
    is_message = isinstance(trip.decision, Opens | Continues) and not _is_copy(trip)
    return is_message and not trip.seen.text.lstrip().startswith("#")


def _keep_book(tx: Tx, house: House, book: Book, now: Millis) -> None:
    """Keep the rules that decided, once for each set: only what a transaction has found there is taken for kept."""
    if book.digest not in house.books_kept and decisions.keep_book(tx, book, now):
        house.books_kept.add(book.digest)


def _rule(rule: RuleTrace) -> dict[str, object]:
    return _fields(rule) | {"conditions": [_fields(condition) for condition in rule.conditions]}


def _fields(value: Nature | Verdict | RuleTrace | Condition | Finding | Notice) -> dict[str, object]:
    """The fields of a value, as they are: `asdict` copies deeply, which for a verdict of 150 conditions takes long."""
    return {name: getattr(value, name) for name in type(value).__slots__}
