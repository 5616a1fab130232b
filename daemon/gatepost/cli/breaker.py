"""`gatepost breaker …`: the pairs to which no automatic mail goes for now, and their release."""

import getpass

import click

from ..config import find, load
from ..core.audit import operator
from ..errors import PermanentError
from ..log import printable
from ..outline import instant, table
from ..postroom import Postroom
from ..store import breakers
from ..tray import Question, Said
from .options import config_option, look
from .outbox import ask_or_do


@click.group()
def breaker() -> None:
    """See where automatic mail has stopped because two programs answered each other."""


@breaker.command(name="list")
@config_option
def list_(config_path: str | None) -> None:
    """List the open circuit breakers."""
    config = load(find(config_path), secrets=False)
    rows: list[tuple[str, ...]] = [
        (printable(one.pair), instant(one.opened), instant(one.until), printable(one.why))
        for one in look(config, breakers.all_open)
    ]
    click.echo(table(("pair", "opened", "until", "why"), rows) if rows else "No circuit breaker is open.")


@breaker.command()
@config_option
@click.argument("pair", nargs=-1, required=True)
def close(config_path: str | None, pair: tuple[str, ...]) -> None:
    """Close the circuit breaker of PAIR, as the list names it: automatic mail goes there again."""
    config = load(find(config_path), secrets=False)
    name, by = " ".join(pair), getpass.getuser()

    async def here(postroom: Postroom) -> Said:
        return {"closed": await postroom.close_breaker(name, operator(by))}

    if not ask_or_do(config, Question.CLOSE_BREAKER, {"pair": name, "by": by}, here)["closed"]:
        raise PermanentError(f"no circuit breaker of {name!r} is open", "gatepost breaker list shows those that are.")
    click.echo(f"The circuit breaker of {name} is closed.")
