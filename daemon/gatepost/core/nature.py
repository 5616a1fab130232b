"""Two independent judgements of a mail (M3): who wrote it, and may it be answered automatically.

Both come with the sentence that says why. Nothing here looks at who the sender is to us; `identity` does.
"""

from dataclasses import dataclass
from enum import StrEnum


class Author(StrEnum):
    """Who wrote a mail: a person, a program, a mail system reporting a delivery, or this gateway."""

    HUMAN = "human"
    MACHINE = "machine"
    REPORT = "report"
    OURSELVES = "ourselves"


class Kind(StrEnum):
    """The kind of a mail, as `gatepost mail read` prints it in `auto`."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """The two judgements and their sentence. `out_of_office` marks an absence notice, a MACHINE mail (M5)."""

    author: Author
    kind: Kind
    answerable: bool
    reason: str
    out_of_office: bool = False
