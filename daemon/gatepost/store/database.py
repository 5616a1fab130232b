"""One adapter for the desk's database: a writer thread that takes whole transactions, and read-only readers.

A transaction is a function of a `Tx`; it is run in the thread that owns the one writing connection. Functions that wait
at the same moment share one COMMIT and so one fsync, each inside a savepoint of its own: one that raises takes nothing
with it. The caller hears of success only after the COMMIT. Statements have named parameters, times are whole
milliseconds passed in as values, so that a second engine needs another `Tx` and no other change.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..clock import Clock
from ..crashpoint import crashpoint
from ..errors import GatepostError, PermanentError, TemporaryError
from .connection import open_reader, open_writer

T = TypeVar("T")
Row = Mapping[str, Any]
_GROUP = 64
# So many steps of SQLite's machine pass between two looks at the time: about a millisecond.
_STEPS = 10_000
_PIECE = 4 * 1_048_576
_SCHEME = "sqlite:///"
_log = logging.getLogger("gatepost.store")


class Tx(Protocol):
    """One transaction. `lock` is what a claim puts behind its inner SELECT: '' where there is one writer."""

    lock: str

    def run(self, sql: str, **values: object) -> int:
        """Run a statement; the number of rows that it changed."""

    def insert(self, sql: str, **values: object) -> int:
        """Run an INSERT … RETURNING id; the id."""

    def rows(self, sql: str, **values: object) -> Sequence[Row]:
        """Every row of a query."""

    def row(self, sql: str, **values: object) -> Row | None:
        """The first row of a query, or None."""

    def value(self, sql: str, **values: object) -> Any:
        """The first column of the first row, or None."""


class SqliteTx:
    """A transaction on SQLite; the statements go to the connection as they are."""

    lock = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, **values: object) -> int:
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, **values: object) -> int:
        return int(self._connection.execute(sql, values).fetchone()[0])

    def rows(self, sql: str, **values: object) -> Sequence[Row]:
        return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, **values: object) -> Row | None:
        found: Row | None = self._connection.execute(sql, values).fetchone()
        return found

    def value(self, sql: str, **values: object) -> Any:
        found = self._connection.execute(sql, values).fetchone()
        return None if found is None else found[0]


@dataclass(slots=True)
class _Work:
    """Something for the writer's thread: a transaction, or without `run` the folding of the log into the file."""

    run: Callable[[Tx], Any] | None
    anew: bool = False
    done: "Future[Any]" = field(default_factory=Future)


class Database:
    """The desk's database at a DSN (`sqlite:///PATH`). `close` waits for what was asked, then takes no more."""

    def __init__(
        self, dsn: str, *, prepare: Callable[[sqlite3.Connection], object] | None = None, readers: int = 2,
        read_seconds: float = 30.0,
    ) -> None:  # fmt: skip
        """Opens the file; `prepare` (the migrations) runs on the writing connection before anything else."""
        if not dsn.startswith(_SCHEME):
            raise PermanentError(f"{dsn}: no such kind of database", f"Write {_SCHEME}/path/to/file.")
        self.path = Path(dsn.removeprefix(_SCHEME))
        self._writer = open_writer(self.path)
        if prepare is not None:
            prepare(self._writer)
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closed = False
        self._read_seconds = read_seconds
        self._local = threading.local()
        self._reading = threading.Condition()
        self._under_way = 0
        self._open: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-read")
        self._thread = threading.Thread(target=self._serve, name="store-write", daemon=True)
        self._thread.start()

    async def write(self, run: Callable[[Tx], T]) -> T:
        """Run `run` in a write transaction; returns after COMMIT.

        Raises what `run` raised, with nothing written, or TemporaryError where the disk or a lock refused it.
        """
        return await asyncio.shield(asyncio.wrap_future(self._submit(run)))

    async def write_each(self, runs: Sequence[Callable[[Tx], T]]) -> list[T | Exception]:
        """Run all of them in one write transaction; what each has given or raised, in order, after COMMIT.

        One that raises undoes only what it wrote itself. Raises TemporaryError where the disk or a lock refused all.
        """
        outcomes = await self.write(lambda _: [self._run(run) for run in runs])
        return [result if problem is None else problem for result, problem in outcomes]

    def write_now(self, run: Callable[[Tx], T]) -> T:
        """`write` for those who have no event loop."""
        return self._submit(run).result()

    async def compact(self, *, anew: bool = False) -> bool:
        """Fold the write-ahead log into the file and cut it, so that nothing deleted lies there (K04, L02).

        With `anew` the whole file is written anew: what was deleted is overwritten, but moving rows between pages can
        leave a copy in a page's unused part. Needs as much room again. False while somebody still reads what the log
        held; then it is asked for again later. Raises TemporaryError where the disk refuses it.
        """
        return bool(await asyncio.shield(asyncio.wrap_future(self._submit(None, anew=anew))))

    def holds(self, strings: Sequence[str]) -> bool:
        """Whether the files of the database hold one of these strings anywhere, in any case of ASCII letters."""
        wanted = [string.lower().encode() for string in strings if string]
        longest = max(map(len, wanted), default=0)
        for path in (self.path, self.path.with_name(f"{self.path.name}-wal")):
            rest = b""
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    seen = rest + piece.lower()
                    if any(string in seen for string in wanted):
                        return True
                    rest = seen[-longest:]
        return False

    async def read(self, run: Callable[[Tx], T]) -> T:
        """Run `run` on a snapshot that cannot be written."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, run)

    def read_now(self, run: Callable[[Tx], T]) -> T:
        """`read` in the calling thread."""
        with self._reading:
            if self._closed:
                raise TemporaryError("the database is closed", "gatepost is stopping; ask again when it is back.")
            self._under_way += 1
        try:
            return self._read(run)
        finally:
            with self._reading:
                self._under_way -= 1
                self._reading.notify_all()

    def _read(self, run: Callable[[Tx], T]) -> T:
        """A snapshot that is held for long keeps the WAL from being reset, so no question may take longer (M13)."""
        connection = self._reader()
        end = Clock.monotonic() + self._read_seconds
        connection.set_progress_handler(lambda: Clock.monotonic() > end, _STEPS)
        connection.execute("BEGIN")
        try:
            return run(SqliteTx(connection))
        except sqlite3.OperationalError as error:
            if Clock.monotonic() <= end:
                raise
            message = f"a question took longer than {self._read_seconds:g} s"
            raise TemporaryError(message, "Ask for less, or again when there is less to do.") from error
        finally:
            connection.set_progress_handler(None, 0)
            connection.execute("ROLLBACK")

    def close(self) -> None:
        """Finish what was asked, fold the WAL back into the file, and close."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._readers.shutdown()
        # A thread whose task was cancelled reads on: its connection may not be closed under it.
        with self._reading:
            self._reading.wait_for(lambda: self._under_way == 0)
        for connection in self._open:
            connection.close()
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer.close()

    def _submit(self, run: Callable[[Tx], T] | None, *, anew: bool = False) -> "Future[T]":
        if self._closed:
            raise TemporaryError("the database is closed", "gatepost is stopping; ask again when it is back.")
        work = _Work(run, anew)
        self._queue.put(work)
        return work.done

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = open_reader(self.path)
            self._open.append(connection)
        return connection

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = self._waiting(first)
            if works := [work for work in group if work.run is not None]:
                self._commit(works)
            for work in group:
                if work.run is None:
                    self._fold(work)
            if last:
                return

    def _fold(self, work: _Work) -> None:
        try:
            if work.anew:
                self._writer.execute("VACUUM")
            busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except (sqlite3.Error, MemoryError) as error:
            work.done.set_exception(TemporaryError(f"the log could not be folded: {error}", "It is tried again."))
        else:
            work.done.set_result(not busy)

    def _waiting(self, first: _Work) -> tuple[list[_Work], bool]:
        """`first` and whatever waits behind it; True where the end was among them."""
        group = [first]
        while len(group) < _GROUP:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                return group, True
            group.append(work)
        return group, False

    def _commit(self, group: list[_Work]) -> None:
        """One transaction for the group; a failed COMMIT is told to every one of them."""
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            outcomes = [(work, *self._run(work.run)) for work in group if work.run is not None]
            crashpoint("store.before_commit")
            self._writer.execute("COMMIT")
            crashpoint("store.committed")
        except Exception as error:
            # Not only SQLite's errors: where memory runs out, MemoryError is raised in its place. Whatever it was, the
            # thread goes on: without it everybody who writes would wait for ever.
            self._start_afresh()
            said = error if isinstance(error, sqlite3.Error) else type(error).__name__
            fault = TemporaryError(f"the database refused the transaction: {said}", "Is the disk full or read-only?")
            for work in group:
                work.done.set_exception(fault)
            return
        for work, result, problem in outcomes:
            if problem is None:
                work.done.set_result(result)
            else:
                work.done.set_exception(problem)

    def _run(self, run: Callable[[Tx], Any]) -> tuple[Any, Exception | None]:
        self._writer.execute("SAVEPOINT work")
        try:
            result = run(SqliteTx(self._writer))
        except Exception as problem:
            if not self._writer.in_transaction:  # SQLite itself gave the whole transaction up: the disk is full, say.
                raise sqlite3.OperationalError(str(problem)) from problem
            self._writer.execute("ROLLBACK TO work")
            self._writer.execute("RELEASE work")
            return None, problem
        self._writer.execute("RELEASE work")
        return result, None

    def _start_afresh(self) -> None:
        """Never go on with a handle that failed: what SQLite holds in memory after an I/O error is not the disk's."""
        try:
            self._writer.close()
            self._writer = open_writer(self.path)
        except (GatepostError, sqlite3.Error, MemoryError):
            _log.exception("store.reopen_failed")
