"""What several commands share: the options --config and --rules, and a look into the database that cannot write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..config import Config
from ..store.database import Tx
from ..store.glance import glance

T = TypeVar("T")

config_option: Callable[[Any], Any] = click.option(
    "-c", "--config", "config_path", metavar="FILE", help="The config, else $GATEPOST_CONFIG and the usual places."
)
rules_option: Callable[[Any], Any] = click.option(
    "--rules",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The operator's rules, in place of those that the config names.",
)


def look(config: Config, read: Callable[[Tx], T]) -> T:
    """What `read` finds in the desk's database. Raises PermanentError where there is none yet."""
    return glance(config.data, read)
