"""Business time: when a party works, how much open time lies between two instants, and when an amount of it has passed.

Open time is counted, not dates: one business day is `closes − opens` of it, so with 9–17 two business days from Friday
14:00 end on Tuesday 14:00, and from Saturday at noon on Wednesday 9:00. A working day opens and closes at the first
instant at which the clock on the wall shows or jumps over that time. Holidays come from calendars.py; nothing here
knows of tickets.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from . import DAY, HOUR, MINUTE, SECOND, Millis
from .wall import ONE_DAY, day_text, first_instant, local, wall

LOOK_AHEAD = 1096
"""Days without any open time, three years, after which a calendar counts as closed for good."""

_LAST_DAY = date(9998, 12, 31)


class Why(StrEnum):
    """Why time counts, or does not."""

    WORKING = "working hours"
    NO_WORKDAY = "not a working day"
    HOLIDAY = "public holiday"
    CLOSED = "closed"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Shift:
    """From when to when a day is worked, in minutes after midnight; `closes` is exclusive and at most 1440."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= 1440:
            raise ValueError(f"working hours run from a minute to a later one of the same day, not {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a party works, with everything spelled out as dates.

    `holidays` are public holidays by name, `closed_dates` the party's own; `open_dates` are worked whatever else is
    said, each in its own hours. `absences` are instants (from inclusive, until exclusive) between which the clock
    stands still.
    """

    zone: str = "UTC"
    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    shift: Shift = Shift(9 * 60, 17 * 60)
    holidays: Mapping[date, str] = field(default_factory=dict)
    closed_dates: frozenset[date] = frozenset()
    open_dates: Mapping[date, Shift] = field(default_factory=dict)
    absences: tuple[tuple[Millis, Millis], ...] = ()
    # The open spans of the days that were asked for: every promise asks for the same few.
    _spans: dict[date, tuple[tuple[Millis, Millis], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def business_day(self) -> Millis:
        """How much open time one business day is."""
        return (self.shift.closes - self.shift.opens) * MINUTE

    def why(self, day: date) -> Why:
        """Whether `day` is worked, absences aside, and else why not."""
        if day in self.open_dates:
            return Why.WORKING
        if day in self.closed_dates:
            return Why.CLOSED
        if day.weekday() not in self.weekdays:
            return Why.NO_WORKDAY
        return Why.HOLIDAY if day in self.holidays else Why.WORKING

    def hours(self, day: date) -> Shift | None:
        """The hours of `day`, None where it is not worked; absences aside."""
        return self.open_dates.get(day, self.shift) if self.why(day) is Why.WORKING else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A piece of an explanation: from `starts` to `ends` on `day`, `counted` of it open, and why."""

    day: date
    starts: Millis
    ends: Millis
    counted: Millis
    why: Why
    name: str = ""

    @property
    def reason(self) -> str:
        """The reason as words, for example: public holiday Narodowe Święto Niepodległości."""
        if self.why is Why.NO_WORKDAY and self.day.weekday() >= 5:
            return "weekend"
        return f"{self.why.value} {self.name}".rstrip()


def due(calendar: Calendar, start: Millis, business_days: int) -> Millis:
    """The first open instant at which so many whole business days of open time have passed since `start`.

    A start outside working hours counts from the next opening, and 0 gives that opening. An answer one millisecond
    before the result is in time. Never decreases as `start` grows; due(due(s, a), b) = due(s, a + b). Where the
    calendar closes for good (see `never_opens`), the rest is counted in plain days of 24 hours from then on.
    """
    return after(calendar, start, business_days * calendar.business_day)


def after(calendar: Calendar, start: Millis, amount: Millis) -> Millis:
    """The first open instant at which `amount` of open time has passed since `start`; see `due`."""
    if amount < 0:
        raise ValueError(f"open time is counted forward, not by {amount} ms")
    stopped = start
    for opens, closes in _open_from(calendar, start):
        if amount < closes - opens:
            return opens + amount
        amount -= closes - opens
        stopped = closes
    return stopped - (-amount * DAY // calendar.business_day)


def open_time(calendar: Calendar, start: Millis, end: Millis) -> Millis:
    """How much open time lies between two instants; 0 where `end` is not after `start`."""
    if end <= start:
        return 0
    # One day more than the dates shown: see is_open.
    first, last = local(start, calendar.zone).date(), local(end, calendar.zone).date() + ONE_DAY
    days = (first + n * ONE_DAY for n in range((last - first).days + 1))
    return sum(max(0, min(b, end) - max(a, start)) for day in days for a, b in _open(calendar, day))


def is_open(calendar: Calendar, now: Millis) -> bool:
    """Whether `now` lies in working hours."""
    day = local(now, calendar.zone).date()
    # On the nights when clocks go back over midnight, an instant shows a date whose successor has already begun.
    return any(a <= now < b for d in (day, day + ONE_DAY) for a, b in _open(calendar, d))


def never_opens(calendar: Calendar, now: Millis) -> bool:
    """Whether the calendar has no open time in the LOOK_AHEAD days from `now`: a mistake that loading tells."""
    return next(_open_from(calendar, now), None) is None


def explain(calendar: Calendar, start: Millis, end: Millis) -> tuple[Interval, ...]:
    """What counted between two instants: every open piece and every day that did not count, in order.

    The nights around working hours are left out. The sum of `counted` is `open_time`.
    """
    if end <= start:
        return ()
    day, pieces = local(start, calendar.zone).date(), list[Interval]()
    while (begins := first_instant(wall(day), calendar.zone)) < end:
        finishes = first_instant(wall(day, 1440), calendar.zone)
        for piece in _pieces(calendar, day, begins, finishes):
            clipped = _clip(piece, start, end)
            if clipped is not None:
                pieces.append(clipped)
        day += ONE_DAY
    return tuple(pieces)


def tell(calendar: Calendar, start: Millis, end: Millis) -> tuple[str, ...]:
    """The explanation as lines, for example: Fri 8 Nov 14:00–18:00 Europe/Warsaw: 4 h. Days off in a row are one."""
    pieces = explain(calendar, start, end)
    in_day = Counter(piece.day for piece in pieces)
    lines: list[tuple[date, date, str]] = []
    for piece in pieces:
        if piece.counted:
            text = f" {_times(piece, calendar.zone)}: {length_text(piece.counted)}"
        elif in_day[piece.day] > 1:
            text = f" {_times(piece, calendar.zone)}: {piece.reason}"
        else:
            text = f": {piece.reason}"
        if lines and not piece.counted and lines[-1][2] == text and piece.day - lines[-1][1] == ONE_DAY:
            lines[-1] = (lines[-1][0], piece.day, text)
        else:
            lines.append((piece.day, piece.day, text))
    return tuple(_days(first, last) + text for first, last, text in lines)


def length_text(length: Millis) -> str:
    """A length of time in hours, minutes and seconds, for example 3 h 30 min."""
    parts = ((length // HOUR, "h"), (length % HOUR // MINUTE, "min"), (length % MINUTE // SECOND, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def _open_from(calendar: Calendar, start: Millis) -> Iterator[tuple[Millis, Millis]]:
    """The open spans from `start` on, until none comes for LOOK_AHEAD days."""
    day, quiet = local(start, calendar.zone).date(), 0
    while quiet < LOOK_AHEAD and day <= _LAST_DAY:
        spans = [(max(a, start), b) for a, b in _open(calendar, day) if b > start]
        yield from spans
        quiet = 0 if spans else quiet + 1
        day += ONE_DAY


def _open(calendar: Calendar, day: date) -> tuple[tuple[Millis, Millis], ...]:
    """The open spans of one day, absences taken out."""
    spans = calendar._spans.get(day)
    if spans is None:
        spans = calendar._spans[day] = tuple(_reckoned(calendar, day))
    return spans


def _reckoned(calendar: Calendar, day: date) -> list[tuple[Millis, Millis]]:
    hours = calendar.hours(day)
    if hours is None:
        return []
    opens = first_instant(wall(day, hours.opens), calendar.zone)
    closes = first_instant(wall(day, hours.closes), calendar.zone)
    spans = [(opens, closes)] if opens < closes else []
    for leaves, returns in calendar.absences:
        if leaves < returns:
            halves = (half for a, b in spans for half in ((a, min(b, leaves)), (max(a, returns), b)))
            spans = [(a, b) for a, b in halves if a < b]
    return spans


def _pieces(calendar: Calendar, day: date, begins: Millis, finishes: Millis) -> list[Interval]:
    """What is to be said of one whole day: its open spans and the absences between, or why it does not count."""
    hours = calendar.hours(day)
    if hours is None:
        why = calendar.why(day)
        name = calendar.holidays.get(day, "") if why is Why.HOLIDAY else ""
        return [Interval(day=day, starts=begins, ends=finishes, counted=0, why=why, name=name)]
    at = first_instant(wall(day, hours.opens), calendar.zone)
    closes = first_instant(wall(day, hours.closes), calendar.zone)
    pieces: list[Interval] = []
    for a, b in [*_open(calendar, day), (closes, closes)]:
        if at < a:
            pieces.append(Interval(day=day, starts=at, ends=a, counted=0, why=Why.AWAY))
        if a < b:
            pieces.append(Interval(day=day, starts=a, ends=b, counted=b - a, why=Why.WORKING))
        at = b
    return pieces


def _clip(piece: Interval, start: Millis, end: Millis) -> Interval | None:
    starts, ends = max(piece.starts, start), min(piece.ends, end)
    if ends <= starts:
        return None
    counted = ends - starts if piece.why is Why.WORKING else 0
    return Interval(day=piece.day, starts=starts, ends=ends, counted=counted, why=piece.why, name=piece.name)


def _times(piece: Interval, key: str) -> str:
    starts, ends = local(piece.starts, key), local(piece.ends, key)
    form = "%H:%M:%S" if starts.second or ends.second else "%H:%M"
    until = "24:00" if ends.date() > piece.day else ends.strftime(form)
    return f"{starts.strftime(form)}–{until} {key}"


def _days(first: date, last: date) -> str:
    return day_text(first) if first == last else f"{day_text(first)} – {day_text(last)}"
