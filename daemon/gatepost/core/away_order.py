"""Reads what stands behind `#away` (R8): until a date, from a date until a date, or off; dates in the vendor's zone."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from . import Millis
from .party import Away, Vendor
from .wall import first_instant, wall


class Wrong(StrEnum):
    """Why the words are no absence: not of the form, or dates that cannot be."""

    FORM = "form"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayOrder:
    """The absence that was said, None for "here again"."""

    away: Away | None


def read_away(words: tuple[str, ...], vendor: Vendor, text: str, now: Millis) -> AwayOrder | Wrong:
    """The absence of `vendor` with `text` for customers; it ends as the day of return begins (`ends` is exclusive).

    A substitute that the vendor has named before still stands in, and the clock stops as before. Never raises.
    """
    said = tuple(word.lower() for word in words)
    if said == ("off",):
        return AwayOrder(away=None)
    if len(said) == 2 and said[0] == "until":
        first, last = "", said[1]
    elif len(said) == 4 and said[0] == "from" and said[2] == "until":
        first, last = said[1], said[3]
    else:
        return Wrong.FORM
    try:
        starts = _midnight(first, vendor) if first else now
        ends = _midnight(last, vendor)
    except (ValueError, OverflowError):
        return Wrong.FORM
    if ends <= now or ends <= starts:
        return Wrong.PAST
    before = vendor.away
    return AwayOrder(
        away=Away(
            starts=starts,
            ends=ends,
            substitute=before.substitute if before is not None else "",
            text=text.strip()[:2_000],
            clock_stops=before.clock_stops if before is not None else True,
        )
    )


def _midnight(text: str, vendor: Vendor) -> Millis:
    return first_instant(wall(date.fromisoformat(text)), vendor.hours.zone)
