"""`gatepost calendar …`: the working hours of vendors and brands, as the clock counts them."""

import difflib
from collections.abc import Iterable
from datetime import datetime

import click

from ..calendars import Calendars, hours_of_brand
from ..clock import Clock
from ..config import Config, find, load
from ..core import Millis
from ..core.calendar import Calendar, due, never_opens
from ..core.party import Away, Hours
from ..core.wall import day_text, first_instant, local
from ..store import parties
from ..store.database import Tx
from ..store.glance import glance
from .month import describe, draw_month


@click.group()
def calendar() -> None:
    """Look at the business time of vendors and brands."""


@calendar.command()
@click.argument("name", metavar="VENDOR")
@click.option("--month", type=click.DateTime(["%Y-%m"]), metavar="YYYY-MM", help="The month; this one by default.")
@click.option("--brand", is_flag=True, help="VENDOR is a brand: show the hours of the marketplace's own teams on it.")
@click.option("-c", "--config", "config_file", metavar="FILE", help="The config, else $GATEPOST_CONFIG and the usual.")
def show(name: str, month: datetime | None, brand: bool, config_file: str | None) -> None:
    """Draw a month: working days, public holidays, own dates and absences."""
    config, now = load(find(config_file), secrets=False), Clock().now()
    title, hours, away = _brand(config, name) if brand else glance(config.data, lambda tx: _vendor(tx, name))
    at = now if month is None else first_instant(month, hours.zone)
    found = Calendars().get(hours, at, away)
    shown = local(at, hours.zone)
    lines = [title, describe(found, hours.country, hours.subdivision), *_running(away, hours.zone), ""]
    lines += [*draw_month(found, shown.year, shown.month, now), ""]
    click.echo("\n".join([*lines, *_promise(found, now, config.clock.overdue_business_days)]).rstrip())


def _running(away: tuple[Away, ...], key: str) -> list[str]:
    """Absences that leave the clock running, and so are nowhere in the picture."""
    times = [(local(one.starts, key), local(one.ends, key)) for one in away if not one.clock_stops]
    return [f"away {_instant(starts)} – {_instant(ends)}, while the clock runs on" for starts, ends in times]


def _instant(shown: datetime) -> str:
    return f"{day_text(shown.date())} {shown.year} {shown:%H:%M}"


def _promise(found: Calendar, now: Millis, days: int) -> list[str]:
    """When an answer to a mail that comes now would be overdue, or that these hours are a mistake."""
    if never_opens(found, now):
        return ["These hours do not open within three years: business days are counted as plain days of 24 hours."]
    end = local(due(found, now, days), found.zone)
    count = f"{days} business day{'' if days == 1 else 's'}"
    return [f"A mail that comes now is overdue after {count}: {day_text(end.date())} {end:%H:%M}."]


def _vendor(tx: Tx, slug: str) -> tuple[str, Hours, tuple[Away, ...]]:
    vendor = parties.vendor_named(tx, slug)
    if vendor is None:
        raise _unknown("vendor", slug, (known.slug for known in parties.vendors(tx)))
    return f"{vendor.slug}: {vendor.name}", vendor.hours, () if vendor.away is None else (vendor.away,)


def _brand(config: Config, slug: str) -> tuple[str, Hours, tuple[Away, ...]]:
    brands = {brand.slug: brand for brand in config.brands()}
    if slug not in brands:
        raise _unknown("brand", slug, brands)
    return f"{slug}: {brands[slug].name}", hours_of_brand(brands[slug]), ()


def _unknown(kind: str, slug: str, known: Iterable[str]) -> click.BadParameter:
    names = sorted(known)
    close = difflib.get_close_matches(slug, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(names[:10]) or 'none'}"
    return click.BadParameter(f"there is no {kind} {slug!r}; {hint}", param_hint="VENDOR")
