"""The mails on their way: sets out what was claimed, fairly and within bounds, and collects how each try ended.

It knows nothing of plans and retries, and writes nothing down.
"""

import asyncio
import functools
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..clock import Clock
from ..config import DeliverySection
from ..core import SECOND
from ..core.outgoing import Answer, Due, Later
from ..crashpoint import crashpoint
from ..store import outbox
from ..store.database import Database
from .courier import Courier

_log = logging.getLogger("gatepost.delivery")
_LARGE_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Tried:
    """A claim that has come to an end; `answer` is None where it led to no try."""

    due: Due
    answer: Answer | None
    took_ms: int = 0


class Trips:
    """One trip for each mail. What has ended waits in `ended` until somebody has written it down and deletes it."""

    def __init__(
        self, db: Database, courier: Courier, clock: Clock, settings: DeliverySection, *, on_end: Callable[[], None]
    ) -> None:
        self.ended: list[Tried] = []
        self._db = db
        self._courier = courier
        self._clock = clock
        self._most = settings.connections
        self._most_per_destination = settings.connections_per_destination
        self._on_end = on_end
        self._patience = round(courier.patience * SECOND)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._ready: list[tuple[Due, ...]] = []
        self._trips: set[asyncio.Task[None]] = set()
        self._under_way: Counter[str] = Counter()
        self._finishing = False

    @property
    def under_way(self) -> bool:
        """Whether any mail is on its way."""
        return bool(self._trips)

    @property
    def claimed(self) -> int:
        """How many mails are on their way or ready to set out."""
        return len(self._trips) + len(self._ready)

    def take(self, dues: Sequence[Due]) -> None:
        """Set out with what was claimed; recipients of one mail at one destination travel together."""
        self._ready += [tuple(group) for _, group in itertools.groupby(dues, key=lambda d: (d.outbox, d.destination))]
        if self._finishing:
            self.hold()
        self._set_out()

    def hold(self) -> None:
        """Give up what has not set out: it ends without a try."""
        self.ended += [Tried(due, None) for group in self._ready for due in group]
        self._ready.clear()

    async def finish(self, grace: float) -> None:
        """Set out no more, and let what is under way end within `grace` seconds."""
        self._finishing = True
        self.hold()
        if self._trips:
            await asyncio.wait(self._trips, timeout=grace)
        for trip in tuple(self._trips):
            trip.cancel()

    def _set_out(self) -> None:
        """Start a trip for each mail that is ready, within the bounds of its destination and of all."""
        at = 0
        while at < len(self._ready) and not self._full:
            destination = self._ready[at][0].destination
            if self._under_way[destination] >= self._most_per_destination:
                at += 1
                continue
            self._under_way[destination] += 1
            trip = asyncio.create_task(self._trip(self._ready.pop(at)))
            self._trips.add(trip)
            trip.add_done_callback(functools.partial(self._came_back, destination))

    @property
    def _full(self) -> bool:
        """Whether no further trip may start.

        What has ended and is not written down counts too, since a kill now sends each of those once more; and where
        nothing can be written down, nothing is sent.
        """
        return len(self._trips) >= self._most or len(self._trips) + len(self.ended) >= 2 * self._most

    async def _trip(self, dues: tuple[Due, ...]) -> None:
        """Try one mail once. Whatever happens, each of its claims comes to an end."""
        begun = self._clock.monotonic()
        answers: tuple[Answer | None, ...]
        try:
            answers = await self._carry(dues)
        except asyncio.CancelledError:
            stopped = Later(said="we were stopped before the server had answered", until=self._clock.now())
            answers = (stopped,) * len(dues)
        except Exception as error:
            _log.exception("delivery.fault")
            answers = (Later(said=f"a fault of ours: {type(error).__name__}"),) * len(dues)
        crashpoint("deliver.before_record")
        took_ms = round((self._clock.monotonic() - begun) * 1_000)
        self.ended += [Tried(due, answer, took_ms) for due, answer in zip(dues, answers, strict=True)]
        if isinstance(answers[0], Later) and answers[0].unreachable:
            self.hold()

    def _came_back(self, destination: str, trip: "asyncio.Task[None]") -> None:
        """A trip is over: its place is free for the next mail that is ready."""
        self._trips.discard(trip)
        self._under_way[destination] -= 1
        if not self._under_way[destination]:
            del self._under_way[destination]
        self._set_out()
        self._on_end()

    async def _carry(self, dues: tuple[Due, ...]) -> tuple[Answer | None, ...]:
        """The answers of the courier; None for each where the lease may end before he does."""
        first, recipients = dues[0], [due.recipient for due in dues]
        if first.raw or not first.octets:
            if self._too_late(first):
                return (None,) * len(dues)
            return await self._courier.send(first.mail_from, recipients, first.raw)
        async with self._large:  # Few large mails in memory at one time, however many are due.
            if self._too_late(first):
                return (None,) * len(dues)
            raw = await self._db.read(lambda tx: outbox.content(tx, first.outbox))
            return await self._courier.send(first.mail_from, recipients, raw)

    def _too_late(self, due: Due) -> bool:
        return self._clock.now() > due.lease_until - self._patience
