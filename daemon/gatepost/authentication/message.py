"""The raw mail as signatures see it: its fields with every octet, and its body hashed in linear time (RFC 6376 3.4).

The forgiving reader of `mail` is of no use here: a mail that breaks the grammar of fields has no valid signature.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass, field

_FIELDS = 1_000
_SECTION = 262_144
_LARGE = 65_536
_NAME = re.compile(rb"[!-9;-~]+")

Field = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Signed:
    """Name and value of each field in its order, the value with its leading blank and its CRLF;
    the body is `raw[start:]`.

    It is cut out only while it is hashed: many large mails may wait for DNS at one time.
    """

    fields: tuple[Field, ...]
    raw: bytes = field(repr=False)
    start: int
    _hashes: dict[bytes, bytes] = field(default_factory=dict, repr=False, compare=False)

    async def body_hash(self, form: bytes) -> bytes:
        """The hash of the body in the form `simple` or `relaxed`, made once; a large one beside the event loop."""
        if form not in self._hashes:
            if len(self.raw) > _LARGE:
                self._hashes[form] = await asyncio.to_thread(self._hash, form)
            else:
                self._hashes[form] = self._hash(form)
        return self._hashes[form]

    def _hash(self, form: bytes) -> bytes:
        return body_hash(self.raw[self.start :], form)

    def named(self, name: bytes) -> list[Field]:
        """The fields of a name (in lower case), topmost first."""
        return [each for each in self.fields if each[0].lower() == name]


def split(raw: bytes) -> Signed | None:
    """The mail in its parts; None where its header section breaks the grammar or a limit. Linear in its length."""
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if raw.startswith(b"\r\n"):
        return None
    head, end, _ = raw[: _SECTION + 4].partition(b"\r\n\r\n")
    if not end and len(raw) > _SECTION:
        return None
    fields: list[Field] = []
    # A line that begins with a blank goes on with the field above it.
    for line in re.split(rb"\r\n(?![ \t])", head.removesuffix(b"\r\n")):
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name) or len(fields) == _FIELDS:
            return None
        fields.append((name, value + b"\r\n"))
    return Signed(tuple(fields), raw, len(head) + len(end) if end else len(raw))


def body_hash(body: bytes, canonicalization: bytes) -> bytes:
    """SHA-256 of the body in its simple or relaxed form (RFC 6376 3.4.3 and 3.4.4)."""
    return hashlib.sha256(_relaxed(body) if canonicalization == b"relaxed" else _ended(body) or b"\r\n").digest()


def _relaxed(body: bytes) -> bytes:
    """Blanks at the ends of lines gone, others one; by replacing, as a pattern is quadratic in runs of blanks."""
    body = body.translate(bytes.maketrans(b"\t", b" "))
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    return _ended(body.replace(b" \r\n", b"\r\n").removesuffix(b" "))


def _ended(body: bytes) -> bytes:
    """The body without its empty last lines and with one CRLF at its end; nothing where nothing is left."""
    bare = body.rstrip(b"\r\n")
    if len(body) - len(bare) == 2 * body.count(b"\r\n", len(bare)):
        return bare + b"\r\n" if bare else b""
    # A CR alone at the end belongs to the last line.
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n"
