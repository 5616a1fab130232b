"""A person's data under control: export, erasure, legal hold, and the reason for which a sealed mail was opened.

An erasure is asked for once and then carried on piece by piece, here or after the next start, until nothing is left;
what stands against it is said before anything is taken away. Every act is in the audit log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from ..clock import Clock
from ..core.audit import Act, Action, Details, Who, operator
from ..crashpoint import crashpoint
from ..errors import PermanentError, TemporaryError
from ..house import House
from ..store import arrivals, erasure, persons
from ..store.database import Database, Tx
from ..store.erasure_steps import Erasure
from ..store.persons import Person
from ..tray import Question, Said
from ..vault import Vault
from . import sealing
from .export import Export, export

_log = logging.getLogger("gatepost.privacy")
Fold = Callable[[], Awaitable[None]]


class Privacy:
    """Works on persons in the process that owns the database. `fold` has the gate fold its log."""

    def __init__(self, *, db: Database, house: House, clock: Clock, fold: Fold | None = None) -> None:
        self._db, self._house, self._clock, self._fold = db, house, clock, fold

    async def export(self, address: str, by: Who) -> Export:
        """All that is held about the person with this address. Raises PermanentError where nothing is."""
        now = self._clock.now()
        person = await self.exported(address, by)
        return await self._db.read(lambda tx: export(tx, self._house.brands.values(), person, now))

    async def exported(self, address: str, by: Who) -> Person:
        """Keep that a person's data is being handed out."""
        person = await self._known(address)
        await self._db.write(lambda tx: self._note(tx, by, Action.PERSON_EXPORTED, person, {}))
        return person

    async def erase(self, address: str, by: Who) -> int:
        """Erase the person with this address, and return when it is done; the erasure's number.

        Raises PermanentError where a legal hold or an open refund stands against it, which is recorded (L03).
        """
        person = await self._known(address)
        number, why = await self._db.write(lambda tx: self._begin(tx, person, by))
        if why:
            raise PermanentError(
                f"{address} is not erased: {why}", "gatepost person release ends a hold; close the refund."
            )
        await self.go_on()
        return number

    async def hold(self, address: str, reason: str, by: Who) -> int:
        """Keep all that is theirs until the hold is released; the hold's number."""
        person, now = await self._known(address), self._clock.now()

        def run(tx: Tx) -> int:
            number = persons.hold(tx, person, reason=reason, by=by.name, now=now)
            self._note(tx, by, Action.PERSON_HELD, person, {"reason": reason})
            return number

        return await self._db.write(run)

    async def release(self, address: str, why: str, by: Who) -> int:
        """End every hold of a person; how many there were."""
        person, now = await self._known(address), self._clock.now()

        def run(tx: Tx) -> int:
            count = persons.release(tx, person, why=why, by=by.name, now=now)
            self._note(tx, by, Action.PERSON_RELEASED, person, {"why": why, "holds": count})
            return count

        return await self._db.write(run)

    async def opened(self, arrival: int, reason: str, by: Who) -> None:
        """Keep that a mail is opened exactly as it came, and for which reason (K07, L07).

        Raises PermanentError where there is no such mail.
        """
        raw = await self._db.read(lambda tx: raw_mail(tx, self._house.vault, arrival))
        details = {"reason": reason, "octets": len(raw)}
        act = Act(actor=by, action=Action.RAW_OPENED, object=f"arrival {arrival}", details=details)
        await self._db.write(lambda tx: self._house.audit.write(tx, act, self._clock.now()))

    async def rotated(self, name: str, number: int, by: Who) -> None:
        """Keep that there is a new key."""
        act = Act(actor=by, action=Action.KEY_ROTATED, object=f"key {name}", details={"id": number})
        await self._db.write(lambda tx: self._house.audit.write(tx, act, self._clock.now()))

    async def go_on(self) -> int:
        """Carry on with every erasure that is under way, to its end; how many ended. Safe after a kill at any point."""
        strings: list[str] = []
        for one in await self._db.read(erasure.unfinished):
            while await self._advance(one.id):
                crashpoint("erasure.step")
            strings += one.strings
            begin = True
            while await self._db.write(partial(erasure.settle_index, begin=begin)):
                begin = False
            await self._db.write(partial(self._end, one=one))
            crashpoint("erasure.forgotten")
        ended = await self._db.read(erasure.unsettled)
        if ended:
            await self._settle(strings, len(ended))
        return len(ended)

    async def _advance(self, number: int) -> bool:
        """Look on a snapshot for the next piece that has something of them, and do it."""
        place = await self._db.read(partial(erasure.ahead, number=number))
        return await self._db.write(partial(erasure.advance, number=number, place=place))

    async def fold(self) -> bool:
        """Cut the logs of the database and of the gate: what was deleted, masked or sealed does not lie there.

        False while somebody still reads the database's; the next look does it.
        """
        if self._fold is not None:
            await self._fold()
        try:
            return await self._db.compact()
        except TemporaryError as fault:
            _log.warning("store.refused %s", fault.message)
            return False

    async def _settle(self, strings: list[str], count: int) -> None:
        """Nothing of them stays in an unused part of a file or in a log: neither in ours nor in the gate's."""
        if not await self.fold():
            _log.info("erasure.log_read")
            return
        # After a kill nobody knows any more what was to be looked for.
        if not strings or await asyncio.to_thread(self._db.holds, strings):
            await self._db.compact(anew=True)
        await self._db.write(lambda tx: erasure.finish(tx, self._clock.now()))
        await self._db.compact()
        _log.info("erasure.done persons=%d", count)

    def _end(self, tx: Tx, one: Erasure) -> None:
        objects = [f"ticket {number}" for number in one.filed]
        self._house.audit.forget(
            tx, actor=operator(one.by), party=one.customer, objects=objects, names=one.strings, now=self._clock.now()
        )
        erasure.forgotten(tx, one.id)

    def _begin(self, tx: Tx, person: Person, by: Who) -> tuple[int, str]:
        why = against(tx, person)
        now = self._clock.now()
        if why:
            self._note(tx, by, Action.PERSON_KEPT, person, {"why": why})
            return erasure.refuse(tx, person, by=by.name, why=why, now=now), why
        return erasure.begin(tx, person, by=by.name, now=now), ""

    def _note(self, tx: Tx, by: Who, action: Action, person: Person, details: Details) -> None:
        object_ = f"customer {person.customer}" if person.customer else f"ticket {min(person.filed + person.others)}"
        act = Act(actor=by, action=action, object=object_, details=details, about=person.customer)
        self._house.audit.write(tx, act, self._clock.now())

    async def _known(self, address: str) -> Person:
        person = await self._db.read(lambda tx: persons.find(tx, address))
        if not person.known:
            raise PermanentError(f"nothing is known of {address}", "Is it written as in the ticket?")
        return person


def against(tx: Tx, person: Person) -> str:
    """What stands against an erasure; '' for nothing."""
    held = persons.holds(tx, person)
    if held:
        return f"a legal hold keeps it ({held[0].reason})"
    refund = persons.refund_open(tx, person)
    return f"a refund is open on ticket {refund}" if refund else ""


def answers(privacy: Privacy) -> dict[Question, Callable[[Said], Awaitable[Said]]]:
    """Who answers what a command may ask about persons."""

    async def erase(said: Said) -> Said:
        return {"number": await privacy.erase(str(said["address"]), operator(str(said["by"])))}

    async def hold(said: Said) -> Said:
        number = await privacy.hold(str(said["address"]), str(said["reason"]), operator(str(said["by"])))
        return {"number": number}

    async def release(said: Said) -> Said:
        count = await privacy.release(str(said["address"]), str(said["reason"]), operator(str(said["by"])))
        return {"count": count}

    async def exported(said: Said) -> Said:
        await privacy.exported(str(said["address"]), operator(str(said["by"])))
        return {}

    async def raw(said: Said) -> Said:
        await privacy.opened(int(said["arrival"]), str(said["reason"]), operator(str(said["by"])))
        return {}

    async def rotated(said: Said) -> Said:
        await privacy.rotated(str(said["name"]), int(said["id"]), operator(str(said["by"])))
        return {}

    return {
        Question.PERSON_ERASE: erase,
        Question.PERSON_HOLD: hold,
        Question.PERSON_RELEASE: release,
        Question.PERSON_EXPORT: exported,
        Question.RAW_OPENED: raw,
        Question.KEY_ROTATED: rotated,
    }


def raw_mail(tx: Tx, vault: Vault, arrival: int) -> bytes:
    """A mail exactly as it came. Raises PermanentError where there is none, or it is no longer kept."""
    if arrivals.find(tx, arrival) is None:
        raise PermanentError(f"there is no arrival {arrival}", "gatepost trace TICKET names the arrivals of a ticket.")
    raw = sealing.raw_of(tx, vault, arrival)
    if not raw:
        raise PermanentError(f"the mail of arrival {arrival} is no longer kept")
    return raw
