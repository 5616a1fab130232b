"""`gatepost ticket …`: one ticket, and how its due date comes about."""

from collections.abc import Iterator

import click

from ..app import build_house
from ..case import Case, case_of
from ..clock import Clock
from ..config import find, load
from ..core import Millis
from ..core.calendar import tell
from ..core.effect import Promise
from ..core.event import DeadlineKind
from ..core.verdict import Route
from ..core.wall import day_text, local
from ..errors import PermanentError
from ..house import House
from ..log import printable
from ..store import deadlines, messages, tickets
from ..store.database import Tx
from ..store.messages import Message
from .options import config_option, look

_RUNGS = {
    DeadlineKind.NUDGE: "Reminder to the vendor",
    DeadlineKind.OVERDUE: "Overdue notice to vendor and staff",
    DeadlineKind.HELP: "Triage gets the ticket too",
    DeadlineKind.REROUTE: "Substitute or triage take the ticket over",
}


@click.group()
def ticket() -> None:
    """Look at one ticket."""


@ticket.command()
@config_option
@click.argument("number", type=int)
def show(config_path: str | None, number: int) -> None:
    """Show a ticket: who answers it, what was said, and its due date interval by interval."""
    config = load(find(config_path), secrets=False)
    house = build_house(config)
    click.echo("\n".join(look(config, lambda tx: list(_lines(tx, house, number, Clock().now())))))


def _lines(tx: Tx, house: House, number: int, now: Millis) -> Iterator[str]:
    found = tickets.find(tx, number)
    if found is None:
        raise PermanentError(f"there is no ticket {number}", "gatepost tickets lists those that are there.")
    case = case_of(tx, house, found, now)
    yield f"{number}  {printable(found.subject)}"
    yield f"      {found.state.value}, answered by {_answering(house, case)}{_flags(found.flags)}"
    if case.product is not None:
        yield f"      about {case.product.name}, subscription {case.standing.value}"
    yield ""
    for message in messages.of_ticket(tx, number):
        yield _message(message, case)
    yield ""
    yield from _clock(tx, house, case, now)


def _message(message: Message, case: Case) -> str:
    author = case.participant(message.author)
    who = f"{author.role.value} {author.address}" if author is not None else "somebody"
    words = " ".join(message.reply_text.split())
    return f"  {_instant(message.received, case.brand.zone)}  {who}: {printable(words)[:100]}"


def _clock(tx: Tx, house: House, case: Case, now: Millis) -> Iterator[str]:
    """When an answer is due, every piece of time that counts towards it, and each rung with its instant."""
    promised = {
        row["kind"]: row["due"] for row in deadlines.of_ticket(tx, case.ticket.number) if row["state"] == "open"
    }
    due = promised.get(DeadlineKind.OVERDUE.value)
    since = case.ticket.waiting_since
    vendor = case.vendor if case.ticket.route is Route.VENDOR else None
    calendar = house.calendar(case.brand, vendor, now)
    if since is None:
        yield "Nobody waits for an answer."
    elif due is None:
        yield f"Waiting since {_instant(since, calendar.zone)}; {_no_deadline(case)}."
    else:
        yield f"Waiting since {_instant(since, calendar.zone)}; overdue at {_instant(due, calendar.zone)}:"
        yield from (f"  {line}" for line in tell(calendar, since, due))
    planned = {} if due is None else {rung.kind.value: rung.due for rung in _rungs(house, case, due, now)}
    for kind, said in _RUNGS.items():
        if (at := promised.get(kind.value, planned.get(kind.value))) is not None:
            yield f"{said} at {_instant(at, calendar.zone)}."
    if (rating := promised.get(DeadlineKind.RATING.value)) is not None:
        yield f"Rating request at {_instant(rating, case.brand.zone)}."


def _rungs(house: House, case: Case, due: Millis, now: Millis) -> tuple[Promise, ...]:
    """The ladder as it will stand when the ticket becomes overdue; only a vendor's ticket has one."""
    return case.terms(house, now).rungs(due) if case.ticket.route is Route.VENDOR else ()


def _no_deadline(case: Case) -> str:
    return "overdue" if "overdue" in case.ticket.flags else "no deadline is open"


def _answering(house: House, case: Case) -> str:
    if case.ticket.route is Route.VENDOR and case.vendor is not None:
        return f"{case.vendor.name} <{case.vendor.support_address}>"
    team = house.teams.get(case.ticket.team) or house.teams["triage"]
    return f"{team.name} <{team.address}>"


def _flags(flags: tuple[str, ...]) -> str:
    return f"; {', '.join(flags)}" if flags else ""


def _instant(at: Millis, zone: str) -> str:
    shown = local(at, zone)
    return f"{day_text(shown.date())} {shown:%H:%M} {zone}"
