"""The tray DATA/import, in which a command leaves a table for the running desk, the only writer of its database.

    NAME.json   a table to import, put there whole by a rename
    NAME.done   what came of it, put there by the desk in the same way; the command takes it away

An import that is done twice, because the desk was killed between its commit and its answer, changes nothing the second
time: every row goes by its natural key.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..config import Config
from ..errors import GatepostError, PermanentError, TemporaryError
from ..store.database import Database, Tx
from .marketplace import Import, Kind, NotWritten, Report, apply
from .marketplace_rows import Refusal
from .table_file import Row

_log = logging.getLogger("gatepost.import")
_PAUSE = 0.05
_PATIENCE = 60.0
_ROWS_A_SECOND = 500


class Desk:
    """The desk's side of the tray: does what lies in it, in the order of the names."""

    def __init__(self, data: Path, db: Database, config: Config) -> None:
        self._folder, self._db, self._config = data / "import", db, config
        for left in self._folder.glob("*.done"):
            left.unlink(missing_ok=True)

    async def look(self) -> None:
        """Import every table that lies in the tray, each in one transaction, and put the answers beside."""
        for path in sorted(self._folder.glob("*.json")):
            _put(path.with_suffix(".done"), await self._answer(path))
            path.unlink(missing_ok=True)

    async def _answer(self, path: Path) -> dict[str, Any]:
        try:
            wanted = _read(path)
            report = await self._import(wanted)
        except GatepostError as error:
            _log.error("import.failed %s: %s", path.name, error.message)
            return {"error": error.message, "hint": error.hint, "temporary": error.temporary}
        _log.info(
            "import.done kind=%s new=%d changed=%d refused=%d", wanted.kind, report.new, report.changed, report.refused
        )
        return {"report": report.to_json()}

    async def _import(self, wanted: Import) -> Report:
        def run(tx: Tx) -> Report:
            return apply(tx, wanted, self._config)

        try:
            return await self._db.write(run)
        except NotWritten as end:
            return end.report


def hand_over(
    data: Path, wanted: Import, monotonic: Callable[[], float], pause: Callable[[float], object] = time.sleep
) -> Report:
    """Leave a table for the running desk and wait for its answer.

    Raises TemporaryError where no desk takes it in time (it is taken out again), or what the desk had to say.
    """
    folder = data / "import"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{time.monotonic_ns():020d}-{os.getpid()}.json"
    done = path.with_suffix(".done")
    _put(path, _written(wanted))
    deadline = monotonic() + _PATIENCE + len(wanted.rows) / _ROWS_A_SECOND
    while not done.exists():
        if monotonic() > deadline and _withdrawn(path):
            raise TemporaryError("the running gatepost did not take the table", "Is its desk running? See its log.")
        pause(_PAUSE)
    answer = json.loads(done.read_text(encoding="utf-8"))
    done.unlink(missing_ok=True)
    return _report(answer)


def _withdrawn(path: Path) -> bool:
    """Whether the table could be taken out again; if not, the desk has just done it."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        return True
    return False


def _written(wanted: Import) -> dict[str, Any]:
    rows = [[row.number, row.cells, row.trouble] for row in wanted.rows]
    return {"kind": wanted.kind, "partial": wanted.partial, "dry_run": wanted.dry_run, "rows": rows}


def _read(path: Path) -> Import:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        rows = [Row(int(number), dict(cells), str(trouble)) for number, cells, trouble in said["rows"]]
        return Import(kind=Kind(said["kind"]), rows=rows, partial=bool(said["partial"]), dry_run=bool(said["dry_run"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PermanentError(f"{path.name} is not a table that a command left: {error}") from error


def _report(answer: dict[str, Any]) -> Report:
    if "error" in answer:
        kind = TemporaryError if answer["temporary"] else PermanentError
        raise kind(answer["error"], answer["hint"])
    said = answer["report"]
    return Report(**{**said, "refusals": tuple(_refusals(said["refusals"]))})


def _refusals(said: list[dict[str, Any]]) -> Iterator[Refusal]:
    for each in said:
        yield Refusal(**each)


def _put(path: Path, said: dict[str, Any]) -> None:
    """Write a file whole: a reader sees all of it or nothing."""
    half = path.with_suffix(".half")
    half.write_text(json.dumps(said), encoding="utf-8")
    half.rename(path)
