"""The header section of a mail: fields as they stand, unfolded text, encoded words, parameters, Message-IDs.

It reads the raw bytes itself, since the fields that matter most are those that break the rules (RFC 7103 7), and it is
linear in their length. Addresses are read in `address`.
"""

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from .charset import decode

VALUE_CHARACTERS = 8_192
SUBJECT_CHARACTERS = 998
_WORD_OCTETS = 65_536
_SEGMENTS = 100
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
        after = end if stop < 0 else stop + 1
        line = octets[at : end if stop < 0 else stop].rstrip(b"\r")
        if not line:
            close()
            return Section(tuple(fields), after, broken, cut)
        if line[0] in b" \t":
            if name:
                values.append(line)
            elif line.strip():
                broken = True
        elif (colon := _colon(line)) >= 0:
            close()
            name = line[:colon].rstrip().decode("ascii").lower()
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
    name = line[:colon].rstrip(b" \t")
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
    return one_line(octets_to_text(_joined(value), hints))


def readable(value: bytes, hints: Iterable[str] = (), most: int = SUBJECT_CHARACTERS) -> str:
    """An unstructured value for people: unfolded, encoded words decoded, on one line."""
    return one_line(decode_words(octets_to_text(_joined(value[:262_144]), hints), hints), most)


def _joined(value: bytes) -> bytes:
    if b"\n" not in value:
        return value.strip(b" \t\r")
    return b" ".join(line.strip(b" \t\r") for line in value.split(b"\n")).strip()


def decode_words(text: str, hints: Iterable[str] = ()) -> str:
    """Decode the encoded words of `text` (RFC 2047), forgiving what real mail does to them.

    Neighbouring words of one charset are joined before they are decoded, since senders cut inside a character; blanks
    between neighbours vanish; words may touch other text, hold blanks, lack padding. What is no word stays as it is.
    """
    if "=?" not in text:
        return text
    out: list[str] = []
    pending: list[tuple[str, bytes]] = []
    at = 0
    hints = tuple(hints)
    while (start := text.find("=?", at)) >= 0:
        word = _word(text, start)
        between = text[at:start]
        if word is None:
            _flush(out, pending, hints)
            out.append(between + "=?")
            at = start + 2
            continue
        if between and not (pending and between.isspace()):
            _flush(out, pending, hints)
            out.append(between)
        charset, octets, at = word
        pending.append((charset, octets))
    _flush(out, pending, hints)
    out.append(text[at:])
    return "".join(out)


def _word(text: str, start: int) -> tuple[str, bytes, int] | None:
    """The encoded word at `start`: charset, octets, and where it ends; None where there is none."""
    first = text.find("?", start + 2, start + 80)
    if first < 0 or text[first + 2 : first + 3] != "?" or text[first + 1] not in "bBqQ":
        return None
    charset = text[start + 2 : first].partition("*")[0]
    end = text.find("?=", first + 3, first + _WORD_OCTETS)
    # '=?utf-8?Q??=' is empty; '=?utf-8?Q?=41?=' begins with '=', and the '?=' before it is not its end.
    if not charset or " " in charset:
        return None
    if end < 0:
        again = text.find("=?", first + 3)
        end = again if again >= 0 else len(text)
        after = end
        if text[first + 1] in "qQ" and "=" not in text[first + 3 : end]:
            return None
    else:
        after = end + 2
    content = text[first + 3 : end]
    octets = _q(content) if text[first + 1] in "qQ" else _b(content)
    return None if octets is None else (charset, octets, after)


def _flush(out: list[str], pending: list[tuple[str, bytes]], hints: tuple[str, ...]) -> None:
    """Decode the pending words: runs of one charset together, so that a cut character is whole again."""
    at = 0
    while at < len(pending):
        charset = pending[at][0]
        run = [pending[at][1]]
        at += 1
        while at < len(pending) and pending[at][0].lower() == charset.lower():
            run.append(pending[at][1])
            at += 1
        out.append(decode(b"".join(run), charset, hints)[0])
    pending.clear()


def _q(content: str) -> bytes:
    """The Q encoding (RFC 2047 4.2); an '=' that begins no pair of hex digits is itself."""
    octets = content.replace("_", " ").encode("utf-8", "surrogateescape")
    if b"=" not in octets:
        return octets
    first, *rest = octets.split(b"=")
    out = [first]
    for piece in rest:
        try:
            out.append(binascii.unhexlify(piece[:2]) + piece[2:])
        except ValueError:
            out.append(b"=" + piece)
    return b"".join(out)


def _b(content: str) -> bytes | None:
    """The B encoding (RFC 2047 4.1); foreign characters are passed over, missing padding is added."""
    letters = bytes(octet for octet in content.encode("ascii", "replace") if octet in _BASE64)
    if not letters and content.strip("= "):
        return None
    usable = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:usable] + b"=" * (-usable % 4))


_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


def parameters(value: bytes, hints: Iterable[str] = ()) -> tuple[str, dict[str, str]]:
    """A value and its parameters, as in Content-Type: names in lower case, continuations joined (RFC 2231).

    The first of two parameters of one name counts, and the extended form before the plain one. Never raises.
    """
    hints = tuple(hints)
    text = octets_to_text(_joined(value[:65_536]), hints)
    head, *pieces = _semicolons(text)
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces:
        name, equals, content = piece.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        content = _unquoted(content.strip())
        if "*" in name:
            _continue(extended, name, content)
        else:
            plain.setdefault(name, content)
    for name, segments in extended.items():
        plain[name] = _assembled(segments, hints)
    return head.strip().lower(), plain


def _semicolons(text: str) -> list[str]:
    """Cut at semicolons outside quotes. A quote that never ends is a character like any other."""
    if '"' not in text:
        return text.split(";")[:_SEGMENTS]
    pieces: list[str] = []
    at = start = 0
    while at < len(text) and len(pieces) < _SEGMENTS:
        if text[at] == ";":
            pieces.append(text[start:at])
            start = at + 1
        elif text[at] == '"':
            close = _closing(text, at + 1)
            if close < 0:
                return [*pieces, *text[start:].split(";")[: _SEGMENTS - len(pieces)]]
            at = close
        at += 1
    pieces.append(text[start:at])
    return pieces


def _closing(text: str, at: int) -> int:
    """Where the quoted string that began before `at` ends, or -1."""
    while (end := text.find('"', at)) >= 0:
        backslashes = end
        while backslashes > at and text[backslashes - 1] == "\\":
            backslashes -= 1
        if (end - backslashes) % 2 == 0:
            return end
        at = end + 1
    return -1


def _unquoted(content: str) -> str:
    if not content.startswith('"'):
        return content
    close = _closing(content, 1)
    inner = content[1:] if close < 0 else content[1:close]
    # Windows programs write unescaped paths; only a quote or a backslash can be meant by a backslash.
    return inner.replace('\\"', '"').replace("\\\\", "\\")


def _continue(extended: dict[str, dict[int, tuple[str, bool]]], name: str, content: str) -> None:
    """Note one segment `name*N*` (RFC 2231 3 and 4)."""
    base, _, rest = name.partition("*")
    encoded = rest.endswith("*") or not rest
    number = rest.rstrip("*")
    if not base or (number and not (number.isascii() and number.isdigit() and len(number) < 6)):
        return
    extended.setdefault(base, {}).setdefault(int(number or 0), (content, encoded))


def _assembled(segments: dict[int, tuple[str, bool]], hints: tuple[str, ...]) -> str:
    charset = ""
    octets: list[bytes] = []
    for place, (_, (content, encoded)) in enumerate(sorted(segments.items())):
        bare = content
        if encoded and place == 0 and content.count("'") >= 2:
            charset, _, bare = content.split("'", 2)
        octets.append(unquote_to_bytes(bare) if encoded else bare.encode("utf-8", "replace"))
    return decode(b"".join(octets), charset, hints)[0]


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
