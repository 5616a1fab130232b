"""A vendor's report card: ratings, response times in business hours, and the share of answers that came in time (C6).

It counts; what was said and rated is handed in. A wait begins with the oldest unanswered human message of the customer
and ends with the next human message of anybody else, or when the ticket leaves the vendor. Once somebody has answered,
closing the ticket ends a wait too: thanks need no answer, a question does. A wait is in time when the vendor ended it
before its due instant. One that is not yet due says nothing, nor does one that ended otherwise before it was due.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from statistics import median

from . import DAY, Millis
from .calendar import Calendar, due, open_time
from .rating import GOOD, Rating

WINDOWS = (14, 30, 60, 90)
LAST = 20


class By(StrEnum):
    """Who wrote: the customer's side, the vendor or who stands in for them, or anybody else who answers; or nobody,
    where the ticket was closed.
    """

    CUSTOMER = "customer"
    VENDOR = "vendor"
    OTHER = "other"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that a person wrote, or a closing: on which ticket, when, and who.

    `theirs` is since when the ticket is the vendor's, 0 for from the start: what waited before that is not theirs.
    """

    ticket: int
    at: Millis
    by: By
    theirs: Millis = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A customer's wait; `until` is None while it lasts, `first` marks the first one of its ticket.

    `by_vendor`: it was the vendor who answered.
    """

    ticket: int
    since: Millis
    until: Millis | None
    first: bool
    by_vendor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How many answers, and how much open time they took: the median and the 90th percentile, 0 where there is none."""

    count: int
    median: Millis
    p90: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of so many waits of the last `days`, `in_time` ended in time."""

    days: int
    count: int
    in_time: int

    @property
    def percent(self) -> float | None:
        """The share in percent, None where there is nothing to tell."""
        return 100 * self.in_time / self.count if self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The report card of the last `days`; `mean` and `good` (percent) are None without ratings."""

    days: int
    ratings: int
    mean: float | None
    good: float | None
    by_score: tuple[int, ...]
    last: tuple[Rating, ...]
    first_response: Times
    next_response: Times
    shares: tuple[Share, ...]
    overdue: int
    complaints: int


def waits(said: Iterable[Said]) -> tuple[Wait, ...]:
    """The waits in what was said; messages of a ticket in the order in which they came."""
    found: list[Wait] = []
    open_since: dict[int, Millis] = {}
    seen: set[int] = set()
    for one in said:
        if one.by is By.CUSTOMER:
            open_since.setdefault(one.ticket, max(one.at, one.theirs))
        elif one.by is By.CLOSING and one.ticket not in seen:
            continue
        elif one.ticket in open_since and one.at >= one.theirs:
            since, first, by_vendor = open_since.pop(one.ticket), one.ticket not in seen, one.by is By.VENDOR
            seen.add(one.ticket)
            found.append(Wait(ticket=one.ticket, since=since, until=one.at, first=first, by_vendor=by_vendor))
    found += [Wait(ticket=t, since=at, until=None, first=t not in seen) for t, at in open_since.items()]
    return tuple(found)


def card(
    *,
    said: Iterable[Said],
    ratings: Sequence[Rating],
    calendar: Calendar,
    business_days: int,
    overdue: int,
    complaints: int,
    days: int,
    now: Millis,
) -> Card:
    """The card at `now`, of the last `days`; `ratings` in any order, `business_days` is what was promised."""
    every = waits(said)
    recent = [wait for wait in every if now - days * DAY <= wait.since <= now]
    first = now - WINDOWS[-1] * DAY
    judged = [(wait, due(calendar, wait.since, business_days)) for wait in every if wait.since >= first]
    given = sorted(
        (r for r in ratings if now - days * DAY <= r.at <= now), key=lambda r: (r.at, r.ticket), reverse=True
    )
    scores = [rating.score for rating in given]
    return Card(
        days=days,
        ratings=len(scores),
        mean=sum(scores) / len(scores) if scores else None,
        good=100 * sum(score >= GOOD for score in scores) / len(scores) if scores else None,
        by_score=tuple(scores.count(score) for score in (1, 2, 3, 4, 5)),
        last=tuple(given[:LAST]),
        first_response=_times(calendar, [wait for wait in recent if wait.first]),
        next_response=_times(calendar, [wait for wait in recent if not wait.first]),
        shares=tuple(_share(judged, window, now) for window in WINDOWS),
        overdue=overdue,
        complaints=complaints,
    )


def _times(calendar: Calendar, among: Iterable[Wait]) -> Times:
    took = sorted(open_time(calendar, w.since, w.until) for w in among if w.until is not None and w.by_vendor)
    if not took:
        return Times(count=0, median=0, p90=0)
    return Times(count=len(took), median=int(median(took)), p90=took[ceil(0.9 * len(took)) - 1])


def _share(among: Iterable[tuple[Wait, Millis]], days: int, now: Millis) -> Share:
    """The share in time among waits, each with the instant from which on an answer is late."""
    count = in_time = 0
    for wait, ends in among:
        if not now - days * DAY <= wait.since <= now:
            continue
        answered_in_time = wait.until is not None and wait.until < ends
        if answered_in_time and not wait.by_vendor:
            continue
        if answered_in_time or ends <= now:
            count += 1
            in_time += answered_in_time
    return Share(days=days, count=count, in_time=in_time)


class Figure(StrEnum):
    """What of a report card can fall short of what the marketplace asks for."""

    IN_TIME = "in_time"
    RATING = "rating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is asked for: percent of answers in time, the mean rating; 0 asks for nothing.

    A share or a mean of fewer than `least` says nothing.
    """

    in_time_percent: float
    mean_rating: float
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """A figure below its bound: what was seen in how many, and what is asked for."""

    figure: Figure
    seen: float
    count: int
    wanted: float


def told(card: Card) -> dict[Figure, tuple[float, int]]:
    """The figures of the card in its own days, each with how many it was made of; those of nothing are left out."""
    share = next(share for share in card.shares if share.days == card.days)
    found = ((Figure.IN_TIME, share.percent, share.count), (Figure.RATING, card.mean, card.ratings))
    return {figure: (seen, count) for figure, seen, count in found if seen is not None}


def shortfalls(card: Card, bounds: Bounds) -> tuple[Short, ...]:
    """Where the card falls short."""
    wanted = {Figure.IN_TIME: bounds.in_time_percent, Figure.RATING: bounds.mean_rating}
    return tuple(
        Short(figure=figure, seen=seen, count=count, wanted=wanted[figure])
        for figure, (seen, count) in told(card).items()
        if count >= bounds.least and seen < wanted[figure]
    )
