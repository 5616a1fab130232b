"""Copies a database file that others write meanwhile, and works on the copy: one snapshot, in one file, on the disk.

The copy is made by SQLite's own backup in a single step, under one read lock: whoever writes goes on. Then it is
rewritten without free pages, so that nothing lies in a backup that was deleted before.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from .connection import open_reader

_PIECE = 1024 * 1024


def copy_database(source: Path, target: Path) -> None:
    """Make `target` (which is not there yet) a copy of what `source` holds now, and have it on the disk."""
    reading = open_reader(source)
    writing = sqlite3.connect(target, isolation_level=None)
    try:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = DELETE")
        writing.execute("VACUUM")
    finally:
        writing.close()
        reading.close()
    target.chmod(0o600)
    sync(target)


def change(path: Path, run: Callable[[sqlite3.Connection], None]) -> None:
    """Run `run` in one transaction on a copy, and have it on the disk."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN IMMEDIATE")
        run(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()
    sync(path)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, mode 0600, and have it on the disk. Raises FileNotFoundError where it has gone meanwhile."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with source.open("rb") as reading, os.fdopen(handle, "wb") as writing:
            while piece := reading.read(_PIECE):
                writing.write(piece)
            writing.flush()
            os.fsync(writing.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Have a file or a folder on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
