"""The envelope of a mail that was found lying somewhere, in a mailbox or an archive: read from its header.

It asks the trace fields of delivery first, then whom it was written to, and keeps the addresses that are ours. It reads
capped text by words, without a parser, since it runs outside the reader's limits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from ..core import Millis
from ..core.addresses import Addresses
from ..core.letter import Door, Envelope
from ..mail.address import field_text, strict
from ..mail.header import Section, joined, octets_to_text, split

_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "to", "cc")
_HEAD_OCTETS = 65_536
_VALUE_OCTETS = 16_384
_MOST = 50
_BETWEEN = str.maketrans(dict.fromkeys("<>,;:()[]\"'\\\t\r\n", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMail:
    """What the header says: the envelope, and when the mail came, None where it does not say."""

    envelope: Envelope
    received: Millis | None


def read_found(raw: bytes, addresses: Addresses, *, door: Door, source: str, otherwise: str) -> FoundMail:
    """The envelope of the mail `raw`, which lay in `source`; `otherwise` is its recipient where it names none of ours.

    Never raises; the mail may be of any size, its header is read up to 64 KiB.
    """
    head = split(raw, most=500, longest=_HEAD_OCTETS)
    named = (word for name in _RECIPIENTS for value in head.all(name) for word in _words(value))
    ours = tuple(dict.fromkeys(word for word in named if addresses.locate(word) is not None))[:_MOST]
    envelope = Envelope(mail_from=_sender(head), recipients=ours or (otherwise,), door=door, peer=source)
    return FoundMail(envelope=envelope, received=came(head))


def came(head: Section) -> Millis | None:
    """When the mail came: behind the semicolon of the topmost Received (RFC 5321 4.4), else the Date field."""
    received = joined(head.first("received")[:_VALUE_OCTETS]).rpartition(b";")[2]
    for value in (received, head.first("date")):
        at = _instant(octets_to_text(joined(value[:200])))
        if at is not None:
            return at
    return None


def _instant(text: str) -> Millis | None:
    """A date in milliseconds; one without a zone is taken as UTC."""
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return int(moment.timestamp() * 1000) if 1970 < moment.year < 2200 else None
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None


def _sender(head: Section) -> str:
    """The envelope sender as the last server wrote it (RFC 5321 4.4), '' for the null sender; else the one From."""
    for value in head.all("return-path")[:1]:
        return next(_words(value), "")
    box = strict(field_text(head.first("from")[:_VALUE_OCTETS]))
    return box.address if box is not None else ""


def _words(value: bytes) -> Iterator[str]:
    """What looks like an address in a field."""
    for word in octets_to_text(joined(value[:_VALUE_OCTETS])).translate(_BETWEEN).split():
        if word.count("@") == 1 and len(word) <= 320:
            yield word
