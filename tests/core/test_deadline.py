"""Promises in plain days keep the hour on the wall (M04)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gatepost.core import HOUR, Millis
from gatepost.core.deadline import rating_at


def at(text: str, zone: str, fold: int = 0) -> Millis:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


@pytest.mark.catalogue("M04")
@pytest.mark.parametrize(
    ("zone", "filed", "hours"),
    [
        ("Europe/Berlin", "2024-03-27T12:00", 167),
        ("Europe/Berlin", "2024-10-24T12:00", 169),
        ("Europe/Berlin", "2024-06-01T12:00", 168),
        ("Europe/Berlin", "2024-03-24T02:30", 167.5),  # 2:30 is jumped over a week later: the instant of the jump
        ("Europe/Berlin", "2024-10-20T02:30", 168),  # 2:30 is shown twice a week later: the first
        ("Australia/Lord_Howe", "2024-10-01T12:00", 167.5),
        ("UTC", "2024-03-27T12:00", 168),
        ("Europe/Berlin", "2024-02-26T23:59:59.999", 168),  # over a leap day
    ],
)
def test_seven_days_keep_the_hour(zone: str, filed: str, hours: float) -> None:
    start = at(filed, zone)
    assert rating_at(start, 7, zone) - start == hours * HOUR


@pytest.mark.catalogue("M04")
def test_both_passes_of_an_hour_that_is_shown_twice() -> None:
    first, second = (at("2024-10-27T02:30", "Europe/Berlin", fold) for fold in (0, 1))
    assert second - first == HOUR
    assert rating_at(first, 7, "Europe/Berlin") == rating_at(second, 7, "Europe/Berlin")
