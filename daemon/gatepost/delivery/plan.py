"""When to try again: the waits of one mail, and the pause of a host that cannot be talked to at all. Pure.

The two are apart for a reason. A mail that was put off waits longer each time, up to hours. A host that is down says
nothing about any mail: it is asked again every few minutes with one mail, and when it is back all the others go at
once instead of each at the end of a wait of hours.
"""

import random
from collections.abc import Sequence

from ..core import MINUTE, SECOND, Millis
from ..core.outgoing import Due, Expired, Later

_JITTER = 0.2
_FIRST_PAUSE = 15 * SECOND
_LONGEST_PAUSE = 5 * MINUTE


def wait(minutes: Sequence[int], attempts: int, chance: random.Random) -> Millis:
    """The wait behind the `attempts`-th try, ±20 % so that what failed together does not come back together."""
    step = minutes[min(max(attempts, 1), len(minutes)) - 1]
    return round(step * MINUTE * chance.uniform(1 - _JITTER, 1 + _JITTER))


def planned(due: Due, answer: Later, until: Millis, lifetime: Millis, now: Millis) -> Later | Expired:
    """`answer` with its next try at `until`, at the latest at the end of the mail's life; then it is the last one."""
    end = due.since + lifetime
    if now >= end:
        return Expired(code=answer.code, said=answer.said)
    return Later(code=answer.code, said=answer.said, unreachable=answer.unreachable, until=min(until, end))


class Host:
    """Whether the host can be talked to; while it cannot, one mail at a time asks, in growing pauses."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._pause = 0
        self.until: Millis = 0
        self.said = ""

    @property
    def down(self) -> bool:
        """Whether the last try found nobody to talk to."""
        return self._pause > 0

    def answered(self) -> None:
        """It said something: there is no reason to wait."""
        self._pause, self.until, self.said = 0, 0, ""

    def unreachable(self, said: str, now: Millis) -> Millis:
        """It could not be talked to; when to ask next. Tries that fail together count once."""
        self.said = said
        if now >= self.until:
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            self.until = now + round(self._pause * self._chance.uniform(1 - _JITTER, 1 + _JITTER))
        return self.until

    def room(self, now: Millis, free: int, busy: int) -> int:
        """How many more tries may begin now, where `free` connections are left and `busy` tries are under way."""
        if not self.down:
            return free
        return 1 if now >= self.until and busy == 0 else 0
