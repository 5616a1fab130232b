"""The watch: looks every few seconds whether all is well, keeps what it saw, and has alarms raised and cleared.

What counts as a trouble is the core's (`core.health`); what is done about an alarm is `alarm`'s. A trouble is told to
staff when two looks in a row have seen it, so that a start or a short fault writes no mail.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import alarm
from ..clock import Clock, Steps
from ..core import Millis
from ..core.health import Seen, Trouble, healthy, troubles
from ..errors import GatepostError, TemporaryError
from ..house import House
from ..ingress.gate_link import ask_status
from ..store import vitals
from ..store.database import Database, Tx
from ..store.spool_reader import SpoolReader
from ..store.vitals import Vitals
from . import standing

_log = logging.getLogger("gatepost.watch")
_NOTHING = Vitals(
    waiting=0, oldest_arrival=None, oldest_due=None, mailboxes=(), latest=0, dead_letters=0, breakers=()
)  # fmt: skip


class Watch:
    """Looks, and remembers its last look. `least_octets` is how much of the disk must stay free.

    `monotonic` and `free` are parameters so that tests can bring a clock that jumps and a full disk.
    """

    def __init__(
        self,
        *,
        data: Path,
        db: Database,
        house: House,
        spool: SpoolReader,
        clock: Clock,
        least_octets: int,
        monotonic: Callable[[], float] = Clock.monotonic,
        free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    ) -> None:
        self._data, self._db, self._house, self._spool, self._clock = data, db, house, spool, clock
        self._least_octets = least_octets
        self._monotonic = monotonic
        self._free = free
        self._steps = Steps()
        self._stepped: tuple[Millis, Millis] | None = None
        self._before: set[tuple[str, str]] = set()
        self.seen: Seen | None = None
        self.looked: float | None = None
        self.gate: dict[str, Any] = {}
        self.found: tuple[Trouble, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether the last look found nothing that makes the house unhealthy; False before the first one."""
        return self.seen is not None and healthy(self.found)

    @property
    def sentence(self) -> str:
        """The last look in a line."""
        if not self.found:
            return "all is well"
        return "; ".join(f"{trouble.kind.title}: {trouble.why}" for trouble in self.found)[:400].replace("\n", " ")

    async def look(self) -> None:
        """Look once, and tell staff what has begun and what is over."""
        now = self._clock.now()
        self.seen = await self._observe(now)
        found = troubles(self.seen)
        told = tuple(trouble for trouble in found if (trouble.kind.word, trouble.subject) in self._before)
        self._before = {(trouble.kind.word, trouble.subject) for trouble in found}
        fault = await self._write(lambda tx: self._keep(tx, told, found, now))
        if fault:
            self.seen = replace(self.seen, database_fault=self.seen.database_fault or fault)
            found = troubles(self.seen)
            _log.error("watch.unwritten %s", fault)
        self.found, self.looked = found, self._monotonic()

    def report(self) -> dict[str, Any]:
        """The last look, for the health endpoint: a verdict, and every trouble with what to do."""
        return {
            "verdict": "well" if self.healthy and not self.found else "unhealthy" if not self.healthy else "look",
            "troubles": [_told(trouble) for trouble in self.found],
        }

    def _keep(self, tx: Tx, told: tuple[Trouble, ...], found: tuple[Trouble, ...], now: Millis) -> None:
        alarm.settle(tx, self._house, told, found, now)
        vitals.keep(tx, {"troubles": [_told(trouble) for trouble in found]}, now)

    async def _write(self, run: Callable[[Tx], None]) -> str:
        try:
            await self._db.write(run)
        except TemporaryError as fault:
            return fault.message
        return ""

    async def _observe(self, now: Millis) -> Seen:
        read, fault = _NOTHING, ""
        try:
            read = await self._db.read(vitals.read)
        except Exception as error:
            # Whatever a damaged or vanished file makes SQLite say, it is a fault of the database.
            fault = f"{type(error).__name__}: {error}"
        waiting, oldest = self._waiting(read)
        self._look_at_clock(now)
        return Seen(
            now=now,
            free_octets=self._free(self._data),
            least_octets=self._least_octets,
            database_fault=fault,
            waiting=waiting,
            oldest_arrival=oldest,
            oldest_due=read.oldest_due,
            mailboxes=read.mailboxes,
            stepped=self._stepped[0] if self._stepped else None,
            step=self._stepped[1] if self._stepped else 0,
            latest=read.latest,
            gate_fault=await self._ask_gate(),
            deaths=_deaths(self._data),
            dead_letters=read.dead_letters,
            breakers=read.breakers,
        )

    def _waiting(self, read: Vitals) -> tuple[int, Millis | None]:
        """How many accepted mails have no outcome yet, at all doors, and since when the oldest waits."""
        try:
            many, oldest = self._spool.waiting()
        except Exception as error:
            # The gate owns that file: where it cannot be read, the gate's own fault is told.
            _log.warning("watch.spool_unread %s", error)
            many, oldest = 0, None
        instants = [at for at in (oldest, read.oldest_arrival) if at is not None]
        return many + read.waiting, min(instants, default=None)

    def _look_at_clock(self, now: Millis) -> None:
        """A clock that was pushed on purpose (the demo's) has not stepped."""
        if step := self._steps.look(now - self._clock.pushed(), self._monotonic()):
            self._stepped = (now, step)

    async def _ask_gate(self) -> str:
        try:
            self.gate = await ask_status(self._data)
        except GatepostError as error:
            self.gate = {}
            return error.message
        return ""


def _deaths(data: Path) -> tuple[tuple[str, Millis], ...]:
    """Which parts have died, each with the instant of the last time."""
    return tuple((name, part.died) for name, part in sorted(standing.read(data).items()) if part.died is not None)


def _told(trouble: Trouble) -> dict[str, Any]:
    return {
        "kind": trouble.kind.word,
        "subject": trouble.subject,
        "what": trouble.kind.title,
        "why": trouble.why,
        "advice": trouble.kind.advice,
        "unhealthy": trouble.kind.unhealthy,
    }
