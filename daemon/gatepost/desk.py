"""The desk's work: reads what the gate has accepted, decides and writes it.

Two steps run side by side: while one batch is being written, the next one is being read by the readers. The order of
arrival is kept. A mail is tried again after a fault that passes; one that fails three times is put aside (G9).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from .clock import Clock
from .core import Millis
from .core.identity import Proof
from .core.letter import Arrival, Letter
from .core.quarantine import Cause
from .crashpoint import crashpoint
from .errors import TemporaryError
from .house import House
from .mail.parse import HostileMail
from .pipeline import failed, handle
from .reader.pool import ReaderDied, ReaderPool
from .store import arrivals
from .store.arrivals import Outcome
from .store.database import Database, Tx

_log = logging.getLogger("gatepost.desk")
_BATCH = 64
# How many mails share a transaction. Delivery writes its ends between two of them, some 32 at a time, and a mail makes
# two or three: with larger ones it would fall behind for as long as mail pours in.
_SLICE = 8
_PAUSE = 1.0
_CAUSES = {
    "timeout": Cause.READER_TIMEOUT,
    "cpu": Cause.READER_TIMEOUT,
    "oom": Cause.READER_MEMORY,
    "crash": Cause.READER_CRASH,
}


class Spool(Protocol):
    """Where accepted mail waits, in the order in which it was accepted."""

    def pending(self, after: int, limit: int) -> list[Arrival]:
        """The arrivals behind the id `after`, at most `limit`."""


class Evaluator(Protocol):
    """Who asks DNS about the sender of a mail, before anything is decided."""

    async def prove(self, arrival: Arrival, letter: Letter) -> Proof:
        """What is known of the sender. Never raises, and never takes longer than its limit."""


class Gate(Protocol):
    """Who accepted it, and clears what is done."""

    async def done(self, ids: Sequence[int]) -> None:
        """These need not be kept any longer."""


@dataclass(frozen=True, slots=True)
class _Read:
    """An arrival with its letter and the proof of its sender, or with the cause for which it could not be read."""

    arrival: Arrival
    letter: Letter | None
    proof: Proof | None = None
    cause: Cause = Cause.READER_CRASH
    detail: str = ""


class Desk:
    """Takes accepted mail through the pipeline."""

    def __init__(
        self,
        *,
        house: House,
        db: Database,
        spool: Spool,
        gate: Gate,
        readers: ReaderPool,
        clock: Clock,
        wake_delivery: Callable[[], None],
        evaluator: Evaluator | None = None,
        on_handled: Callable[[Outcome, Millis], None] = lambda *_: None,
    ) -> None:
        self._house = house
        self._db = db
        self._spool = spool
        self._gate = gate
        self._readers = readers
        self._clock = clock
        self._wake_delivery = wake_delivery
        self._evaluator = evaluator
        self._on_handled = on_handled
        self._news = asyncio.Event()
        self._read: asyncio.Queue[tuple[int, list[_Read]]] = asyncio.Queue(maxsize=1)
        self._last = self._done = 0
        self._look_back = False

    def wake(self, *, gate_is_new: bool = False) -> None:
        """Look at the spool at once; where the gate is new, also at what the one before it was told to clear."""
        self._look_back = self._look_back or gate_is_new
        self._news.set()

    async def unhandled_since(self) -> Millis | None:
        """When the oldest mail was accepted that has no outcome yet; None where every one has."""
        oldest = await asyncio.to_thread(self._spool.pending, self._done, 1)
        return oldest[0].received if oldest else None

    async def run(self) -> None:
        """Work until cancelled. What is under way when that happens is finished at the next start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_reading(), name="desk-read")
            group.create_task(self._keep_writing(), name="desk-write")

    async def _keep_reading(self) -> None:
        while True:
            self._news.clear()
            if self._look_back:
                self._look_back = False
                await self._clear_again()
            batch = await asyncio.to_thread(self._spool.pending, self._last, _BATCH)
            if not batch:
                await self._wait_for_news()
                continue
            fresh = await self._unhandled(batch)
            self._last = batch[-1].id
            await self._read.put((self._last, list(await asyncio.gather(*map(self._read_one, fresh)))))

    async def _clear_again(self) -> None:
        """Say once more what is done: the gate may have died between hearing it and doing it."""
        after = 0
        while after < self._last:
            batch = await asyncio.to_thread(self._spool.pending, after, _BATCH)
            if not batch:
                return
            await self._unhandled([arrival for arrival in batch if arrival.id <= self._last])
            after = batch[-1].id

    async def _wait_for_news(self) -> None:
        # Not wait_for: in Python 3.11 it loses a cancellation that comes in the moment in which there is news.
        try:
            async with asyncio.timeout(_PAUSE):
                await self._news.wait()
        except TimeoutError:
            return

    async def _unhandled(self, batch: list[Arrival]) -> list[Arrival]:
        """Those that have no outcome yet; the others were handled just before a crash and are cleared now."""
        done = await self._db.read(lambda tx: arrivals.handled(tx, batch))
        if done:
            await self._gate.done(done)
        return [arrival for arrival in batch if arrival.id not in set(done)]

    async def _read_one(self, arrival: Arrival) -> _Read:
        """The letter of one arrival; a reader that dies over it is tried as often as the limits say."""
        while True:
            try:
                letter = await self._readers.read(arrival.raw)
            except HostileMail as hostile:
                return _Read(arrival, None, cause=Cause.HOSTILE, detail=str(hostile))
            except ReaderDied as died:
                cause = _CAUSES[died.cause.value]
                if await self._try_failed(arrival, cause, str(died)):
                    return _Read(arrival, None, cause=cause, detail=str(died))
            else:
                return _Read(arrival, letter, await self._prove(arrival, letter))

    async def _prove(self, arrival: Arrival, letter: Letter) -> Proof | None:
        return await self._evaluator.prove(arrival, letter) if self._evaluator is not None else None

    async def _try_failed(self, arrival: Arrival, cause: Cause, detail: str) -> bool:
        """Count the try; whether it was the last and the mail is in quarantine now."""
        outcome = await self._persist(partial(self._failed, arrival, cause, detail))
        return outcome is not None

    async def _keep_writing(self) -> None:
        while True:
            last, batch = await self._read.get()
            done: list[int] = []
            for at in range(0, len(batch), _SLICE):
                done += await self._write_batch(batch[at : at + _SLICE])
                self._wake_delivery()
            self._done = last
            crashpoint("desk.written")
            await self._gate.done(done)

    async def _write_batch(self, batch: list[_Read]) -> list[int]:
        """Take mails through the pipeline in one transaction, and what failed in it one by one; the ids of all."""
        try:
            outcomes = await self._db.write_each([partial(self._handle, read) for read in batch])
        except TemporaryError as fault:
            _log.warning("store.refused %s", fault.message)
            return [await self._write_one(read) for read in batch]
        for read, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                await self._write_one(read)
            else:
                self._tell(read.arrival, outcome)
        return [read.arrival.id for read in batch]

    def _tell(self, arrival: Arrival, outcome: Outcome | None) -> None:
        """Say what became of an arrival; None is one that must be tried again."""
        _log.info("arrival.handled id=%d outcome=%s", arrival.id, outcome)
        if outcome is not None:
            self._on_handled(outcome, self._clock.now() - arrival.received)

    async def _write_one(self, read: _Read) -> int:
        """Take one mail through the pipeline, and try until it has an outcome; its id in the spool."""
        while True:
            try:
                outcome = await self._persist(partial(self._handle, read))
                self._tell(read.arrival, outcome)
            except Exception:
                _log.exception("arrival.failed id=%d", read.arrival.id)
                if await self._try_failed(read.arrival, Cause.HANDLING_FAILED, "see the log"):
                    return read.arrival.id
            else:
                return read.arrival.id

    async def _persist(self, run: Callable[[Tx], Outcome | None]) -> Outcome | None:
        """Run a transaction until the disk takes it: a fault that passes costs a mail time, not a try."""
        while True:
            try:
                return await self._db.write(run)
            except TemporaryError as fault:
                _log.warning("store.refused %s", fault.message)
                await asyncio.sleep(_PAUSE)

    def _handle(self, read: _Read, tx: Tx) -> Outcome | None:
        now = self._clock.now()
        if read.letter is None:
            return failed(tx, self._house, read.arrival, read.cause, read.detail, now)
        return handle(tx, self._house, read.arrival, read.letter, now, read.proof)

    def _failed(self, arrival: Arrival, cause: Cause, detail: str, tx: Tx) -> Outcome | None:
        return failed(tx, self._house, arrival, cause, detail, self._clock.now())
