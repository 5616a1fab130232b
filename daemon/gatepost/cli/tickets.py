"""`gatepost tickets` and `gatepost status`: what is there, and whether all is well."""

import asyncio
import json
from typing import Any

import click

from ..config import Config, find, load
from ..core.ticket import State, Ticket
from ..errors import TemporaryError
from ..ingress.gate_link import ask_status
from ..log import printable
from ..outline import instant, table
from ..store import deadlines, outbox_view, parties, quarantine, trace
from ..store import tickets as store
from ..store.database import Tx
from .options import config_option, look


@click.command()
@config_option
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only these.")
@click.option("--flag", default="", metavar="NAME", help="Only those with this flag, for example overdue.")
@click.option("--limit", default=50, show_default=True, help="At most so many.")
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


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def status(config_path: str | None, as_json: bool) -> int:
    """Tell on one screen what runs and what waits. Exit code 0 where all is well, 1 where somebody should look."""
    config = load(find(config_path), secrets=False)
    said = _status(config)
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        for name, value in said.items():
            click.echo(f"{name:22} {_plain(value)}")
    return 0 if said["verdict"] == "well" else 1


def _status(config: Config) -> dict[str, Any]:
    try:
        gate: Any = asyncio.run(ask_status(config.data))
    except TemporaryError as error:
        gate = f"{error.message} ({error.hint})"

    def read(tx: Tx) -> dict[str, Any]:
        counters = trace.counters(tx)
        return {
            "tickets open": counters.get("ticket.open", 0),
            "tickets closed": counters.get("ticket.closed", 0),
            "quarantine": quarantine.count(tx),
            "outbox": outbox_view.waiting(tx),
            "deferred because": outbox_view.reasons(tx),
            "next deadline": instant(deadlines.next_due(tx)),
        }

    said = {"gate": gate, **look(config, read)}
    trouble = [
        *(["the gate does not answer"] if isinstance(gate, str) else []),
        *(f"{said['outbox'][state]} mails {state}" for state in ("dead", "error") if said["outbox"][state]),
    ]
    return {"verdict": "; ".join(trouble) or "well", **said}


def _plain(value: object) -> str:
    """A value for a person: counts by their names as `2 queued, 1 deferred`, without those that are nought."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{count} {str(name).replace('_', ' ')}" for name, count in value.items() if count) or "-"


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
