"""The circuit breaker (A4): when two programs answer each other, ours falls silent toward the other. Pure counting.

A pair is the house and an address, a domain, a ticket, or everybody. What counts is how many automatic mails of ours
within the window were answered: a person answers few of them, a program each.
"""

from dataclasses import dataclass

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went between us and one pair within the window: automatic mails out, mails in."""

    out: int
    heard: int

    @property
    def exchanges(self) -> int:
        """How often one may have answered the other."""
        return min(self.out, self.heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is too much: the keys `breaker_…` of section [limits]."""

    address: int
    domain: int
    floor: int
    ratio: float

    def of(self, pair: str) -> int:
        """How many automatic mails within the window it takes at least to trip the breaker of `pair`."""
        if pair == EVERYBODY:
            return self.floor
        return self.domain if pair.startswith("@") else self.address


def trips(pair: str, traffic: Traffic, bounds: Bounds) -> str:
    """The sentence that says why the breaker of `pair` opens, or ''."""
    if pair == EVERYBODY:
        if traffic.out < bounds.floor or traffic.out <= bounds.ratio * traffic.heard:
            return ""
        return f"{traffic.out} automatic mails left for {traffic.heard} that came"
    if traffic.exchanges < bounds.of(pair):
        return ""
    return f"{traffic.out} automatic mails to it, and {traffic.heard} mails from it"


def pairs(address: str) -> tuple[str, str, str]:
    """The pairs that an automatic mail to `address` belongs to, the narrowest first."""
    folded = address.casefold()
    return folded, f"@{folded.rpartition('@')[2]}", EVERYBODY
