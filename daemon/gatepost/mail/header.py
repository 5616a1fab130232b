"""The header section of a mail: fields as they stand, unfolded text, Message-IDs.

It reads the raw bytes itself, since the fields that matter most are those that break the rules (RFC 7103 7), and it is
linear in their length. Addresses are read in `address`, parameters in `parameter`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .charset import decode
from .encoded_word import decode_words

VALUE_CHARACTERS = 8_192
SUBJECT_CHARACTERS = 998
_FAMILIAR = (
    "x-", "content-", "mime-", "received", "return-path", "from", "to", "cc", "subject", "date", "message-id",
    "reply-to", "sender", "references", "in-reply-to", "delivered-to", "dkim-", "arc-", "list-", "user-agent",
)  # fmt: skip
_NAME = frozenset(range(33, 127)) - {58}
# Bidirectional controls and tag characters can make a name look like another one; they have no place on one line.
_HIDDEN = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080), 0x200E, 0x200F])
_BREAKS = {**dict.fromkeys([*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029], " "), **_HIDDEN}
_BREAKS[0] = None


@dataclass(frozen=True, slots=True)
class Section:
    """The fields of one header section in their order, names in lower case, values raw and still folded."""

    fields: tuple[tuple[str, bytes], ...]
    body: int
    broken: bool = False
    cut: bool = False

    def first(self, name: str) -> bytes:
        """The raw value of the first field `name`, or b''."""
        return next((value for key, value in self.fields if key == name), b"")

    def all(self, name: str) -> list[bytes]:
        """The raw values of every field `name`."""
        return [value for key, value in self.fields if key == name]


def split(
    octets: bytes, start: int = 0, end: int | None = None, *, most: int = 1_000, longest: int = 262_144
) -> Section:
    """The header section of `octets[start:end]`, which ends at the first empty line (RFC 5322 2.1).

    `body` is the offset of the body in `octets`. A line that is no field and no continuation ends the section where a
    body plainly begins, and is passed over elsewhere; either is `broken`. Of more than `most` fields the rest is `cut`,
    and so is a section of more than `longest` octets.
    """
    end = len(octets) if end is None else end
    whole, end = end, min(end, start + longest)
    fields: list[tuple[str, bytes]] = []
    values: list[bytes] = []
    at, broken, cut = start, False, False
    name = ""

    def close() -> None:
        nonlocal cut
        if name and len(fields) < most:
            fields.append((name, b"\n".join(values) if len(values) > 1 else values[0]))
        elif name:
            cut = True

    while at < end:
        stop = octets.find(b"\n", at, end)
        if stop < 0 and end < whole:
            break
        after = end if stop < 0 else stop + 1
        line = octets[at : end if stop < 0 else stop].rstrip(b"\r")
        if not line:
            close()
            return Section(tuple(fields), after, broken, cut)
        if line[0] in b" \t" and (name or _colon(line.lstrip()) < 0):
            values.append(line)
            broken = broken or not name
        elif name.startswith("content-") and values[-1].endswith(b";") and b"=" in line and _colon(line) < 0:
            values.append(line)
            broken = True
        elif (colon := _colon(line)) >= 0:
            close()
            name = line[:colon].strip().decode("ascii").lower()
            values = [line[colon + 1 :]]
        elif _is_body(octets[after : min(end, after + 2_000)], line, bool(fields or name)):
            close()
            return Section(tuple(fields), at, True, cut)
        else:
            broken = True
        at = after
    close()
    return Section(tuple(fields), end, broken, cut or end < whole)


def _colon(line: bytes) -> int:
    """Where the field name of `line` ends, or -1: names are printable ASCII; blanks before the colon are forgiven."""
    colon = line.find(b":", 0, 200)
    if colon <= 0:
        return -1
    name = line[:colon].strip(b" \t")
    return colon if name and all(octet in _NAME for octet in name) else -1


def _is_body(following: bytes, line: bytes, begun: bool) -> bool:
    """Whether a line that is no field begins the body: the empty line was lost, or there is no header at all.

    It is junk inside the header where one of the next lines is a field that mail systems know.
    """
    if line.startswith((b"From ", b">From ")):
        return False
    if not begun or line.startswith((b"--", b"<")):
        return True
    for next_line in following.split(b"\n")[:4]:
        if not next_line.strip():
            return True
        colon = _colon(next_line)
        if colon >= 0 and next_line[:colon].strip().lower().decode("ascii").startswith(_FAMILIAR):
            return False
    return True


def octets_to_text(value: bytes, hints: Iterable[str] = ()) -> str:
    """A raw value as text, raw eight-bit octets included (RFC 6532, or a charset that has to be guessed)."""
    if value.isascii():
        return value.decode("ascii")
    return decode(value, "", hints)[0]


def one_line(text: str, most: int = VALUE_CHARACTERS) -> str:
    """Text without line ends, controls and hidden direction marks, of at most `most` characters."""
    return text[: 4 * most].replace("\r\n", "\n").translate(_BREAKS).strip()[:most]


def unfold(value: bytes, hints: Iterable[str] = ()) -> str:
    """A field value on one line, encoded words left as they are (RFC 5322 2.2.3)."""
    return one_line(octets_to_text(joined(value), hints))


def readable(value: bytes, hints: Iterable[str] = (), most: int = SUBJECT_CHARACTERS) -> str:
    """An unstructured value for people: unfolded, encoded words decoded, on one line."""
    return one_line(decode_words(octets_to_text(joined(value[:262_144]), hints), hints), most)


def joined(value: bytes) -> bytes:
    """A raw value with its folding undone and its outer blanks gone."""
    if b"\n" not in value:
        return value.strip(b" \t\r")
    return b" ".join(line.strip(b" \t\r") for line in value.split(b"\n")).strip()


def message_ids(value: bytes, most: int = 100) -> tuple[str, ...]:
    """The Message-IDs of a value such as References, with their angle brackets, the first `most` of them.

    Without any bracket the bare words that look like an id are taken. An id holds no blank: folding inside one is
    removed (RFC 5322 3.6.4).
    """
    text = unfold(value[:65_536])
    ids: list[str] = []
    at = 0
    while len(ids) < most and (start := text.find("<", at)) >= 0:
        end = text.find(">", start)
        if end < 0:
            break
        inner = "".join(text[start + 1 : end].rpartition("<")[2].split())
        if inner and len(inner) <= 998:
            ids.append(f"<{inner}>")
        at = end + 1
    if not ids:
        ids = [f"<{word.strip('<>,;')}>" for word in text.split() if "@" in word and len(word) <= 998][:most]
    return tuple(dict.fromkeys(ids))
