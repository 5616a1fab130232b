"""`gatepost tickets`: what is there, the latest activity first."""

import json

import click

from ..config import find, load
from ..core.ticket import State, Ticket
from ..log import printable
from ..outline import instant, table
from ..store import parties
from ..store import tickets as store
from ..store.database import Tx
from .options import config_option, look


@click.command()
@config_option
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only these.")
@click.option("--flag", default="", metavar="NAME", help="Only those with this flag, for example overdue.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def tickets(config_path: str | None, state: str | None, flag: str, limit: int, as_json: bool) -> None:
    """List tickets, the latest activity first."""
    config = load(find(config_path), secrets=False)
    wanted = State(state) if state else None

    def read(tx: Tx) -> list[tuple[str, ...]]:
        names = {vendor.id: vendor.slug for vendor in parties.vendors(tx)}
        return [_row(ticket, names) for ticket in store.page(tx, state=wanted, flag=flag, limit=limit)]

    head = ("number", "state", "answers", "waiting since", "last activity", "flags", "subject")
    rows = look(config, read)
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(head, row, strict=True)), ensure_ascii=False))
    else:
        click.echo(table(head, rows) if rows else "No tickets.")


def _row(ticket: Ticket, vendors: dict[int, str]) -> tuple[str, ...]:
    answers = (
        vendors.get(ticket.vendor_id, "?") if ticket.route.value == "vendor" else ticket.team or ticket.route.value
    )
    return (
        str(ticket.number),
        ticket.state.value,
        answers,
        instant(ticket.waiting_since),
        instant(ticket.last_activity),
        " ".join(ticket.flags) or "-",
        printable(ticket.subject)[:60],
    )
