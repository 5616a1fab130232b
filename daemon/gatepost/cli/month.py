"""Draws one month of a business calendar for the terminal: the days, what is special about them, the open hours.

It reads nothing and prints nothing; what counts on a day is taken from core.calendar.explain, as deadlines are.
"""

import calendar as almanac
from collections.abc import Iterator
from datetime import date

import click

from ..core import Millis
from ..core.calendar import Calendar, Interval, Why, explain, length_text
from ..core.wall import ONE_DAY, WEEKDAYS, first_instant, local, minute_text, wall

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MARKS = {Why.WORKING: " ", Why.NO_WORKDAY: "-", Why.HOLIDAY: "*", Why.CLOSED: "x", Why.AWAY: "~"}
_OWN_HOURS = "+"
_COLOURS = {"-": "bright_black", "*": "magenta", "x": "red", "~": "yellow", _OWN_HOURS: "cyan"}
_LEGEND = "-  not worked   *  public holiday   x  closed   ~  away   +  own hours   [ ]  today"


def draw_month(calendar: Calendar, year: int, month: int, now: Millis) -> list[str]:
    """The lines of the picture, styled for a terminal; `now` marks today in the calendar's zone."""
    first, last = date(year, month, 1), date(year, month, almanac.monthrange(year, month)[1])
    starts, ends = first_instant(wall(first), calendar.zone), first_instant(wall(last, 1440), calendar.zone)
    days: dict[date, list[Interval]] = {}
    for piece in explain(calendar, starts, ends):
        days.setdefault(piece.day, []).append(piece)
    today = local(now, calendar.zone).date()
    cells = [_cell(calendar, day, days.get(day, []), today) for day in _days(first, last)]
    cells = [" " * 4] * first.weekday() + cells
    rows = [" ".join(cells[n : n + 7]).rstrip() for n in range(0, len(cells), 7)]
    title = f"{_MONTHS[month - 1]} {year}".center(35).rstrip()
    head = " ".join(f"{name:>4}" for name in WEEKDAYS)
    notes = [note for day in _days(first, last) for note in _notes(calendar, day, days.get(day, []))]
    return [title, head, *rows, "", *notes, *([""] if notes else []), _total(days), "", _LEGEND]


def describe(calendar: Calendar, country: str = "", subdivision: str = "") -> str:
    """Zone, weekdays, hours and whose holidays in one line."""
    weekdays = _weekdays_text(sorted(calendar.weekdays)) or "no weekdays"
    shift = f"{minute_text(calendar.shift.opens)}–{minute_text(calendar.shift.closes)}"
    region = f"{country}-{subdivision}" if subdivision else country
    return f"{calendar.zone} · {weekdays} {shift} · " + (f"public holidays of {region}" if region else "no holidays")


def _cell(calendar: Calendar, day: date, pieces: list[Interval], today: date) -> str:
    """Four columns: the number and the day's mark, or today in brackets, in the mark's colour."""
    mark = _mark(calendar, day, pieces)
    text = f"[{day.day}]" if day == today else f"{day.day}{mark}"
    return click.style(f"{text:>4}", fg=_COLOURS.get(mark), bold=True if day == today else None)


def _mark(calendar: Calendar, day: date, pieces: list[Interval]) -> str:
    """One sign for a day: away wins, for it is what staff look for."""
    if any(piece.why is Why.AWAY for piece in pieces):
        return _MARKS[Why.AWAY]
    if day in calendar.open_dates:
        return _OWN_HOURS
    return _MARKS[calendar.why(day)]


def _notes(calendar: Calendar, day: date, pieces: list[Interval]) -> Iterator[str]:
    """What is special about a day; nothing for usual days and weekends."""
    lead = f"{WEEKDAYS[day.weekday()]} {day.day:>2}  "
    if day in calendar.open_dates:
        shift = calendar.open_dates[day]
        yield f"{lead}open {minute_text(shift.opens)}–{minute_text(shift.closes)}"
    for piece in pieces:
        if piece.why is Why.AWAY:
            hours = f"{_time(piece.starts, calendar.zone)}–{_time(piece.ends, calendar.zone)}"
            yield f"{lead}away" + (f" {hours}" if len(pieces) > 1 else "")
        elif piece.why in (Why.HOLIDAY, Why.CLOSED):
            yield f"{lead}{piece.reason}"


def _total(days: dict[date, list[Interval]]) -> str:
    counted = [sum(piece.counted for piece in pieces) for pieces in days.values()]
    worked = sum(1 for one in counted if one)
    return f"{worked} working day{'' if worked == 1 else 's'}, {length_text(sum(counted))} open"


def _weekdays_text(days: list[int]) -> str:
    """Weekdays with runs drawn together, for example Mon–Fri or Mon–Wed, Sat."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(WEEKDAYS[r[0]] if len(r) == 1 else f"{WEEKDAYS[r[0]]}–{WEEKDAYS[r[-1]]}" for r in runs)


def _time(instant: Millis, key: str) -> str:
    shown = local(instant, key)
    return minute_text(shown.hour * 60 + shown.minute)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * ONE_DAY for n in range((last - first).days + 1))
