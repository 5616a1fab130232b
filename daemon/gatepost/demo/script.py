"""What a sink may be told to do, and where in a conversation: closed lists, used by demo, tests and crash harness."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Stage(StrEnum):
    """Where in a conversation an action happens: in place of the answer to that command; `end` is the final dot."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END = "end"


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer this instead. A mail whose final dot gets another code than 250 is not kept."""

    code: int
    text: str = "as the script says"


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without an answer; with `reset` by RST."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more on this connection."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answer with bytes that are no SMTP."""

    said: bytes = b"\x00\xff*** not SMTP ***\r\n"


@dataclass(frozen=True, slots=True)
class Partial:
    """Begin an answer, never end it."""

    said: bytes = b"25"


@dataclass(frozen=True, slots=True)
class Dribble:
    """Answer one byte each so many seconds, never to the end."""

    every: float


@dataclass(frozen=True, slots=True)
class Slow:
    """Answer as ever, but so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class KeepThenDrop:
    """At the final dot: keep the mail, and close the connection before the 250."""


Action: TypeAlias = Reply | Drop | Hang | Garbage | Partial | Dribble | Slow | KeepThenDrop
Script: TypeAlias = Sequence[tuple[Stage, Action]]
