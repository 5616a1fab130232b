"""The promises of section [clock] as functions of time in one calendar: what the core asks for as `Terms`.

Who answers and whose calendar counts is House's; what follows from a promise is the core's.
"""

from dataclasses import dataclass
from functools import partial

from .config import ClockSection
from .core import DAY, Millis
from .core.calendar import Calendar, after, due
from .core.deadline import rating_at
from .core.effect import Promise
from .core.event import DeadlineKind
from .core.party import Participant
from .core.ticket import Fallback, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """How long what may take; 0 switches off the nudge and the rungs. See the keys of section [clock]."""

    overdue_business_days: int
    rating_days: int
    nudge_share: float = 0.5
    help_business_days: float = 1.0
    reroute_business_days: float = 2.0
    rating_late_days: int = 14
    reopen_days: int = 60

    def overdue_at(self, calendar: Calendar, since: Millis) -> Millis:
        """When an answer to a message of `since` is overdue."""
        return due(calendar, since, self.overdue_business_days)

    def nudge_at(self, calendar: Calendar, since: Millis) -> Millis | None:
        """When the vendor is reminded of it."""
        if not self.nudge_share:
            return None
        return after(calendar, since, round(self.nudge_share * self.overdue_business_days * calendar.business_day))

    def rungs(self, calendar: Calendar, told: Millis) -> tuple[Promise, ...]:
        """The rungs of the ladder above an overdue notice that was sent at `told`."""
        waits = ((DeadlineKind.HELP, self.help_business_days), (DeadlineKind.REROUTE, self.reroute_business_days))
        return tuple(
            Promise(kind=kind, due=after(calendar, told, round(days * calendar.business_day)), since=told)
            for kind, days in waits
            if days
        )


def promises(clock: ClockSection) -> Promises:
    """The promises of the config."""
    return Promises(
        overdue_business_days=clock.overdue_business_days,
        rating_days=clock.rating_days,
        nudge_share=clock.nudge_share,
        help_business_days=clock.help_business_days,
        reroute_business_days=clock.reroute_business_days,
        rating_late_days=clock.rating_late_days,
        reopen_days=clock.reopen_days,
    )


def terms(
    promises: Promises,
    *,
    calendar: Calendar,
    zone: str,
    participants: tuple[Participant, ...],
    staff: str,
    team: Participant | None = None,
    fallback: Fallback | None = None,
) -> Terms:
    """The terms of one ticket; `calendar` is that of who answers, `zone` where the customer's days are counted."""
    return Terms(
        participants=participants,
        overdue_at=partial(promises.overdue_at, calendar),
        rating_at=lambda filed: rating_at(filed, promises.rating_days, zone),
        staff_address=staff,
        nudge_at=partial(promises.nudge_at, calendar),
        rungs=partial(promises.rungs, calendar),
        opens_at=lambda now: after(calendar, now, 0),
        team=team,
        fallback=fallback,
        rating_late=promises.rating_late_days * DAY,
    )
