"""A vendor's absence as staff, the config or a page writes it down (R8): by days in the vendor's zone. Pure.

What becomes of the clock meanwhile: it stands still where nobody answers, and runs on where somebody stands in, unless
it is said otherwise.
"""

from dataclasses import dataclass
from datetime import date

from . import Millis
from .party import Away
from .wall import first_instant, wall

TEXT_CHARACTERS = 2_000
CLOCKS = ("stops", "runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayPlan:
    """`first` is the first day away, '' for at once; `back` is the day of return, both YYYY-MM-DD.

    `substitute` is who answers meanwhile, '' for the triage team; `clock` is `stops`, `runs`, or '' for what is usual.
    """

    first: str = ""
    back: str
    substitute: str = ""
    text: str = ""
    clock: str = ""


def away_of(plan: AwayPlan, zone: str, now: Millis) -> Away:
    """The absence that the plan means. Raises ValueError with a sentence for dates that cannot be."""
    starts = _midnight(plan.first, zone) if plan.first else now
    ends = _midnight(plan.back, zone)
    if ends <= starts:
        raise ValueError(f"the vendor would be back on {plan.back}, before the absence begins")
    if ends <= now:
        raise ValueError(f"{plan.back} is over already")
    runs = plan.clock == "runs" or (not plan.clock and bool(plan.substitute))
    text = plan.text.strip()[:TEXT_CHARACTERS]
    return Away(starts=starts, ends=ends, substitute=plan.substitute, text=text, clock_stops=not runs)


def _midnight(text: str, zone: str) -> Millis:
    try:
        return first_instant(wall(date.fromisoformat(text)), zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no date like 2027-01-31") from None
