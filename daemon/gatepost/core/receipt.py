"""What follows when a mail that a customer was sent as an answer turns out to have been a help desk's receipt (A6).

A receipt in words that nobody knows shows itself by coming again, on another ticket. What it has stopped goes on then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from . import Millis
from .effect import Effect, Note
from .event import WasNotice
from .ladder import clock_starts

if TYPE_CHECKING:
    from .ticket import Terms, Ticket


class What(StrEnum):
    """What begins or ends a wait: a customer's message, an answer, and what else becomes of the ticket."""

    ASKED = "asked"
    ANSWERED = "answered"
    CLOSED = "closed"
    OPENED = "opened"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of these, and when."""

    at: Millis
    what: What


_Outcome = tuple["Ticket", tuple[Effect, ...]]


def was_notice(ticket: "Ticket", event: WasNotice, terms: "Terms") -> _Outcome:
    """The ticket as though the receipt had not come: its promise counts from the customer's mail again.

    A closed ticket stays closed, and a wait that began earlier goes on as it was.
    """
    said = f"message {event.message} was no answer: {event.reason}"
    if event.since is None or ticket.state.value == "closed":
        return ticket, (Note(text=f"{said}; no clock is set again, since nobody waits for what it answered"),)
    if ticket.waiting_since is not None and ticket.waiting_since <= event.since:
        return ticket, (Note(text=f"{said}; the customer waits already"),)
    ticket = replace(ticket, waiting_since=event.since)
    note = Note(text=f"{said}; the clock that it stopped is set again, from the customer's message on")
    return ticket, (note, *clock_starts(ticket, terms))


def waits_since(steps: Iterable[Step]) -> Millis | None:
    """Since when the customer waits, by all that has been so far, in order; None where nobody does."""
    since: Millis | None = None
    for step in steps:
        match step.what:
            case What.ASKED:
                since = step.at if since is None else since
            case What.ANSWERED | What.CLOSED:
                since = None
            case What.MOVED:
                since = None if since is None else step.at
            case What.OPENED:
                pass
            case _:
                assert_never(step.what)
    return since
