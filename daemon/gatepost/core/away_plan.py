"""A vendor's absence as staff, the config or a page writes it down (R8): by days in the vendor's zone. Pure.

What becomes of the clock meanwhile: it stands still where nobody answers, and runs on where somebody stands in, unless
it is said otherwise.
"""

from dataclasses import dataclass
from datetime import date

from . import Millis
from .party import Away
from .phrase import Sentence, phrase
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


class AwayError(ValueError):
    """An absence that cannot be; `said` is the sentence for whoever reads another language."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message % values)
        self.said = Sentence(message=message, values=values)


def away_of(plan: AwayPlan, zone: str, now: Millis) -> Away:
    """The absence that the plan means. Raises AwayError for dates that cannot be."""
    starts = _midnight(plan.first, zone) if plan.first else now
    ends = _midnight(plan.back, zone)
    if ends <= starts:
        raise AwayError(phrase("The return on %(day)s is before the absence begins."), day=plan.back)
    if ends <= now:
        raise AwayError(phrase("%(day)s is over already."), day=plan.back)
    runs = plan.clock == "runs" or (not plan.clock and bool(plan.substitute))
    text = plan.text.strip()[:TEXT_CHARACTERS]
    return Away(starts=starts, ends=ends, substitute=plan.substitute, text=text, clock_stops=not runs)


def _midnight(text: str, zone: str) -> Millis:
    try:
        return first_instant(wall(date.fromisoformat(text)), zone)
    except (ValueError, OverflowError):
        raise AwayError(phrase("“%(day)s” is no date like 2027-01-31."), day=text[:40]) from None
