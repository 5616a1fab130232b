"""One outgoing mail: a letter and its figures become checked bytes.

Nothing is read from a database and nothing is decided here; whether a mail may be sent at all is the core's business.
A mail is from us alone (D3): `Jane (Acme) via Extension Market <the recipient's own reply address>`, in From and
Reply-To, so that a plain Reply goes right and nobody's address is forged (F14).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..core import Millis
from ..core.contrast import ink
from ..core.effect import Auto
from ..core.letter import Attachment, Mailbox
from ..core.party import Brand
from ..core.round_trip import MARK
from . import fields, writing
from .templates import Letters, Rendered

MARKER = MARK

_PREFIX = re.compile(
    r"(?:re|aw|antw|sv|rv|odp|res|ref|fwd?|wg|tr|auto|automatische antwort|automatic reply)\s?:\s?", re.I
)
_TAG = re.compile(r"\s?\[#\d{1,12}\]")
_AT_DOMAIN = re.compile("[@\ufe6b\uff20]\\S*")
_SPECIALS = str.maketrans("", "", '()<>[]:;@\\"')
_EXTRA = re.compile(r"(?:List-[A-Za-z-]+|X-[A-Za-z0-9-]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that one mail is made of.

    `subject` is the conversation's. '' in an automatic reply means an unverified sender, to whom nothing that the
    sender wrote goes back (A5): the letter makes a subject of its own, the recipient's name and the topic stay away.
    `tag`, the ticket's number, is added as `[#42]` (0 adds none). `values` are plain dicts, lists, strings and numbers;
    relayed words among them are already masked and scrubbed of foreign tokens (I8, `relay`). `thread_id` is the id of
    ours that closes References: it brings a reply home where a provider replaced our Message-ID (D29). `mail_from` is
    checked only; the envelope is the courier's ('' is the null sender). `passed` are the marks of the gateways that the
    words passed before us.
    """

    template: str
    language: str
    brand: Brand
    to: Mailbox
    from_name: str
    reply_address: str
    mail_from: str = ""
    message_id: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    thread_id: str = ""
    thread_topic: str = ""
    subject: str = ""
    tag: int = 0
    auto: Auto = Auto.NO
    values: Mapping[str, object] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    date: Millis
    extra: tuple[tuple[str, str], ...] = ()
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The mail as it goes out, and what a person will read of it. `message_id` stands without angle brackets."""

    raw: bytes = field(repr=False)
    subject: str
    text: str
    html: str
    language: str
    message_id: str


def compose(draft: Draft, letters: Letters) -> Composed:
    """The mail of `draft`, 7-bit with CRLF line ends, ready for any server that takes the recipient's address.

    Raises TemplateError where the letter cannot be rendered, FieldError where an address or id cannot be written, and
    BrokenMailError where the bytes fail the last check; all permanent, and nothing half made comes out (F16).
    """
    if draft.mail_from:
        fields.address(draft.mail_from)
    rendered = letters.render(draft.template, (draft.language, *draft.brand.languages), _values(draft))
    subject = _subject(draft, rendered)
    text = writing.clean_text(rendered.text)
    # To an unverified sender goes the least that says what must be said: no HTML, two kilobytes at most (A5).
    html = "" if _tells_nothing(draft) else writing.clean_text(rendered.html)
    own_id = fields.message_id(draft.message_id)
    if not own_id:
        raise fields.FieldError(f"{draft.message_id!r} is no message id")
    head = list(_head(draft, subject, own_id))
    body = _body(text, html, draft.attachments, own_id)
    raw = b"".join((*(line for _, line in head), b"MIME-Version: 1.0\r\n", body))
    part = ["Content-Type"] if body.startswith(b"Content-Type: multipart/") else _PART_FIELDS
    beyond = next((line for name, line in head if name == "To" and not line.isascii()), b"")
    writing.check(raw, [*(name for name, _ in head), "MIME-Version", *part], international=beyond)
    return Composed(
        raw=raw, subject=subject, text=text, html=html, language=rendered.language, message_id=own_id
    )  # fmt: skip


def via_name(person: str, organisation: str, brand: Brand) -> str:
    """The name in our From: `Jane (Acme) via Extension Market`; either of the first two may be ''.

    A name that reads like an address would be taken for the sender (D18), so `@` and what follows goes, and with it
    everything that has a meaning of its own in an address field (RFC 5322 3.2.3).
    """
    who, house = _bare_name(person), _bare_name(organisation)
    if who and house and who.casefold() != house.casefold():
        who = f"{who} ({house})"
    face = _bare_name(brand.name)
    return f"{who or house} via {face}" if who or house else face


def bare_subject(subject: str) -> str:
    """`subject` without the reply marks and ticket tags that grow with every turn: `AW: Re: Oops [#42]` is `Oops`."""
    line = _TAG.sub("", fields.one_line(subject, 4 * fields.SUBJECT_CHARACTERS)).strip()
    at = 0
    while mark := _PREFIX.match(line, at):
        at = mark.end()
    return line[at:]


_PART_FIELDS = ["Content-Type", "Content-Transfer-Encoding"]


def _bare_name(name: str) -> str:
    line = _AT_DOMAIN.sub("", fields.one_line(name, 4 * fields.NAME_CHARACTERS)).translate(_SPECIALS)
    if "=?" in line or "?=" in line:
        line = line.replace("=", "").replace("?", " ")
    return fields.one_line(line, fields.NAME_CHARACTERS // 3)


def _values(draft: Draft) -> dict[str, object]:
    """What every letter may use, and the caller's values."""
    brand = draft.brand
    face = {
        "name": brand.name, "portal": brand.portal, "privacy": brand.privacy, "data_use": brand.data_use,
        "knowledge_base": brand.knowledge_base, "colour": brand.colour, "ink": ink(brand.colour),
        "support": brand.support[0],
    }  # fmt: skip
    return {
        "brand": face,
        "number": draft.tag,
        "subject": bare_subject(draft.subject),
        **draft.values,
    }


def _subject(draft: Draft, rendered: Rendered) -> str:
    """The letter's subject; an automatic reply says so where it repeats the sender's (RFC 3834 3.1.5)."""
    mark = "Auto: " if draft.auto is Auto.REPLIED and draft.subject else ""
    tag = f" [#{draft.tag}]" if draft.tag else ""
    return mark + fields.one_line(rendered.subject, fields.SUBJECT_CHARACTERS - len(mark) - len(tag)) + tag


def _tells_nothing(draft: Draft) -> bool:
    return draft.auto is Auto.REPLIED and not draft.subject


def _head(draft: Draft, subject: str, own_id: str) -> Iterator[tuple[str, bytes]]:
    """The header fields in order, each with its name."""
    told_nothing = _tells_nothing(draft)
    sender = Mailbox(address=draft.reply_address, name=draft.from_name)
    chain = fields.references((*draft.references, draft.in_reply_to), fields.message_id(draft.thread_id))
    parent = fields.message_id(draft.in_reply_to)
    yield "From", fields.mailbox("From", sender)
    yield "Reply-To", fields.mailbox("Reply-To", sender)
    yield "To", fields.mailbox("To", Mailbox(address=draft.to.address) if told_nothing else draft.to)
    yield "Subject", fields.unstructured("Subject", subject)
    yield "Date", fields.date(draft.date)
    yield "Message-ID", fields.message_ids("Message-ID", [own_id])
    if parent:
        yield "In-Reply-To", fields.message_ids("In-Reply-To", [parent])
    if chain:
        yield "References", fields.message_ids("References", chain)
    if not told_nothing and (topic := fields.one_line(draft.thread_topic, fields.SUBJECT_CHARACTERS)):
        yield "Thread-Topic", fields.unstructured("Thread-Topic", topic)
    if draft.auto is not Auto.NO:
        yield "Auto-Submitted", f"Auto-Submitted: {draft.auto.value}\r\n".encode("ascii")
        yield "X-Auto-Response-Suppress", b"X-Auto-Response-Suppress: All\r\n"
    yield MARKER, fields.unstructured(MARKER, f"{draft.tag} {draft.brand.domain}")
    for mark in draft.passed:
        yield MARKER, fields.unstructured(MARKER, mark)
    for name, value in draft.extra:
        if _EXTRA.fullmatch(name) is None or name == MARKER:
            raise fields.FieldError(f"{name!r} is not a further field that a mail may carry")
        # RFC 8058 3.1 and RFC 2369 2: a program takes the URL between the angle brackets as it stands.
        write = fields.literal if name.startswith("List-") else fields.unstructured
        yield name, write(name, value)


def _body(text: str, html: str, attachments: tuple[Attachment, ...], seed: str) -> bytes:
    """The MIME entity: the text, with its HTML form as the richer alternative, with the files."""
    entity = writing.text_part(text, "plain")
    if html:
        entity = writing.multipart("alternative", [entity, writing.text_part(html, "html")], seed)
    if attachments:
        entity = writing.multipart("mixed", [entity, *map(writing.attachment_part, attachments)], seed)
    return entity
