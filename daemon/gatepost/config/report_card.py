"""The section [report_card] of config.toml: from when on a vendor's figures are too low (C6)."""

from typing import Literal

from pydantic import Field

from .section import Section
from .types import Count


class ReportCardSection(Section):
    """From when on staff and the vendor are told that the vendor's figures are too low."""

    days: Literal[14, 30, 60, 90] = Field(30, description="The days that are looked at: 14, 30, 60 or 90.")
    in_time_percent: float = Field(
        80.0, ge=0, le=100, description="Share of answers in time, in percent, below which they are told; 0: never."
    )
    mean_rating: float = Field(3.5, ge=0, le=5, description="Mean rating below which they are told; 0: never.")
    least: Count = Field(10, description="Answers, or ratings, from which on the figure says anything.")
    tell_vendor: bool = Field(True, description="Whether the vendor is told too, or staff alone.")
