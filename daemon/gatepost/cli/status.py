"""`gatepost status`: one screen that tells whether all is well, with what waits and why."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

import click

from ..clock import Clock
from ..config import find, load
from ..core import Millis
from ..health.overview import Overview, Stored, overview
from ..log import printable
from ..outline import counted, instant
from ..store.mailboxes import MailboxState
from .options import config_option

_CLEAR = "\x1b[H\x1b[2J"


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.option(
    "--watch",
    "every",
    type=click.FloatRange(min=0.2),
    is_flag=False,
    flag_value=2.0,
    metavar="[SECONDS]",
    help="Show it again and again; every 2 seconds where none are given.",
)
@click.option("--times", type=click.IntRange(min=1), hidden=True, help="With --watch: so often.")
def status(config_path: str | None, as_json: bool, every: float | None, times: int | None) -> int:
    """Tell on one screen what runs, what is wrong, and what waits and why.

    Exit code 0 where all is well, 1 where somebody should look. --watch goes on until Ctrl-C.
    """
    config = load(find(config_path), secrets=False)
    shown = 0
    while True:
        now = asyncio.run(overview(config.data, Clock().now()))
        said = json.dumps(_as_json(now), ensure_ascii=False) if as_json else "\n".join(_lines(now, str(config.data)))
        click.echo((_CLEAR if every and not as_json else "") + said)
        shown += 1
        if not every or shown == times:
            return 0 if now.well else 1
        time.sleep(every)


def _lines(now: Overview, data: str) -> Iterator[str]:
    verdict = "all is well" if now.well else f"{len(now.look)} to look at" if len(now.look) > 1 else "look at this"
    yield f"gatepost on {data}, {instant(now.now)} UTC: {verdict}"
    for sentence in now.look:
        yield f"  ! {printable(sentence)}"
    yield ""
    yield from _processes(now)
    if now.stored is not None:
        yield from _waiting(now.now, now.spooled, now.stored)
        yield from _alarms(now.stored)


def _processes(now: Overview) -> Iterator[str]:
    if isinstance(now.gate, str):
        yield _row("gate", now.gate)
    else:
        yield _row(
            "gate",
            f"{counted(now.gate['accepted'], 'mail')} accepted, {counted(now.gate['connections'], 'connection')} now",
        )
    watched = now.stored.watched if now.stored is not None else None
    state = f"process {now.process}" if now.process else "does not run"
    yield _row("desk", f"{state}, looked around {_ago(now.now, watched)}" if watched else state)
    if now.deaths:
        yield _row("died", ", ".join(f"{name} {counted(count, 'time')}" for name, count in now.deaths.items()))


def _waiting(now: Millis, spooled: int, stored: Stored) -> Iterator[str]:
    figures, vital = stored.figures, stored.vitals
    yield _row("tickets", f"{figures.tickets['open']} open, {figures.tickets['closed']} closed")
    yield _row("quarantine", f"{figures.quarantine} held for a human" if figures.quarantine else "0")
    yield _row("to handle", str(spooled + vital.waiting))
    yield _row("outbox", ", ".join(f"{count} {state}" for state, count in figures.deliveries.items() if count) or "-")
    for words, count in stored.reasons.items():
        yield _row("", f"{count} because: {printable(words)}")
    yield _row("promises", f"{figures.deadlines} open, the next due {instant(stored.next_deadline)}")
    for box in stored.mailboxes:
        yield _row(f"imap {box.name}", ", ".join(_mailbox(now, box)))
    sent, kept = stored.automatic
    yield _row("automatic mail", f"{sent} in 24 hours, {kept} kept back by caps and breakers in all")
    for pair in stored.breakers:
        yield _row("breaker", f"no automatic mail to {printable(pair)}")


def _mailbox(now: Millis, box: MailboxState) -> Iterator[str]:
    yield f"looked through {_ago(now, box.fetched)}"
    if box.waiting:
        yield f"{box.waiting} wait there"
    if box.token is not None:
        yield f"token got {_ago(now, box.token)}, good until {instant(box.token_ends)}"
    if box.aside:
        yield f"{box.aside} set aside, the last one {_ago(now, box.aside_at)} ({printable(box.aside_said)})"
    if box.failing:
        yield f"fails since {instant(box.failing)}: {printable(box.said)}"


def _alarms(stored: Stored) -> Iterator[str]:
    for alarm in stored.alarms:
        about = f" {alarm.subject}" if alarm.subject else ""
        yield _row("alarm", f"{alarm.kind}{about} since {instant(alarm.raised)}: {printable(alarm.why)}")


def _row(name: str, said: str) -> str:
    return f"{name:<16} {said}"


def _ago(now: Millis, at: Millis | None) -> str:
    if at is None:
        return "never"
    seconds = max(0, now - at) // 1000
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"


def _as_json(now: Overview) -> dict[str, object]:
    said = asdict(now)
    return {"verdict": "well" if now.well else "look", **said}
