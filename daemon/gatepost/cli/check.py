"""`gatepost check`: would the daemon start, and with what."""

import click

from ..check import Finding, State, broken
from ..check import check as check_all
from ..clock import Clock
from ..config import find, load
from ..errors import MistakesError
from . import EX_CONFIG, EX_OK
from .options import config_option

_MARKS = {State.FINE: "✓", State.LOOK: "!", State.WRONG: "✗"}


@click.command()
@config_option
def check(config_path: str | None) -> int:
    """Try config, rules, templates, data folder, certificate and sockets; change nothing, start nothing.

    ✓ is fine, ! is worth a look, ✗ keeps the daemon from starting. Exits with 78 where there is a ✗.
    """
    path = find(config_path)
    try:
        findings = list(check_all(load(path), Clock().now()))
    except MistakesError as error:
        findings = [broken("config", error)]
    click.echo(f"{path}\n" + "\n".join(map(_line, findings)))
    wrong = sum(finding.state is State.WRONG for finding in findings)
    if wrong:
        click.echo(f"\ngatepost would not start: {wrong} of these {'is' if wrong == 1 else 'are'} wrong.")
        return EX_CONFIG
    click.echo("\ngatepost can start.")
    return EX_OK


def _line(finding: Finding) -> str:
    first = f"{_MARKS[finding.state]} {finding.subject:<12} {finding.seen}"
    return "\n".join([first, *(f"  {'':<12} {line}" for line in finding.detail)])
