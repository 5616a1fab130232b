"""Composes one mail about a ticket for one participant: its addresses, its thread, its figures, its words.

Whether it may go out is decided elsewhere; here it is made so that nothing of the other side's is in it (I8, D5).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..case import Case, case_of
from ..core import DAY, Millis
from ..core.confirmation import Ask
from ..core.effect import Auto, Send
from ..core.letter import Attachment, Mailbox
from ..core.outgoing import Outgoing
from ..core.party import Participant, Role
from ..core.reply_address import Purpose, Token, scrub
from ..errors import GatepostError
from ..house import House
from ..links import For, vendor_link
from ..mail import wording
from ..mail.compose import Draft, compose, via_name
from ..mail.masking import leaks, mask
from ..mail.relay import Relayed, hidden_from, relay
from ..mail.room import fit, size_text
from ..mail.values import NOTHING_ASKED, Figures
from ..store import mail_limits, messages, passed, returns, tickets
from ..store.database import Tx
from ..store.messages import Message
from ..store.outbox_view import Posted
from . import asking, secret_letters
from .candidates import choices

_CARRYING = frozenset({"ticket", "team", "collaborator", "answer"})
_LOGO_OCTETS = 65_536
_ASKING = ("confirm", "acknowledgement-unverified")
_NOBODY = Participant(ticket=0, number=0, role=Role.STAFF, address="")
_ANSWERING = frozenset({Role.VENDOR, Role.COLLABORATOR, Role.STAFF})


def write_again(tx: Tx, house: House, was: Posted, now: Millis, *, key: str = "") -> Outgoing | None:
    """A mail composed with the letters of today: the same mail, or with a `key` of its own one more beside it.

    None where it cannot be made of what is stored: a notice about no ticket, a question that has its own link.
    """
    ticket = tickets.find(tx, was.ticket) if was.ticket else None
    if ticket is None or was.template.rpartition("/")[2].startswith(_ASKING):
        return None
    about = messages.find(tx, was.message) if was.message else None
    case = replace(case_of(tx, house, ticket, now), verified=about is None or about.trust == "trusted", message=about)
    to = case.participant(was.participant) or replace(_NOBODY, ticket=was.ticket, address=was.address)
    send = Send(
        template=was.template, participant=was.participant, address=was.address, about=was.message,
        auto=Auto(was.auto), key=key or was.key, history=_tells_all(was),
    )  # fmt: skip
    return write(tx, house, case, send, to, 0, now, outbox=0 if key else was.id)


def _tells_all(was: Posted) -> bool:
    """Whether the mail brought somebody the whole conversation: its key names a later message than it is about."""
    last = was.key.removeprefix("message-").partition("-")[0]
    return was.key.startswith("message-") and last.isdecimal() and int(last) > was.message > 0


def write(
    tx: Tx, house: House, case: Case, send: Send, to: Participant, question: int, now: Millis, *, outbox: int = 0
) -> Outgoing:
    """The composed mail; with `error` set where it could not be made. `question` is what it asks, 0 for none.

    `outbox` is its id there, 0 for one that is not there yet.
    """
    about = _about(tx, case, send)
    token = house.token(to) if to.number else ""
    sender = (
        ""
        if send.auto is Auto.REPLIED
        else house.bounce_address(case.brand, outbox or returns.next_outbox(tx), to.number)
    )
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
        composed = compose(_draft(tx, house, case, send, to, about, mail, question, now), house.letters)
    except GatepostError as error:
        return replace(mail, error=error.message)
    if found := leaks(composed.raw, _hidden(case, to), files=False):
        return replace(mail, error=f"the other side's address would go out: {'; '.join(found)}")
    raw = house.seal(composed.raw, case.brand, now)
    return replace(mail, raw=raw, subject=composed.subject, message_id=composed.message_id)


def _draft(
    tx: Tx,
    house: House,
    case: Case,
    send: Send,
    to: Participant,
    about: Message | None,
    mail: Outgoing,
    question: int,
    now: Millis,
) -> Draft:
    chain = messages.chain(tx, case.ticket.number, to.number) if to.number else ()
    chain = tuple(one for one in chain if one != mail.message_id)
    token = house.token(to) if to.number else ""
    since = _since(tx, about) if about is not None and send.history else ()
    carried = (about, *since) if about is not None and send.template in _CARRYING else ()
    files = tuple(file for message in carried for file in _files(tx, message))
    clean = cleaner(house, case, to)
    relayed = relay(about.relay_text if about is not None else "", files, clean)
    kept, left = fit(relayed.files, relayed.words, _most(tx, house, to.address, now))
    relayed = replace(relayed, files=kept)
    topic, asks = clean(case.ticket.subject), send.template == asking.LETTER
    language = to.language or case.ticket.language or case.brand.languages[0]
    return Draft(
        template=send.template,
        language=language,
        brand=case.brand,
        to=Mailbox(address=to.address, name=to.name),
        from_name=_from_name(case, send, to, about, clean),
        reply_address=_reply_address(house, case, to, question),
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
        values=_values(house, case, send, to, about, relayed, clean, now)
        | {"first": not chain, "later": [_later(case, to, message, clean) for message in since]}
        | {"linked": [_linked(house, case, file, to, language, now) for file in left]}
        | {"confirm": _confirm(house, case, send.ask, to, question)}
        | {
            "secret": secret_letters.figures(
                tx, house, case, send, to, language, lambda who: author_name(case, who, to), now
            )
        }
        | (asking.figures(house.links, case.brand, to, language, now) if asks else {}),
        extra=asking.header(house.links, case.brand, to, now) if asks else (),
        attachments=relayed.files,
        date=now,
    )


def _files(tx: Tx, about: Message) -> tuple[Attachment, ...]:
    """What a message brought, without the small inline pictures that an earlier one has brought: a signature's logo."""
    files = messages.attachments(tx, about.id)
    if not any(file.inline for file in files):
        return files
    logos = messages.logos_before(tx, about.ticket, about.id, _LOGO_OCTETS)
    return tuple(file for file in files if not (file.inline and file.sha256 in logos))


def _most(tx: Tx, house: House, address: str, now: Millis) -> int:
    """The octets that a mail to this address may have: what the config allows, or less where its servers take less."""
    known = mail_limits.known(tx, address, now)
    return house.message_octets if known is None else min(house.message_octets, known)


def _linked(house: House, case: Case, file: Attachment, to: Participant, language: str, now: Millis) -> dict[str, str]:
    """A file that is too large for the mail (D6): a link that expires, '' where there is no portal to serve it."""
    until, portal = now + house.link_days * DAY, case.brand.portal.rstrip("/")
    there = portal and file.id and to.number
    part = house.links.sign(For.ATTACHMENT, (file.id, to.ticket, to.number), until) if there else ""
    return {
        "name": file.filename,
        "size": size_text(len(file.content)),
        "link": f"{portal}/files/{part}" if there else "",
        "until": wording.day(until, language, case.brand.zone),
    }


def _values(
    house: House,
    case: Case,
    send: Send,
    to: Participant,
    about: Message | None,
    relayed: Relayed,
    clean: Callable[[str], str],
    now: Millis,
) -> dict[str, object]:
    """The figures of the letter, in the recipient's language."""
    brand, requester, vendor = case.brand, case.requester, case.vendor
    language = to.language or case.ticket.language or brand.languages[0]
    due = house.overdue_at(brand, vendor, now)(case.ticket.waiting_since or now)
    away = vendor.away if vendor is not None and vendor.away is not None and vendor.away.covers(now) else None
    author = case.participant(about.author) if about is not None else None
    return Figures(
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
        topics=[house.topics.name(topic, language) for topic in case.topics],
        fields={name: clean(value) for name, value in case.fields.items()},
        author=author_name(case, author, to) if author is not None else "",
        words=relayed.words,
        files=[attachment.filename for attachment in relayed.files],
        report=relayed.report,
        link=_link(house, case, to, now),
        answer_by=wording.moment(due, language, brand.zone),
        away=away.text if away is not None else "",
        verified=case.verified,
        away_until=wording.day(away.ends, language, brand.zone) if away is not None else "",
        masked=bool(_hidden(case, to)),
        choices=choices(house.links, brand, to, case.candidates, now),
        reason=case.reason,
        filed=wording.day(case.ticket.filed, language, brand.zone),
        waiting_since=wording.moment(case.ticket.waiting_since, language, brand.zone)
        if case.ticket.waiting_since is not None
        else "",
        absent=_absent(case, to, language, now),
        transcript=send.transcript,
        cards=about.cards if about is not None and send.template in _CARRYING else (),
        forwarder=mask(str(case.forwarder), _hidden(case, to)) if case.forwarder is not None else "",
    ).values()


def _link(house: House, case: Case, to: Participant, now: Millis) -> str:
    """Where the recipient sees the ticket: a customer by a link that shows it for some days, a vendor on their page."""
    portal, number = case.brand.portal.rstrip("/"), case.ticket.number
    if not portal or not to.address or not case.verified:
        return ""
    if to.role in (Role.REQUESTER, Role.COPIED) and to.number:
        token = house.links.sign(For.VIEW, (number, to.number), now + house.view_days * DAY)
        return f"{portal}/view/{token}"
    if to.role is Role.VENDOR and case.vendor is not None and to.address == case.vendor.support_address:
        return f"{portal}/vendor/{vendor_link(house.links, case.vendor, now)}/tickets/{number}"
    return f"{portal}/staff/tickets/{number}" if to.role is Role.STAFF else ""


def _reply_address(house: House, case: Case, to: Participant, question: int) -> str:
    """Where an answer goes: to the question that the mail asks, else to the participant's place on the ticket."""
    if question:
        return house.confirm_address(case.brand, question, to.number)
    return house.reply_address(case.brand, to) if to.number else case.brand.support[0]


def _confirm(house: House, case: Case, ask: Ask | None, to: Participant, question: int) -> Mapping[str, object]:
    """What the letter asks: about which held mail, about whom, and where a click leads that says yes."""
    if ask is None:
        return NOTHING_ASKED
    token, brand = house.confirm_token(question, to.number), case.brand
    language = to.language or case.ticket.language or brand.languages[0]
    return {
        "link": f"{brand.portal.rstrip('/')}/confirm/{token}" if brand.portal else "",
        "subject": ask.subject,
        "date": wording.moment(ask.dated, language, brand.zone) if ask.dated is not None else "",
        "names": list(ask.names),
    }


def _absent(case: Case, to: Participant, language: str, now: Millis) -> list[dict[str, str]]:
    """Who of the other side is away, and until which day (M5)."""
    today = wording.iso_day(now, case.brand.zone)
    return [
        {"name": author_name(case, p, to), "until": wording.day_of(p.back, language)}
        for p in case.participants
        if p.active and p.back > today and (p.role in _ANSWERING) != (to.role in _ANSWERING)
    ]


def cleaner(house: House, case: Case, to: Participant) -> Callable[[str], str]:
    """Takes out what this recipient may not see: foreign tokens and links (I8), and masked addresses (D5)."""
    hidden, own = _hidden(case, to), _own(to)
    return lambda text: mask(house.unlinked(scrub(house.keys, text, keep=own)), hidden)


def _hidden(case: Case, to: Participant) -> tuple[str, ...]:
    """The addresses that this recipient may not see; none where neither brand nor vendor wants masking (D5)."""
    if case.brand.masking or (case.vendor is not None and case.vendor.masking):
        return hidden_from(to, case.participants, case.vendor)
    return ()


def author_name(case: Case, author: Participant, to: Participant) -> str:
    """The author's name; the address stands in for it where it may be shown."""
    return mask(author.name, _hidden(case, to)) or ("" if author.address in _hidden(case, to) else author.address)


def _from_name(case: Case, send: Send, to: Participant, about: Message | None, clean: Callable[[str], str]) -> str:
    """Who speaks: the customer to a vendor or team, the vendor or team in an answer, the brand in its own letters."""
    if send.template not in _CARRYING or about is None:
        return via_name("", "", case.brand)
    author = case.participant(about.author)
    if author is None:
        return via_name("", "", case.brand)
    if author.role is Role.VENDOR:
        person = clean(about.sender_name)
        return via_name(person, case.vendor.name if case.vendor is not None else author.name, case.brand)
    return via_name(clean(author_name(case, author, to)), "", case.brand)


def _about(tx: Tx, case: Case, send: Send) -> Message | None:
    if case.message is not None and case.message.id == send.about:
        return case.message
    return messages.find(tx, send.about) if send.about else None


def _team_name(house: House, case: Case) -> str:
    team = house.teams.get(case.ticket.team) or house.teams["triage"]
    return team.name


def _since(tx: Tx, first: Message) -> tuple[Message, ...]:
    """What people wrote to each other on the ticket after `first`."""
    return tuple(m for m in messages.of_ticket(tx, first.ticket) if m.id > first.id and m.public)


def _later(case: Case, to: Participant, message: Message, clean: Callable[[str], str]) -> dict[str, str]:
    """One message of the history, as this recipient may read it."""
    author = case.participant(message.author)
    language = to.language or case.ticket.language or case.brand.languages[0]
    return {
        "author": author_name(case, author, to) if author is not None else "",
        "at": wording.moment(message.received, language, case.brand.zone),
        "words": clean(message.relay_text).strip("\n"),
    }


def _own(to: Participant) -> tuple[Token, ...]:
    return (Token(purpose=Purpose.REPLY, ticket=to.ticket, participant=to.number),)
