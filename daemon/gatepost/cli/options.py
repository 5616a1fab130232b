"""What several commands share: the --config option, and a look into the desk's database that cannot write."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..config import Config
from ..store.database import Tx
from ..store.glance import glance

T = TypeVar("T")

config_option: Callable[[Any], Any] = click.option(
    "-c", "--config", "config_path", metavar="FILE", help="The config, else $GATEPOST_CONFIG and the usual places."
)


def look(config: Config, read: Callable[[Tx], T]) -> T:
    """What `read` finds in the desk's database. Raises PermanentError where there is none yet."""
    return glance(config.data, read)
