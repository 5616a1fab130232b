"""What several commands share: the --config option, and a look into the desk's database that cannot write."""

from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

import click

from ..config import Config
from ..errors import PermanentError
from ..store.connection import open_reader
from ..store.database import SqliteTx, Tx

T = TypeVar("T")

config_option: Callable[[Any], Any] = click.option(
    "-c", "--config", "config_path", metavar="FILE", help="The config, else $GATEPOST_CONFIG and the usual places."
)


def look(config: Config, read: Callable[[Tx], T]) -> T:
    """What `read` finds in the desk's database. Raises PermanentError where there is none yet."""
    path = config.data / "desk.sqlite3"
    if not path.exists():
        raise PermanentError(f"{path} is not there", "Start the daemon once with gatepost run; it makes its databases.")
    with closing(open_reader(path)) as connection:
        connection.execute("BEGIN")
        return read(SqliteTx(connection))
