"""A backup of the data folder while the daemon runs: both databases, the files beside them, and the keys.

The spool is copied before the desk's database: a mail goes from the one to the other, so it is in the first copy, in
the second, or in both; what is in both is known by its id and handled once. Nothing is a backup until it was verified:
it is made under another name and renamed last of all.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..core import Millis
from ..crashpoint import crashpoint
from ..errors import PermanentError, TemporaryError
from . import manifest
from .connection import open_reader
from .copying import change, copy_database, copy_file, digest, sync
from .invariants import breaches, damage, examine
from .manifest import Manifest
from .schema import applied

SPOOL, DESK = "spool.sqlite3", "desk.sqlite3"
PARTIAL = ".partial"
# What is no part of a backup: what only a running daemon has, and what is copied by itself.
_LEFT_OUT = ("run", "tray", "spool", "spool.reserve", "restoring")
Step = Callable[[str], None]


def back_up(data: Path, into: Path, now: Millis, step: Step = lambda _: None) -> Path:
    """Back the data folder up into a new folder below `into`; its path. `step` hears what is being done.

    Raises PermanentError where there is nothing to back up, where a database is damaged, or where the copy does not
    verify; TemporaryError where the disk has no room.
    """
    if not (data / DESK).is_file():
        raise PermanentError(f"there is no database in {data}", "Nothing has to be backed up yet.")
    final = into / f"gatepost-{_stamp(now)}"
    partial = final.with_name(final.name + PARTIAL)
    try:
        _make(data, partial, now, step)
        partial.rename(final)
        sync(into)
    except (OSError, sqlite3.OperationalError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise TemporaryError(
            f"no backup was made: {error}", f"Is there room in {into}, and may it be written?"
        ) from error
    except sqlite3.DatabaseError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise PermanentError(f"no backup was made: {error}", "A database is damaged: run gatepost doctor.") from error
    return final


def _make(data: Path, partial: Path, now: Millis, step: Step) -> None:
    """Make the whole of it under the name that says that it is none yet."""
    partial.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    step("copying the spool")
    _copy_spool(data, partial)
    crashpoint("backup.spool")
    step("copying the desk's database")
    copy_database(data / DESK, partial / DESK)
    crashpoint("backup.desk")
    _leave_out_what_is_handled(partial)
    step("copying keys and other files")
    for path in _others(data):
        target = partial / path.relative_to(data)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_file(path, target)
    step("verifying")
    _verify(partial, now)
    manifest.write(partial, _manifest(partial, now))
    sync(partial)
    crashpoint("backup.verified")


def keep_newest(into: Path, count: int) -> list[Path]:
    """Delete all backups below `into` but the newest `count`, and rests of cut-off ones; what was deleted."""
    whole = sorted(path for path in into.glob("gatepost-*") if path.is_dir() and (path / manifest.FILE).is_file())
    rests = [path for path in into.glob(f"gatepost-*{PARTIAL}") if path.is_dir()]
    gone = [*(path for path in whole[:-count] if not path.name.endswith(PARTIAL)), *rests]
    for path in gone:
        shutil.rmtree(path)
    return gone


def _copy_spool(data: Path, partial: Path) -> None:
    """The spool's database and its files. A file that goes meanwhile belongs to a mail that the desk has by then."""
    (partial / "spool").mkdir(mode=0o700)
    if not (data / SPOOL).is_file():
        return
    copy_database(data / SPOOL, partial / SPOOL)
    for name in _files_of(partial / SPOOL):
        with contextlib.suppress(FileNotFoundError):
            copy_file(data / "spool" / name, partial / "spool" / name)
    sync(partial / "spool")


def _leave_out_what_is_handled(partial: Path) -> None:
    """Take out of the spool's copy what the desk's copy has an outcome for; a file must be there for all the rest."""
    if not (partial / SPOOL).is_file():
        return
    with _reading(partial / DESK) as desk:
        done = {(row["spool"], row["received"]) for row in desk.execute(_HANDLED)}

    def leave_out(spool: sqlite3.Connection) -> None:
        for row in spool.execute("SELECT id, received, file FROM arrival").fetchall():
            if (row["id"], row["received"]) in done:
                spool.execute("DELETE FROM arrival WHERE id = :id", {"id": row["id"]})
                if row["file"]:
                    (partial / "spool" / row["file"]).unlink(missing_ok=True)
            elif row["file"] and not (partial / "spool" / row["file"]).is_file():
                raise PermanentError(f"the file of arrival {row['id']} is missing in the spool", "Run gatepost doctor.")

    change(partial / SPOOL, leave_out)


_HANDLED = "SELECT spool, received FROM arrival WHERE outcome <> '' AND door IN ('smtp', 'lmtp')"


def _files_of(spool: Path) -> list[str]:
    with _reading(spool) as connection:
        return [row["file"] for row in connection.execute("SELECT file FROM arrival WHERE file <> ''")]


def _others(data: Path) -> Iterator[Path]:
    """Every further file: keys, heads of the audit log, corrections. Not databases, locks, or older restores."""
    for path in sorted(data.rglob("*")):
        first = path.relative_to(data).parts[0]
        if first in _LEFT_OUT or first.startswith(("replaced-", "backups", "spool.lost-")) or not path.is_file():
            continue
        if ".sqlite3" not in path.name and path.suffix != ".lock":
            yield path


def _verify(folder: Path, now: Millis) -> None:
    """Raises PermanentError where a copy is damaged, or breaks an invariant that a restore could not mend."""
    if (folder / SPOOL).is_file():
        found = examine(folder, now)
    else:
        with _reading(folder / DESK) as desk:
            found = [*damage(desk, DESK), *breaches(desk, now)]
    # A claim that has run out is taken back by the next start.
    broken = [breach for breach in found if breach.invariant != "I5"]
    if broken:
        raise PermanentError(
            "the copy does not verify: " + "; ".join(map(str, broken)),
            f"{folder} is kept for you to look at. Run gatepost doctor: the data folder itself may be damaged.",
        )


def _manifest(folder: Path, now: Millis) -> Manifest:
    files = {
        path.relative_to(folder).as_posix(): (path.stat().st_size, digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    with _reading(folder / DESK) as desk:
        migrations = tuple(sorted(applied(desk)))
        counts = {name: int(desk.execute(sql).fetchone()[0]) for name, sql in _COUNTS.items()}
    if (folder / SPOOL).is_file():
        with _reading(folder / SPOOL) as spool:
            counts["spooled"] = int(spool.execute("SELECT count(*) FROM arrival").fetchone()[0])
    keys = {name: hash_[:16] for name, (_, hash_) in files.items() if name.startswith("keys/")}
    return Manifest(version=__version__, made=now, migrations=migrations, files=files, keys=keys, counts=counts)


_COUNTS = {
    "tickets": "SELECT count(*) FROM ticket",
    "messages": "SELECT count(*) FROM message",
    "outbox_waiting": "SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending', 'deferred')",
    "quarantine": "SELECT count(*) FROM quarantine WHERE state = 'held'",
}


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_reader(path)
    try:
        yield connection
    finally:
        connection.close()


def _stamp(now: Millis) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
