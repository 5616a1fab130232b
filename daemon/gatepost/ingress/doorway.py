"""What all conversations of one door share: the limits, the addresses, the way into the spool."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core import Millis
from ..core.addresses import Addresses
from ..core.letter import Door, Envelope
from .limits import Room, Turnstile

if TYPE_CHECKING:
    from ..config import SmtpSection
    from .talk import Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What every conversation of a door shares. `accept` commits a mail and returns its id, or raises."""

    hostname: str
    limits: "SmtpSection"
    addresses: Addresses
    accept: Callable[[Envelope, bytes, Millis], Awaitable[int]]
    now: Callable[[], Millis]
    incident: Callable[[], str]
    turnstile: Turnstile
    room: Room
    has_room: Callable[[int], bool] = lambda octets: True
    tls: Callable[[], ssl.SSLContext | None] = lambda: None
    door: Door = Door.SMTP
    postponed: set[str] = field(default_factory=set)
    conversations: set["Talk"] = field(default_factory=set)

    def postpones(self, recipient: str) -> bool:
        """Whether mail for this address of ours is put off for now, and that for its reply addresses with it."""
        located = self.addresses.locate(recipient) if self.postponed else None
        return located is not None and located.address in self.postponed
