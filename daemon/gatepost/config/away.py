"""The sections [away.SLUG] of config.toml: when a vendor is away, who answers, what the clock does then (R8)."""

from typing import Literal

from pydantic import Field

from ..core.away_plan import TEXT_CHARACTERS, AwayPlan
from .section import Section
from .types import Address, Day


class AwaySection(Section):
    """A vendor's absence, by the vendor's slug: carried out once, and again when the section changes."""

    first: Day = Field("", description="The first day away, in the vendor's zone; '' for at once.")
    back: Day = Field(description="The day on which the vendor is back, for example 2027-01-04.")
    substitute: Address | Literal[""] = Field(
        "", description="Who answers meanwhile; '' gives new tickets to the triage team."
    )
    text: str = Field("", max_length=TEXT_CHARACTERS, description="What customers are told of it.")
    clock: Literal["", "stops", "runs"] = Field(
        "", description="What the clock does: stops or runs; '' stops it, but lets it run where a substitute answers."
    )

    def plan(self) -> AwayPlan:
        """The absence as the core reads it."""
        return AwayPlan(first=self.first, back=self.back, substitute=self.substitute, text=self.text, clock=self.clock)
