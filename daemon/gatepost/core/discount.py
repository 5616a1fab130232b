"""Discount codes and cards (R13): what a vendor or staff may put into an answer, and why a code may not be given."""

from dataclasses import dataclass
from enum import StrEnum

from . import Millis
from .wall import local

CARDS = 3
"""How many product links one answer carries at most."""


class CardKind(StrEnum):
    """What a card shows."""

    PRODUCT = "product"
    DISCOUNT = "discount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A box in an answer: a product with its page, or a discount code with what it is worth. `note` may be ''."""

    kind: CardKind
    title: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A configured discount code. `until` is its last day, YYYY-MM-DD, '' for no end; `percent` is 1 to 100."""

    code: str
    percent: int
    text: str = ""
    until: str = ""
    active: bool = True

    def ended(self, now: Millis, zone: str) -> bool:
        """Whether its last day is over in `zone`."""
        return bool(self.until) and local(now, zone).date().isoformat() > self.until

    def card(self) -> Card:
        """The code as it stands in an answer."""
        return Card(
            kind=CardKind.DISCOUNT, title=self.code, note=" · ".join(filter(None, (f"−{self.percent} %", self.text)))
        )
