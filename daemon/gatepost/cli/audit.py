"""`gatepost audit …`: who did what, as whom; and whether the log is still as it was written."""

import sys
from pathlib import Path

import click

from ..audit_heads import head_of, heads_file, read_heads
from ..audit_rows import COLUMNS, cells
from ..clock import Clock
from ..config import find, load
from ..core import DAY, HOUR, MINUTE, Millis
from ..core.audit import Action, Fault, Head
from ..errors import PermanentError
from ..keys import audit_key
from ..lock import become_owner
from ..log import printable
from ..outline import csv_line, table
from ..store import audit as store
from ..store.audit import AuditLog, Filter
from . import EX_DATAERR, EX_OK
from .options import config_option, look

_UNITS = {"d": DAY, "h": HOUR, "m": MINUTE}


class _Age(click.ParamType[Millis]):
    """A length of time as people write it: 30d, 12h, 45m."""

    name = "AGE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Millis:
        """Milliseconds."""
        text = str(value)
        if not (text[:-1].isdigit() and text[-1:] in _UNITS):
            self.fail(f"{text!r} is no length of time; write it like 30d, 12h or 45m", param, ctx)
        return int(text[:-1]) * _UNITS[text[-1]]


def _filters(command: click.decorators.FC) -> click.decorators.FC:
    """The options by which rows are chosen."""
    options = (
        click.option("--person", default="", help="Done by or on behalf of: a staff name, an address, an account."),
        click.option("--actor", default="", help="Done by."),
        click.option("--action", type=click.Choice([action.value for action in Action]), help="Only this."),
        click.option("--object", "object_", default="", help="Done to, for example 'ticket 1001'."),
        click.option("--since", type=_Age(), help="Not longer ago, for example 30d."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """Look into the audit log, and prove that it is whole."""


@audit.command()
@config_option
@click.option("--head", "heads", multiple=True, metavar="NUMBER:MAC", help="A head out of a mail; may be repeated.")
def verify(config_path: str | None, heads: tuple[str, ...]) -> int:
    """Check every row against the chain, and the chain against the heads noted outside the database.

    Names the first bad row, and exits with 65 where there is one.
    """
    config = load(find(config_path), secrets=False)
    become_owner(config.data)
    noted = (*read_heads(heads_file(config.audit, config.data)), *map(_head, heads))
    log = AuditLog(audit_key(config.data, make=False))
    rows = look(config, store.size)
    with click.progressbar(length=rows, label="Verifying", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        fault: Fault | None = look(config, lambda tx: log.verify(tx, noted, lambda: bar.update(1)))
    if fault is not None:
        click.echo(f"row {fault.id}: {fault.said}")
        return EX_DATAERR
    beyond = f", {len(noted)} heads noted outside agree" if noted else "; no head was noted outside the database"
    click.echo(f"{rows} rows are as they were written{beyond}.")
    return EX_OK


@audit.command(name="list")
@config_option
@_filters
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
def list_(config_path: str | None, limit: int, **wanted: object) -> None:
    """List what was done, the newest first."""
    config = load(find(config_path), secrets=False)
    chosen = _filter(**wanted)  # type: ignore[arg-type]
    rows = [
        tuple(printable(cell) for cell in cells(entry))
        for entry in look(config, lambda tx: store.page(tx, chosen, limit=limit))
    ]
    click.echo(table(COLUMNS, rows) if rows else "Nothing.")


@audit.command()
@config_option
@_filters
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; else standard output.")
def export(config_path: str | None, output: Path | None, **wanted: object) -> None:
    """Write the rows as CSV, the newest first."""
    config = load(find(config_path), secrets=False)
    chosen = _filter(**wanted)  # type: ignore[arg-type]
    text = look(config, lambda tx: "".join(map(csv_line, (COLUMNS, *map(cells, store.all_of(tx, chosen))))))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _filter(person: str, actor: str, action: str | None, object_: str, since: Millis | None) -> Filter:
    after = Clock().now() - since if since is not None else None
    return Filter(person=person, actor=actor, action=action or "", object=object_, since=after)


def _head(text: str) -> Head:
    found = head_of(text)
    if found is None:
        raise PermanentError(f"{text!r} is no head of the audit log", "Copy NUMBER:MAC as it stands in the mail.")
    return found
