"""`gatepost rules explain`: the trip of one mail, decided as the daemon would, and then nothing is done with it."""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from ..app import build_evaluator, build_house
from ..clock import Clock
from ..config import find, load
from ..core.letter import Arrival
from ..core.rules.judge import judge
from ..explained import as_data, as_text, envelope_of
from ..mail.parse import HostileMail, read_letter
from ..travel import travel
from . import EX_DATAERR, EX_NOINPUT, EX_OK
from .options import config_option, look


@click.command()
@config_option
@click.argument("mail", metavar="MAIL|-")
@click.option("--to", "recipients", multiple=True, metavar="ADDRESS", help="Whom it came to; else those it names.")
@click.option("--from", "sender", metavar="ADDRESS", help="The envelope sender; else Return-Path, else the author.")
@click.option("--ip", default="", metavar="ADDRESS", help="Who handed it in, where SPF is evaluated.")
@click.option(
    "--rules",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The operator's rules, in place of those that the config names.",
)
@click.option("--all", "thorough", is_flag=True, help="Every condition of a rule, also behind one that failed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(
    config_path: str | None,
    mail: str,
    recipients: tuple[str, ...],
    sender: str | None,
    ip: str,
    folder: Path | None,
    thorough: bool,
    as_json: bool,
) -> int:
    """Print the whole trip of a mail: how it was understood, and every rule's hit or miss with the values seen.

    The mail is decided on what the desk's database holds now; nothing is written and nothing is sent. '-' is standard
    input. Exit codes: 65 when the mail was refused as hostile, 66 when it could not be read.
    """
    config = load(find(config_path), secrets=False)
    if folder is not None:
        config = config.model_copy(update={"gatepost": config.gatepost.model_copy(update={"rules": str(folder)})})
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
