"""`gatepost mail auth`: what the daemon, as the MX, would find out about the sender of one mail."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..authentication import Evaluator, Resolver
from ..authentication.dns_resolver import DnsResolver
from ..authentication.spf import address_of
from ..authentication.table import load
from ..clock import Clock
from ..core.identity import Proof
from ..core.letter import Arrival, Envelope, Letter
from ..log import printable
from ..mail.parse import HostileMail, read_letter
from . import EX_DATAERR, EX_NOINPUT, EX_OK

_QUERY_SECONDS = 5.0
_EVALUATION_SECONDS = 30.0


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and address_of(value) is None:
        raise click.BadParameter(f"{value!r} is not an IP address")
    return value


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--ip", default="", metavar="ADDRESS", callback=_address, help="Who handed it in; without, no SPF.")
@click.option("--helo", default="", metavar="NAME", help="The name that the sending side gave.")
@click.option("--from", "mail_from", metavar="ADDRESS", help="The envelope sender; else Return-Path, else From.")
@click.option("--arc-sealer", "sealers", multiple=True, metavar="DOMAIN", help="A forwarder whose seal is believed.")
@click.option(
    "--resolver", "table", metavar="FILE.json", type=click.Path(path_type=Path), help="A table in place of DNS."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def auth(
    file: str, ip: str, helo: str, mail_from: str | None, sealers: tuple[str, ...], table: Path | None, as_json: bool
) -> int:
    """Evaluate SPF, DKIM, DMARC and ARC for one mail, as the daemon does with authentication.mode = "evaluate".

    '-' is standard input. A table looks like {"example.org": {"TXT": ["v=spf1 -all"]}, "slow.example": "timeout"}.
    Exit codes: 65 when the mail was refused as hostile, 66 when it could not be read.
    """
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        letter = read_letter(raw)
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return EX_NOINPUT
    except HostileMail as error:
        print(f"{file}: refused as hostile ({error.cause}): {error.message}", file=sys.stderr)
        return EX_DATAERR
    sender = _envelope_sender(letter) if mail_from is None else mail_from.strip("<>")
    envelope = Envelope(mail_from=sender, recipients=(), peer=ip, helo=helo)
    arrival = Arrival(id=0, received=Clock().now(), envelope=envelope, raw=raw)
    proof = asyncio.run(_prove(table, sealers, arrival, letter))
    print(json.dumps(_as_data(letter, proof), ensure_ascii=False) if as_json else "\n".join(_as_text(letter, proof)))
    return EX_OK


async def _prove(table: Path | None, sealers: tuple[str, ...], arrival: Arrival, letter: Letter) -> Proof:
    resolver: Resolver
    if table is not None:
        resolver = load(table)
    else:
        resolver = DnsResolver(servers=(), seconds=_QUERY_SECONDS, monotonic=Clock.monotonic)
    return await Evaluator(resolver, sealers=sealers, seconds=_EVALUATION_SECONDS).prove(arrival, letter)


def _envelope_sender(letter: Letter) -> str:
    path = letter.header("return-path").strip()
    return path.strip("<>") if path else (letter.sender.address if letter.sender is not None else "")


def _as_data(letter: Letter, proof: Proof) -> dict[str, Any]:
    return {
        "from": letter.sender.address if letter.sender is not None else None,
        "result": proof.result.value,
        "why": proof.why,
        "findings": [asdict(finding) for finding in proof.findings],
    }


def _as_text(letter: Letter, proof: Proof) -> Iterator[str]:
    yield f"{'from':<8} {printable(str(letter.sender or 'nobody that can be told'))}"
    yield f"{'result':<8} {proof.result.value}: {printable(proof.why)}"
    for finding in proof.findings:
        yield f"{finding.method:<8} {printable(str(finding).partition('=')[2])}"
