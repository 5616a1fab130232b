"""Brings a backup back, in place of what is in the data folder; what was there is moved aside, never deleted.

The daemon must not run. The backup is verified before anything is touched, copied beside the old files, and put in
their place by renames, the databases first. Cut off anywhere, it can be run again; the daemon does not start meanwhile.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..core import Millis
from ..crashpoint import crashpoint
from ..errors import PermanentError
from . import erasure, manifest
from .backup import DESK, SPOOL, Step
from .connection import open_reader
from .copying import change, copy_file, sync
from .database import Database, SqliteTx
from .invariants import examine
from .manifest import Manifest
from .schema import known, migrate
from .withdrawn import end_all

RESTORING = "restoring"
_KEPT = frozenset({"run", "tray", RESTORING})
_HELD = "held by a restore; gatepost outbox retry sends it"


def replay_erasures(old: Path, new: Path, now: Millis) -> int:
    """Have whoever was erased, as the replaced database `old` knows, erased in the restored one too; how many persons.

    What is begun here the daemon ends at its start, before anything is shown to anybody.
    """
    reading = open_reader(old)
    try:
        table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'erasure'"
        rows = erasure.erased(SqliteTx(reading)) if reading.execute(table).fetchone() is not None else []
    finally:
        reading.close()
    if not rows:
        return 0
    database = Database(f"sqlite:///{new}", prepare=migrate)
    try:
        return database.write_now(lambda tx: erasure.replay(tx, rows, now))
    finally:
        database.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore has done: where the old files are, how many mails wait to go out, how many persons were erased."""

    aside: Path
    counts: dict[str, int]
    held: int
    erased: int


def refuse_cut_off(data: Path) -> None:
    """Raise PermanentError where a restore was cut off: the data folder is neither the old one nor the new one."""
    if (data / RESTORING).exists():
        raise PermanentError(
            f"a restore of {data} was cut off",
            f"Run gatepost restore again, with any backup; what was there before is in {data}/replaced-….",
        )


def check_backup(backup: Path) -> Manifest:
    """The manifest of a backup, whole and readable for this program. Raises PermanentError with what is wrong."""
    said = manifest.read(backup)
    if wrong := manifest.differences(backup, said):
        raise PermanentError(
            f"{backup} is damaged: {'; '.join(wrong)}", "Take another backup; nothing was changed in the data folder."
        )
    if newer := sorted(set(said.migrations) - set(known())):
        raise PermanentError(
            f"{backup} was made by a newer gatepost {said.version} (it has {', '.join(newer)})",
            "Install that version, then restore.",
        )
    return said


def restore(
    backup: Path,
    data: Path,
    now: Millis,
    *,
    hold: bool = False,
    replay: Callable[[Path, Path, Millis], int] = replay_erasures,
    step: Step = lambda _: None,
) -> Restored:
    """Put the backup in the place of the data folder's files.

    With `hold`, mail that waited at the time of the backup does not go out by itself. `replay` is given the old desk's
    database and the new one, and erases in the new one who was erased since; it says how many. Raises PermanentError.
    """
    step("verifying the backup")
    said = check_backup(backup)
    fresh = data / RESTORING
    step("copying")
    _copy(backup, fresh, said)
    crashpoint("restore.copied")
    held = _hold(fresh / DESK, now) if hold else 0
    change(fresh / DESK, lambda connection: end_all(connection, now))
    erased = sum(replay(old, fresh / DESK, now) for old in _before(data))
    step("verifying the copy")
    broken = examine(fresh, now) if (fresh / SPOOL).is_file() else []
    if said_wrong := [str(breach) for breach in broken if breach.invariant != "I5"]:
        raise PermanentError("the restored copy does not verify: " + "; ".join(said_wrong), "Take another backup.")
    step("putting it in place")
    aside = _set_aside(data, now)
    crashpoint("restore.aside")
    _put_in_place(fresh, data)
    return Restored(aside=aside, counts=said.counts, held=held, erased=erased)


def _copy(backup: Path, fresh: Path, said: Manifest) -> None:
    """Copy every file; one that a cut-off restore has left is made anew."""
    fresh.mkdir(mode=0o700, exist_ok=True)
    (fresh / "spool").mkdir(mode=0o700, exist_ok=True)
    for name in said.files:
        target = fresh / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        copy_file(backup / name, target)
    sync(fresh)


def _before(data: Path) -> list[Path]:
    """The desk's databases that are replaced: today's, and those that were moved aside before a restore was cut off."""
    return [path for path in (data / DESK, *sorted(data.glob(f"replaced-*/{DESK}"))) if path.is_file()]


def _hold(desk: Path, now: Millis) -> int:
    """Have every mail that waits wait for a word; how many do."""
    counted: list[int] = []

    def run(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            """UPDATE delivery SET state = 'dead', next = NULL, lease_until = NULL, said = :said, changed = :now
               WHERE state IN ('queued', 'sending', 'deferred')""",
            {"said": _HELD, "now": now},
        )
        counted.append(done.rowcount)

    change(desk, run)
    return counted[0]


def _set_aside(data: Path, now: Millis) -> Path:
    """Move what is in the data folder into a folder of its own there: a rename each, the databases first."""
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = data / f"replaced-{stamp}"
    aside.mkdir(mode=0o700, exist_ok=True)
    for path in sorted(data.iterdir(), key=lambda path: (".sqlite3" not in path.name, path.name)):
        if path.name not in _KEPT and path.suffix != ".lock" and not path.name.startswith("replaced-"):
            path.rename(aside / path.name)
    sync(data)
    return aside


def _put_in_place(fresh: Path, data: Path) -> None:
    for path in sorted(fresh.iterdir()):
        path.rename(data / path.name)
        crashpoint("restore.placing")
    sync(data)
    fresh.rmdir()
    sync(data)
