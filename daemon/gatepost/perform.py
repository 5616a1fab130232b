"""Performs effects: each becomes rows in the transaction of its cause. A mail is composed here and sent later."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from . import absences, alarm
from .case import Case
from .core import DAY, Millis
from .core.confirmation import PAUSE, Kind
from .core.effect import Absent, Auto, Effect, Fill, Flag, Join, Label, Note, Promise, Release, Send, Unflag, VendorAway
from .core.party import Away, Participant, Role
from .core.topics import AT_MOST
from .drafting.draft import write
from .house import House
from .mail import wording
from .mail.fields import writable
from .outline import counted
from .store import arrivals, confirmations, deadlines, marks, messages, outbox, parties, tickets, trace
from .store.database import Tx


def perform(tx: Tx, house: House, case: Case, effects: Iterable[Effect], now: Millis) -> None:
    """Do every effect, in order; each leaves its line in the trace."""
    effects = tuple(effects)
    labels = [effect.topic for effect in effects if isinstance(effect, Label)]
    reason = "; ".join(effect.reason for effect in effects if isinstance(effect, Flag))
    fields = {effect.name: effect.value for effect in effects if isinstance(effect, Fill)}
    topics = tuple(dict.fromkeys((*labels, *case.topics)))[:AT_MOST]
    case = replace(case, reason=reason, topics=topics, fields={**case.fields, **fields})
    for effect in effects:
        kind, said = _do(tx, house, case, effect, now)
        trace.note(tx, kind=kind, said=said, now=now, ticket=case.ticket.number, arrival=case.arrival)
        case = _known_to_the_next(tx, case, effect)


def _do(tx: Tx, house: House, case: Case, effect: Effect, now: Millis) -> tuple[str, str]:
    """Do one effect; the kind and the sentence of its line in the trace."""
    number = case.ticket.number
    match effect:
        case Send():
            return _send(tx, house, case, effect, now)
        case Promise():
            deadlines.promise(tx, number, effect)
            return "promise", f"{effect.kind.value} due {wording.moment(effect.due)}"
        case Release():
            ended = deadlines.release(tx, number, effect.kinds, effect.reason, now)
            return "release", f"{', '.join(ended) or 'nothing was open'}: {effect.reason}"
        case Flag():
            return "flag", f"{effect.name}: {effect.reason}"
        case Unflag():
            return "unflag", effect.name
        case Label() | Fill():
            return _mark(tx, number, effect, now)
        case Note():
            return "note", effect.text
        case Join():
            return _join(tx, house, case, effect, now)
        case Absent():
            return _absent(tx, case, effect)
        case VendorAway():
            parties.set_away(tx, effect.vendor, effect.away)
            absences.reckon_again(tx, house, effect.vendor, now)
            return "away", f"vendor {effect.vendor}: {_until(effect.away)}"
        case _:
            assert_never(effect)


def _mark(tx: Tx, ticket: int, mark: Label | Fill, now: Millis) -> tuple[str, str]:
    """Give the ticket a topic, which is a correction by the word of staff, or a field."""
    if isinstance(mark, Fill):
        marks.fill(tx, ticket, mark.name, mark.value, now)
        return "field", f"{mark.name} = {mark.value}"
    tickets.label(tx, ticket, mark, now)
    if mark.corrects:
        marks.correct(tx, ticket, mark.topic, now)
    return "label", f"{mark.topic} ({mark.confidence:.2f})"


def _send(tx: Tx, house: House, case: Case, send: Send, now: Millis) -> tuple[str, str]:
    """Put one mail into the outbox, or say why not. What cannot be composed waits there in state error (F16)."""
    to = _recipient(case, send)
    if to is None or not to.address:
        return "unsent", f"{send.template}: nobody to send it to"
    if not writable(to.address):
        return "unsent", f"{send.template} to {to.address}: not an address that can be written to"
    if send.auto is not Auto.NO and to.role is not Role.STAFF and (cap := _capped(tx, house, case, to.address, now)):
        arrivals.kept_back(tx)
        return "unsent", f"{send.template} to {to.address}: {cap}"
    if send.ask is not None and (cap := _asked_lately(tx, to.address, send.ask.kind, now)):
        return "unsent", f"{send.template} to {to.address}: {cap}"
    question = 0
    if send.ask is not None:
        question = confirmations.put(
            tx, ticket=to.ticket, participant=to.number, address=to.address, ask=send.ask, now=now
        )
    mail = write(tx, house, case, send, to, question, now)
    outbox.put(tx, mail, now)
    if mail.error:
        return "error", f"{send.template} to {to.address}: {mail.error}"
    if send.auto is not Auto.NO:
        arrivals.automatic_sent(tx, address=to.address, ticket=case.ticket.number, now=now)
    return "outbox", f"{send.template} to {to.role.value} {to.address}"


def _join(tx: Tx, house: House, case: Case, join: Join, now: Millis) -> tuple[str, str]:
    """Store the participant; a new one gets all that people wrote to each other, in one mail, with its files (R10)."""
    new = join.participant
    tickets.join(tx, new)
    case = replace(case, participants=(*(p for p in case.participants if p.number != new.number), new))
    said = [m for m in messages.of_ticket(tx, case.ticket.number) if m.public] if join.template else []
    if said:
        key = f"message-{said[-1].id}"
        send = Send(template=join.template, participant=new.number, about=said[0].id, key=key, history=True)
        _send(tx, house, case, send, now)
    return (
        "joined",
        f"{new.role.value} {new.address}" + (f", with {counted(len(said), 'message')}" if said else ""),
    )


def _recipient(case: Case, send: Send) -> Participant | None:
    if send.participant:
        return case.participant(send.participant)
    return Participant(ticket=case.ticket.number, number=0, role=Role.STAFF, address=send.address)


def _capped(tx: Tx, house: House, case: Case, address: str, now: Millis) -> str:
    """Why no further automatic mail may go to this address now; '' if one may (A4)."""
    limits = house.limits
    address_day, domain_hour, all_minute = arrivals.automatic_counts(
        tx,
        address=address,
        now=now,
        domain_from=limits.automatic_per_domain_hour,
        all_from=limits.automatic_per_minute,
    )
    if not case.verified and address_day:
        return "to an address that is not verified, one automatic mail in 24 hours (A5)"
    if address_day >= limits.automatic_per_address_day:
        return f"the cap of {limits.automatic_per_address_day} automatic mails a day to one address"
    if domain_hour >= limits.automatic_per_domain_hour:
        return f"the cap of {limits.automatic_per_domain_hour} automatic mails an hour to one domain"
    if all_minute >= limits.automatic_per_minute:
        return f"the cap of {limits.automatic_per_minute} automatic mails a minute"
    return alarm.silence(tx, house, address, now)


def _asked_lately(tx: Tx, address: str, kind: Kind, now: Millis) -> str:
    """Why this address is not asked anything now; '' if it may be. One unproved ticket a day is acknowledged (A5)."""
    if kind is Kind.TICKET:
        return "one a day to a sender who is not proved" * confirmations.asked_since(tx, address, now - DAY, kind)
    return "one question an hour to one address" * confirmations.asked_since(tx, address, now - PAUSE)


def _known_to_the_next(tx: Tx, case: Case, effect: Effect) -> Case:
    """The case for the effects that follow: a mail says of an absence what is known by now, and reaches who came."""
    if not isinstance(effect, Absent | Join):
        return case
    return replace(case, participants=tickets.participants(tx, case.ticket.number))


def _until(away: Away | None) -> str:
    return f"away from {wording.moment(away.starts)} until {wording.moment(away.ends)}" if away is not None else "here"


def _absent(tx: Tx, case: Case, effect: Absent) -> tuple[str, str]:
    who = case.participant(effect.participant)
    if who is None:
        return "note", "an absence of somebody who is not on the ticket"
    tickets.join(tx, replace(who, back=effect.back))
    name = f"{who.role.value} {who.number}"
    return "absence", f"{name} is away until {effect.back}" if effect.back else f"{name} is here again"
