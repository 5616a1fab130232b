"""`gatepost rules explain`: the trip of one mail, decided as the daemon would, and then nothing is done with it."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

import click

from ..app import build_evaluator, build_house
from ..clock import Clock
from ..config import find, load
from ..core.letter import Arrival, Envelope, Letter
from ..core.rules.judge import judge
from ..core.rules.render import render_verdict, verdict_as_data
from ..core.trip import Aside, Confirms, Continues, Kept, Opens, Reports
from ..house import House
from ..log import printable
from ..mail.parse import HostileMail, read_letter
from ..travel import Trip, travel
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
    envelope = replace(_envelope(house, letter, recipients, sender), peer=ip)
    arrival = Arrival(id=0, received=now, envelope=envelope, raw=raw)
    evaluator = build_evaluator(config.authentication)
    proof = asyncio.run(evaluator.prove(arrival, letter)) if evaluator is not None else None
    trip = look(config, lambda tx: travel(tx, house, arrival, letter, now, proof=proof))
    if thorough:
        trip = replace(trip, verdict=judge(trip.book, trip.seen, thorough=True))
    print(json.dumps(as_data(trip), ensure_ascii=False) if as_json else "\n".join(as_text(trip)))
    return EX_OK


def as_text(trip: Trip) -> Iterator[str]:
    """The trip in the order in which it is made."""
    for word, value in _steps(trip):
        yield f"{word:<12} {printable(value)}".rstrip()
    yield f"{'becomes':<12} {printable(becomes(trip))}"
    yield ""
    yield render_verdict(trip.verdict)


def as_data(trip: Trip) -> dict[str, Any]:
    """The trip as objects, lists and texts, ready for JSON."""
    return {
        "trip": [{"step": word, "said": value} for word, value in _steps(trip)],
        "becomes": becomes(trip),
        "verdict": verdict_as_data(trip.verdict),
    }


def becomes(trip: Trip) -> str:
    """What the daemon would make of the mail, in one sentence."""
    if trip.earlier is not None and trip.earlier.same_mail:
        return f"nothing: the same mail is here already, on ticket {trip.earlier.ticket}"
    match trip.decision:
        case Opens():
            return "a new ticket"
        case Continues(ticket=ticket, author=author):
            return f"a message of participant {author} on ticket {ticket}"
        case Reports(outbox=outbox, participant=participant):
            return f"a report on our mail {outbox} to participant {participant}"
        case Kept(reason=reason):
            return f"an event, and nothing follows: {reason}"
        case Aside(cause=cause, detail=detail):
            return f"kept in quarantine: {cause.sentence} ({cause.word}: {detail})"
        case Confirms(question=question):
            return f"a yes to the question that was asked of {question.address}: {question.ask.kind.value}"
        case _:
            assert_never(trip.decision)


def _steps(trip: Trip) -> Iterator[tuple[str, str]]:
    letter, facts, nature, identity = trip.letter, trip.facts, trip.nature, trip.identity
    yield "from", str(letter.sender or "nobody that can be told")
    yield "to", ", ".join(facts.envelope.recipients) or "nobody"
    yield "subject", letter.subject
    answerable = "may be answered automatically" if nature.answerable else "is never answered automatically"
    yield "nature", f"{nature.author.value}, {answerable}: {nature.reason}"
    if trip.notice.kind is not None or trip.notice.asks_for_rating:
        yield "notice", f"{trip.notice.kind or 'an answer'}{', asks for a rating' * trip.notice.asks_for_rating}"
    yield "sender", f"{identity.party.value}, {identity.trust.value}, {identity.authentication.value}"
    for finding in trip.proof.findings:
        yield "", str(finding)
    for sentence in identity.why:
        yield "", sentence
    yield "brand", facts.brand.slug
    product = facts.product.slug if facts.product is not None else "unknown"
    yield "product", f"{product}: {facts.product_why}" if facts.product_why else product
    yield "standing", facts.standing.value
    if facts.vendor is not None:
        yield "vendor", f"{facts.vendor.slug}{', away' if facts.vendor_away else ''}"


def _envelope(house: House, letter: Letter, recipients: tuple[str, ...], sender: str | None) -> Envelope:
    """The envelope as it may have been: to the addresses of ours that the mail names, where none is given."""
    named = tuple(box.address for box in (*letter.to, *letter.cc))
    ours = tuple(address for address in named if house.addresses.locate(address) is not None)
    if sender is None:
        path = letter.header("return-path").strip()
        sender = path.strip("<>") if path else (letter.sender.address if letter.sender is not None else "")
    return Envelope(mail_from=sender, recipients=recipients or ours or named)
