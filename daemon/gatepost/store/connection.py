"""Opens SQLite files the one way in which a 250 may depend on them; reads every setting back.

Each file has exactly one writing connection, which also owns the checkpoints: SQLite up to 3.51.2 can corrupt a WAL
file that two connections reset at once (sqlite.org/wal.html#walresetbug). Readers never checkpoint and never write.
"""

import sqlite3
from pathlib import Path

from ..errors import PermanentError, TemporaryError

_FULL = 2
# A WAL that a long reader has let grow beyond this is cut when it begins anew (M13).
WAL_OCTETS = 64 * 1024 * 1024


def open_writer(path: Path, *, lock_seconds: float = 5.0) -> sqlite3.Connection:
    """The writing connection of the file at `path`, made if absent: WAL, synchronous=FULL, foreign keys on.

    The caller begins its transactions itself (BEGIN IMMEDIATE). Raises PermanentError if the file is not a sound SQLite
    database or does not take the settings, TemporaryError if another process holds it for more than `lock_seconds`.
    """
    connection = _connect(path, lock_seconds)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_OCTETS}")
        # What is deleted is overwritten: an erased word, a sealed mail must not stay on a free page (K04, L02).
        connection.execute("PRAGMA secure_delete = ON")
        wanted = {"journal_mode": "wal", "synchronous": _FULL, "foreign_keys": 1, "secure_delete": 1}
        _read_back(connection, path, wanted)
    except sqlite3.OperationalError as error:
        connection.close()
        raise TemporaryError(f"{path} cannot be opened for writing: {error}", "Is another gatepost running?") from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise PermanentError(
            f"{path} is not a sound database: {error}",
            "Stop gatepost, keep a copy of the file, and restore the newest backup.",
        ) from error
    return connection


def open_reader(path: Path, *, lock_seconds: float = 5.0) -> sqlite3.Connection:
    """A connection that can only read the file at `path`, and never checkpoints it."""
    connection = _connect(path, lock_seconds)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def _connect(path: Path, lock_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=lock_seconds, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    connection.row_factory = sqlite3.Row
    return connection


def _read_back(connection: sqlite3.Connection, path: Path, wanted: dict[str, object]) -> None:
    for name, value in wanted.items():
        got = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if got != value:
            raise PermanentError(
                f"{path}: PRAGMA {name} is {got}, wanted {value}",
                "Put the data folder on a local file system that supports shared memory and locks.",
            )
