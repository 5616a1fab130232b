"""Releases and forgets what is in quarantine: on a command's word, and where somebody has confirmed a mail by mail.

A release is a state in the database, so that one that is cut short by a crash is finished at the next look. Reading
the mail is left to the readers and deciding it to the pipeline; a mail that cannot be read stays where it is.
"""

import logging
from typing import Protocol

from .clock import Clock
from .core.audit import Act, Action, Who
from .core.letter import Letter
from .errors import GatepostError, PermanentError
from .house import House
from .mail.parse import HostileMail
from .pipeline import run_again
from .privacy import sealing
from .reader.pool import ReaderDied
from .store import arrivals, quarantine, trace
from .store.arrivals import Outcome
from .store.database import Database, Tx
from .store.quarantine import Held, State
from .vault import Unopened

_log = logging.getLogger("gatepost.release")


class Reader(Protocol):
    """Whoever makes a letter of raw bytes, under limits."""

    async def read(self, raw: bytes) -> Letter:
        """The letter of a mail. Raises HostileMail or ReaderDied."""


class Releases:
    """The way out of quarantine."""

    def __init__(self, *, db: Database, house: House, reader: Reader, clock: Clock) -> None:
        self._db, self._house, self._reader, self._clock = db, house, reader, clock

    async def look(self) -> None:
        """Run again what has been released and not yet been through."""
        for number in await self._db.read(quarantine.released):
            try:
                await self._run(number)
            except GatepostError as error:
                _log.error("release.failed id=%d %s", number, error.message)

    async def release(self, number: int, said: str, by: Who) -> tuple[Outcome, int]:
        """Run a held mail again by the word `said`; what became of it, and on which ticket. A second time is the same.

        Raises PermanentError where it is not there, was forgotten, or cannot be read today either.
        """
        now = self._clock.now()

        def run(tx: Tx) -> None:
            if quarantine.release(tx, number, said):
                self._house.audit.write(tx, _act(by, Action.QUARANTINE_RELEASED, number), now)

        await self._db.write(run)
        held = await self._found(number)
        if held.state is State.FORGOTTEN:
            raise PermanentError(f"quarantine {number} was forgotten ({held.said})", "Its content is gone.")
        if held.state is State.RELEASED:
            await self._run(number)
        row = await self._db.read(lambda tx: arrivals.find(tx, held.arrival))
        return Outcome(row["outcome"]) if row else Outcome.QUARANTINED, row["ticket"] or 0 if row else 0

    async def forget(self, number: int, said: str, by: Who) -> None:
        """Drop the content of a held mail. Raises PermanentError where it is not there, or was released meanwhile."""
        now = self._clock.now()

        def run(tx: Tx) -> None:
            held = quarantine.find(tx, number)
            if held is not None and quarantine.forget(tx, number, said, now):
                trace.note(tx, kind="forgotten", said=said, now=now, ticket=held.ticket, arrival=held.arrival)
                self._house.audit.write(tx, _act(by, Action.QUARANTINE_FORGOTTEN, number, reason=said), now)

        await self._db.write(run)
        held = await self._found(number)
        if held.state is not State.FORGOTTEN:
            raise PermanentError(f"quarantine {number} is not held any more: it was {held.said}")

    async def _found(self, number: int) -> Held:
        held = await self._db.read(lambda tx: quarantine.find(tx, number))
        if held is None:
            raise PermanentError(
                f"there is no {number} in quarantine", "gatepost quarantine list shows what is in there."
            )
        return held

    async def _run(self, number: int) -> None:
        held = await self._found(number)
        try:
            raw = await self._db.read(lambda tx: sealing.raw_of(tx, self._house.vault, held.arrival))
        except Unopened as lost:
            why = lost.message
            await self._db.write(lambda tx: self._keep(tx, held, b"", why))
            raise
        try:
            letter = await self._reader.read(raw)
        except (HostileMail, ReaderDied) as trouble:
            why = str(trouble)
            await self._db.write(lambda tx: self._keep(tx, held, raw, why))
            raise PermanentError(f"quarantine {number} cannot be read today either: {why}") from trouble
        outcome = await self._db.write(lambda tx: run_again(tx, self._house, number, letter, self._clock.now()))
        _log.info("release.done id=%d outcome=%s", number, outcome)

    def _keep(self, tx: Tx, held: Held, raw: bytes, why: str) -> None:
        """Back into quarantine, sealed: nobody knows what stands in it."""
        now = self._clock.now()
        if raw:
            sealing.keep(tx, self._house, held.arrival, raw, Outcome.QUARANTINED, now)
        quarantine.put(
            tx, held.arrival, cause=held.cause, detail=why, sender=held.sender, subject=held.subject,
            ticket=held.ticket, now=now,
        )  # fmt: skip
        said = f"released ({held.said}), but it cannot be read: {why}"
        trace.note(tx, kind="quarantine", said=said, now=now, ticket=held.ticket, arrival=held.arrival)


def _act(by: Who, action: Action, number: int, **details: str) -> Act:
    return Act(actor=by, action=action, object=f"quarantine {number}", details=details)
