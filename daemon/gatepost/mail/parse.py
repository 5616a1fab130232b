"""Raw bytes to a `Letter`: the one place where a mail is read, and the one module that the rest of the house calls.

A bad mail is read as far as it goes and says so in `troubles`; only what breaks a limit is refused, as hostile, with
its cause. Reading the same bytes twice gives the same Letter. Credentials are masked here, before anybody else sees the
words. It leaves alone who the sender is to us.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ..core.letter import Forwarded, Letter, Mailbox, Report, Trouble
from ..errors import PermanentError
from . import address, body, bounce, compat, forward, header, mime, quote
from .confusable import confusable
from .fingerprint import fingerprint
from .guard import Guard
from .language import language

# Room for what mail systems of ours write above a mail that they let in.
TRACE_OCTETS = 65_536

_ADDRESS_FIELDS = ("from", "to", "cc", "reply-to", "date")
_MBOX = (b"From ", b">From ")
_KEPT = ("message-id", "from", "subject", "references", "in-reply-to")
_ONCE = ("date", "subject", "message-id", "to", "cc", "reply-to", "in-reply-to", "references")


class Cause(StrEnum):
    """Why a mail was refused as hostile; a closed list."""

    HEADER_BOMB = "header_bomb"
    MESSAGE_TOO_LARGE = "message_too_large"


class HostileMail(PermanentError):
    """A mail that breaks a limit and is not read. Permanent: the same bytes will be refused again."""

    exit_code = 65

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """What reading one mail may meet. Beyond the first two it is refused; beyond the others the rest is left out."""

    message_octets: int = 26_214_400
    header_octets: int = 262_144
    fields: int = 1_000
    depth: int = mime.MULTIPART_DEPTH
    parts: int = mime.PARTS
    attachments: int = 50


LIMITS = ReadLimits()


def read_letter(raw: bytes, *, limits: ReadLimits = LIMITS) -> Letter:
    """The letter that `raw` is. Raises HostileMail for a limit broken, and nothing for a bad mail."""
    if len(raw) > limits.message_octets:
        raise HostileMail(Cause.MESSAGE_TOO_LARGE, f"the mail has {len(raw)} octets; {limits.message_octets} are read")
    raw = _begun(raw)
    head = header.split(raw, most=limits.fields, longest=limits.header_octets)
    if head.fields and head.body == limits.header_octets < len(raw):
        raise HostileMail(Cause.HEADER_BOMB, f"the header section has over {limits.header_octets} octets")
    try:
        return _letter(raw, head, mime.read(raw, head, depth=limits.depth, parts=limits.parts), limits)
    except Exception:
        # A fault of ours must not cost a mail: its words are kept, and staff see that the reader stumbled.
        bare = header.Section(tuple(field for field in head.fields if field[0] in _KEPT), head.body)
        letter = _letter(raw, bare, mime.read(raw, bare, depth=0), limits)
        return replace(letter, troubles=(*letter.troubles, Trouble.READER_STUMBLED))


def _begun(raw: bytes) -> bytes:
    """The mail without what mail stores put before its first field: a byte order mark, blank lines, `From ` lines.

    A mail whose lines end in CR alone is read with LF instead.
    """
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while start < len(raw) and raw[start] in b"\r\n":
        start += 1
    while raw.startswith(_MBOX, start) and not raw.startswith(b"From :", start):
        start = raw.find(b"\n", start) + 1 or len(raw)
    raw = raw[start:] if start else raw
    if b"\r" in raw[:1_000] and b"\n" not in raw[:1_000] and b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return raw


def _letter(raw: bytes, head: header.Section, parts: mime.Tree, limits: ReadLimits) -> Letter:
    hints = _charsets(head, parts)
    addresses = address.Addresses(_first_fields(head), hints)
    sender, from_trouble = _sender(head, hints)
    content = body.read(parts, hints)
    guard = Guard()
    text = guard.text(content.text)
    files = guard.files(body.attachments(content, limits.attachments, hints))
    message_ids = header.message_ids(head.first("message-id"), 1)
    fields = guard.fields((name, header.unfold(value, hints)) for name, value in head.fields)
    date = addresses.date
    subject = guard.text(header.readable(head.first("subject"), hints))
    troubles = [
        *from_trouble,
        *_missing(head, date is None, not message_ids),
        *_structural(head, parts),
        *([Trouble.CHARSET_GUESSED] if content.guessed else []),
        *([Trouble.TEXT_CUT] if content.cut else []),
        *([Trouble.TOO_MANY_PARTS] if parts.too_many or len(content.files) > limits.attachments else []),
    ]
    report = _report(parts.root)
    reply, relayed = quote.parted(text)
    return Letter(
        sender=sender,
        from_=addresses.of("from"),
        to=addresses.of("to"),
        cc=addresses.of("cc"),
        reply_to=addresses.of("reply-to"),
        subject=subject,
        message_id=message_ids[0] if message_ids else "",
        in_reply_to=header.message_ids(head.first("in-reply-to")),
        references=header.message_ids(head.first("references")),
        date=date,
        headers=fields,
        text=text,
        reply_text=reply,
        relay_text=relayed,
        language=language(fields, text),
        attachments=files,
        report=report,
        forwarded=_guarded(guard, forward.find(subject, text, parts, hints)) if report is None else None,
        secrets=guard.kinds,
        troubles=tuple(dict.fromkeys(troubles)),
        fingerprint=fingerprint(raw, head),
    )


def _report(root: mime.Part) -> Report | None:
    """What the mail reports; a text alone is first asked by its header, which says no for most."""
    if not root.children and root.type.startswith("text/") and not bounce.may_be_one(compat.fields(root)):
        return None
    return bounce.report(compat.message(root))


def _guarded(guard: Guard, forwarded: Forwarded | None) -> Forwarded | None:
    """The forwarded mail without credentials."""
    if forwarded is None:
        return None
    return replace(forwarded, subject=guard.text(forwarded.subject), words=guard.text(forwarded.words))


def _first_fields(head: header.Section) -> dict[str, bytes]:
    """The first field of each name that mail-parser reads; later ones are told in `troubles`, not read."""
    fields: dict[str, bytes] = {}
    for name, value in head.fields:
        if name in _ADDRESS_FIELDS:
            fields.setdefault(name, value)
    return fields


def _charsets(head: header.Section, parts: mime.Tree) -> tuple[str, ...]:
    """The charsets that the mail names anywhere: hints for the places where it names none."""
    named = [part.params["charset"] for part in parts.leaves() if "charset" in part.params]
    for name in ("subject", "from", "to"):
        value = head.first(name)[:2_000]
        at = value.find(b"=?")
        if at >= 0:
            named.append(value[at + 2 : at + 42].split(b"?")[0].split(b"*")[0].decode("ascii", "replace"))
    return tuple(dict.fromkeys(label.lower() for label in named[:20]))


def _sender(head: header.Section, hints: tuple[str, ...]) -> tuple[Mailbox | None, list[Trouble]]:
    """The single author of a strict From field, or the reason why there is none (D17, D19)."""
    fields = head.all("from")
    if not fields or not any(value.strip() for value in fields):
        return None, [Trouble.FROM_MISSING]
    mailbox = address.strict(address.field_text(fields[0], hints)) if len(fields) == 1 else None
    if mailbox is None:
        return None, [Trouble.FROM_AMBIGUOUS]
    return mailbox, [Trouble.FROM_CONFUSABLE] if confusable(f"{mailbox.name} {mailbox.address}") else []


def _missing(head: header.Section, no_date: bool, no_message_id: bool) -> Iterable[Trouble]:
    if no_date:
        yield Trouble.DATE_INVALID if head.first("date").strip() else Trouble.DATE_MISSING
    if no_message_id:
        yield Trouble.MESSAGE_ID_MISSING
    if any(len(head.all(name)) > 1 for name in _ONCE):
        yield Trouble.HEADER_REPEATED


def _structural(head: header.Section, parts: mime.Tree) -> Iterable[Trouble]:
    if head.cut:
        yield Trouble.HEADER_TRUNCATED
    if head.broken or parts.broken:
        yield Trouble.STRUCTURE_BROKEN
    if parts.too_deep:
        yield Trouble.NESTED_TOO_DEEP
