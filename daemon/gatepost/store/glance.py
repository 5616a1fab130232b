"""Reads the desk's database once, for commands that look and leave: no migrations, no writer, the daemon may run."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..errors import PermanentError
from .connection import open_reader
from .database import SqliteTx, Tx

T = TypeVar("T")
DESK_FILE = "desk.sqlite3"


def glance(data: Path, run: Callable[[Tx], T]) -> T:
    """What `run` reads from the desk's database in the folder `data`, on one snapshot.

    Raises PermanentError where there is no database, or one that cannot be read.
    """
    path = data / DESK_FILE
    if not path.is_file():
        raise PermanentError(f"there is no database at {path}", "Start gatepost once, or import your vendors.")
    try:
        connection = open_reader(path)
        try:
            connection.execute("BEGIN")
            return run(SqliteTx(connection))
        finally:
            connection.close()
    except sqlite3.Error as error:
        if str(error).startswith(("no such table", "no such column")):
            raise PermanentError(
                f"{path} is of an older version than this gatepost ({error})",
                "Run gatepost upgrade, or start gatepost once: both bring it up to date.",
            ) from error
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            hint = "It is damaged: stop gatepost, keep a copy of the file, and restore the newest backup."
            raise PermanentError(f"{path} cannot be read: {error}", hint) from error
        hint = "Run the command as the user of the daemon; gatepost doctor looks at the file."
        raise PermanentError(f"{path} cannot be read: {error}", hint) from error
