"""Header fields on their way out: text becomes RFC 5322 field bytes that hold nothing but what was meant.

Every value is made one clean line first and encoded afterwards, never the other way round: a decoded encoded-word may
hold a line break of its own. Reading fields of foreign mail is `parse`'s work.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from ..core import Millis
from ..core.letter import Mailbox
from ..errors import PermanentError
from . import international

NAME_CHARACTERS = 120
SUBJECT_CHARACTERS = 220
REFERENCES_CHARACTERS = 1_500
_ID_CHARACTERS = 300
_LONGEST_LINE = 998

_INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0\s]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS = re.compile(
    r'(?:[A-Za-z0-9!#$%&\'*+/=?^_`{|}~.-]{1,64}|"(?:[ !#-\[\]-~]|\\[ -~]){0,62}")'
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
)
_MESSAGE_ID = re.compile(r"[!-;=?-~]+")
_ANGLED = re.compile(r"<([^<>\s]{1,998})>")
_PLAIN_FILENAME = re.compile(r"[A-Za-z0-9_()+,=@~.-](?:[A-Za-z0-9 _()+,=@~.-]{0,58}[A-Za-z0-9_()+,=@~.-])?")
_ATTRIBUTE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{}~")
_Q_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


class FieldError(PermanentError):
    """A value cannot be written into its header field."""


def one_line(text: str, limit: int = 0) -> str:
    """`text` as one line: controls and line ends of every kind become a space, invisible direction marks go.

    With a `limit`, at most that many characters, the last of them an ellipsis where something was cut.
    """
    if text.isascii() and text.isprintable():
        line = " ".join(text.split())
    else:
        line = _CONTROLS.sub(" ", _INVISIBLE.sub("", text)).strip()
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def literal(name: str, value: str) -> bytes:
    """A field whose value programs read as it stands, not encoded and not folded. Raises FieldError for any other."""
    line = f"{name}: {value}"
    if not (value.isascii() and value.isprintable()) or len(line) > _LONGEST_LINE:
        raise FieldError(f"{name} cannot be written as it stands")
    return line.encode("ascii") + b"\r\n"


def unstructured(name: str, text: str) -> bytes:
    """The field `name` with free text: plain ASCII folded at spaces, all else as encoded-words (RFC 2047 2)."""
    line = one_line(text)
    if line.isascii() and "=?" not in line and not _has_long_word(line):
        return _folded(name, line.split(" "))
    return _folded(name, encoded_words(line))


def mailbox(name: str, box: Mailbox) -> bytes:
    """The field `name` with one mailbox. Raises FieldError for an address that is not plain (RFC 5321 4.1.2).

    Only a local part beyond ASCII stands there in UTF-8 (RFC 6532 3.2); names are encoded as ever.
    """
    spec = f"<{address(box.address)}>"
    phrase = _phrase(one_line(box.name, NAME_CHARACTERS))
    return _folded(name, [*phrase, spec] if phrase else [spec[1:-1]])


def writable(text: str) -> bool:
    """Whether `text` is one address that can stand in an envelope and a header, of ASCII or beyond (RFC 6531)."""
    return bool(_written(text))


def address(text: str) -> str:
    """`text` as it stands in an envelope and a header, its domain in ASCII. Raises FieldError for no single address."""
    if written := _written(text):
        return written
    raise FieldError(f"{text!r} is not a mail address that can be written to", "Correct the address on the ticket.")


def _written(text: str) -> str:
    plain = text if text.isascii() else international.written(text)
    if plain and not plain.isascii():
        return plain
    fits = len(plain) <= 254 and ".." not in plain.rpartition("@")[0].strip('"')
    return plain if fits and _ADDRESS.fullmatch(plain) is not None else ""


def message_ids(name: str, ids: Iterable[str]) -> bytes:
    """The field `name` with message ids, one to a line."""
    return _folded(name, [f"<{bare}>" for bare in ids], width=0)


def message_id(text: str) -> str:
    """The bare id in `text`, angle brackets or none; '' for what cannot be written (8-bit, spaces, too long)."""
    found = _ANGLED.search(text)
    bare = found.group(1) if found else text.strip()
    return bare if len(bare) <= _ID_CHARACTERS and _MESSAGE_ID.fullmatch(bare) else ""


def references(ids: Iterable[str], last: str) -> tuple[str, ...]:
    """Bare ids in order without repeats, `last` at the end; the first and the newest stay when there are too many.

    RFC 5322 3.6.4 lets the chain grow for ever; at most about 1,500 characters of it are kept (D4).
    """
    bare = [i for i in dict.fromkeys(message_id(text) for text in ids) if i and i != last]
    if last:
        bare.append(last)
    if not bare:
        return ()
    kept: list[str] = []
    room = REFERENCES_CHARACTERS - len(bare[0]) - 3
    for one in reversed(bare[1:]):
        room -= len(one) + 3
        if room < 0 and kept:
            break
        kept.append(one)
    return (bare[0], *reversed(kept))


def date(at: Millis) -> bytes:
    """The Date field of the instant `at`, in UTC (RFC 5322 3.3)."""
    return b"Date: " + format_datetime(datetime.fromtimestamp(at // 1000, UTC)).encode("ascii") + b"\r\n"


def filename_parameter(filename: str) -> bytes:
    """The parameter filename with what precedes it; RFC 2231 form where it is not short, plain ASCII."""
    if _PLAIN_FILENAME.fullmatch(filename):
        return f';\r\n filename="{filename}"'.encode("ascii")
    pieces, line = [], b""
    for octet in filename.encode("utf-8", "replace"):
        unit = bytes((octet,)) if octet in _ATTRIBUTE else b"%%%02X" % octet
        if len(line) + len(unit) > 56:
            pieces.append(line)
            line = b""
        line += unit
    pieces.append(line)
    if len(pieces) == 1:
        return b";\r\n filename*=UTF-8''" + pieces[0]
    first = b";\r\n filename*0*=UTF-8''" + pieces[0]
    return first + b"".join(b";\r\n filename*%d*=%b" % (n, piece) for n, piece in enumerate(pieces[1:], 1))


@lru_cache(maxsize=1024)
def encoded_words(line: str) -> list[str]:
    """`line` as encoded-words short enough for the first line of any field of ours (RFC 2047 2: lines of 76).

    None of them splits a character (RFC 2047 5).
    """
    raw = line.encode("utf-8", "replace")
    quoted = sum(octet in _Q_WORD or octet == 32 for octet in raw) * 3 >= len(raw) * 2
    words, piece, length = [], b"", 0
    for character in line:
        octets = character.encode("utf-8", "replace")
        cost = sum(1 if o in _Q_WORD or o == 32 else 3 for o in octets) if quoted else len(octets)
        if length + cost > (48 if quoted else 36):
            words.append(_word(piece, quoted))
            piece, length = b"", 0
        piece += octets
        length += cost
    words.append(_word(piece, quoted))
    return words


def _word(piece: bytes, quoted: bool) -> str:
    if not quoted:
        return f"=?utf-8?b?{b64encode(piece).decode('ascii')}?="
    body = "".join("_" if o == 32 else chr(o) if o in _Q_WORD else f"={o:02X}" for o in piece)
    return f"=?utf-8?q?{body}?="


def _phrase(name: str) -> list[str]:
    """A display name as the words of a phrase: atoms, one quoted-string, or encoded-words (RFC 5322 3.2.5)."""
    if not name:
        return []
    if not name.isascii() or "=?" in name:
        return encoded_words(name)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _folded(name: str, words: list[str], width: int = 76) -> bytes:
    """The field with its words parted by spaces, on lines of at most `width` where the words allow it."""
    line, lines = f"{name}:", []
    for word in words:
        if len(line) + 1 + len(word) > width and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _has_long_word(line: str) -> bool:
    return len(line) > 76 and max(map(len, line.split(" "))) > 76
