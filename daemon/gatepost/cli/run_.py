"""`gatepost run`: the daemon in the foreground."""

from pathlib import Path
from typing import get_args

import click

from ..clock import Clock
from ..config import find, load
from ..daemon import Only
from ..daemon import run as run_daemon
from ..log import start_log
from .options import config_option


@click.command()
@config_option
@click.option("--only", type=click.Choice(get_args(Only)), help="Be this process alone, under a supervisor of yours.")
@click.option("--clock-file", hidden=True, type=click.Path(path_type=Path), help="Milliseconds by which to be ahead.")
def run(config_path: str | None, only: Only | None, clock_file: Path | None) -> int:
    """Take mail, handle it, deliver it, until SIGTERM. SIGHUP reads rules and templates again."""
    config = load(find(config_path))
    start_log(config.gatepost.log)
    return run_daemon(config, only=only, clock=Clock(clock_file))
