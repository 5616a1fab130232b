"""How many deadlines may be done now, so that a downtime of weeks is caught up with in order and not in a burst (M06).

It counts; what is due stands in its table and waits there.
"""


class Pace:
    """So many a minute, by a clock that never steps; what was not used in a minute is not saved up beyond it."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left = float(per_minute)
        self._seen: float | None = None

    def left(self, monotonic: float) -> int:
        """How many may be done at this moment of the monotonic clock, in seconds."""
        if self._seen is not None:
            gained = (monotonic - self._seen) * self._per_minute / 60
            self._left = min(float(self._per_minute), self._left + gained)
        self._seen = monotonic
        return int(self._left)

    def took(self, count: int) -> None:
        """So many have been done."""
        self._left -= count
