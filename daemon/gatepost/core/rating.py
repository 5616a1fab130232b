"""The rating: who may be asked for one, and what a second answer changes. When it is asked for is ticket.py's.

One rating per ticket, of 1 to 5. The first answer counts from the moment it is given and may be changed for 14 days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from . import DAY, Millis

SCORES = (5, 4, 3, 2, 1)
GOOD = 4
"""From this score on a rating is good."""

CHANGEABLE: Millis = 14 * DAY
LINK_LIVES: Millis = 60 * DAY
COMMENT_CAP = 2_000

_NOT_ASKED = {
    "spam": "the ticket is spam",
    "duplicate": "the ticket is a duplicate",
    "imported": "the ticket was imported",
    "erased": "the customer was erased",
}
_TOPICS = frozenset({"refund", "refunds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a customer said: `at` is when first, `changed` when last."""

    ticket: int
    score: int
    comment: str
    at: Millis
    changed: Millis


class Recorded(StrEnum):
    """What became of an answer."""

    FIRST = "first"
    CHANGED = "changed"
    CLOSED = "closed"


def is_set_aside(flags: Iterable[str]) -> bool:
    """Whether the ticket is nobody's support: spam, a duplicate, or a record of the past."""
    return any(flag in _NOT_ASKED for flag in flags)


def why_not(*, flags: Iterable[str], topics: Iterable[str], address: str, unsubscribed: bool) -> str:
    """Why the customer of a ticket may not be asked for a rating; '' where they may (C5)."""
    for flag in flags:
        if flag in _NOT_ASKED:
            return _NOT_ASKED[flag]
    if _TOPICS & {topic.casefold() for topic in topics}:
        return "the ticket is about a refund"
    if not address:
        return _NOT_ASKED["erased"]
    return "the customer wants no requests for ratings" if unsubscribed else ""


def record(known: Rating | None, *, ticket: int, score: int, comment: str, now: Millis) -> tuple[Rating, Recorded]:
    """The rating after an answer. Raises ValueError for a score that does not exist."""
    if score not in SCORES:
        raise ValueError(f"a rating is 1 to 5, not {score}")
    said = comment.strip()[:COMMENT_CAP]
    if known is None:
        return Rating(ticket=ticket, score=score, comment=said, at=now, changed=now), Recorded.FIRST
    if now > known.at + CHANGEABLE:
        return known, Recorded.CLOSED
    return Rating(ticket=ticket, score=score, comment=said, at=known.at, changed=now), Recorded.CHANGED
