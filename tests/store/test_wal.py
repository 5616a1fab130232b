"""The WAL stays small: no question of ours holds a snapshot for long, and what has grown is cut again (M13)."""

import sqlite3

import pytest

from gatepost.errors import TemporaryError
from gatepost.store.connection import WAL_OCTETS
from gatepost.store.database import Database

ENDLESS = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT sum(n) FROM c"
PIECE = "x" * 250_000


@pytest.fixture
def database(tmp_path):
    def prepare(connection):
        connection.execute("CREATE TABLE IF NOT EXISTS heap (id INTEGER PRIMARY KEY, said TEXT)")

    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=prepare, read_seconds=1.0)
    yield database
    database.close()


def wal(database):
    return database.path.with_name("desk.sqlite3-wal").stat().st_size


def heap(database, count):
    """Write so many pieces, a transaction each; the highest that the WAL has been."""
    highest = 0
    for _ in range(count):
        database.write_now(lambda tx: tx.run("INSERT INTO heap (said) VALUES (:said)", said=PIECE))
        highest = max(highest, wal(database))
    return highest


@pytest.mark.catalogue("M13")
def test_a_question_that_takes_too_long_is_ended_and_the_next_one_is_answered(database):
    with pytest.raises(TemporaryError, match=r"longer than 1 s"):
        database.read_now(lambda tx: tx.value(ENDLESS))
    assert database.read_now(lambda tx: tx.value("SELECT 7")) == 7


@pytest.mark.catalogue("M13")
def test_under_load_with_readers_the_wal_stays_small(database):
    highest = 0
    for _ in range(20):
        highest = max(highest, heap(database, 5))
        assert database.read_now(lambda tx: tx.value("SELECT count(*) FROM heap")) % 5 == 0
    assert highest < WAL_OCTETS / 4


@pytest.mark.catalogue("M13")
def test_what_grew_under_a_foreign_reader_is_cut_once_that_has_gone(database):
    heap(database, 1)
    foreign = sqlite3.connect(database.path, isolation_level=None)
    foreign.execute("BEGIN")
    foreign.execute("SELECT count(*) FROM heap").fetchone()
    assert heap(database, 290) > WAL_OCTETS
    foreign.execute("ROLLBACK")
    foreign.close()
    heap(database, 40)
    assert wal(database) <= WAL_OCTETS
