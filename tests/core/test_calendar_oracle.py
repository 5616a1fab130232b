"""Business time against two independent oracles: a walker over every minute, and numpy's business days.

The walker defines open by looking at the clock on the wall each minute: a clock that is never turned back by hand, so
the hour that is shown twice counts as the time before it. Everyday a fifth of the cases is run; `-m chaos` runs all
zones and the full number.
"""

import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.calendars import Calendars
from gatepost.core import DAY, MINUTE, Millis
from gatepost.core.calendar import Calendar, Shift, after, due, explain, is_open, open_time
from gatepost.core.party import Hours
from gatepost.core.wall import first_instant, local

ODD_ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/St_Johns", "America/Asuncion", "Antarctica/Troll",
    "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Pyongyang", "Asia/Tehran", "Australia/Lord_Howe",
    "Europe/Dublin", "Europe/Warsaw", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Kwajalein",
)  # fmt: skip
SPAN_DAYS = 24
NAIVE_EPOCH = datetime(1970, 1, 1)


class Walker:
    """Every open minute of `calendar` from `first` on, for `days` days, found by looking at each."""

    def __init__(self, calendar: Calendar, first: Millis, days: int = SPAN_DAYS) -> None:
        self.open = [
            instant for instant, shown in _clock(calendar.zone, first, days) if _is_open(calendar, instant, shown)
        ]

    def count(self, instant: Millis) -> Millis:
        """Open time from the first minute to `instant`."""
        minute = instant - instant % MINUTE
        index = bisect_left(self.open, minute)
        inside = index < len(self.open) and self.open[index] == minute
        return index * MINUTE + (instant - minute if inside else 0)

    def after(self, start: Millis, amount: Millis) -> Millis | None:
        """The open instant with that much open time before it; None beyond the last minute looked at."""
        index, rest = divmod(self.count(start) + amount, MINUTE)
        return self.open[index] + rest if index < len(self.open) else None


def _clock(zone: str, first: Millis, days: int) -> Iterator[tuple[Millis, datetime]]:
    """Each minute with what a clock shows that is never turned back, started two days before."""
    zoneinfo, highest = ZoneInfo(zone), NAIVE_EPOCH
    for second in range(first // 1000 - 2 * 86_400, first // 1000 + days * 86_400, 60):
        highest = max(highest, datetime.fromtimestamp(second, zoneinfo).replace(tzinfo=None))
        if second * 1000 >= first:
            yield second * 1000, highest


def _is_open(calendar: Calendar, instant: Millis, shown: datetime) -> bool:
    if any(leaves <= instant < returns for leaves, returns in calendar.absences):
        return False
    day, minute, shift = shown.date(), shown.hour * 60 + shown.minute, calendar.shift
    if day in calendar.open_dates:
        shift = calendar.open_dates[day]
    elif day in calendar.closed_dates or day in calendar.holidays or day.weekday() not in calendar.weekdays:
        return False
    return shift.opens <= minute < shift.closes


def a_moment(chance: random.Random, zone: str) -> Millis:
    """A midnight (UTC) a few days before a change of clocks in that zone, or any where none comes in the year."""
    year, zoneinfo = chance.randrange(1974, 2040), ZoneInfo(zone)
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    offsets = [day.astimezone(zoneinfo).utcoffset() for day in days]
    changes = [day for day, one, other in zip(days, offsets, offsets[1:], strict=False) if one != other]
    return round((chance.choice(changes or days) - timedelta(days=chance.randrange(6))).timestamp()) * 1000


def a_shift(chance: random.Random) -> Shift:
    kind = chance.randrange(4)
    if kind == 0:
        return Shift(0, 1440)
    last = 240 if kind == 1 else 1440  # in the small hours clocks change
    opens = chance.randrange(last)
    return Shift(opens, chance.randint(opens + 1, last))


def a_calendar(chance: random.Random, zone: str, first: Millis) -> Calendar:
    """Any calendar; its own dates and absences lie around `first`, half days, and weekends that are worked."""
    begin = local(first, "UTC").date()
    dates = [begin + timedelta(days=chance.randrange(-1, SPAN_DAYS)) for _ in range(8)]
    leaves = [first + chance.randrange(SPAN_DAYS * 1440) * MINUTE for _ in range(chance.randrange(3))]
    return Calendar(
        zone=zone,
        weekdays=frozenset(chance.sample(range(7), chance.randint(1, 7))),
        shift=a_shift(chance),
        holidays=dict.fromkeys(dates[: chance.randrange(3)], "a holiday"),
        closed_dates=frozenset(dates[3 : 3 + chance.randrange(3)]),
        open_dates={day: a_shift(chance) for day in dates[6 : 6 + chance.randrange(3)]},
        absences=tuple((one, one + chance.randrange(3 * 1440) * MINUTE) for one in leaves),
    )


def compare_with_the_walker(zone: str, cases: int, seed: str) -> int:
    """How many cases were compared; the rest ended beyond the walker's last minute."""
    chance = random.Random(seed)
    first = a_moment(chance, zone)
    calendar = a_calendar(chance, zone, first)
    walker, compared = Walker(calendar, first), 0
    for _ in range(cases):
        start = first + chance.randrange(14 * DAY)
        start -= chance.choice((0, start % 1000, start % MINUTE))
        days = chance.randrange(4)
        amount = chance.choice((days * calendar.business_day, chance.randrange(2 * calendar.business_day)))
        expected, end = walker.after(start, amount), start + chance.randrange(8 * DAY)
        assert open_time(calendar, start, end) == walker.count(end) - walker.count(start), (calendar, start, end)
        if expected is not None:
            assert after(calendar, start, amount) == expected, (calendar, start, amount)
            compared += 1
    return compared


@pytest.mark.catalogue("M04", "M05")
def test_every_minute_in_zones_where_clocks_do_odd_things() -> None:
    others = random.Random("zones").sample(sorted(available_timezones()), 14)
    compared = sum(compare_with_the_walker(zone, 650, f"everyday {zone}") for zone in (*ODD_ZONES, *others))
    assert compared > 20_000


@pytest.mark.chaos
def test_every_minute_in_every_zone() -> None:
    zones = [zone for zone in sorted(available_timezones()) for _ in range(2)]
    compared = sum(compare_with_the_walker(zone, 150, f"chaos {n} {zone}") for n, zone in enumerate(zones))
    assert compared > 100_000


COUNTRIES = (("", ""), ("PL", ""), ("DE", "BY"), ("US", ""), ("IN", ""), ("SA", ""), ("IL", ""), ("CN", ""))
ORDINARY_ZONES = ("UTC", "Europe/Warsaw", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/St_Johns")


def compare_with_numpy(seed: int, cases: int, calendars: Calendars) -> None:
    """Whole days within working hours are numpy's business days at the same time on the wall."""
    chance = random.Random(seed)
    country, subdivision = chance.choice(COUNTRIES)
    zone, year = chance.choice(ORDINARY_ZONES), chance.randrange(2000, 2035)
    weekdays = tuple(sorted(chance.sample(range(7), chance.randint(1, 7))))
    own = tuple(str(date(year, 1, 1) + timedelta(days=chance.randrange(500))) for _ in range(chance.randrange(20)))
    hours = Hours(zone=zone, weekdays=weekdays, country=country, subdivision=subdivision, closed_dates=own)
    calendar = calendars.get(hours, first_instant(datetime(year, 7, 1), zone))
    closed = sorted({*calendar.holidays, *calendar.closed_dates})
    weekmask = [day in weekdays for day in range(7)]
    for _ in range(cases):
        day, minute, days = (
            date(year, 1, 1) + timedelta(days=chance.randrange(366)),
            chance.randrange(540, 1020),
            chance.randrange(9),
        )
        noon = datetime(day.year, day.month, day.day) + timedelta(minutes=minute, milliseconds=chance.randrange(60_000))
        worked = bool(np.is_busday(day, weekmask=weekmask, holidays=closed))
        last = np.busday_offset(day, days, roll="forward", weekmask=weekmask, holidays=closed).astype(date)
        time = noon.time() if worked else datetime(1970, 1, 1, 9).time()
        found = local(due(calendar, first_instant(noon, zone), days), zone).replace(tzinfo=None)
        assert found == datetime.combine(last, time), (calendar, noon, days)


@pytest.mark.catalogue("M05")
def test_business_days_are_those_of_numpy() -> None:
    calendars = Calendars()
    for seed in range(100):
        compare_with_numpy(seed, 100, calendars)


@pytest.mark.chaos
def test_business_days_are_those_of_numpy_a_hundred_thousand_times() -> None:
    calendars = Calendars()
    for seed in range(1_000):
        compare_with_numpy(10_000 + seed, 100, calendars)


@st.composite
def moments(draw: st.DrawFn) -> tuple[Calendar, Millis]:
    """A calendar and an instant around a change of clocks."""
    chance = draw(st.randoms(use_true_random=False))
    zone = draw(st.sampled_from(ODD_ZONES))
    first = a_moment(chance, zone)
    return a_calendar(chance, zone, first), first + draw(st.integers(0, 14 * DAY))


amounts = st.integers(0, 5 * DAY)


@pytest.mark.catalogue("M05")
@given(moments(), amounts, amounts)
def test_amounts_add_up(moment: tuple[Calendar, Millis], one: Millis, other: Millis) -> None:
    calendar, start = moment
    assert after(calendar, after(calendar, start, one), other) == after(calendar, start, one + other)


@pytest.mark.catalogue("M05")
@given(moments(), st.integers(0, 9), st.integers(0, 9))
def test_business_days_add_up(moment: tuple[Calendar, Millis], one: int, other: int) -> None:
    calendar, start = moment
    assert due(calendar, due(calendar, start, one), other) == due(calendar, start, one + other)


@pytest.mark.catalogue("M05")
@given(moments(), amounts, st.integers(0, 3 * DAY), st.integers(0, DAY))
def test_later_starts_and_larger_amounts_end_no_earlier(
    moment: tuple[Calendar, Millis], amount: Millis, later: Millis, more: Millis
) -> None:
    calendar, start = moment
    end = after(calendar, start, amount)
    assert start <= end <= after(calendar, start + later, amount)
    assert end <= after(calendar, start, amount + more)


@pytest.mark.catalogue("M05")
@given(moments(), amounts)
def test_the_due_instant_is_the_first_open_one_with_the_amount_behind_it(
    moment: tuple[Calendar, Millis], amount: Millis
) -> None:
    calendar, start = moment
    end = after(calendar, start, amount)
    assert is_open(calendar, end)
    assert open_time(calendar, start, end) == amount
    assert after(calendar, end, 0) == end
    assert end == start or not is_open(calendar, end - 1) or open_time(calendar, start, end - 1) < amount


@given(moments(), st.integers(0, 12 * DAY))
def test_an_explanation_is_in_order_and_adds_up(moment: tuple[Calendar, Millis], length: Millis) -> None:
    calendar, start = moment
    pieces = explain(calendar, start, start + length)
    assert sum(piece.counted for piece in pieces) == open_time(calendar, start, start + length)
    edges = [edge for piece in pieces for edge in (piece.starts, piece.ends)]
    assert edges == sorted(edges)
    assert all(start <= edge <= start + length for edge in edges)
    assert all(piece.counted in (0, piece.ends - piece.starts) for piece in pieces)


@given(moments(), st.integers(0, 12 * DAY), st.integers(0, 12 * DAY))
def test_open_time_adds_up(moment: tuple[Calendar, Millis], one: Millis, other: Millis) -> None:
    calendar, start = moment
    middle, end = start + one, start + one + other
    assert open_time(calendar, start, end) == open_time(calendar, start, middle) + open_time(calendar, middle, end)


@pytest.mark.catalogue("M04")
@given(moments())
def test_wall_times_there_and_back(moment: tuple[Calendar, Millis]) -> None:
    calendar, instant = moment
    shown = local(instant, calendar.zone)
    back = first_instant(shown.replace(tzinfo=None, fold=0), calendar.zone)
    assert back <= instant
    assert local(back, calendar.zone).replace(tzinfo=None, fold=0) == shown.replace(tzinfo=None, fold=0)
