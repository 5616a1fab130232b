"""Takes the text of a mail out of the stream that follows DATA, in chunks of any size. Pure: no socket, no clock.

Rules, each of them in tests against a reference of twenty lines that goes byte by byte:

- only CRLF.CRLF ends the mail, counted from the CRLF of the DATA command itself (RFC 5321 2.3.8, 4.1.1.4);
- a dot at the start of a line is taken away (4.5.2);
- a bare CR or a NUL refuses the mail; a bare LF refuses it or becomes CRLF (`normalize`). The refusal is told after the
  real end, also in a mail that is refused for its size: what a sender smuggles never becomes a command;
- a mail that is surely refused is no longer kept in memory, and past twice the size limit nobody listens any more.
"""

import re
from collections.abc import Callable
from enum import Enum

_END = b"\r\n.\r\n"
# A CR that is bare, or one before a line that begins with a dot. Most chunks have neither, and then two counts say all
# that the verdict needs: this one pass takes the place of four.
_SUSPECT = re.compile(rb"\r(?:[^\n]|\n\.)")


class Flaw(Enum):
    """Why a mail is refused after its end, the gravest first."""

    BARE_CR = "bare_cr"
    BARE_LF = "bare_lf"
    NUL = "nul"
    TOO_LARGE = "too_large"
    LINE_TOO_LONG = "line_too_long"
    HEADER_TOO_LARGE = "header_too_large"
    NO_MEMORY = "no_memory"


class OverrunError(Exception):
    """The sender goes on past twice the size limit: close the connection."""


class DataReader:
    """One mail on its way in. Feed it chunks until `feed` returns what stands after the end.

    `room` is asked for each chunk that is to be kept and may say no (the whole process is short of memory).
    """

    __slots__ = (
        "_breaks",
        "_chunks",
        "_crs",
        "_dots",
        "_flaws",
        "_header_octets",
        "_lfs",
        "_line",
        "_line_octets",
        "_message_octets",
        "_normalize",
        "_room",
        "_tail",
        "kept",
        "received",
    )

    def __init__(
        self,
        *,
        message_octets: int,
        header_octets: int,
        line_octets: int,
        normalize: bool = False,
        room: Callable[[int], bool] = lambda octets: True,
    ) -> None:
        self._message_octets = message_octets
        self._header_octets = header_octets
        self._line_octets = line_octets
        self._normalize = normalize
        self._room = room
        self._chunks: list[bytes] = []
        # The CRLF of the DATA command counts as the one before the first line.
        self._tail = b"\r\n"
        self._line = 0
        self._crs = self._lfs = self._breaks = 0
        self._dots = False
        self._flaws: set[Flaw] = set()
        self.received = 0
        self.kept = 0

    def feed(self, chunk: bytes) -> bytes | None:
        """Take `chunk`; None while the mail goes on, what follows its end otherwise. Raises OverrunError."""
        plain = _SUSPECT.search(chunk) is None
        end = self._end_in(chunk, plain)
        if end < 0:
            self._dots |= not plain
            self._take(chunk, plain)
            if self.received > 2 * self._message_octets + len(_END):
                raise OverrunError
            return None
        self._dots |= chunk.find(b"\r\n.", 0, max(end - 3, 0)) >= 0
        self._take(chunk[:end], plain)
        return chunk[end:]

    def finish(self) -> bytes | Flaw:
        """The mail after its end: dots taken away, line ends CRLF; or the flaw for which it is refused."""
        self._judge_line_ends()
        for flaw in Flaw:
            if flaw in self._flaws:
                return flaw
        self._cut_end()
        body = b"".join(self._chunks)
        self._chunks.clear()
        if self._dots:
            body = body.replace(b"\r\n.", b"\r\n")
        if body.startswith(b"."):
            body = body[1:]
        if self._lfs != self._breaks:
            body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if len(body) > self._message_octets:
            return Flaw.TOO_LARGE
        return body if self._header_fits(body) else Flaw.HEADER_TOO_LARGE

    def _cut_end(self) -> None:
        """Take the `.CRLF` of the end off the last chunks: cheaper than a copy of the whole."""
        surplus = 3
        while surplus:
            last = self._chunks.pop()
            if len(last) > surplus:
                self._chunks.append(last[:-surplus])
            surplus = max(0, surplus - len(last))

    def _end_in(self, chunk: bytes, plain: bool) -> int:
        """Where the mail ends in `chunk` (just after the end), or -1. The end may begin in chunks before this one."""
        tail = self._tail
        seam = tail + chunk[:4]
        straddling = seam.find(_END)
        if straddling >= 0:
            return straddling + len(_END) - len(tail)
        self._dots |= seam.find(b"\r\n.") >= 0
        found = -1 if plain else chunk.find(_END)
        return found + len(_END) if found >= 0 else -1

    def _take(self, chunk: bytes, plain: bool) -> None:
        """Count what the verdict needs, and keep the chunk unless the mail is already refused."""
        crs = chunk.count(b"\r")
        self._crs += crs
        self._lfs += chunk.count(b"\n")
        self._breaks += crs - chunk.endswith(b"\r") if plain else chunk.count(b"\r\n")
        if chunk[:1] == b"\n" and self._tail[-1:] == b"\r":
            self._breaks += 1
        if 0 in chunk:
            self._flaws.add(Flaw.NUL)
        self.received += len(chunk)
        self._measure_lines(chunk)
        self._tail = (self._tail + chunk)[-4:] if len(chunk) < 4 else chunk[-4:]
        # Doubled dots and the end are not the mail's: `finish` looks at the exact size, this only bounds the memory.
        if self.received > self._message_octets + self._message_octets // 64 + 64 * 1024:
            self._flaws.add(Flaw.TOO_LARGE)
        self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        if not self._flaws and not self._room(len(chunk)):
            self._flaws.add(Flaw.NO_MEMORY)
        if self._flaws:
            self._chunks.clear()
        else:
            self._chunks.append(chunk)
            self.kept += len(chunk)

    def _measure_lines(self, chunk: bytes) -> None:
        """Note a line longer than the limit, with its CRLF. Looks at one place per limit, not at each line."""
        limit = self._line_octets
        start = chunk.find(b"\n") + 1
        if not start:
            self._line += len(chunk)
            if self._line > limit:
                self._flaws.add(Flaw.LINE_TOO_LONG)
            return
        if self._line + start > limit:
            self._flaws.add(Flaw.LINE_TOO_LONG)
        while len(chunk) - start > limit:
            end = chunk.rfind(b"\n", start, start + limit) + 1
            if not end:
                self._flaws.add(Flaw.LINE_TOO_LONG)
                break
            start = end
        self._line = len(chunk) - chunk.rfind(b"\n") - 1

    def _judge_line_ends(self) -> None:
        if self._crs != self._breaks:
            self._flaws.add(Flaw.BARE_CR)
        if self._lfs != self._breaks and not self._normalize:
            self._flaws.add(Flaw.BARE_LF)

    def _header_fits(self, body: bytes) -> bool:
        limit = self._header_octets
        return len(body) <= limit or body.startswith(b"\r\n") or body.find(b"\r\n\r\n", 0, limit + 2) >= 0
