"""Who is here: which customers have looked at a page lately (P10), and looks that are counted, kept in memory.

A look at a page writes nothing (I01). The desk's scheduler writes down from time to time what has come together.
"""

from collections import Counter as Tally

from ..core import MINUTE, Millis
from ..store import ratings, sessions
from ..store.database import Database, Tx

_ONLINE = 2 * MINUTE


class Presence:
    """What was seen since the last time it was written down."""

    def __init__(self) -> None:
        self._customers: dict[int, Millis] = {}
        self._sessions: dict[int, Millis] = {}
        self._looks: Tally[bool] = Tally()

    def seen(self, customer: int, session: int, now: Millis) -> None:
        """The customer, by this session, has asked for a page."""
        self._customers[customer] = self._sessions[session] = now

    def used(self, session: int, now: Millis) -> None:
        """A session of staff was used."""
        self._sessions[session] = now

    def left(self, customer: int) -> None:
        """The customer has signed out."""
        self._customers.pop(customer, None)

    def online(self, customer: int, now: Millis) -> bool:
        """Whether the customer is on the portal; otherwise an answer reaches them by mail."""
        return now - self._customers.get(customer, -_ONLINE) < _ONLINE

    def last_seen(self, session: int) -> Millis | None:
        """When a session was used last, as far as it is not written down yet."""
        return self._sessions.get(session)

    def looked(self, *, machine: bool) -> None:
        """Somebody has looked at a rating page."""
        self._looks[machine] += 1

    async def write_down(self, db: Database, now: Millis) -> None:
        """Write what has come together, and forget who has gone."""
        seen, looks = self._sessions, self._looks
        self._sessions, self._looks = {}, Tally()
        self._customers = {who: at for who, at in self._customers.items() if now - at < _ONLINE}
        if seen or looks:
            await db.write(lambda tx: _write(tx, seen, looks))


def _write(tx: Tx, seen: dict[int, Millis], looks: "Tally[bool]") -> None:
    for session, at in seen.items():
        sessions.seen(tx, session, at)
    for machine, count in looks.items():
        ratings.visited(tx, machine=machine, count=count)
