"""Calendars are built from hours as people write them; what cannot be used is refused with the fix."""

import subprocess
import sys
import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.calendars import Calendars, check, hours_of_brand, parse_days, parse_open
from gatepost.core import DAY, HOUR, Millis
from gatepost.core.calendar import Shift, Why, due, open_time, tell
from gatepost.core.party import Away, Brand, Hours
from gatepost.errors import MistakesError

NOW: Millis = 1_731_070_800_000  # Fri 2024-11-08 13:00 UTC, 14:00 in Warsaw


def test_a_public_holiday_by_its_own_name() -> None:
    hours = Hours(zone="Europe/Warsaw", opens=10 * 60, closes=18 * 60, country="PL")
    calendar = Calendars().get(hours, NOW)
    assert tell(calendar, NOW, due(calendar, NOW, 2)) == (
        "Fri 8 Nov 14:00–18:00 Europe/Warsaw: 4 h",
        "Sat 9 Nov – Sun 10 Nov: weekend",
        "Mon 11 Nov: public holiday Narodowe Święto Niepodległości",
        "Tue 12 Nov 10:00–18:00 Europe/Warsaw: 8 h",
        "Wed 13 Nov 10:00–14:00 Europe/Warsaw: 4 h",
    )


MOVING = [
    ("PL", "", "2025-04-21", "Poniedziałek Wielkanocny"),
    ("PL", "", "2026-04-06", "Poniedziałek Wielkanocny"),
    ("US", "", "2024-11-28", "Thanksgiving Day"),
    ("US", "", "2026-07-03", "Independence Day (observed)"),  # the fourth is a Saturday
    ("DE", "BY", "2025-01-06", "Heilige Drei Könige"),  # in Bavaria, not in Berlin
    ("GB", "ENG", "2027-12-28", "Boxing Day (observed)"),
]


@pytest.mark.parametrize(("country", "subdivision", "day", "name"), MOVING)
def test_holidays_that_move(country: str, subdivision: str, day: str, name: str) -> None:
    calendar = Calendars().get(Hours(country=country, subdivision=subdivision), NOW)
    found = date.fromisoformat(day)
    assert (calendar.why(found), calendar.holidays[found]) == (Why.HOLIDAY, name)


def test_a_subdivision_has_its_own_holidays() -> None:
    berlin = Calendars().get(Hours(country="DE", subdivision="BE"), NOW)
    assert berlin.why(date(2025, 1, 6)) is Why.WORKING
    assert berlin.why(date(2025, 3, 10)) is Why.WORKING
    assert berlin.why(date(2026, 3, 9)) is Why.WORKING


def test_holidays_reach_from_last_year_to_four_years_ahead() -> None:
    years = {day.year for day in Calendars().get(Hours(country="PL"), NOW).holidays}
    assert years == {2023, 2024, 2025, 2026, 2027, 2028}


def test_years_beyond_the_library_are_computed_without_a_warning() -> None:
    calendar = Calendars().get(Hours(country="IN"), 2_240_000_000_000)  # 2040
    assert calendar.why(date(2041, 8, 15)) is Why.HOLIDAY


def test_own_dates_ranges_and_half_days() -> None:
    hours = Hours(
        country="PL",
        closed_dates=("2024-12-24..2024-12-31",),
        open_dates=("2024-11-11", "2024-11-16 09:00-13:00"),
    )
    calendar = Calendars().get(hours, NOW)
    assert calendar.why(date(2024, 12, 24)) is Why.CLOSED
    assert calendar.why(date(2024, 12, 31)) is Why.CLOSED
    assert calendar.why(date(2025, 1, 1)) is Why.HOLIDAY
    assert calendar.hours(date(2024, 11, 11)) == Shift(540, 1020)
    assert calendar.hours(date(2024, 11, 16)) == Shift(540, 780)


def test_an_absence_stops_the_clock_only_where_it_says_so() -> None:
    calendars, hours = Calendars(), Hours()
    still = Away(starts=NOW, ends=NOW + DAY)
    running = Away(starts=NOW + DAY, ends=NOW + 7 * DAY, clock_stops=False)
    calendar = calendars.get(hours, NOW, (still, running))
    assert calendar.absences == ((NOW, NOW + DAY),)
    # Friday afternoon does not count, Monday from nine to one does.
    assert open_time(calendar, NOW, NOW + 3 * DAY) == 4 * HOUR
    assert calendars.get(hours, NOW).absences == ()


def test_each_calendar_is_built_once_even_by_many_threads() -> None:
    calendars, hours, found = Calendars(), Hours(country="PL"), []
    threads = [threading.Thread(target=lambda: found.append(calendars.get(hours, NOW))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(calendar is found[0] for calendar in found)
    assert calendars.get(hours, NOW + 400 * DAY) is not found[0]


def test_the_holidays_library_is_loaded_only_for_a_country() -> None:
    code = (
        "import sys; from gatepost.calendars import Calendars; from gatepost.core.party import Hours;"
        "c = Calendars(); c.get(Hours(), 0); assert 'holidays' not in sys.modules;"
        "c.get(Hours(country='PL'), 0); assert 'holidays' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


MISTAKES = [
    (Hours(zone="Europe/Warsav"), "zone", "no time zone 'Europe/Warsav'", "did you mean Europe/Warsaw?"),
    (Hours(zone=""), "zone", "no time zone ''", "for example"),
    (Hours(zone="../../etc/passwd"), "zone", "no time zone", "for example"),
    (Hours(zone="Europe"), "zone", "no time zone", ""),
    (Hours(zone="right/UTC"), "zone", "no time zone", ""),
    (Hours(weekdays=(0, 7)), "weekdays", "no weekday 7", "0 is Monday"),
    (Hours(opens=1020, closes=540), "opens", "open at 17:00 and close at 09:00", "opens before closes"),
    (Hours(closes=1441), "opens", "close at 24:01", "at most 1440"),
    (Hours(country="Poland"), "country", "country 'Poland'", "did you mean PL?"),
    (Hours(country="pl"), "country", "country 'pl'", "did you mean PL?"),
    (Hours(country="POL"), "country", "country 'POL'", "did you mean PL?"),
    (Hours(country="XX"), "country", "country 'XX'", "ISO 3166-1"),
    (Hours(country="DE", subdivision="BYY"), "subdivision", "DE has no subdivision 'BYY'", "did you mean BY?"),
    (Hours(country="DE", subdivision="Bayern"), "subdivision", "DE has no subdivision 'Bayern'", "did you mean BY?"),
    (Hours(country="EE", subdivision="37"), "subdivision", "EE has no subdivision '37'", "leave it empty"),
    (Hours(subdivision="BY"), "subdivision", "without a country", "name the country too"),
    (Hours(closed_dates=("2026-02-29",)), "closed_dates", "'2026-02-29' cannot be read", "write 2026-12-24"),
    (Hours(closed_dates=("2026-03-02..2026-03-01",)), "closed_dates", "cannot be read", "2026-12-24.."),
    (Hours(closed_dates=("2026-01-01..9999-01-01",)), "closed_dates", "cannot be read", "2026-12-24.."),
    (Hours(open_dates=("2026-03-02 13:00-09:00",)), "open_dates", "cannot be read", "09:00-13:00"),
    (Hours(open_dates=("2026-03-02 9-13",)), "open_dates", "cannot be read", "09:00-13:00"),
    (Hours(open_dates=("2026-03-02",), closed_dates=("2026-03-02",)), "open_dates", "both open and closed", "take it"),
]


@pytest.mark.parametrize(("hours", "key", "message", "suggestion"), MISTAKES)
def test_hours_that_cannot_be_used(hours: Hours, key: str, message: str, suggestion: str) -> None:
    (mistake,) = Calendars().mistakes(hours, NOW, "vendors.csv", 7)
    assert (mistake.file, mistake.line, mistake.key) == ("vendors.csv", 7, key)
    assert message in mistake.message
    assert suggestion in mistake.suggestion
    with pytest.raises(MistakesError, match="working hours"):
        Calendars().get(hours, NOW)


def test_all_mistakes_at_once() -> None:
    hours = Hours(zone="Mars", weekdays=(9,), opens=5, closes=5, country="ZZ", closed_dates=("soon",))
    assert [mistake.key for mistake in check(hours, "", 0)] == ["zone", "weekdays", "opens", "country", "closed_dates"]


@pytest.mark.parametrize("hours", [Hours(weekdays=()), Hours(weekdays=(), open_dates=("2020-01-01",))])
def test_hours_that_never_open_are_a_mistake_at_load_and_no_hang_later(hours: Hours) -> None:
    (mistake,) = Calendars().mistakes(hours, NOW)
    assert mistake.message == "these hours never open"
    assert due(Calendars().get(hours, NOW), NOW, 2) == NOW + 2 * DAY


def test_hours_without_a_mistake() -> None:
    assert Calendars().mistakes(Hours(zone="Asia/Kolkata", country="IN", subdivision="KA"), NOW) == []


def test_a_brand_works_monday_to_friday_in_its_country() -> None:
    brand = Brand(slug="m", name="M", support=("a@m.example",), zone="Europe/Berlin", country="DE")
    assert hours_of_brand(brand) == Hours(zone="Europe/Berlin", country="DE")


def test_dates_as_people_write_them() -> None:
    assert parse_days("2024-02-28..2024-03-01") == (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))
    assert parse_open("2024-02-29", Shift(1, 2)) == ((date(2024, 2, 29), Shift(1, 2)),)
    assert parse_open("2024-02-29..2024-03-01 00:00-24:00", Shift(1, 2))[1] == (date(2024, 3, 1), Shift(0, 1440))


words = st.text(max_size=12) | st.sampled_from(["PL", "DE", "BY", "2024-12-24", "2024-12-24..2025-01-02", "UTC", ""])
anything = st.builds(
    Hours,
    zone=words,
    weekdays=st.lists(st.integers(-1, 8), max_size=8).map(tuple),
    opens=st.integers(-10, 1500),
    closes=st.integers(-10, 1500),
    country=words,
    subdivision=words,
    closed_dates=st.lists(words, max_size=3).map(tuple),
    open_dates=st.lists(words, max_size=3).map(tuple),
)


@given(anything)
def test_any_hours_are_either_refused_with_a_reason_or_can_be_used(hours: Hours) -> None:
    calendars = Calendars()
    if check(hours, "vendors.csv", 1):
        with pytest.raises(MistakesError):
            calendars.get(hours, NOW)
    else:
        assert due(calendars.get(hours, NOW), NOW, 2) > NOW
