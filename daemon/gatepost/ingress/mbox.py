"""Where the mails of an mbox file begin and end, in its four dialects, and their bytes without quoted From lines.

    mboxo    a line of the mail that begins with "From " is written ">From ", which cannot be told from one that was so
    mboxrd   every such line, also ">From ", gets one more ">", so that reading can take one away
    mboxcl   as mboxo, and Content-Length says how many octets the body has
    mboxcl2  Content-Length alone; nothing is quoted

The file is read in pieces; nothing of it is kept but offsets.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

_FROM_LINE = re.compile(rb"From \S.*\d{1,2}:\d\d.*\d{4}|From -\s*$|From [^ ]+ +\w{3} \w{3} ")
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,12})[ \t]*\r?\n", re.IGNORECASE)
_QUOTED = re.compile(rb"^>From ", re.MULTILINE)
_QUOTED_MORE = re.compile(rb"^>(>*From )", re.MULTILINE)
_LINE = 65_536


class Dialect(StrEnum):
    """How lines that begin with "From " are kept apart from those that part the mails."""

    MBOXO = "mboxo"
    MBOXRD = "mboxrd"
    MBOXCL = "mboxcl"
    MBOXCL2 = "mboxcl2"


@dataclass(frozen=True, slots=True)
class Span:
    """The octets of one mail in the file, without its From line."""

    start: int
    end: int


def spans(file: BinaryIO, dialect: Dialect | None = None) -> Iterator[Span]:
    """Every mail of the file, in order. A Content-Length is believed where a mail or the end of the file follows it."""
    by_length = dialect in (None, Dialect.MBOXCL, Dialect.MBOXCL2)
    start, at, blank, head, length = -1, 0, True, False, -1
    file.seek(0)
    while line := file.readline(_LINE):
        after = at + len(line)
        if blank and _FROM_LINE.match(line):
            if start >= 0:
                yield Span(start, _without_blank(file, start, at))
                file.seek(after)
            start, head, length = after, True, -1
        elif head:
            if by_length and length < 0 and (said := _LENGTH.match(line)):
                length = int(said[1])
            if line in (b"\n", b"\r\n"):
                head = False
                if length > 0 and (jump := _followed(file, after + length)):
                    after = jump
                file.seek(after)
        blank = line in (b"\n", b"\r\n") or (not head and after > at + len(line))
        at = after
    if start >= 0:
        yield Span(start, _without_blank(file, start, at))


def plain(octets: bytes, dialect: Dialect) -> bytes:
    """The mail as it was before the file quoted it."""
    match dialect:
        case Dialect.MBOXRD:
            return _QUOTED_MORE.sub(rb"\1", octets)
        case Dialect.MBOXO | Dialect.MBOXCL:
            return _QUOTED.sub(b"From ", octets)
        case Dialect.MBOXCL2:
            return octets


def guess(file: BinaryIO, most: int = 2_000) -> Dialect:
    """The dialect, by the first `most` mails: by Content-Length, and by how From lines are quoted."""
    lengths = bare = more = False
    for number, span in enumerate(spans(file)):
        if number == most:
            break
        file.seek(span.start)
        octets = file.read(min(span.end - span.start, 262_144))
        lengths = lengths or _LENGTH.search(octets.partition(b"\n\n")[0] + b"\n") is not None
        bare = bare or b"\nFrom " in octets
        more = more or b"\n>>From " in octets
    if lengths:
        return Dialect.MBOXCL2 if bare else Dialect.MBOXCL
    return Dialect.MBOXRD if more else Dialect.MBOXO


def _followed(file: BinaryIO, end: int) -> int:
    """The offset at `end` if another mail or the end of the file follows there, 0 if Content-Length lies."""
    file.seek(0, 2)
    size = file.tell()
    if end >= size:
        return size if end <= size + 2 else 0
    file.seek(end)
    follows = file.read(8)
    stripped = follows.lstrip(b"\r\n")
    if stripped.startswith(b"From ") or not stripped:
        return end + len(follows) - len(stripped)
    return 0


def _without_blank(file: BinaryIO, start: int, end: int) -> int:
    """`end` without the blank line that the file adds behind each mail."""
    file.seek(max(start, end - 4))
    tail = file.read(end - max(start, end - 4))
    for blank in (b"\r\n\r\n", b"\n\n"):
        if tail.endswith(blank):
            return end - len(blank) // 2
    return end
