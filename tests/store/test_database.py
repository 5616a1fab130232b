"""The adapter's promises: whole transactions, one fsync for those who wait together, readers that cannot write."""

import asyncio
import contextlib
import sqlite3
import threading

import pytest

from gatepost.errors import PermanentError, TemporaryError
from gatepost.store.connection import open_writer
from gatepost.store.database import Database


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    database.write_now(lambda tx: tx.run("CREATE TABLE fruit (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield database
    database.close()


def test_a_transaction_that_raises_writes_nothing(db):
    def half(tx):
        tx.insert("INSERT INTO fruit (name) VALUES (:name) RETURNING id", name="apple")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        db.write_now(half)
    assert db.read_now(lambda tx: tx.value("SELECT count(*) FROM fruit")) == 0


def test_one_of_a_group_fails_alone(db):
    hold, held = threading.Event(), threading.Event()

    def wait(tx):
        held.set()
        hold.wait(10)

    first = db._submit(wait)
    held.wait(10)
    good = db._submit(lambda tx: tx.insert("INSERT INTO fruit (name) VALUES ('pear') RETURNING id"))
    bad = db._submit(lambda tx: tx.run("INSERT INTO nowhere VALUES (1)"))
    more = db._submit(lambda tx: tx.insert("INSERT INTO fruit (name) VALUES ('plum') RETURNING id"))
    hold.set()
    first.result(10)
    assert (good.result(10), more.result(10)) == (1, 2)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        bad.result(10)


async def test_success_is_told_only_after_commit(db, tmp_path):
    await db.write(lambda tx: tx.insert("INSERT INTO fruit (name) VALUES ('fig') RETURNING id"))
    other = sqlite3.connect(tmp_path / "desk.sqlite3")
    assert other.execute("SELECT name FROM fruit").fetchall() == [("fig",)]
    other.close()


async def test_a_reader_cannot_write(db):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await db.read(lambda tx: tx.run("INSERT INTO fruit (name) VALUES ('no')"))


@pytest.mark.catalogue("B12")
def test_full_sync_is_read_back(tmp_path):
    connection = open_writer(tmp_path / "x.sqlite3")
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


@pytest.mark.catalogue("B12")
def test_a_setting_that_is_not_taken_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("gatepost.store.connection._FULL", 3)
    with pytest.raises(PermanentError, match="PRAGMA synchronous is 2, wanted 3"):
        open_writer(tmp_path / "x.sqlite3")


def test_a_full_disk_is_a_temporary_error_and_the_next_write_works(db):
    db.write_now(lambda tx: tx.run("CREATE TABLE big (octets BLOB)"))
    db._writer.execute(f"PRAGMA max_page_count = {db._writer.execute('PRAGMA page_count').fetchone()[0] + 2}")
    with pytest.raises(TemporaryError, match="full"):
        db.write_now(lambda tx: tx.run("INSERT INTO big VALUES (zeroblob(1000000))"))
    # The handle was opened afresh, and with it the page limit of this test is gone, as a disk with room again would be.
    db.write_now(lambda tx: tx.run("INSERT INTO big VALUES (zeroblob(1000000))"))
    assert db.read_now(lambda tx: tx.value("SELECT count(*) FROM big")) == 1


def test_a_lock_held_by_another_process_is_a_temporary_error(tmp_path):
    path = tmp_path / "desk.sqlite3"
    database = Database(f"sqlite:///{path}")
    database._writer.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TemporaryError, match="locked"):
        database.write_now(lambda tx: tx.run("CREATE TABLE t (a)"))
    other.execute("ROLLBACK")
    other.close()
    database.write_now(lambda tx: tx.run("CREATE TABLE t (a)"))
    database.close()


@pytest.mark.catalogue("B14")
def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "desk.sqlite3"
    path.write_bytes(b"not a database, but long enough to be read as one" * 50)
    with pytest.raises(PermanentError, match="restore the newest backup"):
        Database(f"sqlite:///{path}")


async def test_of_several_in_one_transaction_one_fails_alone_and_says_why(db):
    def add(name, tx):
        return tx.insert("INSERT INTO fruit (name) VALUES (:name) RETURNING id", name=name)

    names = ("apple", "pear", "apple", "plum")
    first, second, third, fourth = await db.write_each([lambda tx, name=name: add(name, tx) for name in names])
    assert (first, second, fourth) == (1, 2, 3)
    assert isinstance(third, sqlite3.IntegrityError)
    assert db.read_now(lambda tx: [row["name"] for row in tx.rows("SELECT name FROM fruit")]) == [
        "apple",
        "pear",
        "plum",
    ]


def test_closing_waits_for_a_read_that_is_under_way_and_takes_no_further_one(tmp_path):
    """A thread whose task was cancelled reads on; a connection that is closed under it would end the process."""
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    reads, go_on = threading.Event(), threading.Event()
    seen = []

    def slow(tx):
        reads.set()
        go_on.wait(10)
        seen.append(tx.value("SELECT 1"))

    reader = threading.Thread(target=database.read_now, args=(slow,))
    reader.start()
    reads.wait(10)
    closing = threading.Thread(target=database.close)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    go_on.set()
    closing.join(10)
    reader.join(10)
    assert seen == [1]
    with pytest.raises(TemporaryError, match="closed"):
        database.read_now(lambda tx: tx.value("SELECT 1"))


class Short:
    """The writing connection of a machine that runs out of memory at one statement: SQLite raises MemoryError then."""

    def __init__(self, connection, statement):
        self._connection, self._statement = connection, statement

    def execute(self, sql, *values):
        if sql.startswith(self._statement):
            self._statement = "nothing more"
            raise MemoryError
        return self._connection.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.mark.catalogue("M08")
@pytest.mark.parametrize(
    "statement", ["BEGIN", "SAVEPOINT", "INSERT", "ROLLBACK TO", "RELEASE", "COMMIT", "PRAGMA wal_checkpoint"]
)
async def test_without_memory_a_transaction_is_refused_and_the_next_one_is_written(db, statement):
    """The writer's thread goes on: where it died, everybody who writes would wait for ever."""
    db._writer = Short(db._writer, statement)

    def add(tx):
        tx.insert("INSERT INTO fruit (name) VALUES ('quince') RETURNING id")
        if statement == "ROLLBACK TO":
            raise ValueError("undo it")

    async with asyncio.timeout(30):
        with contextlib.suppress(MemoryError, TemporaryError):
            await (db.compact() if "checkpoint" in statement else db.write(add))
        assert db.read_now(lambda tx: tx.value("SELECT count(*) FROM fruit")) == 0
        await db.write(lambda tx: tx.insert("INSERT INTO fruit (name) VALUES ('fig') RETURNING id"))
    assert db.read_now(lambda tx: tx.value("SELECT group_concat(name) FROM fruit")) == "fig"


@pytest.mark.catalogue("B10")
async def test_a_file_that_cannot_be_opened_again_is_tried_again_with_the_next_transaction(db, monkeypatch):
    """Where a commit failed and no file handle is left, say."""
    db._writer = Short(db._writer, "COMMIT")

    def refuse(path):
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("gatepost.store.database.open_writer", refuse)
    async with asyncio.timeout(30):
        for _ in range(2):
            with pytest.raises(TemporaryError):
                await db.write(lambda tx: tx.insert("INSERT INTO fruit (name) VALUES ('fig') RETURNING id"))
        monkeypatch.undo()
        with pytest.raises(TemporaryError):
            await db.write(lambda tx: None)
        await db.write(lambda tx: tx.insert("INSERT INTO fruit (name) VALUES ('fig') RETURNING id"))
    assert db.read_now(lambda tx: tx.value("SELECT count(*) FROM fruit")) == 1
