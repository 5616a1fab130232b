"""`gatepost rules explain`: the trip of one mail, decided as the daemon would, and then nothing is done with it."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from .. import shipped
from ..clock import Clock
from ..config import Config, find, load
from ..core.letter import Arrival
from ..core.rules.backtest import Stored
from ..core.rules.judge import judge
from ..core.rules.render import render_verdict, verdict_as_data, where
from ..errors import PermanentError
from ..explained import as_data, as_text, envelope_of
from ..log import printable
from ..mail.parse import HostileMail, read_letter
from ..parts import build_evaluator, build_house
from ..rulebook import examine_folders
from ..store import arrivals, decisions
from ..store.database import Tx
from ..travel import travel
from . import EX_DATAERR, EX_NOINPUT, EX_OK
from .options import config_option, look, rules_option
from .rules import known_here


@click.command()
@config_option
@click.argument("mail", metavar="[MAIL|-]", required=False)
@click.option("--to", "recipients", multiple=True, metavar="ADDRESS", help="Whom it came to; else those it names.")
@click.option("--from", "sender", metavar="ADDRESS", help="The envelope sender; else Return-Path, else the author.")
@click.option("--ip", default="", metavar="ADDRESS", help="Who handed it in, where SPF is evaluated.")
@rules_option
@click.option("--ticket", type=int, default=0, metavar="NUMBER", help="In place of a mail: the one that opened it.")
@click.option("--all", "thorough", is_flag=True, help="Every condition of a rule, also behind one that failed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(
    config_path: str | None,
    mail: str | None,
    recipients: tuple[str, ...],
    sender: str | None,
    ip: str,
    folder: Path | None,
    ticket: int,
    thorough: bool,
    as_json: bool,
) -> int:
    """Print the whole trip of a mail: how it was understood, and every rule's hit or miss with the values seen.

    The mail is decided on what the desk's database holds now; nothing is written and nothing is sent. '-' is standard
    input. With --ticket, the mail that opened it is judged as it was seen then, by the rules of now. Exit codes: 65
    when the mail was refused as hostile, 66 when it could not be read.
    """
    config = load(find(config_path), secrets=False)
    if folder is not None:
        config = config.model_copy(update={"gatepost": config.gatepost.model_copy(update={"rules": str(folder)})})
    if ticket:
        print(_of_ticket(config, ticket, thorough=thorough, as_json=as_json))
        return EX_OK
    if mail is None:
        raise click.UsageError("name a file with a mail, '-' for standard input, or a ticket by --ticket")
    try:
        raw = sys.stdin.buffer.read() if mail == "-" else Path(mail).read_bytes()
        letter = read_letter(raw)
    except OSError as error:
        print(f"{mail}: {error.strerror}", file=sys.stderr)
        return EX_NOINPUT
    except HostileMail as error:
        print(f"{mail}: refused as hostile ({error.cause}): {error.message}", file=sys.stderr)
        return EX_DATAERR
    now = Clock().now()
    house = build_house(config)
    envelope = replace(envelope_of(house, letter, recipients, sender), peer=ip)
    arrival = Arrival(id=0, received=now, envelope=envelope, raw=raw)
    evaluator = build_evaluator(config.authentication)
    proof = asyncio.run(evaluator.prove(arrival, letter)) if evaluator is not None else None
    trip = look(config, lambda tx: travel(tx, house, arrival, letter, now, proof=proof))
    if thorough:
        trip = replace(trip, verdict=judge(trip.book, trip.seen, thorough=True))
    print(json.dumps(as_data(trip), ensure_ascii=False) if as_json else "\n".join(as_text(trip)))
    return EX_OK


def _of_ticket(config: Config, number: int, *, thorough: bool, as_json: bool) -> str:
    """What the rules of now say of the mail that opened a ticket, and where those of then have sent it."""
    own, known = known_here(config, None)
    book = examine_folders(shipped.folder("rules"), own, known).sound("the rules")

    def read(tx: Tx) -> Stored | None:
        return decisions.seen_of(tx, next((row["id"] for row in arrivals.of_ticket(tx, number)), 0))

    found = look(config, read)
    if found is None:
        raise PermanentError(f"there is no ticket {number} that rules have decided", "gatepost tickets lists them.")
    then, verdict = found.before, judge(book, found.seen, thorough=thorough)
    if as_json:
        said = {"ticket": number, "then": verdict_as_data(then), "verdict": verdict_as_data(verdict)}
        return json.dumps(said | {"unknown": sorted(found.unknown)}, ensure_ascii=False)
    said_then = "as now" if where(then) == where(verdict) else f"{where(then)}, by rule {then.by!r}"
    lines = [f"ticket       {number}: {printable(found.seen.subject)}", f"then         {said_then}"]
    if found.unknown:
        lines.append(f"not kept     {', '.join(sorted(found.unknown))}: what asks them is judged as for nothing")
    return "\n".join([*lines, render_verdict(verdict)])
