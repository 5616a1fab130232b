"""All that can happen to a ticket: the closed union that `ticket.advance` takes.

An event that `advance` does not handle is a type error there (assert_never).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from . import Millis
from .nature import Nature
from .secret import Kind as SecretKind
from .topics import Topic


class DeadlineKind(StrEnum):
    """What a deadline is about (C1)."""

    NUDGE = "nudge"
    OVERDUE = "overdue"
    HELP = "help"
    REROUTE = "reroute"
    RATING = "rating"
    ACCESS = "access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A mail or a form opened a ticket: the first message of the requester.

    `verified`: the sender is proved. `on_behalf`: somebody else brought it, so that the requester is told nothing yet.
    `topics`: what it is about, best first. `secrets`: the kinds of credentials that were masked in it.
    """

    message: int
    nature: Nature
    verified: bool = True
    on_behalf: bool = False
    topics: tuple[Topic, ...] = ()
    secrets: tuple[SecretKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """The participant `author` wrote a message on the ticket; `secrets` are the kinds that were masked in it.

    `reached` are the addresses to which its author has sent it besides: nobody gets a mail twice.
    """

    message: int
    author: int
    nature: Nature
    secrets: tuple[SecretKind, ...] = ()
    reached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CameDue:
    """A deadline of the ticket has come. `due` is when it was due, `since` the waiting instant it was written for."""

    kind: DeadlineKind
    since: Millis
    due: Millis = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliverable:
    """A mail of ours to the participant came back for good: refused by the server, or reported by a delivery report."""

    participant: int
    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WasNotice:
    """The message that was taken for an answer was a help desk's notice: the same words have come elsewhere since.

    `since` is from when on the customer has waited all along, None where the wait is over for another reason. `reason`
    is how the notice was known.
    """

    message: int
    since: Millis | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A member of staff has read the ticket, or wants it to look as if nobody had."""

    unread: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Somebody says that the ticket waits for nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """Somebody says that a closed ticket is not at its end."""


Event: TypeAlias = Filed | Wrote | CameDue | Undeliverable | WasNotice | Marked | Closed | Reopened
