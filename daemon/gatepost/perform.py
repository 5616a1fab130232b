"""Performs effects: each becomes rows in the transaction of its cause. A mail is composed here and sent later."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from .case import Case
from .core import Millis
from .core.effect import Auto, Effect, Flag, Join, Label, Note, Promise, Release, Send, Unflag
from .core.letter import Mailbox
from .core.outgoing import Outgoing
from .core.party import Participant, Role
from .core.reply_address import Purpose, Token, scrub
from .errors import GatepostError
from .house import House
from .mail import wording
from .mail.compose import Draft, compose, via_name
from .mail.masking import leaks, mask
from .mail.relay import Relayed, hidden_from, relay
from .mail.values import ticket_values
from .store import arrivals, deadlines, messages, outbox, passed, returns, tickets, trace
from .store.database import Tx
from .store.messages import Message

_CARRYING = frozenset({"ticket", "team", "collaborator", "answer"})


def perform(tx: Tx, house: House, case: Case, effects: Iterable[Effect], now: Millis) -> None:
    """Do every effect, in order; each leaves its line in the trace."""
    effects = tuple(effects)
    case = replace(case, reason="; ".join(effect.reason for effect in effects if isinstance(effect, Flag)))
    for effect in effects:
        kind, said = _do(tx, house, case, effect, now)
        trace.note(tx, kind=kind, said=said, now=now, ticket=case.ticket.number, arrival=case.arrival)


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
        case Label():
            tickets.label(tx, number, effect, now)
            return "label", f"{effect.topic} ({effect.confidence:.2f})"
        case Note():
            return "note", effect.text
        case Join():
            return _join(tx, house, case, effect, now)
        case _:
            assert_never(effect)


def _send(tx: Tx, house: House, case: Case, send: Send, now: Millis) -> tuple[str, str]:
    """Put one mail into the outbox, or say why not. What cannot be composed waits there in state error (F16)."""
    to = _recipient(case, send)
    if to is None or not to.address:
        return "unsent", f"{send.template}: nobody to send it to"
    if send.auto is not Auto.NO and to.role is not Role.STAFF and (cap := _capped(tx, house, to.address, now)):
        return "unsent", f"{send.template} to {to.address}: {cap}"
    mail = _write(tx, house, case, send, to, now)
    outbox.put(tx, mail, now)
    if mail.error:
        return "error", f"{send.template} to {to.address}: {mail.error}"
    if send.auto is not Auto.NO:
        arrivals.automatic_sent(tx, address=to.address, ticket=case.ticket.number, now=now)
    return "outbox", f"{send.template} to {to.role.value} {to.address}"


def _join(tx: Tx, house: House, case: Case, join: Join, now: Millis) -> tuple[str, str]:
    """Store the participant; a new one gets every message that people wrote, in order, with its files (R10)."""
    new = join.participant
    tickets.join(tx, new)
    case = replace(case, participants=(*(p for p in case.participants if p.number != new.number), new))
    said = [m for m in messages.of_ticket(tx, case.ticket.number) if m.by_human] if join.template else []
    for message in said:
        send = Send(template=join.template, participant=new.number, about=message.id, key=f"message-{message.id}")
        _send(tx, house, case, send, now)
    return (
        "joined",
        f"{new.role.value} {new.address}, with {len(said)} messages" if said else f"{new.role.value} {new.address}",
    )


def _recipient(case: Case, send: Send) -> Participant | None:
    if send.participant:
        return case.participant(send.participant)
    return Participant(ticket=case.ticket.number, number=0, role=Role.STAFF, address=send.address)


def _capped(tx: Tx, house: House, address: str, now: Millis) -> str:
    """Why no further automatic mail may go to this address now; '' if one may (A4)."""
    address_day, domain_hour, all_minute = arrivals.automatic_counts(tx, address=address, now=now)
    limits = house.limits
    if address_day >= limits.automatic_per_address_day:
        return f"the cap of {limits.automatic_per_address_day} automatic mails a day to one address"
    if domain_hour >= limits.automatic_per_domain_hour:
        return f"the cap of {limits.automatic_per_domain_hour} automatic mails an hour to one domain"
    if all_minute >= limits.automatic_per_minute:
        return f"the cap of {limits.automatic_per_minute} automatic mails a minute"
    return ""


def _write(tx: Tx, house: House, case: Case, send: Send, to: Participant, now: Millis) -> Outgoing:
    """The composed mail; with `error` set where the letter could not be made."""
    about = _about(tx, case, send)
    token = house.token(to) if to.number else ""
    sender = "" if send.auto is Auto.REPLIED else house.bounce_address(case.brand, returns.next_outbox(tx), to.number)
    mail = Outgoing(
        ticket=case.ticket.number,
        participant=to.number,
        message=about.id if about is not None else 0,
        template=send.template,
        key=send.key,
        recipients=(to.address,),
        message_id=house.message_id(token, send.key),
        mail_from=sender,
        auto=send.auto,
    )
    try:
        composed = compose(_draft(tx, house, case, send, to, about, mail, now), house.letters)
    except GatepostError as error:
        return replace(mail, error=error.message)
    if found := leaks(composed.raw, _hidden(case, to), files=False):
        return replace(mail, error=f"the other side's address would go out: {'; '.join(found)}")
    return replace(mail, raw=composed.raw, subject=composed.subject, message_id=composed.message_id)


def _draft(
    tx: Tx, house: House, case: Case, send: Send, to: Participant, about: Message | None, mail: Outgoing, now: Millis
) -> Draft:
    chain = messages.chain(tx, case.ticket.number, to.number) if to.number else ()
    token = house.token(to) if to.number else ""
    files = messages.attachments(tx, about.id) if about is not None and send.template in _CARRYING else ()
    clean = _cleaner(house, case, to)
    relayed = relay(about.relay_text if about is not None else "", files, clean)
    topic = clean(case.ticket.subject)
    return Draft(
        template=send.template,
        language=to.language or case.ticket.language,
        brand=case.brand,
        to=Mailbox(address=to.address, name=to.name),
        from_name=_from_name(case, send, to, about),
        reply_address=house.reply_address(case.brand, to) if to.number else case.brand.support[0],
        mail_from=mail.mail_from,
        message_id=mail.message_id,
        in_reply_to=chain[-1] if chain else "",
        references=chain,
        thread_id=house.thread_id(token) if token else "",
        thread_topic=topic,
        subject=topic if case.verified or send.auto is not Auto.REPLIED else "",
        tag=case.ticket.number,
        auto=send.auto,
        passed=passed.of(tx, about.id) if about is not None else (),
        values=_values(house, case, to, about, relayed, now) | {"first": not chain},
        attachments=relayed.files,
        date=now,
    )


def _values(
    house: House, case: Case, to: Participant, about: Message | None, relayed: Relayed, now: Millis
) -> dict[str, object]:
    """The figures of the letter, in the recipient's language."""
    brand, requester, vendor = case.brand, case.requester, case.vendor
    language = to.language or case.ticket.language or brand.languages[0]
    due = house.overdue_at(brand, vendor, now)(case.ticket.waiting_since or now)
    away = vendor.away if vendor is not None and vendor.away is not None and vendor.away.covers(now) else None
    author = case.participant(about.author) if about is not None else None
    return ticket_values(
        brand=brand,
        language=language,
        customer=Mailbox(
            address=requester.address if requester is not None else "",
            name=mask(requester.name, _hidden(case, to)) if requester is not None else "",
        ),
        customer_language=case.ticket.language,
        product=case.product,
        vendor=vendor,
        team=_team_name(house, case),
        subscription=case.subscription,
        standing=case.standing,
        topics=case.topics,
        author=_author_name(case, author, to) if author is not None else "",
        words=relayed.words,
        files=[attachment.filename for attachment in relayed.files],
        report=relayed.report,
        link=f"{brand.portal.rstrip('/')}/tickets/{case.ticket.number}" if brand.portal else "",
        answer_by=wording.moment(due, language, brand.zone),
        away=away.text if away is not None else "",
        verified=case.verified,
        away_until=wording.day(away.ends, language, brand.zone) if away is not None else "",
        masked=bool(_hidden(case, to)),
        choices=[(product.name, "") for product in case.candidates],
        reason=case.reason,
        filed=wording.day(case.ticket.filed, language, brand.zone),
        waiting_since=wording.moment(case.ticket.waiting_since, language, brand.zone)
        if case.ticket.waiting_since is not None
        else "",
    )


def _cleaner(house: House, case: Case, to: Participant) -> Callable[[str], str]:
    """Takes out of relayed text what this recipient may not see: foreign tokens (I8) and masked addresses (D5)."""
    hidden, own = _hidden(case, to), _own(to)
    return lambda text: mask(scrub(house.keys, text, keep=own), hidden)


def _hidden(case: Case, to: Participant) -> tuple[str, ...]:
    """The addresses that this recipient may not see; none where neither brand nor vendor wants masking (D5)."""
    if case.brand.masking or (case.vendor is not None and case.vendor.masking):
        return hidden_from(to, case.participants, case.vendor)
    return ()


def _author_name(case: Case, author: Participant, to: Participant) -> str:
    """The author's name; the address stands in for it where it may be shown."""
    return mask(author.name, _hidden(case, to)) or ("" if author.address in _hidden(case, to) else author.address)


def _from_name(case: Case, send: Send, to: Participant, about: Message | None) -> str:
    """Who speaks: the customer to a vendor or team, the vendor or team in an answer, the brand in its own letters."""
    if send.template not in _CARRYING or about is None:
        return via_name("", "", case.brand)
    author = case.participant(about.author)
    if author is None:
        return via_name("", "", case.brand)
    if author.role is Role.VENDOR:
        person = mask(about.sender_name, _hidden(case, to))
        return via_name(person, case.vendor.name if case.vendor is not None else author.name, case.brand)
    return via_name(_author_name(case, author, to), "", case.brand)


def _about(tx: Tx, case: Case, send: Send) -> Message | None:
    if case.message is not None and case.message.id == send.about:
        return case.message
    return messages.find(tx, send.about) if send.about else None


def _team_name(house: House, case: Case) -> str:
    team = house.teams.get(case.ticket.team) or house.teams["triage"]
    return team.name


def _own(to: Participant) -> tuple[Token, ...]:
    return (Token(purpose=Purpose.REPLY, ticket=to.ticket, participant=to.number),)
