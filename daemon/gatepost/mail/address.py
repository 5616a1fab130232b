"""Addresses in headers: the one strict From grammar that identity rests on, and the forgiving reading for display.

The strict grammar accepts `addr-spec`, `<addr-spec>`, `name <addr-spec>` and `addr-spec (name)`, and nothing else:
whatever two programs could read differently names nobody (RFC 7103 7.5, RFC 5322 3.4). Lists for display are read by
mail-parser.
"""

import logging
from datetime import datetime
from email.utils import parsedate_to_datetime

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from ..core import Millis
from ..core.letter import Mailbox
from .encoded_word import decode_words, masked, unmasked
from .header import octets_to_text, one_line, unfold

# mail-parser logs what it cannot decode, which is the words of a mail.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)

ADDRESSES = 100
_LIST_OCTETS = 16_384
_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~")
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def strict(text: str) -> Mailbox | None:
    """The single mailbox of an unfolded From field, or None where it is none, several or doubtful.

    The domain is lower-case, in ASCII form (RFC 5891), the local part as written; no plus folding, no case folding.
    """
    text = text.strip()
    if text.endswith(">"):
        phrase, bracket, address = text[:-1].rpartition("<")
        if not bracket or not _phrase(phrase):
            return None
        name = phrase
    elif text.endswith(")"):
        address, paren, name = text[:-1].partition("(")
        if not paren or any(character in name for character in '()<>@\\"'):
            return None
        address = address.rstrip(" ")
    else:
        address, name = text, ""
    canonical = addr_spec(address)
    return None if canonical is None else Mailbox(address=canonical, name=display_name(name))


def addr_spec(address: str) -> str | None:
    """`local@domain` in its canonical form, or None. Quoted local parts count only where the quotes are needless."""
    local, at, domain = address.rpartition("@")
    if not at or len(local.encode()) > 64 or len(address) > 320:
        return None
    if len(local) > 2 and local[0] == local[-1] == '"':
        local = local[1:-1]
        if not all(character in _ATEXT or character == "." for character in local):
            return None
    elif not _dot_atom(local):
        return None
    if local.startswith("=?") or "=?" in local:
        return None
    host = _domain(domain)
    return None if host is None else f"{local}@{host}"


def _dot_atom(local: str) -> bool:
    return all(
        atom and all(character in _ATEXT or (character > "\x9f" and character.isprintable()) for character in atom)
        for atom in local.split(".")
    )


def _domain(domain: str) -> str | None:
    """The domain in lower case and ASCII form; None for literals, empty or overlong labels, and trailing dots."""
    domain = domain.lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    labels = domain.split(".")
    right = all(
        0 < len(label) <= 63 and _LABEL.issuperset(label) and label[0] != "-" and label[-1] != "-" for label in labels
    )
    return domain if right and len(domain) <= 253 else None


def _phrase(phrase: str) -> bool:
    """Whether this can only be a display name: atoms, blanks, dots and well-formed quoted strings (RFC 5322 3.2.5)."""
    quoted = escaped = False
    for character in phrase:
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character in "()<>[]:;@\\,":
            return False
    return not quoted and not escaped


def display_name(phrase: str) -> str:
    """A display name for people: unquoted, encoded words decoded (also inside quotes), on one line."""
    text = phrase.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
        text = text.replace('\\"', '"').replace("\\\\", "\\")
    elif '"' in text:
        text = text.replace('"', "")
    text = one_line(decode_words(text), 200).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    return text


class Addresses:
    """The address and date fields of one mail, read by the two functions of mail-parser that read such a field.

    A whole MailParser would read each field twice and make much that nobody asks for. The scanner finds the mailboxes
    of a list by structure. It is given text whose raw eight-bit octets are already decoded, since it would lose them,
    encoded words as single letters, since it knows fewer charsets than mail does and would cut them at a comma, and
    lists of bounded length.
    """

    def __init__(self, fields: dict[str, bytes], hints: tuple[str, ...] = ()) -> None:
        self._texts = {name: unfold(_bounded(value), hints) for name, value in fields.items()}
        self._words: dict[str, list[str]] = {}
        self._pairs: dict[str, list[tuple[str, str]]] = {}
        self._date: datetime | None = None
        for name, text in self._texts.items():
            shown, self._words[name] = masked(text)
            if name == "date":
                self._date = parse_mail_date(shown).value
            else:
                self._pairs[name] = get_addresses(shown, decode_names=True)

    def of(self, name: str) -> tuple[Mailbox, ...]:
        """The mailboxes of the field, at most `ADDRESSES`; a forgiving reading where its grammar is broken."""
        pairs = [
            ("" if phrase == address else phrase, address) for phrase, address in self._pairs.get(name, ()) if address
        ]
        words = self._words.get(name, [])
        boxes = (_shown(unmasked(phrase, words), unmasked(address, words)) for phrase, address in pairs[:ADDRESSES])
        found = [box for box in boxes if box is not None]
        return tuple(found) or _salvaged(self._texts.get(name, ""))

    @property
    def date(self) -> Millis | None:
        """The Date field in milliseconds UTC, None where it is missing or names no instant."""
        if self._date is None:
            return _lenient_date(self._texts.get("date", ""))
        return int(self._date.timestamp() * 1000)


def _bounded(value: bytes) -> bytes:
    """The value, cut after a comma where it is a list of thousands."""
    if len(value) <= _LIST_OCTETS:
        return value
    cut = value.rfind(b",", 0, _LIST_OCTETS)
    return value[: cut if cut > 0 else _LIST_OCTETS]


def _shown(phrase: str, address: str) -> Mailbox | None:
    """A mailbox for display: address on one line without blanks, domain in lower case."""
    address = one_line(address, 320)
    address = " ".join(address.split()) if '"' in address else "".join(address.split())
    local, at, domain = address.rpartition("@")
    if not at:
        return None
    name = display_name(phrase)
    shown = f"{local}@{domain.lower()}"
    return Mailbox(address=shown, name="" if name == address else name)


def _salvaged(text: str) -> tuple[Mailbox, ...]:
    """What looks like addresses in a broken field: in angle brackets first, else bare words with one '@'."""
    text = decode_words(text[:4_096])
    boxes: list[Mailbox] = []
    at = 0
    while (start := text.find("<", at)) >= 0 and (end := text.find(">", start)) >= 0:
        if (box := _shown(text[at:start].strip(" ,;<>"), text[start + 1 : end].strip("<> "))) is not None:
            boxes.append(box)
        at = end + 1
    if not boxes:
        words = (word.strip("<>()[],;:'\"") for word in text.replace(",", " ").replace(";", " ").split())
        boxes = [box for word in words if word.count("@") == 1 and (box := _shown("", word)) is not None]
    return tuple(box for box in boxes[:ADDRESSES] if not box.address.startswith("@") and box.address[-1] != "@")


def _lenient_date(text: str) -> Millis | None:
    """A date that mail-parser refuses but that can mean only one instant, such as one without zone or seconds."""
    try:
        moment = parsedate_to_datetime(text[:200])
        if moment.tzinfo is None or not 1970 <= moment.year < 2200 or str(moment.year) not in text:
            return None
        return int(moment.timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None


def field_text(value: bytes, hints: tuple[str, ...] = ()) -> str:
    """The From field as the strict grammar reads it: unfolded, encoded words left alone."""
    return octets_to_text(value, hints).replace("\r\n", "\n").replace("\n", " ").replace("\t", " ").strip()
