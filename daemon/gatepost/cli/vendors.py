"""`gatepost vendors …`: who sells here, and each vendor's report card as table, CSV, JSON or chart."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..absences import told
from ..calendars import Calendars
from ..chart import chart
from ..clock import Clock
from ..config import Config, find, load
from ..core import Millis
from ..core.calendar import length_text
from ..core.party import Vendor
from ..core.report_card import WINDOWS, Card, Times
from ..core.wall import day_text, local
from ..errors import PermanentError
from ..log import printable
from ..report_cards import read_card
from ..store import parties, report_card
from ..store.database import Tx
from .options import config_option, look
from .vendors_away import away

_DAYS = click.Choice([str(days) for days in WINDOWS])


@click.group()
def vendors() -> None:
    """Look at the vendors and their report cards."""


vendors.add_command(away)


@vendors.command("list")
@config_option
def list_(config_path: str | None) -> None:
    """List the vendors: open and overdue tickets, ratings of 90 days, share answered in time in 30 days."""
    config = load(find(config_path), secrets=False)
    now = Clock().now()
    for line in look(config, lambda tx: list(_table(tx, config, now))):
        click.echo(line)


@vendors.command()
@config_option
@click.argument("slug", metavar="VENDOR")
@click.option("--days", type=_DAYS, default="90", show_default=True, help="How far back ratings and times go.")
@click.option("--csv", "as_csv", is_flag=True, help="One line of CSV under its head.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--chart", "chart_file", type=click.Path(dir_okay=False, path_type=Path), help="Draw it as SVG.")
def show(config_path: str | None, slug: str, days: str, as_csv: bool, as_json: bool, chart_file: Path | None) -> None:
    """Show a vendor's report card."""
    config = load(find(config_path), secrets=False)
    vendor, made = look(config, lambda tx: _card_of(tx, config, slug, int(days), Clock().now()))
    if chart_file is not None:
        chart_file.write_text(chart(vendor.name, made), encoding="utf-8")
    if as_csv:
        click.echo(_csv(vendor, made), nl=False)
    elif as_json:
        click.echo(json.dumps(_figures(vendor, made) | {"last": _last(made)}, ensure_ascii=False, indent=2))
    elif chart_file is None:
        click.echo("\n".join(_lines(vendor, made, Clock().now())))


def _card_of(tx: Tx, config: Config, slug: str, days: int, now: Millis) -> tuple[Vendor, Card]:
    vendor = parties.vendor_named(tx, slug)
    if vendor is None:
        raise PermanentError(f"there is no vendor {slug}", "gatepost vendors list names those that are there.")
    return vendor, _card(tx, config, vendor, days, now)


def _card(tx: Tx, config: Config, vendor: Vendor, days: int, now: Millis) -> Card:
    calendar = Calendars().get(vendor.hours, now, (vendor.away,) if vendor.away is not None else ())
    return read_card(tx, vendor, calendar, business_days=config.clock.overdue_business_days, days=days, now=now)


def _table(tx: Tx, config: Config, now: Millis) -> Iterator[str]:
    yield f"{'vendor':<24} {'open':>5} {'overdue':>8} {'ratings':>8} {'mean':>5} {'in time':>8}"
    for vendor in parties.vendors(tx):
        made = _card(tx, config, vendor, 90, now)
        opened, _, _ = report_card.counts(tx, vendor.id, now)
        mean = "" if made.mean is None else f"{made.mean:.1f}"
        yield (
            f"{printable(vendor.slug):<24} {opened:>5} {made.overdue:>8} {made.ratings:>8} {mean:>5} "
            f"{_percent(made.shares[1].percent):>8}"
        )


def _lines(vendor: Vendor, made: Card, now: Millis) -> Iterator[str]:
    yield f"{vendor.slug}: {printable(vendor.name)}, the last {made.days} days"
    if vendor.away is not None and vendor.away.covers(now):
        yield f"{printable(vendor.name)} {told(vendor.away, vendor.hours.zone)}."
    yield ""
    yield (
        "Ratings           none"
        if made.mean is None
        else (f"Ratings           {made.mean:.2f} of 5 from {made.ratings}, {_percent(made.good)} good")
    )
    for score in (5, 4, 3, 2, 1) if made.ratings else ():
        count = made.by_score[score - 1]
        yield f"  {score}  {_bar(count / made.ratings)} {count}"
    yield f"First answer      {_times(made.first_response)}"
    yield f"Further answers   {_times(made.next_response)}"
    yield "Answered in time"
    for share in made.shares:
        yield f"  {share.days} days  {_bar((share.percent or 0) / 100)} {_percent(share.percent)} of {share.count}"
    yield f"Overdue now       {made.overdue}"
    yield f"Complaints        {made.complaints}"
    for rating in made.last:
        said = printable(" ".join(rating.comment.split()))[:80]
        day = day_text(local(rating.at, vendor.hours.zone).date())
        yield f"  {day}  #{rating.ticket}  {rating.score} of 5  {said}".rstrip()


def _times(times: Times) -> str:
    if not times.count:
        return "none"
    return f"median {length_text(times.median)}, 90 % within {length_text(times.p90)} of business time ({times.count})"


def _bar(part: float) -> str:
    """Twenty places, filled by eighths."""
    eighths = round(part * 160)
    return ("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()).ljust(20)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} %"


def _figures(vendor: Vendor, made: Card) -> dict[str, Any]:
    """The card as flat figures; times in minutes of business time."""
    figures: dict[str, Any] = {
        "vendor": vendor.slug, "days": made.days, "ratings": made.ratings, "mean": made.mean, "good_percent": made.good,
    }  # fmt: skip
    for name, times in (("first", made.first_response), ("next", made.next_response)):
        figures |= {f"{name}_answers": times.count, f"{name}_median_minutes": times.median // 60_000}
        figures[f"{name}_p90_minutes"] = times.p90 // 60_000
    for share in made.shares:
        figures |= {f"in_time_{share.days}": share.in_time, f"of_{share.days}": share.count}
    return figures | {"overdue": made.overdue, "complaints": made.complaints}


def _last(made: Card) -> list[dict[str, Any]]:
    return [{"ticket": r.ticket, "score": r.score, "comment": r.comment, "at": r.at} for r in made.last]


def _csv(vendor: Vendor, made: Card) -> str:
    figures = _figures(vendor, made)
    file = io.StringIO()
    writer = csv.DictWriter(file, list(figures), lineterminator="\n")
    writer.writeheader()
    writer.writerow(figures)
    return file.getvalue()
