"""Builds business calendars: a party's hours and absences as written down become a core Calendar of plain dates.

Public holidays come from the `holidays` library, which is imported only when hours name a country, and are kept per
country and year as plain dates. Nothing here computes with time; core/calendar.py does.
"""

import difflib
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from .core import Millis
from .core.calendar import Calendar, Shift, never_opens
from .core.party import Away, Brand, Hours
from .core.wall import ONE_DAY, local, minute_text
from .errors import Mistake, MistakesError

YEARS_BACK, YEARS_AHEAD = 1, 4
_LONGEST_RANGE = 366
_OPEN_DATE = re.compile(r"(\S+)(?: (\d\d):([0-5]\d)-(\d\d):([0-5]\d))?")


class Calendars:
    """Calendars by hours, each built once; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._built: dict[tuple[Hours, int], Calendar] = {}
        self._holidays: dict[tuple[str, str, int], Mapping[date, str]] = {}

    def get(self, hours: Hours, at: Millis, away: Iterable[Away] = ()) -> Calendar:
        """The calendar of `hours`, with holidays from the year before `at` to four years after it.

        Absences that stop the clock are laid over it. Raises MistakesError (permanent) for hours that cannot be used.
        """
        year = local(at, "UTC").year
        with self._lock:
            calendar = self._built.get((hours, year))
            if calendar is None:
                calendar = self._built[hours, year] = self._build(hours, at, year)
        absences = tuple((a.starts, a.ends) for a in away if a.clock_stops)
        return replace(calendar, absences=absences) if absences else calendar

    def mistakes(self, hours: Hours, at: Millis, file: str = "hours", line: int = 0) -> list[Mistake]:
        """Every mistake in `hours` around `at`, none where they can be used: what an import checks row by row."""
        found = check(hours, file, line)
        if found:
            return found
        year = local(at, "UTC").year
        with self._lock:
            calendar = self._dated(hours, year)
        if not never_opens(calendar, at):
            return []
        hint = "give at least one weekday, or an open date to come"
        return [Mistake(file=file, line=line, key="hours", message="these hours never open", suggestion=hint)]

    def _build(self, hours: Hours, at: Millis, year: int) -> Calendar:
        found = check(hours, "hours", 0)
        if found:
            raise MistakesError("working hours that cannot be used", found)
        return self._dated(hours, year)

    def _dated(self, hours: Hours, year: int) -> Calendar:
        shift = Shift(hours.opens, hours.closes)
        named: dict[date, str] = {}
        if hours.country:
            for one in range(year - YEARS_BACK, year + YEARS_AHEAD + 1):
                named |= self._year(hours.country, hours.subdivision, one)
        return Calendar(
            zone=hours.zone,
            weekdays=frozenset(hours.weekdays),
            shift=shift,
            holidays=named,
            closed_dates=frozenset(day for text in hours.closed_dates for day in parse_days(text)),
            open_dates={day: own for text in hours.open_dates for day, own in parse_open(text, shift)},
        )

    def _year(self, country: str, subdivision: str, year: int) -> Mapping[date, str]:
        key = (country, subdivision, year)
        if key not in self._holidays:
            self._holidays[key] = _public_holidays(country, subdivision, year)
        return self._holidays[key]


def hours_of_brand(brand: Brand) -> Hours:
    """The hours of the marketplace's own teams on a brand: its zone and its country's holidays, Monday to Friday."""
    return Hours(zone=brand.zone, country=brand.country)


def parse_days(text: str) -> tuple[date, ...]:
    """The days of `2026-12-24`, or of `2026-12-24..2027-01-02` with both ends. Raises ValueError."""
    first_text, range_sign, last_text = text.partition("..")
    first = date.fromisoformat(first_text)
    last = date.fromisoformat(last_text) if range_sign else first
    length = (last - first).days + 1
    if not 1 <= length <= _LONGEST_RANGE:
        raise ValueError(f"{text} is {length} days long; a range has 1 to {_LONGEST_RANGE}")
    return tuple(first + n * ONE_DAY for n in range(length))


def parse_open(text: str, usual: Shift) -> tuple[tuple[date, Shift], ...]:
    """The days of an open date and their hours: `usual`, or own ones as in `2026-12-24 09:00-13:00`.

    Raises ValueError.
    """
    match = _OPEN_DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date, or a date with hours")
    shift = usual
    if match[2] is not None:
        hour, minute, last_hour, last_minute = (int(group) for group in match.groups()[1:])
        shift = Shift(hour * 60 + minute, last_hour * 60 + last_minute)
    return tuple((day, shift) for day in parse_days(match[1]))


def check(hours: Hours, file: str, line: int) -> list[Mistake]:
    """Every mistake of form in `hours`, each with what to write instead."""
    said = [*_zone(hours), *_week(hours), *_country(hours), *_dates(hours)]
    return [Mistake(file=file, line=line, key=key, message=what, suggestion=hint) for key, what, hint in said]


_Said = Iterator[tuple[str, str, str]]


def _zone(hours: Hours) -> _Said:
    # ZoneInfo would also take `localtime` and the zones with leap seconds, whose clocks are not those of others.
    if hours.zone not in _zones():
        yield "zone", f"there is no time zone {hours.zone!r}", _near(hours.zone, _zones(), "Europe/Warsaw")


def _week(hours: Hours) -> _Said:
    wrong = sorted({day for day in hours.weekdays if not 0 <= day <= 6})
    if wrong:
        yield "weekdays", f"there is no weekday {wrong[0]}", "0 is Monday and 6 is Sunday"
    if not 0 <= hours.opens < hours.closes <= 1440:
        what = f"a day cannot open at {minute_text(hours.opens)} and close at {minute_text(hours.closes)}"
        yield "opens", what, "minutes after midnight: opens before closes, closes at most 1440 (24:00)"


def _country(hours: Hours) -> _Said:
    if not hours.country:
        if hours.subdivision:
            yield "subdivision", "a subdivision without a country", "name the country too, for example DE"
        return
    subdivisions = _supported()
    if hours.country not in subdivisions:
        yield "country", f"no public holidays are known for country {hours.country!r}", _near_country(hours.country)
    elif hours.subdivision and hours.subdivision not in subdivisions[hours.country]:
        hint = _near_subdivision(hours.country, hours.subdivision, subdivisions[hours.country])
        yield "subdivision", f"{hours.country} has no subdivision {hours.subdivision!r}", hint


def _dates(hours: Hours) -> _Said:
    usual = Shift(0, 1440)
    closed, opened = set[date](), set[date]()
    readings: tuple[tuple[str, tuple[str, ...], set[date], Callable[[str], Iterable[date]]], ...] = (
        ("closed_dates", hours.closed_dates, closed, parse_days),
        ("open_dates", hours.open_dates, opened, lambda text: (day for day, _ in parse_open(text, usual))),
    )
    for key, texts, into, read in readings:
        for text in texts:
            try:
                into.update(read(text))
            except ValueError:
                hint = "write 2026-12-24 or 2026-12-24..2027-01-02"
                hint += ", an open date also 2026-12-24 09:00-13:00" if key == "open_dates" else ""
                yield key, f"{text!r} cannot be read as a date", hint
    for day in sorted(closed & opened):
        yield "open_dates", f"{day} is both open and closed", "take it out of one of the two"


def _near(word: str, known: Iterable[str], example: str) -> str:
    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), lowered, n=1)
    return f"did you mean {lowered[close[0]]}?" if close else f"for example {example}"


def _near_country(word: str) -> str:
    """What to write for `pl`, `POL` or `Poland`: holidays are asked for by the two letters of ISO 3166-1."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - see the module's first sentence

    codes = {name.lower(): names[1] for names in COUNTRIES.values() for name in names}
    close = difflib.get_close_matches(word.replace(" ", "").lower(), codes, n=1, cutoff=0.8)
    return f"did you mean {codes[close[0]]}?" if close else "two letters of ISO 3166-1, for example PL; '' for none"


def _near_subdivision(country: str, word: str, known: list[str]) -> str:
    """What to write for `by` or `Bayern`: the code, not the name."""
    import holidays  # noqa: PLC0415 - see the module's first sentence

    if not known:
        return "leave it empty: this country has none"
    names = {name.lower(): code for name, code in getattr(holidays, country).subdivisions_aliases.items()}
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.8)
    return f"did you mean {names[close[0]]}?" if close else _near(word, known, known[0])


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _supported() -> Mapping[str, list[str]]:
    """The subdivisions of every country that the library knows."""
    import holidays  # noqa: PLC0415 - see the module's first sentence

    return holidays.list_supported_countries(include_aliases=False)


def _public_holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of one year by name, with the days on which they are observed, in the country's language.

    The language is named because the library else follows the locale of the process.
    """
    import holidays  # noqa: PLC0415 - see the module's first sentence

    own = getattr(holidays, country).default_language
    with warnings.catch_warnings():
        # For years beyond its tables, the library warns and gives the holidays that it can compute.
        warnings.simplefilter("ignore")
        return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=own))
