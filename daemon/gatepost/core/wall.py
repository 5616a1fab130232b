"""The clock on the wall: instants to local time and back, right on the two nights when clocks change.

It knows nothing of working hours. The rules of the zones come from the zone database of the system or of `tzdata`.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from . import Millis

ONE_DAY = timedelta(days=1)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times have no zone until `instant` gives them one
_MILLI = timedelta(milliseconds=1)


@cache
def zone(key: str) -> ZoneInfo:
    """The zone of that key, for example Europe/Warsaw. Raises ZoneInfoNotFoundError or ValueError for no such zone."""
    return ZoneInfo(key)


def local(instant: Millis, key: str) -> datetime:
    """What the clock on the wall shows at `instant` in the zone `key`; aware, years 1 to 9999."""
    return (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone(key))


def wall(day: date, minute: int = 0) -> datetime:
    """The wall time so many minutes after midnight of `day`; 1440 is the midnight that ends it."""
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - as above


def first_instant(shown: datetime, key: str) -> Millis:
    """The first instant at which the clock in the zone `key` shows the wall time `shown`, or has just jumped over it.

    Where clocks go back, a time is shown twice and the first is meant; where they go forward, a time in between is
    never shown and the instant of the jump is meant. So the result never decreases as `shown` grows.
    """
    return _first_instant(shown.replace(tzinfo=None, fold=0), key)


# Every promise asks for the same few mornings and evenings.
@lru_cache(maxsize=4096)
def _first_instant(shown: datetime, key: str) -> Millis:
    aware = shown.replace(tzinfo=zone(key))
    offset, later = aware.utcoffset(), aware.replace(fold=1).utcoffset()
    assert offset is not None and later is not None
    naive = shown - _NAIVE_EPOCH
    if later <= offset:
        return (naive - offset) // _MILLI
    # PEP 495: in a gap, fold=1 gives an instant before the jump and fold=0 one after it.
    return _jump((naive - later) // _MILLI, (naive - offset) // _MILLI, shown, key)


def _jump(before: Millis, after: Millis, shown: datetime, key: str) -> Millis:
    """The first instant in (before, after] at which the clock shows `shown` or more, by halving."""
    while after - before > 1:
        middle = (before + after) // 2
        if local(middle, key).replace(tzinfo=None) < shown:
            before = middle
        else:
            after = middle
    return after


def day_text(day: date) -> str:
    """The day as people write it, for example Mon 11 Nov; English whatever the locale."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def minute_text(minute: int) -> str:
    """Minutes after midnight as HH:MM; 1440 is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"
