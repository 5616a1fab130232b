"""`gatepost trace`: the whole way of a ticket or of one arrival, from the wire to the last server's words."""

import json

import click

from ..config import find, load
from ..outline import outline
from ..store import whole_way
from .options import config_option, look


@click.command()
@config_option
@click.argument("number", type=int)
@click.option("--arrival", is_flag=True, help="NUMBER is an arrival, not a ticket.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def trace(config_path: str | None, number: int, arrival: bool, as_json: bool) -> None:
    """Show what a ticket went through: every arrival, how it was judged, what was sent, and each try at sending it."""
    config = load(find(config_path), secrets=False)
    said = look(config, lambda tx: whole_way.of_arrival(tx, number) if arrival else whole_way.of_ticket(tx, number))
    click.echo(json.dumps(said, ensure_ascii=False, indent=2) if as_json else "\n".join(outline(said)))
