"""Does what has come due: each deadline once, at a pace, by whatever the wall clock says now.

What a deadline asks for is the core's; what is due stands in a table, so that a downtime or a clock that jumps loses
nothing: a deadline is done when its time has come and it is still open, and the transaction that does it closes it.
A mail that came before a deadline was due is handled before it: an answer that waits after a downtime is in time.
"""

import logging
from collections.abc import Awaitable, Callable

from .clock import Clock, Steps
from .core import MINUTE, Millis
from .events import came_due
from .house import House
from .pace import Pace
from .store import deadlines
from .store.database import Database
from .store.deadlines import Due

_log = logging.getLogger("gatepost.clockwork")
_AT_ONCE = 100
_AGAIN = 15 * MINUTE


async def _nothing_waits() -> Millis | None:
    return None


class Clockwork:
    """Looks for what is due whenever it is woken; `per_minute` is the most that is done in a minute.

    `mail_waits` tells when the oldest mail came that is accepted and not handled yet, None for none.
    """

    def __init__(
        self,
        *,
        house: House,
        db: Database,
        clock: Clock,
        wake_delivery: Callable[[], None],
        per_minute: int,
        mail_waits: Callable[[], Awaitable[Millis | None]] = _nothing_waits,
    ) -> None:
        self._house = house
        self._db = db
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._pace = Pace(per_minute)
        self._steps = Steps()
        self._mail_waits = mail_waits

    async def look(self) -> int:
        """Do what has come due, each once and the oldest first; how many."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        if step := self._steps.look(now, monotonic):
            _log.warning("clock.stepped seconds=%+d deadlines are kept by the new time", step // 1000)
        most = min(_AT_ONCE, self._pace.left(monotonic))
        waits = await self._mail_waits()
        upto = now if waits is None else min(now, waits)
        due = await self._db.read(lambda tx: deadlines.due(tx, upto, most)) if most else ()
        self._pace.took(len(due))
        for one in due:
            await self._do(one, now)
        if due:
            self._wake_delivery()
        return len(due)

    async def _do(self, one: Due, now: Millis) -> None:
        """One deadline in its own transaction. One that fails is told, put off, and does not stop the others."""
        try:
            await self._db.write(lambda tx: came_due(tx, self._house, one, now))
        except Exception:
            _log.exception("deadline.failed kind=%s ticket=%d", one.kind.value, one.ticket)
            await self._db.write(lambda tx: deadlines.put_off(tx, one.id, now + _AGAIN))
