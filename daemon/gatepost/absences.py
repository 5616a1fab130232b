"""When vendors are away, by a word of staff or by the config (R8); what that means for promises that were made already.

A vendor's own word comes by mail (`#away`), and is core/obey.py's.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace

from .case import case_of
from .clock import Clock
from .core import Millis
from .core.address import plain
from .core.audit import Act, Action, ActorKind, Who
from .core.away_plan import AwayError, AwayPlan, away_of
from .core.effect import Promise
from .core.event import DeadlineKind
from .core.party import Away, Vendor
from .core.phrase import Sentence
from .errors import PermanentError
from .house import House
from .mail import wording
from .mail.catalogue import phrase
from .store import away_configs, deadlines, parties, tickets, trace
from .store.database import Database, Tx

_log = logging.getLogger("gatepost.absences")
_CONFIG = Who(kind=ActorKind.SYSTEM, name="config")


class AbsenceError(PermanentError):
    """What cannot be written down of a vendor; `said` is the sentence for whoever reads another language."""

    def __init__(self, said: Sentence, hint: str) -> None:
        super().__init__(said.message % said.values, hint)
        self.said = said


def put(tx: Tx, house: House, slug: str, plan: AwayPlan | None, by: Who, now: Millis) -> str:
    """Write down that a vendor is away, None for here again; the sentence that says so.

    Raises PermanentError where there is no such vendor, AbsenceError where the plan cannot be.
    """
    vendor = parties.vendor_named(tx, slug)
    if vendor is None:
        raise PermanentError(f"there is no vendor {slug}", "gatepost vendors list names those that are there.")
    away = None if plan is None else _away(house, vendor, plan, now)
    said = _put(tx, house, vendor, away, now)
    house.audit.write(tx, _act(by, slug, said), now)
    return said


def refuse(house: House, vendor: Vendor, plan: AwayPlan, now: Millis) -> None:
    """Raise AbsenceError where the plan cannot be; write nothing."""
    _away(house, vendor, plan, now)


def stand_in(tx: Tx, house: House, vendor: Vendor, address: str, by: Who, now: Millis) -> None:
    """Have a substitute answer for the rest of an absence that stands already; the clock runs on then."""
    if vendor.away is None:
        raise LookupError(f"{vendor.slug} is not away")
    said = _put(tx, house, vendor, replace(vendor.away, substitute=address, clock_stops=False), now)
    house.audit.write(tx, _act(by, vendor.slug, said), now)


def reckon_again(tx: Tx, house: House, vendor: int, now: Millis) -> int:
    """Work out when the open promises of a vendor's tickets are due by the calendar of now; how many were moved."""
    moved = 0
    for row in deadlines.of_vendor(tx, vendor, (DeadlineKind.OVERDUE, DeadlineKind.NUDGE)):
        ticket = tickets.find(tx, row["ticket"])
        if ticket is None:
            continue
        terms = case_of(tx, house, ticket, now).terms(house, now)
        kind, since = DeadlineKind(row["kind"]), row["since"]
        due = terms.overdue_at(since) if kind is DeadlineKind.OVERDUE else terms.nudge_at(since)
        if due is not None and due != row["due"]:
            deadlines.promise(tx, ticket.number, Promise(kind=kind, due=due, since=since))
            said = f"{kind.value} due {wording.moment(due)}: the vendor's calendar has changed"
            trace.note(tx, kind="promise", said=said, now=now, ticket=ticket.number)
            moved += 1
    return moved


class AwayConfig:
    """Keeps the vendors' absences as the sections [away.SLUG] say them.

    A section is carried out once; what is said later by mail or command holds until the section changes. Where a
    section is gone, so is its absence, if it still stands as it was written.
    """

    def __init__(self, *, house: House, db: Database, clock: Clock, plans: Mapping[str, AwayPlan]) -> None:
        self._house, self._db, self._clock, self._plans = house, db, clock, dict(plans)
        self._missing: set[str] = set()

    async def look(self) -> int:
        """Carry out what has changed, also for vendors that were imported meanwhile; how many absences were written."""
        if not self._plans and not await self._db.read(away_configs.all_):
            return 0
        now = self._clock.now()
        return await self._db.write(lambda tx: self._carry_out(tx, now))

    def _carry_out(self, tx: Tx, now: Millis) -> int:
        done, known = 0, away_configs.all_(tx)
        for slug, plan in self._plans.items():
            said = json.dumps(asdict(plan), sort_keys=True)
            if known.get(slug, ("", None))[0] != said:
                done += self._begin(tx, slug, plan, said, now)
        for slug, (_, written) in known.items():
            if slug not in self._plans:
                vendor = parties.vendor_named(tx, slug)
                if vendor is not None and vendor.away is not None and vendor.away == written:
                    self._put(tx, vendor, None, now)
                    done += 1
                away_configs.forget(tx, slug)
        return done

    def _begin(self, tx: Tx, slug: str, plan: AwayPlan, said: str, now: Millis) -> int:
        vendor = parties.vendor_named(tx, slug)
        if vendor is None:
            if slug not in self._missing:
                _log.warning("away.no_vendor section [away.%s] names a vendor that is not imported", slug)
                self._missing.add(slug)
            return 0
        try:
            away = _away(self._house, vendor, plan, now)
        except PermanentError as error:
            _log.warning("away.refused [away.%s]: %s", slug, error.message)
            away_configs.remember(tx, slug, said, None)
            return 0
        self._put(tx, vendor, away, now)
        away_configs.remember(tx, slug, said, away)
        return 1

    def _put(self, tx: Tx, vendor: Vendor, away: Away | None, now: Millis) -> None:
        said = _put(tx, self._house, vendor, away, now)
        self._house.audit.write(tx, _act(_CONFIG, vendor.slug, said), now)


def _act(by: Who, slug: str, said: str) -> Act:
    return Act(actor=by, action=Action.VENDOR_CHANGED, object=f"vendor {slug}", details={"away": said})


def _away(house: House, vendor: Vendor, plan: AwayPlan, now: Millis) -> Away:
    loops = bool(plan.substitute) and house.is_ours(plan.substitute)
    try:
        if plan.substitute and not loops:
            plain(plan.substitute)
    except ValueError as error:
        message = phrase("%(address)s is not a plain mail address.")
        said = Sentence(message=message, values={"address": plan.substitute[:80]})
        raise AbsenceError(said, "Name who answers meanwhile by their mail address.") from error
    if loops:
        message = phrase("%(address)s comes in here again: a loop")
        said = Sentence(message=message, values={"address": plan.substitute})
        raise AbsenceError(said, "Name an address that people read.")
    try:
        return away_of(plan, vendor.hours.zone, now)
    except AwayError as error:
        raise AbsenceError(error.said, "Write days as 2027-01-31, in the vendor's zone.") from error


def _put(tx: Tx, house: House, vendor: Vendor, away: Away | None, now: Millis) -> str:
    parties.set_away(tx, vendor.id, away)
    moved = reckon_again(tx, house, vendor.id, now)
    said = f"{vendor.name} {told(away, vendor.hours.zone)}"
    trace.note(tx, kind="away", said=f"{said}; {moved} deadlines moved", now=now)
    return said


def told(away: Away | None, zone: str) -> str:
    """An absence in words: from when to when, who stands in, what the clock does."""
    if away is None:
        return "is here"
    answers = f"{away.substitute} answers" if away.substitute else "the triage team answers new tickets"
    clock = "the clock stands still" if away.clock_stops else "the clock runs on"
    days = f"from {wording.day(away.starts, 'en', zone)}, back on {wording.day(away.ends, 'en', zone)}"
    return f"is away {days}; {answers}, {clock}"
