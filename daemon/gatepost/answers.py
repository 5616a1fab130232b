"""Answers what commands ask of the running desk: each question by the part that it concerns, with who asked for it.

The questions and their way here are tray.py's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from . import absences
from .clock import Clock
from .config import Config
from .core.audit import Who, operator
from .core.away_plan import AwayPlan
from .house import House
from .ingress.archive_import import Taker
from .ingress.import_tray import Importer
from .portal.sign_in.entrance import Proved
from .portal.sign_in.invitations import invite
from .postroom import Postroom
from .privacy import control as privacy
from .privacy.control import Privacy
from .release import Releases
from .staff_reset import reset_totp, unlock
from .store.database import Database
from .topics import corrections
from .tray import Question, Said

Answer: TypeAlias = Callable[[Said], Awaitable[Said]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The parts that answer."""

    house: House
    db: Database
    clock: Clock
    releases: Releases
    postroom: Postroom
    privacy: Privacy
    taker: Taker

    def table(self, config: Config) -> dict[Question, Answer]:
        """Who answers which question."""
        return {
            Question.MAIL: self.taker.answer,
            Question.IMPORT: Importer(self.db, config, self.house.audit, self.clock).answer,
            Question.LABEL: self.label,
            Question.AWAY: self.away,
            Question.RESET_TOTP: self.reset,
            Question.UNLOCK_STAFF: self.unlock,
            Question.INVITE: self.invite,
            Question.RELEASE: self.release,
            Question.FORGET: self.forget,
            Question.RETRY: self.retry,
            Question.DROP: self.drop,
            Question.CLOSE_BREAKER: self.close_breaker,
            **privacy.answers(self.privacy),
        }

    async def away(self, said: Said) -> Said:
        """Write down a vendor's absence, or its end."""
        plan, now = AwayPlan(**said["plan"]) if said["plan"] is not None else None, self.clock.now()
        vendor, by = str(said["vendor"]), _by(said)
        return {"said": await self.db.write(lambda tx: absences.put(tx, self.house, vendor, plan, by, now))}

    async def label(self, said: Said) -> Said:
        """Correct what a ticket is about."""
        ticket, topic, by, now = int(said["ticket"]), str(said["topic"]), _by(said), self.clock.now()
        await self.db.write(lambda tx: corrections.correct(tx, self.house.audit, ticket, topic, by, now))
        return {}

    async def reset(self, said: Said) -> Said:
        """Forget the authenticator of a member of staff."""
        name, by, now = str(said["name"]), _by(said), self.clock.now()
        return {"had": await self.db.write(lambda tx: reset_totp(tx, self.house.audit, name, by, now))}

    async def unlock(self, said: Said) -> Said:
        """Forget the wrong codes of a member of staff."""
        name, by, now = str(said["name"]), _by(said), self.clock.now()
        return {"had": await self.db.write(lambda tx: unlock(tx, self.house.audit, name, by, now))}

    async def invite(self, said: Said) -> Said:
        """Invite people to the portal of a brand."""
        brand, by, now = self.house.brands[str(said["brand"])], _by(said), self.clock.now()
        people = [Proved(address=address, name=name, language=code) for address, name, code in said["people"]]
        done = await self.db.write(lambda tx: invite(tx, self.house, brand, people, by, now))
        return {"said": [[one.address, one.fate.value] for one in done]}

    async def release(self, said: Said) -> Said:
        """Run a mail from quarantine again."""
        outcome, ticket = await self.releases.release(int(said["id"]), str(said["said"]), _by(said))
        return {"outcome": outcome.value, "ticket": ticket}

    async def forget(self, said: Said) -> Said:
        """Take a mail out of quarantine for good."""
        await self.releases.forget(int(said["id"]), str(said["said"]), _by(said))
        return {}

    async def retry(self, said: Said) -> Said:
        """Try a mail of ours again."""
        return {"said": await self.postroom.retry(int(said["id"]), _by(said))}

    async def drop(self, said: Said) -> Said:
        """Give a mail of ours up."""
        return {"said": await self.postroom.drop(int(said["id"]), str(said["reason"]), _by(said))}

    async def close_breaker(self, said: Said) -> Said:
        """Close the circuit breaker of a pair."""
        return {"closed": await self.postroom.close_breaker(str(said["pair"]), _by(said))}


def _by(said: Said) -> Who:
    """Who gave the command that left this question."""
    return operator(str(said.get("by", "")))
