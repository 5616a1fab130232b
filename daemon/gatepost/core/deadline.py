"""Promises in plain days: the same hour on the clock on the wall, so many days later. Business days are calendar.py."""

from datetime import timedelta

from . import Millis
from .wall import first_instant, local


def rating_at(filed: Millis, days: int, zone: str) -> Millis:
    """The instant, `days` calendar days after `filed`, at which the clock in `zone` shows the same time of day.

    Seven days are 167 or 169 hours where clocks change between. A time of day that the clock jumps over becomes the
    instant of the jump; one that it shows twice, the first.
    """
    shown = local(filed, zone).replace(tzinfo=None, fold=0)
    return first_instant(shown + timedelta(days=days), zone)
