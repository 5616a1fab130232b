"""Takes away what is kept no longer: secrets nobody has read, sealed mails, and whatever [retention] gives an age.

Each look does a bounded piece in one transaction, the oldest first, and the next one goes on: a kill loses nothing.
"""

import logging

from . import handing
from .clock import Clock
from .house import House
from .store import sealed
from .store.database import Database

_log = logging.getLogger("gatepost.retention")
_AT_ONCE = 200


class Retention:
    """Looks every minute for what is over."""

    def __init__(self, *, db: Database, house: House, clock: Clock) -> None:
        self._db, self._house, self._clock = db, house, clock

    async def look(self) -> None:
        """Take away a piece of what is over."""
        now = self._clock.now()
        secrets = await self._db.write(lambda tx: handing.expire(tx, self._house, now, _AT_ONCE))
        mails = await self._db.write(lambda tx: sealed.purge(tx, now, _AT_ONCE))
        if secrets or mails:
            _log.info("retention.purged secrets=%d sealed=%d", secrets, mails)
