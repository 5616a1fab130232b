"""The one place where the system clock is read.

A `Clock` may be pushed forward by a file, which is how the demo moves time in every process at once.
"""

import time
from pathlib import Path

from .core import Millis


class Clock:
    """The wall clock in milliseconds, plus an offset; `monotonic` for durations and time-outs."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._stamp = 0
        self._offset = 0

    def now(self) -> Millis:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000 + self._read_offset()

    @staticmethod
    def monotonic() -> float:
        """Seconds of a clock that never steps; only differences mean something."""
        return time.monotonic()

    def _read_offset(self) -> Millis:
        if self._file is None:
            return 0
        try:
            stamp = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return self._offset
        if stamp != self._stamp:
            self._stamp, self._offset = stamp, int(self._file.read_text(encoding="ascii") or "0")
        return self._offset


class FixedClock(Clock):
    """A clock that stands still until it is set: for tests and simulations."""

    def __init__(self, now: Millis) -> None:
        super().__init__()
        self.at = now

    def now(self) -> Millis:
        return self.at
