"""`gatepost vendors away`: shows when a vendor is away, writes it down, or ends it."""

import getpass
from contextlib import closing
from dataclasses import asdict

import click

from .. import absences
from ..clock import Clock
from ..config import Config, find, load
from ..core import address
from ..core.audit import operator
from ..core.away_plan import CLOCKS, AwayPlan
from ..errors import PermanentError
from ..lock import DataLock, become_owner, holder, prepare_data_folder
from ..parts import build_house, open_database
from ..store import parties
from ..tray import Question, ask
from .options import config_option, look


@click.command("away")
@config_option
@click.argument("slug", metavar="VENDOR")
@click.option("--until", "back", metavar="DAY", help="The day on which the vendor is back, for example 2027-01-04.")
@click.option("--from", "first", metavar="DAY", default="", help="The first day away; without it, at once.")
@click.option("--substitute", metavar="ADDRESS", default="", help="Who answers meanwhile; else the triage team.")
@click.option("--text", metavar="WORDS", default="", help="What customers are told of it.")
@click.option("--clock", type=click.Choice(CLOCKS), help="Whether the clock stops or runs; else as is usual.")
@click.option("--back", "here", is_flag=True, help="The vendor is here again.")
def away(
    config_path: str | None, slug: str, back: str | None, first: str, substitute: str, text: str, clock: str | None,
    here: bool,
) -> None:  # fmt: skip
    """Show when VENDOR is away; with --until write it down, with --back end it.

    Days are those of the vendor's zone. The clock stands still where nobody answers, and runs where a substitute does,
    unless --clock says otherwise. Due dates that were promised already are worked out again.
    """
    config = load(find(config_path), secrets=False)
    if back is None and not here:
        if first or substitute or text or clock:
            raise PermanentError("an absence needs its end", "Add --until DAY, the day on which the vendor is back.")
        click.echo(_shown(config, slug))
        return
    if back is not None and here:
        raise PermanentError("--until and --back say opposite things", "Give one of the two.")
    plan = None
    if back is not None:
        plan = AwayPlan(first=first, back=back, substitute=_plain(substitute), text=text, clock=clock or "")
    click.echo(_put(config, slug, plan))


def _plain(substitute: str) -> str:
    try:
        return address.plain(substitute) if substitute else ""
    except ValueError as error:
        raise PermanentError(str(error), "Write it like help@partner.example.") from error


def _shown(config: Config, slug: str) -> str:
    vendor = look(config, lambda tx: parties.vendor_named(tx, slug))
    if vendor is None:
        raise PermanentError(f"there is no vendor {slug}", "gatepost vendors list names those that are there.")
    known = vendor.away if vendor.away is not None and vendor.away.ends > Clock().now() else None
    said = f"{vendor.name} {absences.told(known, vendor.hours.zone)}."
    return f"{said}\nCustomers are told: {known.text}" if known is not None and known.text else said


def _put(config: Config, slug: str, plan: AwayPlan | None) -> str:
    """Let the running desk write it down, or write it down ourselves where none runs on the data folder."""
    by = getpass.getuser()
    become_owner(config.data)
    prepare_data_folder(config.data)
    if holder(config.data):
        said = {"vendor": slug, "plan": asdict(plan) if plan is not None else None, "by": by}
        return str(ask(config.data, Question.AWAY, said, Clock.monotonic)["said"])
    house, now = build_house(config), Clock().now()
    with DataLock(config.data), closing(open_database(config)) as db:
        return db.write_now(lambda tx: absences.put(tx, house, slug, plan, operator(by), now))
