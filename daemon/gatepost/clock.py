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

    def pushed(self) -> Millis:
        """By how much the file has pushed it forward."""
        return self._read_offset()

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


class Steps:
    """Notices when the wall clock was set: it then moves otherwise than the clock that never steps (M03)."""

    def __init__(self, least: Millis = 60_000) -> None:
        self._least = least
        self._last: tuple[Millis, float] | None = None

    def look(self, now: Millis, monotonic: float) -> Millis:
        """By how much the wall clock has stepped since the last look, in milliseconds; 0 for a step under a minute."""
        last, self._last = self._last, (now, monotonic)
        if last is None:
            return 0
        step = (now - last[0]) - round((monotonic - last[1]) * 1000)
        return step if abs(step) > self._least else 0
