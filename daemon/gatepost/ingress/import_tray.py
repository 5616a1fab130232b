"""An import that a command asks of the running desk: how the table and the report are written into the tray.

An import that is done twice changes nothing the second time: every row goes by its natural key.
"""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..config import Config
from ..core.audit import Who, operator
from ..errors import PermanentError
from ..store.audit import AuditLog
from ..store.database import Database, Tx
from ..tray import PATIENCE, Question, Said, ask
from .marketplace import Import, Kind, NotWritten, Report, apply, noted
from .marketplace_rows import Refusal
from .table_file import Row

_log = logging.getLogger("gatepost.import")
_ROWS_A_SECOND = 500


class Importer:
    """The desk's side: imports each table in one transaction."""

    def __init__(self, db: Database, config: Config, audit: AuditLog, clock: Clock) -> None:
        self._db, self._config, self._audit, self._clock = db, config, audit, clock

    async def answer(self, said: Said) -> Said:
        """Import the table that is asked for; its report. Raises PermanentError for what is no table."""
        wanted = _read(said)
        report = await self._import(wanted, operator(str(said.get("by", ""))))
        _log.info(
            "import.done kind=%s new=%d changed=%d refused=%d", wanted.kind, report.new, report.changed, report.refused
        )
        return {"report": report.to_json()}

    async def _import(self, wanted: Import, by: Who) -> Report:
        note = noted(self._audit, wanted.kind, by, self._clock.now())

        def run(tx: Tx) -> Report:
            return apply(tx, wanted, self._config, note)

        try:
            return await self._db.write(run)
        except NotWritten as end:
            return end.report


def hand_over(
    data: Path, wanted: Import, by: str, monotonic: Callable[[], float], pause: Callable[[float], object] = time.sleep
) -> Report:
    """Leave a table for the running desk and wait for its report. Raises as `tray.ask` does."""
    patience = PATIENCE + len(wanted.rows) / _ROWS_A_SECOND
    told = ask(data, Question.IMPORT, {**_written(wanted), "by": by}, monotonic, patience=patience, pause=pause)
    report = told["report"]
    return Report(**{**report, "refusals": tuple(_refusals(report["refusals"]))})


def _written(wanted: Import) -> Said:
    rows = [[row.number, row.cells, row.trouble] for row in wanted.rows]
    return {"kind": wanted.kind, "partial": wanted.partial, "dry_run": wanted.dry_run, "rows": rows}


def _read(said: Said) -> Import:
    try:
        rows = [Row(int(number), dict(cells), str(trouble)) for number, cells, trouble in said["rows"]]
        return Import(kind=Kind(said["kind"]), rows=rows, partial=bool(said["partial"]), dry_run=bool(said["dry_run"]))
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(f"this is not a table that a command left: {error}") from error


def _refusals(said: list[dict[str, Any]]) -> Iterator[Refusal]:
    for each in said:
        yield Refusal(**each)
