"""The log on standard error: one line per event, as text or JSON; no secret, no message text, no control character.

Nobody waits for it: where the reader of standard error has stopped, lines are left out and counted, and mail goes on.
"""

import contextlib
import json
import logging
import os
import socket
import sqlite3
import stat
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, Protocol

from .errors import GatepostError

# Libraries that print mail contents or every job at their lower levels.
_QUIET = {"mail.log": logging.WARNING, "mailparser": logging.CRITICAL, "apscheduler": logging.WARNING}
# Errors whose words are the system's or our own. The words of all others may hold what a mail said.
_SPEAKING = (OSError, sqlite3.Error, GatepostError)


def start_log(form: Literal["text", "json"], level: int = logging.INFO) -> None:
    """Send everything at `level` and above to standard error in the given form; a second call replaces the first."""
    handler = _Handler(_sink())
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    # No line of ours says by which thread or line of code it was written: that need not be found out each time
    # (logging's howto, "Optimization").
    logging.logThreads = logging.logMultiprocessing = False
    logging._srcfile = None
    logging.getLogger("asyncio").addFilter(_without_arguments)


def printable(text: str) -> str:
    """`text` on one line, with everything that steers a terminal written as an escape (G08)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _without_arguments(record: logging.LogRecord) -> bool:
    """Of what asyncio says, only which part failed: the call that it shows holds what was read, a mail's bytes."""
    record.msg, record.args = f"loop.fault {record.getMessage().splitlines()[0].partition('(')[0]}", ()
    return True


# Where lines go.


class _Sink(Protocol):
    def put(self, octets: bytes) -> int:
        """Write what can be written at once; how many octets. Raises OSError (BlockingIOError where nothing can)."""


class _Stream:
    """Standard error as Python has it: in tests, and where it cannot be opened anew."""

    def put(self, octets: bytes) -> int:
        sys.stderr.write(octets.decode("utf-8", "replace"))
        sys.stderr.flush()
        return len(octets)


class _File:
    """A pipe, terminal or file, opened anew: that it does not block is then a matter of ours alone."""

    def __init__(self) -> None:
        self._handle = os.open("/proc/self/fd/2", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC)

    def put(self, octets: bytes) -> int:
        return os.write(self._handle, octets)


class _Socket:
    """A socket, such as the journal's."""

    def __init__(self) -> None:
        self._socket = socket.socket(fileno=os.dup(2))

    def put(self, octets: bytes) -> int:
        return self._socket.send(octets, socket.MSG_DONTWAIT)


def _sink() -> _Sink:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.stderr.fileno() == 2:
            return _Socket() if stat.S_ISSOCK(os.fstat(2).st_mode) else _File()
    return _Stream()


class _Handler(logging.Handler):
    """Writes each line at once or not at all, and tells how many it had to leave out."""

    def __init__(self, sink: _Sink) -> None:
        super().__init__()
        self._sink = sink
        self._lost = 0
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Format and write the record."""
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if self._lost:
            self._tell_lost(record)
        self._write(line)

    def _tell_lost(self, record: logging.LogRecord) -> None:
        said, self._lost = self._lost, 0
        told = logging.LogRecord("gatepost.log", logging.WARNING, "", 0, "log.lost lines=%d", (said,), None)
        told.created = record.created
        if not self._write(self.format(told)):
            self._lost += said - 1

    def _write(self, line: str) -> bool:
        octets = (b"\n" if self._torn else b"") + line.encode("utf-8", "backslashreplace") + b"\n"
        try:
            wrote = self._sink.put(octets)
        except (OSError, ValueError):
            # Nobody reads, the disk is full, or standard error is closed: there is no place left to say so.
            self._lost += 1
            return False
        self._torn = wrote < len(octets)
        self._lost += self._torn
        return not self._torn


# How a line looks.


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = _instant(record)
        line = f"{at} {record.levelname.lower():7} {record.name.removeprefix('gatepost.')}: "
        message = record.getMessage()
        return "\n".join([line + printable(message), *(f"  | {printable(row)}" for row in _error(record))])


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        said: dict[str, object] = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "part": record.name,
            "process": record.process,
            "word": message.partition(" ")[0].rstrip(":"),
            "said": message,
        }
        if rows := _error(record):
            said["error"] = "\n".join(rows)
        return json.dumps(said, ensure_ascii=True)


def _error(record: logging.LogRecord) -> list[str]:
    """Where an error came from, and its words where these cannot be a mail's."""
    if not record.exc_info or record.exc_info[1] is None:
        return []
    rows: list[str] = []
    error: BaseException | None = record.exc_info[1]
    while error is not None and len(rows) < _ROWS:
        name = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        rows += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-_FRAMES:]]
        words = str(error).split("\n")[0][:_WORDS] if isinstance(error, _SPEAKING) else ""
        rows.append(f"{name}: {words}" if words else name)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return rows


_ROWS, _FRAMES, _WORDS = 80, 24, 400


def _instant(record: logging.LogRecord) -> str:
    second, rest = divmod(round(record.created * 1_000_000), 1_000_000)
    return f"{_second(second)}.{rest // 1_000:03d}Z"


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
