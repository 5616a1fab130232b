"""Business time by tables: a start, hours, an amount, and the expected instant on the wall."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gatepost.core import DAY, HOUR, MINUTE, Millis
from gatepost.core.calendar import (
    LOOK_AHEAD,
    Calendar,
    Shift,
    Why,
    after,
    due,
    explain,
    is_open,
    length_text,
    never_opens,
    open_time,
    tell,
)
from gatepost.core.wall import local

WARSAW = "Europe/Warsaw"
INDEPENDENCE = {date(2024, 11, 11): "Narodowe Święto Niepodległości"}
OFFICE = Calendar(zone=WARSAW, holidays=INDEPENDENCE)


def at(text: str, zone: str = WARSAW, fold: int = 0) -> Millis:
    """The instant of a wall time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def shown(instant: Millis, zone: str = WARSAW) -> str:
    return local(instant, zone).strftime("%a %Y-%m-%d %H:%M:%S")


DUE = [
    # start, business days, expected
    ("2024-11-08T14:00", 2, "Wed 2024-11-13 14:00:00"),  # Friday before a public holiday on Monday
    ("2024-11-15T14:00", 2, "Tue 2024-11-19 14:00:00"),  # an ordinary weekend
    ("2024-11-18T09:00", 2, "Wed 2024-11-20 09:00:00"),  # at the opening
    ("2024-11-18T16:59:59", 1, "Tue 2024-11-19 16:59:59"),  # the last second of a day
    ("2024-11-18T17:00", 1, "Wed 2024-11-20 09:00:00"),  # at closing: from the next opening
    ("2024-11-18T03:00", 2, "Wed 2024-11-20 09:00:00"),  # before the opening
    ("2024-11-16T12:00", 2, "Wed 2024-11-20 09:00:00"),  # on Saturday
    ("2024-11-10T23:59:59", 1, "Wed 2024-11-13 09:00:00"),  # on Sunday before the holiday
    ("2024-11-11T12:00", 0, "Tue 2024-11-12 09:00:00"),  # nothing: the next open instant
    ("2024-11-12T12:00", 0, "Tue 2024-11-12 12:00:00"),  # nothing, within working hours
    ("2024-12-31T12:00", 1, "Wed 2025-01-01 12:00:00"),  # the year's end
    ("2024-02-28T12:00", 1, "Thu 2024-02-29 12:00:00"),  # a leap day
    ("2024-11-18T12:00", 10, "Mon 2024-12-02 12:00:00"),  # two weeks
    ("2024-03-29T16:00", 1, "Mon 2024-04-01 16:00:00"),  # clocks go forward in between
    ("2024-10-25T16:00", 1, "Mon 2024-10-28 16:00:00"),  # clocks go back in between
]


@pytest.mark.catalogue("M05")
@pytest.mark.parametrize(("start", "days", "expected"), DUE)
def test_due(start: str, days: int, expected: str) -> None:
    assert shown(due(OFFICE, at(start), days)) == expected


@pytest.mark.catalogue("M05")
def test_an_answer_at_the_very_boundary() -> None:
    start = at("2024-11-15T14:00")
    end = due(OFFICE, start, 2)
    assert open_time(OFFICE, start, end) == 2 * OFFICE.business_day
    assert open_time(OFFICE, start, end - 1) == 2 * OFFICE.business_day - 1


HOURS = [
    # calendar, start, amount, expected
    (replace(OFFICE, shift=Shift(600, 1080)), "2024-11-08T14:00", 8 * HOUR, "Tue 2024-11-12 14:00:00"),
    (replace(OFFICE, shift=Shift(0, 1440)), "2024-11-08T23:00", 2 * HOUR, "Tue 2024-11-12 01:00:00"),
    (replace(OFFICE, weekdays=frozenset({6})), "2024-11-08T14:00", 9 * HOUR, "Sun 2024-11-17 10:00:00"),
    (replace(OFFICE, closed_dates=frozenset({date(2024, 11, 12)})), "2024-11-08T16:00", HOUR, "Wed 2024-11-13 09:00:00"),
    (replace(OFFICE, open_dates={date(2024, 11, 9): Shift(540, 780)}), "2024-11-08T16:00", 2 * HOUR, "Sat 2024-11-09 10:00:00"),
    (replace(OFFICE, open_dates={date(2024, 11, 9): Shift(540, 780)}), "2024-11-08T16:00", 5 * HOUR, "Tue 2024-11-12 09:00:00"),
    (replace(OFFICE, open_dates={date(2024, 11, 11): Shift(540, 1020)}), "2024-11-08T16:00", 2 * HOUR, "Mon 2024-11-11 10:00:00"),
]  # fmt: skip


@pytest.mark.catalogue("M05")
@pytest.mark.parametrize(("calendar", "start", "amount", "expected"), HOURS)
def test_after(calendar: Calendar, start: str, amount: Millis, expected: str) -> None:
    assert shown(after(calendar, at(start), amount)) == expected


ABSENCES = [
    # from, until, expected end of two business days from Friday 15 November 14:00
    ("2024-11-18T00:00", "2024-11-25T00:00", "Tue 2024-11-26 14:00:00"),  # a week
    ("2024-11-18T12:00", "2024-11-18T13:00", "Tue 2024-11-19 15:00:00"),  # an hour
    ("2024-11-16T00:00", "2024-11-18T00:00", "Tue 2024-11-19 14:00:00"),  # a weekend costs nothing
    ("2024-11-19T14:00", "2024-11-20T00:00", "Wed 2024-11-20 09:00:00"),  # from the very due instant on
    ("2024-11-01T00:00", "2024-11-15T15:00", "Tue 2024-11-19 15:00:00"),  # already away at the start
    ("2024-11-18T10:00", "2024-11-18T09:00", "Tue 2024-11-19 14:00:00"),  # backwards: none
]


@pytest.mark.parametrize(("leaves", "returns", "expected"), ABSENCES)
def test_the_clock_stands_still_while_the_vendor_is_away(leaves: str, returns: str, expected: str) -> None:
    away = replace(OFFICE, absences=((at(leaves), at(returns)),))
    assert shown(due(away, at("2024-11-15T14:00"), 2)) == expected


def test_absences_may_overlap_and_come_in_any_order() -> None:
    day = [(at(f"2024-11-18T{a}:00"), at(f"2024-11-18T{b}:00")) for a, b in ((14, 16), (10, 12), (11, 15))]
    away = replace(OFFICE, absences=tuple(day))
    assert open_time(away, at("2024-11-18T00:00"), at("2024-11-19T00:00")) == 2 * HOUR


@pytest.mark.catalogue("M04")
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (WARSAW, "2024-03-31", 23),
        (WARSAW, "2024-10-27", 25),
        ("America/New_York", "2024-03-10", 23),
        ("Australia/Lord_Howe", "2024-04-07", 24.5),
        ("America/Havana", "2024-11-03", 25),  # clocks go back over midnight
        ("Asia/Beirut", "2024-03-31", 23),  # and forward at midnight
        ("Pacific/Apia", "2011-12-30", 0),  # a day that never was
        ("Asia/Kathmandu", "2024-03-31", 24),
    ],
)
def test_a_day_around_the_clock_has_the_hours_that_it_has(zone: str, day: str, hours: float) -> None:
    calendar = Calendar(zone=zone, weekdays=frozenset(range(7)), shift=Shift(0, 1440))
    around = at(day, zone)
    counted = [p.counted for p in explain(calendar, around - 2 * DAY, around + 2 * DAY) if str(p.day) == day]
    assert sum(counted) == hours * HOUR


@pytest.mark.catalogue("M04")
def test_hours_that_begin_or_end_in_the_jump() -> None:
    night = Calendar(zone=WARSAW, weekdays=frozenset(range(7)), shift=Shift(2 * 60 + 30, 4 * 60))
    forward = at("2024-03-31T00:00")
    assert shown(due(night, forward, 0)) == "Sun 2024-03-31 03:00:00"  # 2:30 is jumped over: the instant of the jump
    assert open_time(night, forward, forward + DAY) == HOUR
    back = at("2024-10-27T00:00")
    assert due(night, back, 0) == at("2024-10-27T02:30", fold=0)
    assert open_time(night, back, back + DAY) == 2 * HOUR + 30 * MINUTE


@pytest.mark.catalogue("M04")
def test_a_night_that_goes_back_to_yesterday() -> None:
    """In St John's, until 2011, clocks went back at one minute past midnight; Sunday had begun and stays begun."""
    sundays = Calendar(zone="America/St_Johns", weekdays=frozenset({6}), shift=Shift(0, 1440))
    begins = at("2010-11-07T00:00", sundays.zone, fold=0)
    saturday_again = begins + 31 * MINUTE
    assert shown(saturday_again, sundays.zone) == "Sat 2010-11-06 23:31:00"
    assert is_open(sundays, saturday_again)
    assert due(sundays, begins - HOUR, 0) == begins
    assert due(sundays, saturday_again, 0) == saturday_again
    assert open_time(sundays, begins - HOUR, saturday_again) == 31 * MINUTE
    assert open_time(sundays, begins, begins + 3 * DAY) == 25 * HOUR


def test_is_open() -> None:
    assert is_open(OFFICE, at("2024-11-18T09:00"))
    assert not is_open(OFFICE, at("2024-11-18T09:00") - 1)
    assert is_open(OFFICE, at("2024-11-18T17:00") - 1)
    assert not is_open(OFFICE, at("2024-11-18T17:00"))
    assert not is_open(OFFICE, at("2024-11-11T12:00"))


NEVER = [
    Calendar(weekdays=frozenset()),
    Calendar(weekdays=frozenset(), open_dates={date(2020, 1, 1): Shift(0, 60)}),
    Calendar(absences=((0, 2**45),)),
]


@pytest.mark.parametrize("calendar", NEVER)
def test_a_calendar_that_never_opens_counts_plain_days(calendar: Calendar) -> None:
    start = at("2024-11-15T14:00")
    assert never_opens(calendar, start)
    assert due(calendar, start, 2) == start + 2 * DAY
    assert due(calendar, start, 0) == start
    assert open_time(calendar, start, start + 100 * DAY) == 0


def test_a_calendar_that_closes_for_good_counts_the_rest_in_plain_days() -> None:
    start, leaves = at("2024-11-15T14:00"), at("2024-11-18T13:00")
    gone = replace(OFFICE, absences=((leaves, 2**45),))
    assert not never_opens(gone, start)
    # Three hours of Friday and four of Monday are counted; nine of the sixteen hours, 9/8 of a day, are left.
    assert due(gone, start, 2) == leaves + 27 * HOUR


def test_the_rest_in_plain_days_is_rounded_up_to_whole_milliseconds() -> None:
    seven_hours = Calendar(weekdays=frozenset(), shift=Shift(0, 7 * 60))
    assert after(seven_hours, 0, 1) == 4  # 24/7 of a millisecond: never early


def test_a_calendar_that_opens_just_within_the_look_ahead() -> None:
    start = at("2024-11-15T14:00")
    last = date.fromordinal(date(2024, 11, 15).toordinal() + LOOK_AHEAD - 1)
    once = Calendar(zone=WARSAW, weekdays=frozenset(), open_dates={last: Shift(540, 1020)})
    assert due(once, start, 0) == at(f"{last}T09:00")


def test_the_far_ends_of_time() -> None:
    assert due(OFFICE, 0, 1) == at("1970-01-02T09:00")
    end = at("9998-12-31T12:00", "UTC")
    assert due(OFFICE, end, 2) > end


def test_amounts_run_forward_only() -> None:
    with pytest.raises(ValueError, match="counted forward"):
        due(OFFICE, 0, -1)
    assert open_time(OFFICE, at("2024-11-18T12:00"), at("2024-11-15T12:00")) == 0


@pytest.mark.parametrize(("opens", "closes"), [(540, 540), (540, 300), (-1, 60), (0, 1441)])
def test_a_shift_lies_within_one_day(opens: int, closes: int) -> None:
    with pytest.raises(ValueError, match="working hours"):
        Shift(opens, closes)


def test_the_due_date_is_told_interval_by_interval() -> None:
    calendar = replace(OFFICE, shift=Shift(600, 1080))
    start = at("2024-11-08T14:00")
    assert tell(calendar, start, due(calendar, start, 2)) == (
        "Fri 8 Nov 14:00–18:00 Europe/Warsaw: 4 h",
        "Sat 9 Nov – Sun 10 Nov: weekend",
        "Mon 11 Nov: public holiday Narodowe Święto Niepodległości",
        "Tue 12 Nov 10:00–18:00 Europe/Warsaw: 8 h",
        "Wed 13 Nov 10:00–14:00 Europe/Warsaw: 4 h",
    )


def test_own_closed_days_absences_and_odd_weekends_are_told() -> None:
    calendar = replace(
        OFFICE,
        weekdays=frozenset({0, 1, 2, 3}),
        closed_dates=frozenset({date(2024, 11, 18)}),
        absences=(
            (at("2024-11-14T12:00"), at("2024-11-14T14:30:30")),
            (at("2024-11-19T00:00"), at("2024-11-21T00:00")),
        ),
    )
    assert tell(calendar, at("2024-11-14T08:00"), at("2024-11-21T10:00")) == (
        "Thu 14 Nov 09:00–12:00 Europe/Warsaw: 3 h",
        "Thu 14 Nov 12:00:00–14:30:30 Europe/Warsaw: away",
        "Thu 14 Nov 14:30:30–17:00:00 Europe/Warsaw: 2 h 29 min 30 s",
        "Fri 15 Nov: not a working day",
        "Sat 16 Nov – Sun 17 Nov: weekend",
        "Mon 18 Nov: closed",
        "Tue 19 Nov – Wed 20 Nov: away",
        "Thu 21 Nov 09:00–10:00 Europe/Warsaw: 1 h",
    )


def test_an_explanation_says_from_when_to_when() -> None:
    pieces = explain(OFFICE, at("2024-11-09T12:00"), at("2024-11-12T10:00"))
    assert [(p.why, p.counted) for p in pieces] == [
        (Why.NO_WORKDAY, 0), (Why.NO_WORKDAY, 0), (Why.HOLIDAY, 0), (Why.WORKING, HOUR),
    ]  # fmt: skip
    assert (pieces[0].starts, pieces[0].ends) == (at("2024-11-09T12:00"), at("2024-11-10T00:00"))
    assert explain(OFFICE, 5, 5) == ()


def test_a_day_that_ends_at_midnight_is_told_as_24_00() -> None:
    calendar = Calendar(shift=Shift(0, 1440))
    start = at("2024-11-18T22:00", "UTC")
    assert tell(calendar, start, start + 2 * HOUR) == ("Mon 18 Nov 22:00–24:00 UTC: 2 h",)


def test_length_text() -> None:
    assert [length_text(n) for n in (0, 45 * MINUTE, 26 * HOUR, 3_661_000)] == [
        "0 s",
        "45 min",
        "26 h",
        "1 h 1 min 1 s",
    ]
