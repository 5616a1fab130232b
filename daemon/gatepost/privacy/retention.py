"""Takes away what is kept no longer: secrets nobody has read, sealed mails, and whatever [retention] gives an age.

Each look does a bounded piece of each class in a transaction of its own, the oldest first, and the next one goes on: a
kill loses nothing. Erasures that were cut short are carried on here.
"""

import logging

from ..clock import Clock
from ..config import RetentionSection
from ..core import DAY, Millis
from ..crashpoint import crashpoint
from ..house import House
from ..store import ages, sealed
from ..store.ages import Purge
from ..store.database import Database, Tx
from . import handing
from .control import Privacy

_log = logging.getLogger("gatepost.retention")
_AT_ONCE = 200


class Retention:
    """Looks every minute for what is over."""

    def __init__(self, *, db: Database, house: House, clock: Clock, ages: RetentionSection, privacy: Privacy) -> None:
        self._db, self._house, self._clock, self._ages, self._privacy = db, house, clock, ages, privacy

    async def look(self) -> int:
        """Take away a piece of what is over; how much that was."""
        now = self._clock.now()
        found = {"secrets": await self._db.write(lambda tx: handing.expire(tx, self._house, now, _AT_ONCE))}
        found["sealed"] = await self._db.write(lambda tx: sealed.purge(tx, now, _AT_ONCE))
        for key, purge in ages.CLASSES.items():
            days = getattr(self._ages, key)
            if days:
                found[key] = await self._purge(purge, now - days * DAY)
                crashpoint("retention.class")
        gone = sum(found.values())
        if gone:
            said = " ".join(f"{key.removesuffix('_days')}={count}" for key, count in found.items() if count)
            _log.info("retention.purged %s", said)
        await self._privacy.go_on()
        await self._privacy.fold()
        return gone

    async def _purge(self, purge: Purge, before: Millis) -> int:
        def run(tx: Tx) -> int:
            return purge(tx, before, _AT_ONCE)

        return await self._db.write(run)
