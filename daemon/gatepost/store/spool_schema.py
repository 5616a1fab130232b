"""The spool's one table: made, checked, and refused where it is damaged or newer than this program."""

import sqlite3
from pathlib import Path

from ..core import Millis
from ..errors import PermanentError

SCHEMA = 1

_TABLE = """
CREATE TABLE arrival (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  received INTEGER NOT NULL,
  mail_from TEXT NOT NULL,
  recipients TEXT NOT NULL,
  door TEXT NOT NULL,
  peer TEXT NOT NULL,
  helo TEXT NOT NULL,
  tls TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  file TEXT NOT NULL,
  raw BLOB
) STRICT
"""


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Make the table in a new file; raise PermanentError for one that a newer program wrote."""
    refuse_newer(connection, path)
    if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA:
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_TABLE)
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise PermanentError with a hint if SQLite finds the file damaged."""
    try:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        connection.close()
        raise corrupt(path, str(error)) from error
    if verdict != "ok":
        connection.close()
        raise corrupt(path, verdict)


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """Raise PermanentError if a newer program wrote the file, or if it is no database at all."""
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise corrupt(path, str(error)) from error
    if version > SCHEMA:
        raise PermanentError(
            f"{path} was written by a newer gatepost (schema {version}, this program knows {SCHEMA})",
            "Install that version again; do not let an older one write the file.",
        )


def lift_sequence(connection: sqlite3.Connection, now: Millis) -> int:
    """Raise the next id above everything that was ever given out, and return the last one that counts as given."""
    connection.execute("BEGIN IMMEDIATE")
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'arrival'").fetchone()
    last = max(now, row[0] + 1 if row is not None else 0)
    if row is None:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('arrival', :last)", {"last": last})
    else:
        connection.execute("UPDATE sqlite_sequence SET seq = :last WHERE name = 'arrival'", {"last": last})
    connection.execute("COMMIT")
    return last


def corrupt(path: Path, what: str) -> PermanentError:
    """The error for a damaged file, with the way to save what it holds."""
    return PermanentError(
        f"{path} is damaged: {what}",
        f"Stop gatepost, keep a copy of the file, and run: sqlite3 {path} .recover | sqlite3 new.sqlite3",
    )
