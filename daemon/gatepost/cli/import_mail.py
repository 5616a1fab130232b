"""`gatepost import-mail …`: take the mail of the past from archives, without sending anything to anybody."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import click

from ..clock import Clock
from ..config import Config, find, load
from ..core.addresses import Addresses
from ..core.letter import Door
from ..desk import Desk
from ..ingress.archive import Archive, Format
from ..ingress.archive_import import BACKLOG, Past, Send, Taker, Tally, Wanted, hand_in, look_through
from ..ingress.imap import tokens_of
from ..ingress.imap_past import ImapFolder
from ..ingress.mbox import Dialect
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..outline import counted
from ..parts import build_house, open_database
from ..reader.pool import ReaderPool
from ..store import intake
from ..store.glance import DESK_FILE
from ..store.intake import Intake
from ..tray import Question, Said, ask
from . import EX_OK
from .options import config_option, look

_IMAP = "imap:"
_PAUSE = 0.2


@click.command(name="import-mail")
@click.argument("paths", metavar="PATH|imap:NAME/FOLDER…", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice([f.value for f in Format]), help="Otherwise the path itself says.")
@click.option("--dialect", type=click.Choice([d.value for d in Dialect]), help="Of an mbox; otherwise it is guessed.")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), help="Only mails that came before this day (UTC).")
@click.option("--for", "otherwise", metavar="ADDRESS", help="Whose mail it is where it names no address of ours.")
@click.option("--dry-run", is_flag=True, help="Look through the archives, and take nothing.")
@click.option("--resume", is_flag=True, help="Do not read again what an interrupted import has taken already.")
@config_option
def import_mail(
    *,
    paths: tuple[str, ...],
    form: str | None,
    dialect: str | None,
    before: datetime | None,
    otherwise: str | None,
    dry_run: bool,
    resume: bool,
    config_path: str | None,
) -> int:
    """Take maildirs, mbox files, folders of .eml files and IMAP folders as closed tickets with their own dates.

    Nobody is written to, nothing is promised, nothing falls due. The same import twice changes nothing.
    imap:NAME/FOLDER is a folder of the mailbox [imap.NAME] of the config, in which nothing is changed.
    """
    config = load(find(config_path), secrets=False)
    wanted = _wanted(config, otherwise, before)
    archives = [_archive(config, path, form, dialect, wanted) for path in paths]
    tally = asyncio.run(_run(config, archives, wanted, dry_run=dry_run, resume=resume))
    for line in _summary(tally, dry_run):
        click.echo(line)
    return EX_OK


def _archive(config: Config, path: str, form: str | None, dialect: str | None, wanted: Wanted) -> Past:
    """What a word of the command line names."""
    if not path.startswith(_IMAP):
        return Archive(Path(path), Format(form) if form else None, Dialect(dialect) if dialect else None)
    name, _, folder = path.removeprefix(_IMAP).partition("/")
    section = config.imap.get(name)
    if section is None:
        near = get_close_matches(name, config.imap, n=1)
        hint = f"did you mean {_IMAP}{near[0]}?" if near else f"there are: {', '.join(config.imap) or 'none'}"
        raise click.BadParameter(f"the config has no mailbox [imap.{name}]; {hint}", param_hint="PATH")
    folder = folder or section.folder
    if folder == section.folder and wanted.before is None:
        said = f"new mail comes into {folder}, and would be filed as past, unanswered; say --before"
        raise click.BadParameter(said, param_hint="PATH")
    tokens = tokens_of(name, section, config.data, Clock())
    return ImapFolder(name, section, tokens, folder=folder, octets=config.smtp.message_octets)


def _wanted(config: Config, otherwise: str | None, before: datetime | None) -> Wanted:
    addresses = Addresses(config.brands(), config.reply_address.separator, config.reply_address.domain)
    address = otherwise or config.brands()[0].support[0]
    if addresses.locate(address) is None:
        raise click.BadParameter(f"{address} is no support address of a brand", param_hint="--for")
    until = int(before.replace(tzinfo=UTC).timestamp() * 1000) if before is not None else None
    return Wanted(addresses=addresses, otherwise=address, octets=config.smtp.message_octets, before=until)


async def _run(config: Config, archives: list[Past], wanted: Wanted, *, dry_run: bool, resume: bool) -> Tally:
    tally = Tally()
    if dry_run:
        for archive in archives:
            with closing(archive), _bar(0, f"Reading {archive.label}") as bar:
                look_through(archive, wanted, tally, partial(bar.update, 1))
        return tally
    become_owner(config.data)
    prepare_data_folder(config.data)
    async with _desk(config) as send:
        after = (await send({"mails": []}))["last"]
        for archive in archives:
            with closing(archive):
                await _take(config, archive, wanted, tally, send, resume=resume)
        tally.outcomes = await _finished(send, after)
    return tally


async def _take(config: Config, archive: Past, wanted: Wanted, tally: Tally, send: Send, *, resume: bool) -> None:
    with _bar(0, f"Reading {archive.label}") as bar:
        items = await asyncio.to_thread(look_through, archive, wanted, tally, partial(bar.update, 1))
    if resume and archive.stable:
        known = _taken(config, archive, [item.position for item in items])
        tally.known += len(known)
        items = [item for item in items if item.position not in known]
    with _bar(len(items), f"Taking {archive.label}") as bar:
        await hand_in(archive, items, wanted, tally, partial(_paced, send), bar.update)


def _taken(config: Config, archive: Past, positions: list[str]) -> set[str]:
    if not (config.data / DESK_FILE).exists():
        return set()
    found: set[str] = look(config, lambda tx: intake.known(tx, archive.source, positions))
    return found


async def _paced(send: Send, said: Said) -> Said:
    """Hand a batch over, and wait while the desk has enough to do."""
    answer = first = await send(said)
    while answer["waiting"] > BACKLOG:
        await asyncio.sleep(_PAUSE)
        answer = await send({"mails": []})
    return first


async def _finished(send: Send, after: int) -> dict[str, int]:
    """What became of the mails, once none waits any longer."""
    while True:
        answer = await send({"mails": [], "after": after})
        if not answer["waiting"]:
            outcomes: dict[str, int] = answer["outcomes"]
            return outcomes
        await asyncio.sleep(_PAUSE)


@asynccontextmanager
async def _desk(config: Config) -> AsyncIterator[Send]:
    """The running desk, asked by its tray; or one of our own, under the desk's lock, where none runs."""
    if holder(config.data):

        async def through_the_tray(said: Said) -> Said:
            return await asyncio.to_thread(ask, config.data, Question.MAIL, said, Clock.monotonic)

        yield through_the_tray
        return
    with DataLock(config.data):
        db = open_database(config)
        limits = config.limits
        readers = ReaderPool(
            count=config.gatepost.readers,
            cpu_seconds=limits.reader_cpu_seconds,
            wall_seconds=limits.reader_wall_seconds,
            memory_octets=limits.reader_memory_octets,
        )
        await readers.start()
        waiting = Intake(db, Door.IMPORT)
        desk = Desk(
            house=build_house(config), db=db, spool=waiting, gate=waiting, readers=readers, clock=Clock(),
            wake_delivery=lambda: None,
        )  # fmt: skip
        working = asyncio.create_task(desk.run())
        try:
            yield Taker(db, desk.wake).answer
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await readers.close()
            db.close()


def _bar(length: int, label: str) -> "click._termui_impl.ProgressBar[int]":
    hidden = not sys.stderr.isatty()
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden, show_pos=True)


def _summary(tally: Tally, dry_run: bool) -> list[str]:
    if not tally.found:
        return ["No mail was found: a maildir has new and cur, an mbox file begins with 'From ', others end with .eml."]
    rows = [("found", tally.found), ("too new", tally.too_new), ("too large", tally.too_large), ("gone", tally.gone)]
    if dry_run:
        rest = tally.found - tally.too_new - tally.too_large
        rows = [each for each in rows if each[1] or each[0] == "found"]
        return [
            *(f"{name:<12} {count:>7}" for name, count in rows),
            f"A dry run: {counted(rest, 'mail')} would be taken.",
        ]
    rows += [("taken before", tally.known), ("taken", tally.taken), *sorted(tally.outcomes.items())]
    lines = [f"{name:<12} {count:>7}" for name, count in rows if count or name in ("found", "taken")]
    return [
        *lines,
        f"{counted(tally.taken, 'mail')} {'is' if tally.taken == 1 else 'are'} in; nothing was sent to anybody.",
    ]
