"""Structured values with parameters, such as Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231).

Linear, bounded in the number of parameters, and never raising: what real programs write here breaks every rule.
"""

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from .charset import decode
from .header import joined, octets_to_text

_SEGMENTS = 100


def parameters(value: bytes, hints: Iterable[str] = ()) -> tuple[str, dict[str, str]]:
    """A value and its parameters, as in Content-Type: names in lower case, continuations joined (RFC 2231).

    The first of two parameters of one name counts, and the extended form before the plain one. Never raises.
    """
    hints = tuple(hints)
    text = octets_to_text(joined(value[:65_536]), hints)
    head, *pieces = _semicolons(text)
    if " " in head and "=" in head:
        # The first semicolon was forgotten: `text/plain charset=utf-8`.
        head, _, first = head.strip().partition(" ")
        pieces.insert(0, first)
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
        # A comment may follow (RFC 2045 5.1): `us-ascii (Plain text)`. File names have brackets without a blank too.
        return content.partition(" (")[0] if content.endswith(")") and "." not in content else content
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
