"""What is due goes out: claims from the outbox, sends each mail on its trip, writes down how it ended.

One transaction writes the ends that have come in and claims the next mails, so that the database is asked once a turn
however many mails are under way. At least once, with the same Message-ID: a mail whose end could not be written down
because we were killed is sent once more.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TypeVar, assert_never

from ..clock import Clock
from ..config import DeliverySection
from ..core import HOUR, MINUTE, SECOND, Millis
from ..core.outgoing import Due, Expired, Later, Refused, Result, Sent
from ..errors import GatepostError
from ..store import claims, mail_limits, outbox
from ..store.database import Database, Tx
from ..store.lane import EVERYWHERE, Lane
from .courier import Courier
from .plan import Host, planned, wait
from .trips import Tried, Trips

T = TypeVar("T")
OnResult = Callable[[Due, Result], None]

_log = logging.getLogger("gatepost.delivery")
_TIDY_EVERY = MINUTE
_TIRED_AT_ONCE = 256
_LOOK_SECONDS = 5.0
_AHEAD = 4


class Deliverer:
    """Sends what is due on its lane until it is closed. `owner` names it in its claims; nobody else delivers there.

    `on_failed` is called in the transaction that writes down a refusal or an expiry, `on_result` after the commit of
    every end. `chance` spreads the retries.
    """

    def __init__(
        self,
        db: Database,
        courier: Courier,
        clock: Clock,
        settings: DeliverySection,
        *,
        owner: str,
        chance: random.Random,
        on_failed: outbox.OnFailed | None = None,
        on_result: OnResult | None = None,
        lane: Lane = EVERYWHERE,
    ) -> None:
        self._db = db
        self._courier = courier
        self._clock = clock
        self._settings = settings
        self._owner = owner
        self._chance = chance
        self._on_failed = on_failed
        self._on_result = on_result
        self._lane = lane
        self._host = Host(chance)
        self._lifetime = settings.lifetime_hours * HOUR
        self._lease = 2 * round(courier.patience * SECOND)
        self._size_told: int | None = None
        self._look_at: Millis = 0
        self._tidy_at: Millis = 0
        self._woken = asyncio.Event()
        self._trips = Trips(db, courier, clock, settings, on_end=self._woken.set)
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """Why nothing goes out at present, in the words of the last try; '' where all is well."""
        return self._host.said

    def start(self) -> None:
        """Begin; what a process before us had claimed and not finished is taken up at once."""
        self._task = asyncio.create_task(self._run(), name="deliverer")

    def wake(self) -> None:
        """Look at the outbox now: something was put into it, or the clock was set. Call it from the event loop."""
        self._look_at = 0
        self._woken.set()

    async def close(self, grace: float) -> None:
        """Claim no more, let what is under way finish within `grace` seconds, put the rest back, and stop."""
        self._closing = True
        self._woken.set()
        await self._trips.finish(grace)
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while await self._try_write(lambda tx: claims.release_all(tx, self._clock.now(), lane=self._lane)) is None:
            if self._closing:
                return
            await self._rest()
        while not (self._closing and not self._trips.under_way):
            self._woken.clear()
            if not await self._survived_turn():
                await self._rest()
        await self._survived_turn()

    async def _rest(self) -> None:
        """Wait until somebody wakes us, or a few seconds."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _survived_turn(self) -> bool:
        """`_turn`, behind the last net: a fault of ours in one turn must not end all delivery."""
        try:
            return await self._turn()
        except Exception:
            _log.exception("delivery.turn_failed")
            return False

    async def _turn(self) -> bool:
        """One turn: write the ends, tidy up once a minute, claim and send off. True if it is to be repeated."""
        now = self._clock.now()
        ended = [(tried, self._end(tried, now)) for tried in self._trips.ended]
        room = self._room(now)
        tidy = now >= self._tidy_at and not self._closing
        if not ended and not tidy and (now < self._look_at or not room):
            return False

        size = self._courier.size

        def turn(tx: Tx) -> tuple[list[Due], list[tuple[Due, Result]], Millis | None]:
            if size is not None and size != self._size_told:
                for domain in self._lane.only or (mail_limits.SMARTHOST,):
                    mail_limits.learn(tx, domain, size, now)
            for tried, end in ended:
                self._write(tx, tried, end, now)
            given_up = self._tidy(tx, now) if tidy else []
            dues = self._claim(tx, now, room) if room else []
            return dues, given_up, outbox.next_due(tx, now, lane=self._lane)

        self._look_at = now + MINUTE  # Before the write: who wakes us while it runs has put in what it did not see.
        written = await self._try_write(turn)
        if written is None:
            self._look_at = 0
            return False
        self._size_told = size
        dues, given_up, next_due = written
        del self._trips.ended[: len(ended)]
        more_to_tidy = len(given_up) == _TIRED_AT_ONCE
        if tidy and not more_to_tidy:
            self._tidy_at = now + _TIDY_EVERY
        if self._host.down or next_due is not None:
            self._look_at = min(self._look_at, self._host.until if self._host.down else next_due or now)
        self._trips.take(dues)
        self._tell([(tried.due, end) for tried, end in ended if end is not None] + given_up)
        return more_to_tidy

    def _room(self, now: Millis) -> int:
        """How many more to claim: a few more than can be under way, so that nobody waits for the disk."""
        if self._closing:
            return 0
        claimed = self._trips.claimed
        return self._host.room(now, _AHEAD * self._settings.connections - claimed, claimed)

    def _claim(self, tx: Tx, now: Millis, room: int) -> list[Due]:
        bound = _AHEAD * self._settings.connections_per_destination
        return claims.claim(
            tx, now=now, limit=room, lease=self._lease, owner=self._owner, per_destination=bound, lane=self._lane
        )

    def _write(self, tx: Tx, tried: Tried, end: Result | None, now: Millis) -> None:
        if end is None:
            claims.give_back(tx, tried.due, now)
            return
        host = self._courier.host
        outbox.record(tx, tried.due, end, now, took_ms=tried.took_ms, host=host, on_failed=self._on_failed)

    def _tidy(self, tx: Tx, now: Millis) -> list[tuple[Due, Result]]:
        """Take back claims that ran out, and give up what is past its life while the host is away.

        Only while it is away: what outlived its time because we ourselves were down gets its try first.
        """
        claims.release_expired(tx, now, but=self._owner, lane=self._lane)
        given_up: list[tuple[Due, Result]] = []
        if not self._host.down:
            return given_up
        for due in outbox.tired(tx, now - self._lifetime - _TIDY_EVERY, _TIRED_AT_ONCE, lane=self._lane):
            end = Expired(code=due.code, said=due.said or self._host.said or "never tried")
            outbox.record(tx, due, end, now, host=self._courier.host, on_failed=self._on_failed)
            given_up.append((due, end))
        return given_up

    def _end(self, tried: Tried, now: Millis) -> Result | None:
        """What an answer means for the delivery, with the instant of its next try."""
        match tried.answer:
            case None:
                return None
            case Sent() | Refused():
                self._host.answered()
                return tried.answer
            case Later(unreachable=True, said=said):
                return planned(tried.due, tried.answer, self._host.unreachable(said, now), self._lifetime, now)
            case Later():
                self._host.answered()
                until = tried.answer.until or now + wait(
                    self._settings.backoff_minutes, tried.due.attempts, self._chance
                )
                return planned(tried.due, tried.answer, until, self._lifetime, now)
            case _:
                assert_never(tried.answer)

    async def _try_write(self, run: Callable[[Tx], T]) -> T | None:
        """The outcome of `run` in a transaction; None if the database could not, and then nothing is forgotten."""
        try:
            return await self._db.write(run)
        except GatepostError as error:
            _log.warning("delivery.not_written %s", error.message)
        except Exception:
            _log.exception("delivery.not_written")
        return None

    def _tell(self, ends: list[tuple[Due, Result]]) -> None:
        for due, end in ends:
            if self._on_result is not None:
                try:
                    self._on_result(due, end)
                except Exception:
                    _log.exception("delivery.result_not_told")
