"""A mail that is here already: whether the copy that comes now is the one to which people wait for an answer.

An archive is a record and answers nobody. A mail that came out of one, and comes to a door soon after it was written,
has had no answer from us: it is handled as if it came first, and stays the one message that it is (G6).
"""

from dataclasses import dataclass

from . import DAY, Millis
from .trip import Continues, Decision, Opens

STILL_LIVE: Millis = 3 * DAY
"""How long after a mail of an archive its live copy is still waited for: a weekend, and the move to us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An earlier copy of a mail, or with `same_mail` false another mail with its Message-ID.

    `archived`: it came out of archives alone, at `at`; `first` says whether it opened its ticket, `author` whose
    message it is there, and `answered` that whoever answers that ticket has written since.
    """

    message: int
    ticket: int
    same_mail: bool
    at: Millis = 0
    archived: bool = False
    first: bool = False
    author: int = 0
    answered: bool = False


def revived(copy: Copy | None, decision: Decision, now: Millis) -> Decision | None:
    """What a copy that comes to a door makes of a mail of an archive; None where it is one copy more."""
    if copy is None or not copy.same_mail or not copy.archived or copy.answered:
        return None
    if abs(now - copy.at) > STILL_LIVE:
        return None
    match decision:
        case Opens() if copy.first:
            return decision
        case Opens():
            return Continues(ticket=copy.ticket, author=copy.author)
        case Continues(ticket=copy.ticket):
            return decision
        case _:
            return None
