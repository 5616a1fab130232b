"""`python -m bench run [GROUP…]`: one table, a row at a time as it is measured."""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import click

from . import account as accounts
from . import doors, inside, mailboxes, pages, trips
from .figures import Row, heading, line, read_goals, verdict, write_json

Measure = Callable[[int, bool], Iterator[Row]]

GROUPS: Mapping[str, tuple[Measure, ...]] = {
    "accept": (doors.accept,),
    "trip": (trips.trip,),
    "latency": (doors.latency,),
    "blocking": (doors.blocking,),
    "slowdisk": (doors.slow_disk,),
    "read": (inside.read, inside.rules, inside.topics, inside.backtest),
    "pages": (pages.pages,),
    "growth": (trips.growth,),
    "memory": (trips.memory, trips.start),
    "mailboxes": (mailboxes.idle,),
    "peers": (doors.peers,),
}


@click.group()
def bench() -> None:
    """What is fast, measured against something real."""


@bench.command()
@click.argument("groups", nargs=-1, type=click.Choice(list(GROUPS)))
@click.option("--reps", default=5, show_default=True, help="Turns of each row; base and ours take turns.")
@click.option("--quick", is_flag=True, help="A few rows, few mails, one turn: under a minute.")
@click.option("--long", is_flag=True, help="Growth up to a million tickets.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write every sample to this file.")
@click.option(
    "--goals",
    "goals_path",
    type=click.Path(path_type=Path, exists=True),
    default=Path(__file__).with_name("goals.toml"),
    help="The bars.",
)
def run(groups: tuple[str, ...], reps: int, quick: bool, long: bool, json_path: Path | None, goals_path: Path) -> None:
    """Measure GROUPS, or all; exit 1 where a ratio is missed."""
    goals = read_goals(goals_path)
    rows: list[Row] = []
    click.echo(heading())
    for group in groups or GROUPS:
        for measure in GROUPS[group]:
            begin = partial(trips.growth, long=long) if measure is trips.growth else measure
            for row in begin(1 if quick else reps, quick):
                rows.append(row)
                click.echo(line(row, goals))
    if json_path is not None:
        write_json(json_path, rows)
    missed = [row.name for row in rows if not row.skipped and verdict(row, goals)[1]]
    if missed:
        click.echo(f"missed: {', '.join(missed)}")
        sys.exit(1)


@bench.command()
@click.option("--count", default=1_000, show_default=True, help="Mails in a turn.")
@click.option("--turns", default=3, show_default=True, help="Turns; the median of each figure is told.")
def account(count: int, turns: int) -> None:
    """Who uses the CPU of a mail's whole trip: milliseconds for each process and thread."""
    click.echo(accounts.table(list(accounts.account(count, turns))))


if __name__ == "__main__":
    bench()
