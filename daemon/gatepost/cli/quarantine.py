"""`gatepost quarantine …`: what is kept whole for a human, why, and what is to become of it."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterator

import click

from ..clock import Clock
from ..config import Config, find, load
from ..core import DAY, HOUR, MINUTE
from ..core.audit import operator
from ..errors import PermanentError
from ..keys import vault
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..log import printable
from ..mail.parse import HostileMail, read_letter
from ..outline import instant, table
from ..parts import build_house, open_database
from ..privacy.sealing import raw_of
from ..reader.pool import ReaderPool
from ..release import Releases
from ..store import arrivals
from ..store import quarantine as store
from ..store.database import Tx
from ..store.quarantine import Held, State
from ..tray import Question, Said, ask
from . import EX_OK
from .options import config_option, look
from .person import asked

_PATIENCE = 120.0


@click.group()
def quarantine() -> None:
    """See what is in quarantine, run it again, or forget it."""


@quarantine.command(name="list")
@config_option
@click.option("--state", type=click.Choice([s.value for s in State]), default="held", show_default=True, help="Those.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
def list_(config_path: str | None, state: str, limit: int) -> None:
    """List what is kept for a human, the newest first."""
    config = load(find(config_path), secrets=False)
    found = look(config, lambda tx: store.page(tx, state=State(state), limit=limit))
    head = ("id", "cause", "age", "sender", "ticket", "subject")
    rows = [_row(held, Clock().now()) for held in found]
    click.echo(table(head, rows) if rows else "Nothing is in quarantine." if state == "held" else "None.")


@quarantine.command()
@config_option
@click.argument("number", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help="The mail's bytes as they came, and nothing else; needs --reason.")
@click.option("--reason", default="", help="Why the mail is opened; it stays in the audit log.")
def show(config_path: str | None, number: int, raw: bool, reason: str) -> None:
    """Show one held mail: why it is kept, what speaks for and against it, its header and its text."""
    config = load(find(config_path), secrets=False)

    keys = vault(config.data)

    def read(tx: Tx) -> tuple[Held, bytes, dict[str, object]]:
        held = _there(store.find(tx, number), number)
        return held, raw_of(tx, keys, held.arrival), arrivals.decision(tx, held.arrival)

    held, octets, decision = look(config, read)
    if raw:
        if not reason:
            raise click.UsageError("--raw opens a mail as it came: say why with --reason")
        asked(config, Question.RAW_OPENED, {"arrival": held.arrival, "reason": reason, "by": getpass.getuser()})
        sys.stdout.buffer.write(octets)
        return
    for line in _shown(held, octets, decision):
        click.echo(printable(line))


@quarantine.command()
@config_option
@click.argument("number", metavar="ID", type=int)
def release(config_path: str | None, number: int) -> int:
    """Run a held mail again through today's code and rules.

    Your word lifts the check that kept it and stands for the proof of its sender; every other check is made.
    """
    config = load(find(config_path), secrets=False)
    by = getpass.getuser()
    said: Said = {"id": number, "by": by, "said": f"released by {by} on the command line"}

    async def here(releases: Releases) -> Said:
        outcome, ticket = await releases.release(number, said["said"], operator(by))
        return {"outcome": outcome.value, "ticket": ticket}

    answer = _ask(config, Question.RELEASE, said, here)
    ticket = f" ticket {answer['ticket']}" if answer["ticket"] else ""
    click.echo(f"Quarantine {number}: {answer['outcome']}{ticket}.")
    return EX_OK


@quarantine.command()
@config_option
@click.argument("number", metavar="ID", type=int)
@click.option("--reason", required=True, help="Why; it stays with the entry.")
def forget(config_path: str | None, number: int, reason: str) -> None:
    """Drop the content of a held mail for good. The entry stays, with the reason."""
    config = load(find(config_path), secrets=False)
    by = getpass.getuser()
    said: Said = {"id": number, "by": by, "said": f"{reason} ({by})"}

    async def here(releases: Releases) -> Said:
        await releases.forget(number, said["said"], operator(by))
        return {}

    _ask(config, Question.FORGET, said, here)
    click.echo(f"Quarantine {number}: forgotten.")


def _ask(config: Config, question: Question, said: Said, here: Callable[[Releases], Awaitable[Said]]) -> Said:
    """Ask the running desk, or do it ourselves where none runs on the data folder."""
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        return ask(config.data, question, said, Clock.monotonic, patience=_PATIENCE)
    with DataLock(config.data):
        return asyncio.run(_here(config, here))


async def _here(config: Config, work: Callable[[Releases], Awaitable[Said]]) -> Said:
    db = open_database(config)
    limits = config.limits
    reader = ReaderPool(
        count=1,
        cpu_seconds=limits.reader_cpu_seconds,
        wall_seconds=limits.reader_wall_seconds,
        memory_octets=limits.reader_memory_octets,
    )
    await reader.start()
    try:
        return await work(Releases(db=db, house=build_house(config), reader=reader, clock=Clock()))
    finally:
        await reader.close()
        db.close()


def _row(held: Held, now: int) -> tuple[str, ...]:
    cause = f"{held.cause.number} {held.cause.word}"
    ticket = str(held.ticket) if held.ticket else "-"
    cells = (str(held.id), cause, _age(now - held.at), held.sender or "<>", ticket, held.subject)
    return tuple(printable(cell) for cell in cells)


def _age(millis: int) -> str:
    """How long ago, in the largest unit of which there is one."""
    for unit, length in (("d", DAY), ("h", HOUR)):
        if millis >= length:
            return f"{millis // length} {unit}"
    return f"{max(millis, 0) // MINUTE} min"


def _there(held: Held | None, number: int) -> Held:
    if held is None:
        raise PermanentError(f"there is no {number} in quarantine", "gatepost quarantine list shows what is in there.")
    return held


def _shown(held: Held, octets: bytes, decision: dict[str, object]) -> Iterator[str]:
    yield f"{held.id}: {held.state.value} since {instant(held.ended or held.at)}"
    yield f"{held.cause.number} {held.cause.word}: {held.cause.sentence}"
    if held.detail:
        yield f"  {held.detail}"
    if held.said:
        yield f"  {held.said}"
    identity = decision.get("identity")
    for sentence in identity["why"] if isinstance(identity, dict) else ():
        yield f"  · {sentence}"
    if not octets:
        yield "Its content is no longer kept."
        return
    try:
        letter = read_letter(octets)
    except HostileMail as error:
        yield f"It is not read: {error.message}"
        return
    yield ""
    for name, value in letter.headers:
        yield f"{name}: {value}"
    yield ""
    yield from letter.text.split("\n")
