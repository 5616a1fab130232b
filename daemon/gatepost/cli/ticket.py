"""`gatepost ticket …`: one ticket, and how its due date comes about."""

from collections.abc import Iterator

import click

from ..case import Case, case_of
from ..clock import Clock
from ..config import find, load
from ..core import Millis
from ..due_date import answering, explain, moment
from ..errors import PermanentError
from ..house import House
from ..log import printable
from ..parts import build_house
from ..store import arrivals, messages, tickets
from ..store.database import Tx
from ..store.messages import Message
from .options import config_option, look


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
    yield f"      {found.state.value}, answered by {answering(house, case)}{_flags(found.flags)}"
    if case.product is not None:
        yield f"      about {case.product.name}, subscription {case.standing.value}"
    yield ""
    for message in messages.of_ticket(tx, number):
        yield _message(message, case)
        if len(ways := arrivals.ways(tx, message.id)) > 1:
            yield f"      one mail, which came by {', '.join(ways)}"
    yield ""
    yield from explain(tx, house, case, now)


def _message(message: Message, case: Case) -> str:
    author = case.participant(message.author)
    who = f"{author.role.value} {author.address}" if author is not None else "somebody"
    words = " ".join(message.reply_text.split())
    return f"  {moment(message.received, case.brand.zone)}  {who}: {printable(words)[:100]}"


def _flags(flags: tuple[str, ...]) -> str:
    return f"; {', '.join(flags)}" if flags else ""
