"""`gatepost backup`, `restore` and `upgrade`: the data folder copied, brought back, and brought up to date."""

import os
from pathlib import Path

import click

from ..clock import Clock
from ..config import Config, find, load
from ..lock import DataLock, become_owner, prepare_data_folder
from ..outline import counted
from ..store.backup import back_up, keep_newest
from ..store.manifest import read
from ..store.restore import check_backup
from ..store.restore import restore as bring_back
from ..store.upgrade import rehearse
from ..store.upgrade import upgrade as bring_up
from . import EX_OK
from .options import config_option


@click.command()
@click.argument("into", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Then delete all but the newest N backups there.")
@config_option
def backup(into: Path, keep: int | None, config_path: str | None) -> int:
    """Back the data folder up into a new folder below INTO, also while the daemon runs, and verify it.

    The backup holds mail and keys: keep it as safe as the data folder. It is whole once its name has no .partial.
    """
    config = load(find(config_path), secrets=False)
    become_owner(config.data)
    os.umask(0o077)
    made = back_up(config.data, into.absolute(), Clock().now(), _step)
    counts = read(made).counts
    click.echo(f"{made}: {counted(counts['tickets'], 'ticket')}, {counted(counts['messages'], 'message')}, verified")
    for gone in keep_newest(into.absolute(), keep) if keep else ():
        click.echo(f"deleted {gone}", err=True)
    return EX_OK


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--check", is_flag=True, help="Only verify the backup.")
@click.option("--hold", is_flag=True, help="Mail that waited then waits for gatepost outbox retry.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def restore(folder: Path, check: bool, hold: bool, yes: bool, config_path: str | None) -> int:
    """Put the backup in FOLDER in the place of the data folder's files; stop the daemon first.

    What was there is moved aside, not deleted. Without --hold, mail that had waited to go out at the time of the backup
    goes out again, with the same Message-ID. Who was erased by law since the backup is erased again.
    """
    config = load(find(config_path), secrets=False)
    said = check_backup(folder)
    if check:
        click.echo(f"{folder}: whole, made by {said.version}, {counted(said.counts['tickets'], 'ticket')}")
        return EX_OK
    if not yes:
        click.confirm(f"Replace what is in {config.data} by this backup?", abort=True, err=True)
    become_owner(config.data)
    prepare_data_folder(config.data)
    with DataLock(config.data, "gate"), DataLock(config.data, "desk"):
        done = bring_back(folder.absolute(), config.data, Clock().now(), hold=hold, step=_step)
    click.echo(f"restored {counted(done.counts['tickets'], 'ticket')}; what was there is in {done.aside}")
    if done.erased:
        click.echo(f"erased again, as since the backup: {counted(done.erased, 'person')}")
    if hold:
        click.echo(f"held until gatepost outbox retry: {counted(done.held, 'mail')}")
    return EX_OK


@click.command()
@click.option("--dry-run", is_flag=True, help="Try it on a copy and say what would be done; the daemon may run.")
@click.option("--backup", "into", type=click.Path(path_type=Path, file_okay=False), help="Where the backup goes first.")
@config_option
def upgrade(dry_run: bool, into: Path | None, config_path: str | None) -> int:
    """Bring the database up to this version: rehearse it on a copy, make a backup, then do it; stop the daemon first.

    The daemon does it at its start too, without rehearsal and backup. Exit code 1 where the rehearsal fails.
    """
    config = load(find(config_path), secrets=False)
    become_owner(config.data)
    prepare_data_folder(config.data)
    now = Clock().now()
    _step("rehearsing on a copy")
    tried = rehearse(config.data, now)
    for sentence in tried.wrong:
        click.echo(f"wrong: {sentence}", err=True)
    if tried.wrong:
        click.echo("Nothing was changed.", err=True)
        return 1
    if not tried.migrations:
        click.echo("The database is up to date.")
        return EX_OK
    if dry_run:
        click.echo(f"would run {', '.join(tried.migrations)}; the copy is sound afterwards")
        return EX_OK
    return _upgrade(config, into, now)


def _upgrade(config: Config, into: Path | None, now: int) -> int:
    with DataLock(config.data, "gate"), DataLock(config.data, "desk"):
        made = back_up(config.data, (into or config.data / "backups").absolute(), now, _step)
        ran = bring_up(config.data)
    click.echo(f"ran {', '.join(ran)}; the backup from before is {made}")
    return EX_OK


def _step(what: str) -> None:
    click.echo(f"… {what}", err=True)
