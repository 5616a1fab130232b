"""Takes away what is kept no longer: secrets nobody has read, sealed mails, and whatever [retention] gives an age.

Each look does a bounded piece of each class in a transaction of its own, the oldest first, and the next one goes on: a
kill loses nothing. What is due is looked for on a snapshot, so that nothing else waits for it in a large store.
Erasures that were cut short are carried on here.
"""

import logging
from functools import partial

from ..clock import Clock
from ..config import RetentionSection
from ..core import DAY, Millis
from ..crashpoint import crashpoint
from ..house import House
from ..store import sealed
from ..store.ages import AGES, Age
from ..store.database import Database
from . import handing
from .control import Privacy

_log = logging.getLogger("gatepost.retention")
_AT_ONCE, _PIECES = 200, 20


class Retention:
    """Looks every minute for what is over."""

    def __init__(self, *, db: Database, house: House, clock: Clock, ages: RetentionSection, privacy: Privacy) -> None:
        self._db, self._house, self._clock, self._ages, self._privacy = db, house, clock, ages, privacy
        # How far each class was looked through: the next look goes on from there, and at the end begins anew.
        self._after = dict.fromkeys(AGES, 0)

    async def look(self) -> int:
        """Take away a piece of what is over; how much that was."""
        now = self._clock.now()
        found = {"secrets": await self._db.write(lambda tx: handing.expire(tx, self._house, now, _AT_ONCE))}
        found["sealed"] = await self._db.write(lambda tx: sealed.purge(tx, now, _AT_ONCE))
        for age in AGES:
            days = getattr(self._ages, age.key)
            if days:
                found[age.key] = found.get(age.key, 0) + await self._purge(age, now - days * DAY)
                crashpoint("retention.class")
        gone = sum(found.values())
        if gone:
            said = " ".join(f"{key.removesuffix('_days')}={count}" for key, count in found.items() if count)
            _log.info("retention.purged %s", said)
        await self._privacy.go_on()
        await self._privacy.fold()
        return gone

    async def _purge(self, age: Age, before: Millis) -> int:
        """Piece after piece while there is more, so that no store fills faster than it empties; at most so many."""
        gone = 0
        for _ in range(_PIECES):
            after = self._after[age]
            some, self._after[age] = await self._db.read(partial(age.look, before=before, after=after))
            gone += await self._db.write(partial(age.purge, before=before, some=some)) if some else 0
            if len(some) < age.at_once:
                break
        return gone
