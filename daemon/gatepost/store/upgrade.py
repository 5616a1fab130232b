"""Brings the desk's database up to this program's schema: first on a copy, with every check, then in its place.

The daemon does the same at its start, without the rehearsal; this is for those who want to know beforehand.
"""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ..core import Millis
from ..errors import PermanentError, TemporaryError
from .backup import DESK
from .connection import open_writer
from .copying import copy_database
from .invariants import breaches, damage
from .schema import migrate, unapplied

_TRY = "upgrade-try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What an upgrade would do: its migrations in order, and what is wrong with the outcome, in sentences."""

    migrations: tuple[str, ...]
    wrong: tuple[str, ...]


def rehearse(data: Path, now: Millis) -> Rehearsal:
    """Upgrade a copy of the desk's database and look at it. The daemon may run. Raises PermanentError, OSError."""
    if not (data / DESK).is_file():
        raise PermanentError(f"there is no database in {data}", "The first start makes one of this version.")
    folder = data / _TRY
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        copy_database(data / DESK, folder / DESK)
        return _tried(folder / DESK, now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def upgrade(data: Path) -> list[str]:
    """Upgrade the desk's database; the migrations that ran. The caller holds the locks and has made a backup."""
    connection = open_writer(data / DESK)
    try:
        return migrate(connection)
    finally:
        connection.close()


def _tried(path: Path, now: Millis) -> Rehearsal:
    connection = open_writer(path)
    try:
        pending = tuple(unapplied(connection))
        try:
            migrate(connection)
        except (sqlite3.Error, TemporaryError) as error:
            return Rehearsal(migrations=pending, wrong=(f"a migration fails: {error.__cause__ or error}",))
        found = [*damage(connection, DESK), *(each for each in breaches(connection, now) if each.invariant != "I5")]
        return Rehearsal(migrations=pending, wrong=tuple(map(str, found)))
    finally:
        connection.close()
