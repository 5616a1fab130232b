"""Raw bytes to a tree of parts: where each begins and ends, what it says it is, and its content decoded.

The tree is made by offsets into the one `bytes` of the mail, so that 25 MB cost one copy of what is decoded and no
line objects, and a hostile mail costs its length times the depth limit at most. It stops at message/*: a forwarded
mail is one leaf (RFC 2046 5.2). The structures that real mail gets wrong are mended and noted, never refused.
"""

import binascii
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from .header import Section, split, unfold
from .parameter import parameters

MULTIPART_DEPTH = 100
PARTS = 1_000
# How many octets the search for delimiters may pass over: every level of nesting passes over the mail once more.
_SEARCHED_TIMES = 12
_SEARCHED_OCTETS = 100_000_000
_PART_FIELDS = 100
_DELIMITERS = 200_000
_UU_LINES = 600_000


@dataclass(slots=True, eq=False)
class Part:
    """One entity (RFC 2045 2.4): its header, the offsets of its body, and its children where it is a multipart."""

    raw: bytes = field(repr=False)
    start: int
    head: Section
    end: int
    type: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_params: dict[str, str] = field(default_factory=dict)
    children: list["Part"] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        """The body as it was sent, transfer encoding and all."""
        return self.raw[self.head.body : self.end]

    @property
    def whole(self) -> bytes:
        """Header and body as they were sent."""
        return self.raw[self.start : self.end]

    @property
    def encoding(self) -> str:
        """The transfer encoding by its lower-case name, '' where none is declared."""
        value = unfold(self.head.first("content-transfer-encoding")[:200]).lower()
        return value.split(";")[0].split("(")[0].strip(" \"'")

    @property
    def octets(self) -> int:
        """How long the body is as it was sent."""
        return self.end - self.head.body

    def content(self, most: int | None = None) -> bytes:
        """The body decoded, or what its first `most` octets hold. What does not decode is given as it is.

        Never raises.
        """
        end = self.end if most is None else min(self.end, self.head.body + most)
        return transfer_decoded(self.raw, self.head.body, end, self.encoding)

    def text(self, most: int) -> tuple[bytes, bytes]:
        """The content of a text part's first `most` octets, and the plain lines that stand behind its base64."""
        if self.encoding != "base64":
            return self.content(most), b""
        body, tail = plain_tail(self.raw[self.head.body : min(self.end, self.head.body + most)])
        return transfer_decoded(body, 0, len(body), "base64"), tail.strip()


@dataclass(slots=True, eq=False)
class Tree:
    """The parts of one mail, and what was wrong with their structure."""

    root: Part
    parts: int = 1
    broken: bool = False
    too_deep: bool = False
    too_many: bool = False

    def leaves(self) -> Iterator[Part]:
        """The parts without children, in their order."""
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            if part.children:
                waiting.extend(reversed(part.children))
            else:
                yield part


def read(raw: bytes, head: Section, *, depth: int = MULTIPART_DEPTH, parts: int = PARTS) -> Tree:
    """The tree of the mail `raw` whose header section is `head`. Deeper or further parts stay inside their parent."""
    root = _part(raw, 0, head, len(raw), "text/plain")
    tree = Tree(root)
    searched = max(_SEARCHED_TIMES * len(raw), _SEARCHED_OCTETS)
    waiting = deque([(root, 0)])
    while waiting:
        part, level = waiting.popleft()
        if not part.type.startswith("multipart/"):
            continue
        searched -= part.octets
        if level >= depth or searched < 0:
            tree.too_deep = True
            part.type = "application/octet-stream"
            continue
        part.children = _children(tree, part, parts)
        waiting.extend((child, level + 1) for child in part.children)
    return tree


def _part(raw: bytes, start: int, head: Section, end: int, default: str) -> Part:
    kind, params = parameters(head.first("content-type"))
    disposition, disposition_params = parameters(head.first("content-disposition"))
    return Part(
        raw, start, head, end, _type(kind, default), params, disposition.split(" ")[0], disposition_params
    )  # fmt: skip


def _type(kind: str, default: str) -> str:
    """A media type in lower case; a bare `text` or `multipart` means its usual kind (RFC 2045 5.2)."""
    major, slash, minor = kind.partition("/")
    major, minor = major.strip(), minor.strip().split(" ")[0]
    if not slash:
        return {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}.get(major, default)
    if not _token(major) or not _token(minor):
        return "application/octet-stream" if major not in ("text", "multipart") else f"{major}/plain"
    return f"{major}/{minor}"


def _token(word: str) -> bool:
    return bool(word) and len(word) <= 127 and word.isascii() and all(c.isalnum() or c in "!#$&^_.+-" for c in word)


def _children(tree: Tree, part: Part, most: int) -> list[Part]:
    """The parts of a multipart. Where its boundary is missing, wrong or never closed, what the body shows is taken."""
    boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "replace")
    spans, closed = _spans(part, boundary, most - tree.parts) if boundary else ([], False)
    if not spans and (guessed := _guessed_boundary(part)):
        spans, closed = _spans(part, guessed, most - tree.parts)
        tree.broken = True
    tree.broken = tree.broken or not closed
    tree.too_many = tree.too_many or (bool(spans) and tree.parts + len(spans) >= most)
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    children = []
    for start, end in spans:
        head = split(part.raw, start, end, most=_PART_FIELDS)
        children.append(_part(part.raw, start, head, end, default))
    if not children:
        part.type = "text/plain"
    tree.parts += len(children)
    return children


def _spans(part: Part, boundary: bytes, most: int) -> tuple[list[tuple[int, int]], bool]:
    """Where each part begins and ends, and whether the closing delimiter was there (RFC 2046 5.1.1)."""
    raw, end = part.raw, part.end
    spans: list[tuple[int, int]] = []
    begun = -1
    for at, after, closing in _delimiters(raw, part.head.body, end, boundary):
        if begun >= 0:
            spans.append((begun, max(begun, at)))
            if len(spans) >= most:
                return spans, True
        if closing:
            return spans, True
        begun = after
    if begun >= 0:
        spans.append((begun, end))
    return spans, False


def _delimiters(raw: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each delimiter line: where the content before it ends, where the next begins, whether it closes the multipart."""
    mark = b"--" + boundary
    at = raw.find(mark, start, end)
    # Lines that begin like a delimiter and are none are rare in mail; a heap of them is meant to cost.
    for _ in range(_DELIMITERS):
        if at < 0:
            return
        if at == start or raw[at - 1] in b"\r\n":
            stop = raw.find(b"\n", at, end)
            stop = end if stop < 0 else stop
            rest = raw[at + len(mark) : min(stop, at + len(mark) + 200)].rstrip(b" \t\r")
            if rest in (b"", b"--"):
                before = at - 1 if at > start else at
                if before > start and raw[before - 1 : before + 1] == b"\r\n":
                    before -= 1
                yield before, min(stop + 1, end), rest == b"--"
        at = raw.find(b"\n" + mark, at + 1, end)
        at += at >= 0


def _guessed_boundary(part: Part) -> bytes:
    """The delimiter that the body really uses: its first line of `--word` that is followed by a field."""
    at = part.head.body
    limit = min(part.end, at + 65_536)
    while 0 <= at < limit:
        stop = part.raw.find(b"\n", at, limit)
        stop = limit if stop < 0 else stop
        line = part.raw[at:stop].rstrip(b" \t\r")
        following = part.raw[stop + 1 : stop + 9].lower()
        if line.startswith(b"--") and 2 < len(line) <= 202 and b" " not in line and following == b"content-":
            return line[2:]
        at = stop + 1
    return b""


def transfer_decoded(raw: bytes, start: int, end: int, encoding: str) -> bytes:
    """Content by its transfer encoding (RFC 2045 6). An unknown or broken one gives the octets as they are."""
    body = memoryview(raw)[start:end]
    if encoding == "base64":
        return _base64(body)
    if encoding in ("quoted-printable", "quotedprintable", "qp"):
        return binascii.a2b_qp(body)
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return uudecoded(raw, start, end) or bytes(body)
    return bytes(body)


def _base64(body: memoryview) -> bytes:
    """Base64 as far as it goes: foreign characters passed over, padding added; what follows the padding is not read."""
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        pass
    letters = bytes(body).translate(None, _NOT_BASE64)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return bytes(body)


def plain_tail(body: bytes) -> tuple[bytes, bytes]:
    """A base64 body and the plain lines behind it, which list software and scanners append without encoding them.

    The tail begins at the first line that has a blank in it or a letter that base64 has not.
    """
    at = 0
    while at < len(body):
        after = body.find(b"\n", at) + 1 or len(body)
        if body[at:after].strip(b" \t\r\n").translate(None, _BASE64):
            return body[:at], body[at:]
        at = after
    return body, b""


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64[:-1]))


def uudecoded(raw: bytes, start: int, end: int) -> bytes:
    """The first uuencoded file of `raw[start:end]`, b'' where there is none."""
    begun = start if raw.startswith(b"begin ", start, end) else raw.find(b"\nbegin ", start, end) + 1
    if not begun and not raw.startswith(b"begin "):
        return b""
    out = bytearray()
    at = _next_line(raw, begun, end)
    for _ in range(_UU_LINES):
        after = _next_line(raw, at, end)
        line = raw[at:after].rstrip(b"\r\n")
        if at >= end or line.strip() in (b"end", b"`"):
            break
        out += _uu_line(line)
        at = after
    return bytes(out)


def _next_line(raw: bytes, at: int, end: int) -> int:
    stop = raw.find(b"\n", at, end)
    return end if stop < 0 else stop + 1


def _uu_line(line: bytes) -> bytes:
    """One line; some programs write more octets than its count says."""
    for text in (line, line[: (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0]):
        try:
            return binascii.a2b_uu(text)
        except binascii.Error:
            continue
    return b""
