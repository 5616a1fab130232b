"""`gatepost outbox …`: what waits to go out, each try with the server's words; try it at once, or give it up."""

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict

import click

from ..clock import Clock
from ..config import Config, find, load
from ..core.audit import operator
from ..errors import PermanentError
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..log import printable
from ..outline import instant, table
from ..parts import build_house, open_database
from ..postroom import Postroom
from ..store import outbox_view
from ..store.database import Tx
from ..store.outbox import content
from ..store.outbox_view import Posted
from ..tray import Question, Said, ask
from .options import config_option, look

_STATES = ("queued", "sending", "deferred", "sent", "failed", "dead", "dropped", "error")
_PATIENCE = 20.0


@click.group()
def outbox() -> None:
    """See what goes out, and help where it does not."""


@outbox.command(name="list")
@config_option
@click.option("--state", type=click.Choice(_STATES), help="Only these.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(config_path: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List mails by recipient, oldest first; without --state those that somebody should look at."""
    wanted = (state,) if state else ("error", "failed", "dead", "deferred", "sending", "queued")
    config = load(find(config_path), secrets=False)
    rows = look(config, lambda tx: [row for one in wanted for row in _rows(tx, one, limit)])[:limit]
    head = ("id", "ticket", "state", "to", "letter", "tries", "next", "why")
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(head, row, strict=True)), ensure_ascii=False))
    else:
        click.echo(table(head, rows) if rows else "Nothing waits.")


@outbox.command()
@config_option
@click.argument("number", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help="The bytes, as they go out.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def show(config_path: str | None, number: int, raw: bool, as_json: bool) -> None:
    """Show one mail with every recipient and every try."""
    config = load(find(config_path), secrets=False)
    mail = look(config, lambda tx: outbox_view.show(tx, number))
    if mail is None:
        raise PermanentError(f"there is no mail {number} in the outbox", "gatepost outbox list shows what is there.")
    if raw:
        sys.stdout.buffer.write(look(config, lambda tx: content(tx, number)))
    elif as_json:
        click.echo(json.dumps(asdict(mail), ensure_ascii=False))
    else:
        for line in _shown(mail):
            click.echo(printable(line))


@outbox.command()
@config_option
@click.argument("number", metavar="ID", type=int)
def retry(config_path: str | None, number: int) -> None:
    """Try a mail at once; one that could not be composed is composed again."""
    config, by = load(find(config_path), secrets=False), getpass.getuser()

    async def here(postroom: Postroom) -> Said:
        return {"said": await postroom.retry(number, operator(by))}

    click.echo(ask_or_do(config, Question.RETRY, {"id": number, "by": by}, here)["said"])


@outbox.command()
@config_option
@click.argument("number", metavar="ID", type=int)
@click.option("--reason", required=True, help="Why; it stays in the trace of the ticket.")
def drop(config_path: str | None, number: int, reason: str) -> None:
    """Give a mail up for everybody who has not got it. Its text stays."""
    config = load(find(config_path), secrets=False)
    by = getpass.getuser()
    said = f"{reason} ({by})"

    async def here(postroom: Postroom) -> Said:
        return {"said": await postroom.drop(number, said, operator(by))}

    click.echo(ask_or_do(config, Question.DROP, {"id": number, "reason": said, "by": by}, here)["said"])


def ask_or_do(config: Config, question: Question, said: Said, here: Callable[[Postroom], Awaitable[Said]]) -> Said:
    """Ask the running desk, or do it ourselves where none runs on the data folder."""
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        return ask(config.data, question, said, Clock.monotonic, patience=_PATIENCE)
    with DataLock(config.data):
        return asyncio.run(_here(config, here))


async def _here(config: Config, work: Callable[[Postroom], Awaitable[Said]]) -> Said:
    db = open_database(config)
    try:
        hours = config.delivery.delay_notice_hours
        return await work(Postroom(db=db, house=build_house(config), clock=Clock(), delay_hours=hours))
    finally:
        db.close()


def _rows(tx: Tx, state: str, limit: int) -> list[tuple[str, ...]]:
    if state == "error":
        return [
            (str(m.id), str(m.ticket or "-"), "error", m.address, m.template, "0", "-", printable(m.error)[:80])
            for m in outbox_view.in_error(tx, limit)
        ]
    return [
        (
            str(row["outbox"]),
            str(row["ticket"] or "-"),
            row["state"],
            row["recipient"],
            row["template"],
            str(row["attempts"]),
            instant(row["next"]),
            printable(f"{row['code'] or ''} {row['said']}".strip())[:80],
        )
        for row in outbox_view.list_(tx, state=state, limit=limit)
    ]


def _shown(mail: Posted) -> Iterator[str]:
    yield f"mail      {mail.id} ({mail.state})"
    yield f"ticket    {mail.ticket or '-'}"
    yield f"letter    {mail.template} ({mail.key})"
    yield f"subject   {mail.subject}"
    yield f"from      {mail.mail_from or '<>'}"
    yield f"id        <{mail.message_id}>"
    yield f"created   {instant(mail.created)}"
    if mail.error:
        yield f"error     {mail.error}"
    for delivery in mail.deliveries:
        yield f"to        {delivery.recipient}: {delivery.state}, next {instant(delivery.next)}"
        for attempt in delivery.attempts:
            yield f"          {instant(attempt.at)}  {attempt.code or '-'} {attempt.said} ({attempt.took_ms} ms)"
