"""What several commands share: the --config option, and a look into the desk's database that cannot write."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from ..config import Config
from ..core import Millis
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


def instant(at: Millis | None) -> str:
    """An instant as people read it, in UTC; '-' for none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Rows under a head, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)
