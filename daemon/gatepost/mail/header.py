"""The header section of a mail: fields as they stand, unfolded text, Message-IDs.

It reads the raw bytes itself, since the fields that matter most are those that break the rules (RFC 7103 7), and it is
linear in their length. Addresses are read in `address`, parameters in `parameter`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .charset import decode
from .encoded_word import decode_words

VALUE_CHARACTERS = 8_192
SUBJECT_CHARACTERS = 998
_LINES_A_FIELD = 8
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
    _named: dict[str, list[bytes]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.fields:
            self._named.setdefault(name, []).append(value)

    def first(self, name: str) -> bytes:
        """The raw value of the first field `name`, or b''."""
        values = self._named.get(name)
        return values[0] if values else b""

    def all(self, name: str) -> Sequence[bytes]:
        """The raw values of every field `name`."""
        return self._named.get(name, ())


class _Fields:
    """The fields of a section while its lines are read; the last one stays open for continuation lines."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.fields: list[tuple[str, bytes]] = []
        self.name = ""
        self.values: list[bytes] = []
        self.broken = self.cut = False

    def open(self, line: bytes, colon: int) -> None:
        """Begin the field whose name ends at `colon`."""
        self.close()
        self.name = line[:colon].strip().decode("ascii").lower()
        self.values = [line[colon + 1 :]]

    def close(self) -> None:
        """End the open field."""
        if self.name and len(self.fields) < self._most:
            self.fields.append((self.name, b"\n".join(self.values)))
        elif self.name:
            self.cut = True
        self.name = ""

    def goes_on(self, line: bytes) -> bool:
        """Whether `line` continues the open field: it is indented, or its indentation was lost behind a semicolon."""
        if line[0] in b" \t":
            return bool(self.name) or _colon(line) < 0
        lost = self.name.startswith("content-") and self.values[-1].endswith(b";") and b"=" in line
        return lost and _colon(line) < 0

    def section(self, body: int) -> Section:
        """The section, ended where the body begins."""
        self.close()
        return Section(tuple(self.fields), body, self.broken, self.cut)


def split(
    octets: bytes, start: int = 0, end: int | None = None, *, most: int = 1_000, longest: int = 262_144
) -> Section:
    """The header section of `octets[start:end]`, which ends at the first empty line (RFC 5322 2.1).

    `body` is the offset of the body in `octets`. A line that is no field and no continuation ends the section where a
    body plainly begins, and is passed over elsewhere; either is `broken`. Of more than `most` fields, or some lines for
    each of them, the rest is `cut`, and so is a section of more than `longest` octets.
    """
    whole = len(octets) if end is None else end
    end = min(whole, start + longest)
    found = _Fields(most)
    at = start
    for _ in range(_LINES_A_FIELD * most):
        if at >= end or found.cut:
            break
        stop = octets.find(b"\n", at, end)
        if stop < 0 and end < whole:
            at = end
            break
        after = end if stop < 0 else stop + 1
        line = octets[at : end if stop < 0 else stop].rstrip(b"\r")
        if not line:
            return found.section(after)
        if found.goes_on(line):
            found.broken = found.broken or not found.name or line[0] not in b" \t"
            found.values.append(line)
        elif (colon := _colon(line)) >= 0:
            found.open(line, colon)
        else:
            found.broken = True
            if _is_body(octets[after : min(end, after + 2_000)], line, bool(found.fields or found.name)):
                return found.section(at)
        at = after
    if at < end:
        # More than anybody writes: the rest is passed over, up to the empty line.
        found.cut = True
        return found.section(_after_empty_line(octets, at - 1, end))
    found.cut = found.cut or end < whole
    return found.section(end)


def _after_empty_line(octets: bytes, at: int, end: int) -> int:
    ends = [place + len(mark) for mark in (b"\n\n", b"\n\r\n") if (place := octets.find(mark, max(at, 0), end)) >= 0]
    return min(ends, default=end)


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
    text = text[: 4 * most]
    if not (text.isascii() and text.isprintable()):  # Most values are, and have nothing to be taken out.
        text = text.replace("\r\n", "\n").translate(_BREAKS)
    return text.strip()[:most]


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
