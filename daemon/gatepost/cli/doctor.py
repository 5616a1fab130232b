"""`gatepost doctor`: one line for everything that can be wrong, with what to do about it."""

import asyncio
import json

import click

from ..check import Finding, State, broken
from ..clock import Clock
from ..config import endpoint, find, load
from ..errors import MistakesError
from ..log import printable
from . import EX_CONFIG, EX_OK
from .options import config_option

WORDS = {State.FINE: "ok", State.LOOK: "warn", State.WRONG: "fail"}


def _servers(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            endpoint(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
    return values


@click.command()
@config_option
@click.option("--offline", is_flag=True, help="Ask neither DNS nor any server.")
@click.option(
    "--nameserver", "nameservers", multiple=True, metavar="ADDRESS:PORT", callback=_servers, help="Ask this DNS server."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor(config_path: str | None, offline: bool, nameservers: tuple[str, ...], as_json: bool) -> int:
    """Look at config, keys, disk, clock, databases, DNS, certificates, ports, smarthost, mailboxes, the running daemon.

    ok is fine, warn works and deserves a look, fail does not work; below each stands what to do. Changes nothing.
    Exit code 0 where nothing failed, 1 where something did, 78 where the config cannot be read.
    """
    path = find(config_path)
    try:
        config = load(path)
    except MistakesError as error:
        _show(broken("config", error), as_json)
        return EX_CONFIG
    counts = dict.fromkeys(State, 0)

    async def look() -> None:
        from .. import doctor as looks  # noqa: PLC0415 - what asks DNS and servers is loaded only when it is wanted

        async for finding in looks.run(config, Clock(), nameservers=nameservers, outside=not offline):
            counts[finding.state] += 1
            _show(finding, as_json)

    asyncio.run(look())
    if not as_json:
        said = ", ".join(f"{count} {WORDS[state]}" for state, count in counts.items())
        click.echo(f"\n{path}: {said}")
    return 1 if counts[State.WRONG] else EX_OK


def _show(finding: Finding, as_json: bool) -> None:
    if as_json:
        said = {"state": WORDS[finding.state], "subject": finding.subject, "seen": finding.seen, "do": finding.detail}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    lines = [f"{WORDS[finding.state]:<5} {finding.subject:<22} {finding.seen}"]
    lines += [f"{'':<28} → {line}" for line in finding.detail]
    click.echo("\n".join(printable(line) for line in lines))
