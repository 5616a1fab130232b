"""The desk's answers about what goes out: retry, drop and mend mails of the outbox, close circuit breakers, tell staff.

Sending is delivery's; a mail that could not be composed is composed again here, when its letter is right again.
"""

from dataclasses import replace

from . import alarm
from .clock import Clock
from .core import Millis
from .core.audit import Act, Action, Who
from .drafting.draft import write_again
from .errors import PermanentError
from .house import House
from .store import outbox, outbox_by_hand, outbox_view, trace
from .store.database import Database, Tx
from .store.outbox_view import Posted

_AT_ONCE = 200


class Postroom:
    """Works on the outbox in the process that owns the database. `delay_hours` is when staff are told of a delay."""

    def __init__(self, *, db: Database, house: House, clock: Clock, delay_hours: int) -> None:
        self._db, self._house, self._clock, self._delay_hours = db, house, clock, delay_hours
        self._digest = ""

    async def look(self) -> None:
        """Close breakers whose time is over, tell of delays, and mend what could not be composed before a reload."""
        now = self._clock.now()
        await self._db.write(lambda tx: alarm.look(tx, self._house, now, delay_hours=self._delay_hours))
        if self._digest != self._house.letters.digest():
            await self._db.write(lambda tx: self.mend(tx, now))
            self._digest = self._house.letters.digest()

    async def retry(self, number: int, by: Who) -> str:
        """Try a mail at once, composed anew where it could not be; the sentence that says what was done."""
        now = self._clock.now()

        def run(tx: Tx) -> str:
            said = self._retry(tx, number, now)
            self._house.audit.write(tx, _act(by, Action.OUTBOX_RETRIED, number), now)
            return said

        return await self._db.write(run)

    async def drop(self, number: int, reason: str, by: Who) -> str:
        """Give a mail up; the sentence that says for whom."""
        now = self._clock.now()

        def run(tx: Tx) -> str:
            people = outbox_by_hand.drop(tx, number, reason, now)
            mail = outbox_view.show(tx, number)
            said = f"mail {number} dropped for {', '.join(people)}: {reason}"
            trace.note(tx, kind="dropped", said=said, now=now, ticket=mail.ticket if mail is not None else 0)
            self._house.audit.write(tx, _act(by, Action.OUTBOX_DROPPED, number, reason=reason), now)
            return said

        return await self._db.write(run)

    async def close_breaker(self, pair: str, by: Who) -> bool:
        """Close the circuit breaker of a pair; False where it is not open."""
        now = self._clock.now()

        def run(tx: Tx) -> bool:
            closed = alarm.close(tx, self._house, pair, f"closed by {by.name}", now)
            if closed:
                self._house.audit.write(tx, Act(actor=by, action=Action.BREAKER_CLOSED, details={"pair": pair}), now)
            return closed

        return await self._db.write(run)

    def mend(self, tx: Tx, now: Millis) -> int:
        """Compose again what is in state error; how many mails can go out now."""
        return sum(self._mended(tx, mail, now) for mail in outbox_view.in_error(tx, _AT_ONCE))

    def _mended(self, tx: Tx, mail: Posted, now: Millis) -> bool:
        again = write_again(tx, self._house, mail, now)
        if again is None:
            return False
        outbox.mend(tx, mail.id, again, now)
        if not again.error:
            trace.note(tx, kind="mended", said=f"{mail.template}: mail {mail.id}", now=now, ticket=mail.ticket)
        return not again.error

    def _retry(self, tx: Tx, number: int, now: Millis) -> str:
        mail = outbox_view.show(tx, number)
        if mail is None:
            raise PermanentError(
                f"there is no mail {number} in the outbox", "gatepost outbox list shows what is there."
            )
        if mail.state == "error":
            if self._mended(tx, mail, now):
                return f"mail {number} was composed again and is queued"
            error = (outbox_view.show(tx, number) or replace(mail, error="")).error
            raise PermanentError(f"mail {number} still cannot be composed: {error}", "Correct the letter, or drop it.")
        people = outbox_by_hand.retry(tx, number, now)
        if not people:
            raise PermanentError(f"nobody waits for mail {number}", "It is queued, was sent, or was dropped.")
        trace.note(tx, kind="retried", said=f"mail {number} for {', '.join(people)}", now=now, ticket=mail.ticket)
        return f"mail {number} is tried again for {', '.join(people)}"


def _act(by: Who, action: Action, number: int, **details: str) -> Act:
    return Act(actor=by, action=action, object=f"mail {number}", details=details)
