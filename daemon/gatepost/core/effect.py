"""All that the core can ask to be done: the closed union that `ticket.advance` returns and that the store performs.

The whole tuple is performed in one transaction with its cause, or not at all.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from . import Millis
from .confirmation import Ask
from .event import DeadlineKind
from .party import Away, Participant
from .phrase import Sentence
from .secret import Kind as SecretKind


class Auto(StrEnum):
    """Whether a mail of ours was written by a machine, and how (RFC 3834 5.2)."""

    NO = "no"
    REPLIED = "auto-replied"
    GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What became of the commands of a mail: (line, sentence) each; `help` lists (command, what it does)."""

    lines: tuple[tuple[str, Sentence], ...]
    help: tuple[tuple[str, str], ...] = ()
    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One mail to one participant (`participant` > 0) or to a staff address; `template` is a letter of templates/mail.

    `about` is the message that it carries or answers, 0 for none. `key` makes it unique on its ticket: the same effect
    asked for twice is sent once. With `history` it carries all that was said since `about` as well. With `ask` it asks
    the participant something, and an answer to it is the answer. `secrets` are the kinds of credentials that it tells
    of; `secret` is the one-time secret that it brings, `link` the page that shows it.
    """

    template: str
    participant: int = 0
    address: str = ""
    about: int = 0
    auto: Auto = Auto.NO
    key: str
    ask: Ask | None = None
    transcript: Transcript | None = None
    history: bool = False
    secrets: tuple[SecretKind, ...] = ()
    secret: int = 0
    link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Write a deadline: `kind` due at `due` for the waiting instant `since`. One of each kind is open on a ticket."""

    kind: DeadlineKind
    due: Millis
    since: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Close the open deadlines of these kinds: they were kept, or are no longer owed."""

    kinds: tuple[DeadlineKind, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Mark the ticket (`overdue`, `vendor_unreachable`, …) with the sentence that says why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unflag:
    """Take a mark off the ticket."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Give the ticket a topic. Where one of staff `corrects` what the model made of it, the next training learns it."""

    topic: str
    confidence: float
    corrects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Set a field of the ticket: what a named group of a rule's pattern has found."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Write a sentence into the ticket's trace, for staff only."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Let somebody take part, or in another role. With `template`, they get what was said so far, in one mail."""

    participant: Participant
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The participant is away until the day `back` (YYYY-MM-DD), '' when they are here again (M5)."""

    participant: int
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAway:
    """The vendor says that they are away (R8), or with None that they are here again."""

    vendor: int
    away: Away | None


Effect: TypeAlias = Send | Promise | Release | Flag | Unflag | Label | Fill | Note | Join | Absent | VendorAway
