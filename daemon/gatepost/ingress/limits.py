"""What a sender may use up, and how long it may take: values and arithmetic, no sockets and no clock.

Every limit is a key of [smtp] in config.toml (G8).
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import SmtpSection


@dataclass(slots=True)
class Turnstile:
    """Counts connections, in all and by address; IPv6 senders are counted by their /64, which one customer owns."""

    total: int
    per_address: int
    inside: int = 0
    refused: int = 0
    _by_address: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> bool:
        """Let one connection of `address` in ('' is a unix socket, counted in all only), or say no."""
        key = network(address)
        if self.inside >= self.total or (key and self._by_address[key] >= self.per_address):
            self.refused += 1
            return False
        self.inside += 1
        if key:
            self._by_address[key] += 1
        return True

    def leave(self, address: str) -> None:
        """One connection of `address` that was let in has ended."""
        key = network(address)
        self.inside -= 1
        if key:
            self._by_address[key] -= 1
            if not self._by_address[key]:
                del self._by_address[key]


@dataclass(slots=True)
class Room:
    """Memory for mail on its way in, for the whole process, in octets."""

    total: int
    taken: int = 0

    def take(self, octets: int) -> bool:
        """Take `octets`, or say no and take nothing."""
        if self.taken + octets > self.total:
            return False
        self.taken += octets
        return True

    def give(self, octets: int) -> None:
        """Give them back."""
        self.taken -= octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long DATA may take. Instants are seconds of one monotonic clock.

    Silence ends it after `idle` seconds. All of it may take `idle` seconds plus one second for each `rate` octets that
    came, so that a sender just above the rate always gets through, and at most `total` seconds.
    """

    idle: float
    rate: int
    total: float

    def deadline(self, *, started: float, last: float, received: int) -> float:
        """The instant at which to give up if nothing more comes. `last` is when the last octet came."""
        return min(last + self.idle, started + self.idle + received / self.rate, started + self.total)


@dataclass(slots=True)
class Tally:
    """What one connection has used since its last accepted mail (as Postfix counts)."""

    commands: int = 0
    junk: int = 0
    errors: int = 0

    def spent(self, limits: "SmtpSection") -> bool:
        """Whether the connection has used up its commands."""
        return self.commands > limits.commands or self.junk > limits.junk_commands

    def reset(self) -> None:
        """A mail was accepted: the sender is no idler."""
        self.commands = self.junk = self.errors = 0


def network(address: str) -> str:
    """The key under which an address is counted: itself, or its /64 for IPv6; '' for what is no IP address."""
    if address.count(".") == 3 and ":" not in address:
        return address
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)
