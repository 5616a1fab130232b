"""An upgrade that is killed at any statement leaves each migration whole or not at all, and the next start ends it (M11)."""

import os
import shutil
import signal
import sqlite3

import pytest

from gatepost.store import schema
from gatepost.store.connection import open_writer
from gatepost.store.schema import applied, known, migrate

ESSENCE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"


def essence(path):
    connection = sqlite3.connect(path)
    try:
        return [tuple(row) for row in connection.execute(ESSENCE)]
    finally:
        connection.close()


def opened(path):
    """A writer that waits for no disk: what is tried here is the death of a process, not of the machine."""
    connection = open_writer(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def of_before(path, first):
    """A file of a program that knew only the first `first` migrations."""
    connection = opened(path)
    every = schema._migrations._migrations
    schema._migrations._migrations = every[:first]
    try:
        migrate(connection)
    finally:
        schema._migrations._migrations = every
        connection.close()


def statements_of(path):
    """How many statements the upgrade of a file takes."""
    connection, seen = opened(path), []
    connection.set_trace_callback(seen.append)
    migrate(connection)
    connection.close()
    return len(seen)


def upgrade_and_die(path, at):
    """The upgrade in a process of its own, which dies by SIGKILL at its statement number `at`."""
    child = os.fork()
    if child == 0:
        connection, left = opened(path), [at]

        def count(_):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        connection.set_trace_callback(count)
        migrate(connection)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.sqlite3"
    of_before(path, 1)
    return path


@pytest.mark.catalogue("M01", "M11")
def test_killed_at_each_statement_the_file_is_old_or_new_and_never_between(tmp_path, old):
    target = tmp_path / "new.sqlite3"
    shutil.copy(old, target)
    count = statements_of(target)
    after = essence(target)
    steps = {n: set() for n in range(len(known()) + 1)}
    for n in range(1, len(known()) + 1):
        stage = tmp_path / f"stage{n}"
        of_before(stage, n)
        steps[n] = set(essence(stage))
    died = 0
    for at in range(count):
        path = tmp_path / "killed.sqlite3"
        for rest in tmp_path.glob("killed.sqlite3*"):
            rest.unlink()
        shutil.copy(old, path)
        died += upgrade_and_die(path, at) == -9
        connection = opened(path)
        done = applied(connection)
        assert done == set(known()[: len(done)])
        assert set(essence(path)) == steps[len(done)], f"killed at statement {at}"
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        migrate(connection)
        connection.close()
        assert essence(path) == after
    assert died == count > 40
