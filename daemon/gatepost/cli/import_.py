"""`gatepost import …`: take vendors, products, customers, subscriptions and orders from a shop's export."""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path

import click

from ..clock import Clock
from ..config import Config, find, load
from ..core.audit import operator
from ..ingress.import_tray import hand_over
from ..ingress.marketplace import COLUMNS, Import, Kind, Report, noted, run
from ..ingress.table_file import read_table
from ..keys import audit_key
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..outline import counted
from ..parts import open_database
from ..store.audit import AuditLog
from . import EX_DATAERR, EX_OK
from .options import config_option

_SHOWN = 50


@click.command(name="import")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="Otherwise the file's name says.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--partial", is_flag=True, help="Take the good rows although others are refused.")
@config_option
def import_(*, kind: str, file: Path, form: str | None, dry_run: bool, partial: bool, config_path: str | None) -> int:
    """Add or update who sells what to whom, from a CSV or JSON table.

    A vendor and a product are known by slug, a customer by address, an order by reference, a subscription by
    reference, or by customer and product. All rows or none, unless --partial. Exits with 65 where a row was refused.
    """
    config = load(find(config_path), secrets=False)
    table = Kind(kind)
    wanted = Import(kind=table, rows=read_table(file, COLUMNS[table], form or ""), partial=partial, dry_run=dry_run)
    report = _run(config, wanted)
    for refusal in report.refusals[:_SHOWN]:
        click.echo(f"{file}: {refusal}", err=True)
    if len(report.refusals) > _SHOWN:
        click.echo(f"{file}: and {len(report.refusals) - _SHOWN} more", err=True)
    click.echo(_summary(file, report, dry_run))
    return EX_DATAERR if report.refused else EX_OK


def _run(config: Config, wanted: Import) -> Report:
    """Import it ourselves, or hand it over where a gatepost runs on the data folder: its desk alone may write there."""
    hidden, count = not sys.stderr.isatty(), len(wanted.rows)
    with click.progressbar(length=count, label="Importing", file=sys.stderr, hidden=hidden) as bar:
        become_owner(config.data)
        prepare_data_folder(config.data)
        if not holder(config.data):
            return _run_here(config, wanted, lambda: bar.update(1))
        report = hand_over(config.data, wanted, getpass.getuser(), Clock.monotonic)
        bar.update(count)
        return report


def _run_here(config: Config, wanted: Import, on_row: Callable[[], object]) -> Report:
    with DataLock(config.data):
        db = open_database(config)
        try:
            note = noted(AuditLog(audit_key(config.data)), wanted.kind, operator(getpass.getuser()), Clock().now())
            return run(db, wanted, config, note, on_row)
        finally:
            db.close()


def _summary(file: Path, report: Report, dry_run: bool) -> str:
    counts = (("new", report.new), ("changed", report.changed), ("unchanged", report.unchanged))
    lines = [f"{name:<10} {count:>7}" for name, count in (*counts, ("refused", report.refused))]
    if report.written:
        rest = f"; {report.refused} refused" if report.refused else ""
        taken = report.new + report.changed + report.unchanged
        end = f"{file}: {counted(taken, 'row')} {'is' if taken == 1 else 'are'} in{rest}."
    elif dry_run:
        end = f"{file}: a dry run; nothing was written."
    else:
        end = f"{file}: nothing was written. Correct the rows, or take the good ones with --partial."
    return "\n".join([*lines, end])
