"""The spool: mails that were accepted and wait for the desk. The gate writes it, the desk reads it, nobody else.

States of an arrival, and the instant at which each begins:

    received   the final dot was read; in memory only, no reply yet
    accepted   COMMIT returned with synchronous=FULL; now, and only now, 250 may be said
    cleared    the desk has it in its own database, said so, and the row and the file are deleted

Ids never repeat, not even after the file was lost or an older copy was restored: at each start the sequence is lifted
to the clock's milliseconds. The desk may therefore remember ids for ever as "done".

`Spool` belongs to the gate: one thread, one connection, group commit: whoever waits at the same moment shares a
transaction and its fsync. `SpoolReader` belongs to the desk and only reads.
"""

import asyncio
import contextlib
import errno
import hashlib
import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import Millis
from ..core.letter import Envelope
from ..crashpoint import crashpoint
from ..errors import PermanentError, TemporaryError
from .connection import open_reader, open_writer
from .spool_files import Reserve, SpoolFiles
from .spool_queue import BATCH_MAILS, Clear, Fold, SpoolQueue, State, Stop, Waiting, in_loop
from .spool_reader import SpoolReader
from .spool_schema import check, corrupt, lift_sequence, upgrade

__all__ = ["CommitUnknownError", "Counters", "DiskFullError", "Spool", "SpoolReader"]

log = logging.getLogger(__name__)

ROW_OCTETS = 256 * 1024
_as_json = json.JSONEncoder(ensure_ascii=False).encode

_INSERT = """
INSERT INTO arrival (id, received, mail_from, recipients, door, peer, helo, tls, size, sha256, file, raw)
VALUES (:id, :received, :mail_from, :recipients, :door, :peer, :helo, :tls, :size, :sha256, :file, :raw)
"""


class DiskFullError(TemporaryError):
    """The disk has no room for another mail (452 rather than 451)."""


class CommitUnknownError(TemporaryError):
    """A commit failed in a way that leaves open whether it happened: say neither 250 nor 4xx (RFC 5321 4.2.5)."""


@dataclass(slots=True)
class Counters:
    """What the spool has done since its start."""

    accepted: int = 0
    refused: int = 0
    commits: int = 0
    cleared: int = 0
    reopened: int = 0


class Spool:
    """The writing side, for the gate alone. `start` before use, `close` at the end.

    `now` gives milliseconds; `on_commit` is called in the event loop after each commit that brought mail. `connect` and
    `unique` are parameters so that tests can bring a bad disk and known names.
    """

    def __init__(
        self,
        data: Path,
        *,
        now: Callable[[], Millis],
        commit_seconds: float = 10.0,
        lock_seconds: float = 4.0,
        on_commit: Callable[[], None] = lambda: None,
        connect: Callable[..., sqlite3.Connection] = open_writer,
        unique: Callable[[], str] = lambda: secrets.token_hex(12),
        reserve_octets: int = 2 * 1024 * 1024,
    ) -> None:
        self.path = data / "spool.sqlite3"
        self.files = SpoolFiles(data / "spool", unique)
        self.counters = Counters()
        self.on_commit = on_commit
        self._reserve = Reserve(data / "spool.reserve", reserve_octets)
        self._now = now
        self._commit_seconds = commit_seconds
        self._lock_seconds = lock_seconds
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._last = 0
        self._queue = SpoolQueue()
        self._writers = ThreadPoolExecutor(4, thread_name_prefix="spool-file")
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    def start(self) -> None:
        """Open (or make) the file, check it, sweep what no row knows, and start the thread.

        Raises PermanentError for a corrupt file or a newer schema, TemporaryError if another process holds it.
        """
        self.files.prepare()
        self._connection = self._open()
        check(self._connection, self.path)
        known = {row[0] for row in self._connection.execute("SELECT file FROM arrival WHERE file <> ''")}
        if swept := self.files.sweep(known):
            log.info("spool.swept files=%d: they had no row", swept)
        self._reserve.keep()
        self._thread.start()

    async def accept(self, envelope: Envelope, raw: bytes, received: Millis) -> int:
        """Commit one mail with fsync and return its id. A cancelled caller changes nothing for the mail.

        Raises TemporaryError (DiskFullError where that is the cause) if the mail is surely not stored, and
        CommitUnknownError if nobody can say.
        """
        loop = asyncio.get_running_loop()
        row = _row(envelope, raw, received)
        if len(raw) > ROW_OCTETS:
            row |= await asyncio.shield(loop.run_in_executor(self._writers, self._write_file, raw))
        else:
            row["raw"] = raw
        waiting = Waiting(loop, row)
        patience = loop.call_later(self._commit_seconds, self._withdraw, waiting)
        self._queue.put(waiting)
        try:
            return await waiting.future
        finally:
            patience.cancel()

    def clear(self, ids: Iterable[int]) -> None:
        """Delete these arrivals soon: with the next mails' transaction, or when the spool has a quiet moment."""
        if wanted := tuple(ids):
            self._queue.put(Clear(wanted))

    def fold(self) -> None:
        """Fold the log into the file at the next quiet moment: a mail that was cleared must not lie there (L02)."""
        self._queue.put(Fold())

    def close(self, seconds: float = 10.0) -> bool:
        """Commit what waits, stop the thread and close the file; False if it did not end within `seconds`."""
        self._queue.put(Stop())
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._writers.shutdown(wait=False, cancel_futures=True)
        return not self._thread.is_alive()

    # In the event loop.

    def _withdraw(self, waiting: Waiting) -> None:
        """The disk is too slow: take the mail back, unless its transaction already runs."""
        if self._queue.withdraw(waiting):
            waiting.fail(TemporaryError("the spool did not commit in time"))

    def _write_file(self, raw: bytes) -> dict[str, str]:
        try:
            return {"file": self.files.write(raw), "sha256": hashlib.sha256(raw).hexdigest()}
        except OSError as error:
            raise _refusal(error) from error

    # In the spool's thread.

    def _run(self) -> None:
        stop = False
        while not stop:
            batch, stop = self._queue.gather()
            try:
                if batch:
                    self._accept_batch(batch)
                elif self._queue.clears:
                    self._clear_alone()
                elif self._queue.fold:
                    self._fold_now()
            except Exception:
                # This net keeps the thread: without it every later mail would wait for ever.
                log.exception("spool.fault")
                self._answer_failed(batch, CommitUnknownError("an unforeseen fault"))
        if self._connection is not None:
            self._connection.close()

    def _fold_now(self) -> None:
        """Cut the log; where a reader stands in the way, the next one who asks does it."""
        self._queue.fold = False
        self._ready().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _accept_batch(self, batch: list[Waiting]) -> None:
        """One transaction for all who wait; whatever fails in it, every one of them gets an answer."""
        claimed: list[Waiting] = []
        cleared: list[str] = []
        clears = sorted(self._queue.clears)[:BATCH_MAILS]
        committing = False
        try:
            for waiting in batch:
                waiting.row["sha256"] = waiting.row["sha256"] or hashlib.sha256(waiting.row["raw"]).hexdigest()
            connection = self._ready()
            connection.execute("BEGIN IMMEDIATE")
            claimed = self._queue.claim(batch)
            for number, waiting in enumerate(claimed, self._last + 1):
                waiting.row["id"] = number
            connection.executemany(_INSERT, [waiting.row for waiting in claimed])
            cleared = _delete(connection, clears)
            crashpoint("accept.before_commit")
            committing = True
            connection.execute("COMMIT")
            crashpoint("accept.committed")
        except Exception as error:  # noqa: BLE001,RUF100
            self._batch_failed(batch, claimed, committing, error)
            return
        self._last += len(claimed)
        self.counters.commits += 1
        self.counters.accepted += len(claimed)
        if claimed:
            in_loop(claimed[0].loop, self._committed, claimed)
        self._done_clearing(clears, cleared)
        self._forget_files(waiting for waiting in batch if waiting.state is State.WITHDRAWN)

    def _committed(self, claimed: list[Waiting]) -> None:
        """In the event loop: their 250 may be said."""
        for waiting in claimed:
            waiting.succeed(int(waiting.row["id"]))
        self.on_commit()

    def _batch_failed(self, batch: list[Waiting], claimed: list[Waiting], committing: bool, error: Exception) -> None:
        """Never go on with a handle that failed: close it, open anew, and find out what the file holds."""
        log.error("spool.commit_failed mails=%d: %s", len(batch), error)
        self._drop_connection()
        verdict: Exception = _refusal(error)
        if committing and claimed and not self._absent(int(claimed[0].row["id"])):
            verdict = CommitUnknownError("the commit failed and may yet have happened")
        else:
            self._forget_files(batch)
        self._answer_failed(batch, verdict)

    def _answer_failed(self, batch: list[Waiting], error: Exception) -> None:
        self.counters.refused += len(batch)
        for waiting in batch:
            in_loop(waiting.loop, waiting.fail, error)

    def _forget_files(self, refused: Iterable[Waiting]) -> None:
        self.files.remove([waiting.row["file"] for waiting in refused if waiting.row["file"]])

    def _absent(self, first: int) -> bool:
        """Whether no row from id `first` on is in the file, seen by a fresh connection that overwrites their frames.

        Opening lifts the sequence, and that write takes the place of the failed transaction's frames in the WAL: after
        a crash, recovery cannot find them as if they had been committed.
        """
        try:
            return _none_since(self._ready(), first)
        except Exception as error:  # noqa: BLE001,RUF100 - the answer is found in another way
            log.warning("spool.not_reopened: %s", error)
        try:
            with contextlib.closing(open_reader(self.path)) as reader:
                return _none_since(reader, first)
        except sqlite3.Error:
            return False

    def _clear_alone(self) -> None:
        """Clear without mail; on a full disk the reserve is spent so that the DELETE has room for its frames."""
        clears = sorted(self._queue.clears)[:BATCH_MAILS]
        try:
            files = self._clear_now(clears)
        except (sqlite3.Error, TemporaryError, PermanentError) as error:
            log.warning("spool.reserve_spent: clearing failed: %s", error)
            self._drop_connection()
            self._reserve.spend()
            try:
                files = self._clear_now(clears)
            except (sqlite3.Error, TemporaryError, PermanentError):
                log.exception("spool.not_cleared: the rows stay until the next start")
                self._drop_connection()
                self._queue.clears.clear()
                return
        self._done_clearing(clears, files)
        self._reserve.keep()

    def _clear_now(self, clears: list[int]) -> list[str]:
        connection = self._ready()
        connection.execute("BEGIN IMMEDIATE")
        files = _delete(connection, clears)
        connection.execute("COMMIT")
        self.counters.commits += 1
        return files

    def _done_clearing(self, ids: list[int], files: list[str]) -> None:
        self.files.remove(files)
        self._queue.clears.difference_update(ids)
        self.counters.cleared += len(ids)

    def _ready(self) -> sqlite3.Connection:
        """The connection, opened anew after a failure. Raises TemporaryError where somebody took the file away."""
        if self._connection is not None and _identity(self.path) != self._file:
            # What is committed into a file without a name is lost at the next start.
            self._drop_connection()
            raise TemporaryError(
                f"{self.path} was deleted or replaced while in use", "Restore it and restart gatepost."
            )
        if self._connection is None:
            self._connection = self._open()
            self.counters.reopened += 1
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.close()
        except sqlite3.Error as error:
            log.warning("spool.not_closed: %s", error)

    def _open(self) -> sqlite3.Connection:
        if not self.path.exists() and (kept := self.files.set_aside()):
            log.warning("spool.database_gone path=%s mails=%d: they are kept in %s", self.path, *kept)
        connection = self._connect(self.path, lock_seconds=self._lock_seconds)
        try:
            upgrade(connection, self.path)
            self._last = max(self._last, lift_sequence(connection, self._now()))
            self._file = _identity(self.path)
        except sqlite3.OperationalError as error:
            connection.close()
            raise _refusal(error) from error
        except sqlite3.DatabaseError as error:
            connection.close()
            raise corrupt(self.path, str(error)) from error
        except BaseException:
            connection.close()
            raise
        return connection


def _row(envelope: Envelope, raw: bytes, received: Millis) -> dict[str, Any]:
    return {
        "received": received,
        "mail_from": envelope.mail_from,
        "recipients": _as_json(envelope.recipients),
        "door": envelope.door.value,
        "peer": envelope.peer,
        "helo": envelope.helo,
        "tls": envelope.tls,
        "size": len(raw),
        "sha256": "",
        "file": "",
        "raw": None,
    }


def _delete(connection: sqlite3.Connection, ids: Iterable[int]) -> list[str]:
    """Delete the rows and return the files that they name."""
    return [file for number in ids for file in _delete_one(connection, number) if file]


def _delete_one(connection: sqlite3.Connection, number: int) -> Iterator[str]:
    for row in connection.execute("DELETE FROM arrival WHERE id = :id RETURNING file", {"id": number}).fetchall():
        yield row["file"]


def _refusal(error: Exception) -> TemporaryError:
    if isinstance(error, TemporaryError):
        return error
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, sqlite3.OperationalError) and "full" in str(error)):
        return DiskFullError(f"no room on the disk: {error}", "Free some space; mail is accepted again at once.")
    return TemporaryError(f"the spool cannot be written: {error}", "See the log; the sender tries again.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _none_since(connection: sqlite3.Connection, first: int) -> bool:
    row = connection.execute("SELECT count(*) FROM arrival WHERE id >= :first", {"first": first}).fetchone()
    return bool(row[0] == 0)
