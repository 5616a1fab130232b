"""`gatepost person …`: what is held about somebody; hand it out, erase it, or keep it by a legal hold."""

import asyncio
import getpass
from pathlib import Path

import click

from ..clock import Clock
from ..config import Config, find, load
from ..errors import PermanentError
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..log import printable
from ..parts import build_house, open_database
from ..privacy.control import Privacy, against, answers
from ..privacy.export import export as made
from ..store import persons
from ..store.database import Tx
from ..tray import Question, Said, ask
from . import EX_OK
from .options import config_option, look

_PATIENCE = 3_600.0


@click.group()
def person() -> None:
    """Export, erase or hold what is kept about one person, named by an address."""


@person.command()
@config_option
@click.argument("address")
def show(config_path: str | None, address: str) -> None:
    """Show what is known of an address: names, tickets, and what stands against an erasure."""
    config = load(find(config_path), secrets=False)

    def read(tx: Tx) -> list[str]:
        who = persons.find(tx, address)
        if not who.known:
            raise PermanentError(f"nothing is known of {address}", "Is it written as in the ticket?")
        lines = [
            f"customer {who.customer}: {who.name}" if who.customer else f"no customer: {who.name}",
            f"addresses: {', '.join(who.addresses)}",
            f"tickets filed: {', '.join(map(str, who.filed)) or 'none'}",
            f"takes part in: {', '.join(map(str, who.others)) or 'none'}",
        ]
        why = against(tx, who)
        return [*lines, f"an erasure would be refused: {why}" if why else "nothing stands against an erasure"]

    for line in look(config, read):
        click.echo(printable(line))


@person.command()
@config_option
@click.argument("address")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The ZIP file.")
def export(config_path: str | None, address: str, output: Path) -> int:
    """Write all that is held about a person into a ZIP file: person.json, and mails.mbox with what they wrote."""
    config = load(find(config_path), secrets=False)
    asked(config, Question.PERSON_EXPORT, {"address": address, "by": getpass.getuser()})
    now, brands = Clock().now(), config.brands()
    whole = look(config, lambda tx: made(tx, brands, persons.find(tx, address), now)).zipped()
    output.touch(mode=0o600)
    output.write_bytes(whole)
    click.echo(f"Written to {output}. Hand it over only to the person themselves.")
    return EX_OK


@person.command()
@config_option
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask; it cannot be undone.")
def erase(config_path: str | None, address: str, yes: bool) -> int:
    """Erase a person from every table, mail, index and log, for good.

    What is of the marketplace stays without a name. A legal hold or an open refund refuses it. Old backups hold the
    person until they are deleted; a restore erases again.
    """
    if not yes:
        click.confirm(f"Erase {address} for good?", abort=True)
    answer = _ask(config_path, Question.PERSON_ERASE, {"address": address})
    click.echo(f"Erased (number {answer['number']} in the list of erasures).")
    return EX_OK


@person.command()
@config_option
@click.argument("address")
@click.option("--reason", required=True, help="Why; it stays with the hold and in the audit log.")
def hold(config_path: str | None, address: str, reason: str) -> int:
    """Keep everything of a person until it is released: neither an erasure nor an age takes it away."""
    answer = _ask(config_path, Question.PERSON_HOLD, {"address": address, "reason": reason})
    click.echo(f"Held (number {answer['number']}).")
    return EX_OK


@person.command()
@config_option
@click.argument("address")
@click.option("--reason", required=True, help="Why; it stays with the hold and in the audit log.")
def release(config_path: str | None, address: str, reason: str) -> int:
    """End every legal hold of a person."""
    answer = _ask(config_path, Question.PERSON_RELEASE, {"address": address, "reason": reason})
    click.echo(f"Released: {answer['count']}.")
    return EX_OK


def _ask(config_path: str | None, question: Question, said: Said) -> Said:
    config = load(find(config_path), secrets=False)
    return asked(config, question, said | {"by": getpass.getuser()})


def asked(config: Config, question: Question, said: Said) -> Said:
    """The answer of the running desk; where none runs on the data folder, it is done here."""
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        return ask(config.data, question, said, Clock.monotonic, patience=_PATIENCE)
    with DataLock(config.data):
        return asyncio.run(_here(config, question, said))


async def _here(config: Config, question: Question, said: Said) -> Said:
    db = open_database(config)
    try:
        return await answers(Privacy(db=db, house=build_house(config), clock=Clock()))[question](said)
    finally:
        db.close()
