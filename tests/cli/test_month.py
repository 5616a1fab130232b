"""The picture of a month shows what deadlines count."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import click

from gatepost.cli.month import describe, draw_month
from gatepost.core import Millis
from gatepost.core.calendar import Calendar, Shift

ZONE = "Europe/Warsaw"


def at(*parts: int) -> Millis:
    return round(datetime(*parts, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)  # type: ignore[misc,arg-type]


CALENDAR = Calendar(
    zone=ZONE,
    holidays={date(2026, 11, 11): "Narodowe Święto Niepodległości"},
    closed_dates=frozenset({date(2026, 11, 20)}),
    open_dates={date(2026, 11, 14): Shift(600, 780)},
    absences=((at(2026, 11, 24, 12), at(2026, 11, 27)),),
)

PICTURE = """\
           November 2026
 Mon  Tue  Wed  Thu  Fri  Sat  Sun
                                1-
  2    3    4    5    6    7-   8-
  9   10   11*  12   13   14+  15-
 16   17   18   19   20x  21-  22-
[23]  24~  25~  26~  27   28-  29-
 30

Wed 11  public holiday Narodowe Święto Niepodległości
Sat 14  open 10:00–13:00
Fri 20  closed
Tue 24  away 12:00–17:00
Wed 25  away
Thu 26  away

18 working days, 134 h open

-  not worked   *  public holiday   x  closed   ~  away   +  own hours   [ ]  today"""


def test_a_month_with_everything() -> None:
    lines = draw_month(CALENDAR, 2026, 11, at(2026, 11, 23, 12))
    assert [click.unstyle(line).rstrip() for line in lines] == PICTURE.splitlines()
    assert any(click.style(" 11*", fg="magenta") in line for line in lines)


def test_a_month_without_anything_special() -> None:
    lines = [click.unstyle(line) for line in draw_month(Calendar(), 2027, 2, at(2026, 11, 23, 12))]
    assert lines[2].split() == ["1", "2", "3", "4", "5", "6-", "7-"]
    assert "20 working days, 160 h open" in lines
    assert "[" not in "".join(lines[:-1])


def test_today_is_that_of_the_calendar() -> None:
    kiritimati = Calendar(zone="Pacific/Kiritimati")
    lines = "\n".join(draw_month(kiritimati, 2026, 11, at(2026, 11, 23, 12)))
    assert "[24]" in click.unstyle(lines)


def test_hours_in_one_line() -> None:
    assert describe(CALENDAR, "PL") == "Europe/Warsaw · Mon–Fri 09:00–17:00 · public holidays of PL"
    odd = Calendar(weekdays=frozenset({0, 1, 3, 5, 6}), shift=Shift(0, 1440))
    assert describe(odd, "DE", "BY") == "UTC · Mon–Tue, Thu, Sat–Sun 00:00–24:00 · public holidays of DE-BY"
    assert describe(Calendar(weekdays=frozenset())) == "UTC · no weekdays 09:00–17:00 · no holidays"
