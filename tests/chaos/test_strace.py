"""Single system calls that fail or kill: accepting, handling, delivering, keeping promises, an upgrade, a backup.

The short form takes a few instants of each; `make chaos` takes every call that differs from its neighbours. (A transaction
writes dozens of frames that are alike: of each run between two syncs its beginning, its middle and its end are tried.)
"""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import chaos_daemon
import pytest
from chaos_reckoning import make_due, reckon, waiting
from chaos_senders import hand_over, letter
from chaos_strace import CALLS, FAULTS, Workshop, distinct, injected, traced
from test_deadlines_killed import PACE, owed

from gatepost.core import DAY
from gatepost.demo.sink import Sink
from gatepost.store import schema
from gatepost.store.connection import open_writer
from gatepost.store.invariants import examine
from gatepost.store.restore import check_backup
from gatepost.store.schema import applied, known, migrate

pytestmark = [pytest.mark.real("strace"), pytest.mark.catalogue("M01", "B10")]

Fault = tuple[str, str, int]
# Of each job: a kill and an error at a write, a kill and an error at a sync.
SHORT: tuple[Fault, ...] = (
    ("pwrite64", "signal=KILL", 9),
    ("fdatasync", "signal=KILL", 3),
    ("pwrite64", "error=ENOSPC", 7),
    ("fdatasync", "error=EIO", 3),
)


def every(calls: list[tuple[str, int]]) -> list[Fault]:
    """Each fault at each of these calls."""
    return [(call, fault, when) for call, when in calls for fault in FAULTS]


def told(capsys, what: str, faults: int, good: int | None = None) -> None:
    """Say how much was tried: these are the figures of docs/chaos.md."""
    with capsys.disabled():
        print(f"\n{what}: {faults} faults" + (f", {good} of them survived" if good is not None else ""))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with Workshop(tmp_path_factory.mktemp("workshop")) as shop:
        yield shop


class Houses:
    """Copies of one prepared house, each for one fault."""

    def __init__(self, model: Path) -> None:
        self.model, self._copy = model, model.with_name(f"{model.name}-copy")

    def anew(self) -> Path:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self.model, self._copy)
        return self._copy


def rows(folder: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "data" / "desk.sqlite3")) as connection:
        return connection.execute(sql).fetchall()


def sound(folder: Path) -> None:
    """I1 to I7 of a data folder in which nobody works; a claim or an arrival may wait for the next start."""
    assert [str(each) for each in examine(folder / "data", int(time.time() * 1000)) if each.invariant != "I5"] == []


# One mail is handled: all of it, or nothing, and the next try ends it.


WRITTEN = "SELECT (SELECT count(*) FROM ticket), (SELECT count(*) FROM message), (SELECT count(*) FROM outbox)"


@pytest.fixture
def mail(tmp_path):
    """A house, and a mail for it."""
    (tmp_path / "house").mkdir()
    houses = Houses(chaos_daemon.DaemonUnderTest(tmp_path / "house", 9).folder)
    (tmp_path / "mail").write_bytes(letter(1))
    return houses, ("jane0@customer.example", tmp_path / "mail")


def handled_under(workshop, mail, faults: Iterable[Fault]) -> tuple[int, int]:
    houses, words = mail
    count = good = 0
    for call, fault, when in faults:
        folder = houses.anew()
        code = workshop.under(call, fault, when, "handle", folder / "config.toml", *words)
        assert rows(folder, WRITTEN) in ([(0, 0, 0)], [(1, 1, 2)]), (call, fault, when)
        if code == 0:
            assert rows(folder, WRITTEN) == [(1, 1, 2)], (call, fault, when)
        assert workshop.run("handle", folder / "config.toml", *words) == 0
        assert rows(folder, WRITTEN) == [(1, 1, 2)], (call, fault, when)
        sound(folder)
        count, good = count + 1, good + (code == 0)
    return count, good


def test_a_mail_that_is_handled_under_a_fault_is_written_whole_or_not(workshop, mail):
    assert handled_under(workshop, mail, SHORT) == (4, 0)


@pytest.mark.chaos
def test_a_mail_that_is_handled_under_every_fault_is_written_whole_or_not(workshop, mail, capsys):
    houses, words = mail
    calls = workshop.calls("handle", houses.anew() / "config.toml", *words)
    assert len(calls) > 20
    told(capsys, "handling a mail", *handled_under(workshop, mail, every(calls)))


# Promises are kept: each deadline once.


KEPT = """SELECT deadline.state, (SELECT count(*) FROM outbox WHERE template = 'rating' AND outbox.ticket = deadline.ticket)
          FROM deadline WHERE kind = 'rating'"""


@pytest.fixture
def promises(tmp_path):
    """A house that owes two customers a mail."""
    (tmp_path / "house").mkdir()
    daemon = chaos_daemon.DaemonUnderTest(tmp_path / "house", 9, limits=PACE)
    owed(daemon, 2)
    return Houses(daemon.folder)


def kept_under(workshop, promises, faults: Iterable[Fault]) -> tuple[int, int]:
    count = good = 0
    for call, fault, when in faults:
        folder = promises.anew()
        code = workshop.under(call, fault, when, "promises", folder / "config.toml")
        assert set(rows(folder, KEPT)) <= {("open", 0), ("met", 1)}, (call, fault, when)
        with closing(sqlite3.connect(folder / "data" / "desk.sqlite3", isolation_level=None)) as connection:
            connection.execute("UPDATE deadline SET due = :now WHERE state = 'open'", {"now": int(time.time() * 1000)})
        assert workshop.run("promises", folder / "config.toml") == 0
        assert rows(folder, KEPT) == [("met", 1), ("met", 1)], (call, fault, when)
        sound(folder)
        count, good = count + 1, good + (code == 0)
    return count, good


def test_a_promise_that_is_kept_under_a_fault_is_kept_once(workshop, promises):
    assert kept_under(workshop, promises, SHORT)[0] == 4


@pytest.mark.chaos
def test_a_promise_that_is_kept_under_every_fault_is_kept_once(workshop, promises, capsys):
    calls = workshop.calls("promises", promises.anew() / "config.toml")
    assert len(calls) > 20
    told(capsys, "keeping two promises", *kept_under(workshop, promises, every(calls)))


# An upgrade: the schema is the old one or the new one, and the next start ends it.


@pytest.fixture
def old_house(tmp_path):
    """A desk's database of the first release."""
    (tmp_path / "old" / "data").mkdir(mode=0o700, parents=True)
    migrations = schema._migrations._migrations
    schema._migrations._migrations = migrations[:1]
    try:
        with closing(open_writer(tmp_path / "old" / "data" / "desk.sqlite3")) as connection:
            migrate(connection)
    finally:
        schema._migrations._migrations = migrations
    return Houses(tmp_path / "old")


def upgraded_under(workshop, houses, faults: Iterable[Fault]) -> tuple[int, int]:
    count = good = 0
    for call, fault, when in faults:
        data = houses.anew() / "data"
        code = workshop.under(call, fault, when, "upgrade", data)
        with closing(open_writer(data / "desk.sqlite3")) as connection:
            done = applied(connection)
            assert done == set(known()[: len(done)]), (call, fault, when)
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            migrate(connection)
            assert applied(connection) == set(known())
        count, good = count + 1, good + (code == 0)
    return count, good


@pytest.mark.catalogue("M11")
def test_an_upgrade_under_a_fault_is_old_or_new(workshop, old_house):
    assert upgraded_under(workshop, old_house, SHORT) == (4, 0)


@pytest.mark.chaos
@pytest.mark.catalogue("M11")
def test_an_upgrade_under_every_fault_is_old_or_new(workshop, old_house, capsys):
    calls = workshop.calls("upgrade", old_house.anew() / "data")
    assert len(calls) > 50
    told(capsys, "an upgrade from the first schema", *upgraded_under(workshop, old_house, every(calls)))


# A backup: whatever looks like one is one.


@pytest.fixture
def lived_in(tmp_path):
    """A data folder in which a daemon has run, and its config."""
    (tmp_path / "house").mkdir()
    daemon = chaos_daemon.DaemonUnderTest(tmp_path / "house", 9)
    daemon.start()
    try:
        asyncio.run(daemon.ready())
    finally:
        daemon.kill_all()
    return tmp_path / "backups", tmp_path / "house" / "config.toml"


def backed_up_under(workshop, into: Path, config: Path, faults: Iterable[Fault]) -> tuple[int, int]:
    count = good = 0
    for call, fault, when in faults:
        shutil.rmtree(into, ignore_errors=True)
        code = workshop.under(call, fault, when, "backup", into, config)
        whole = [path for path in into.glob("gatepost-*") if not path.name.endswith(".partial")]
        # The last sync is that of the folder: where it fails, what is there is whole, and the command says that it failed.
        assert len(whole) == 1 or code != 0, (call, fault, when)
        for path in whole:
            check_backup(path)
        count, good = count + 1, good + (code == 0)
    return count, good


@pytest.mark.catalogue("M07", "M12")
def test_a_backup_under_a_fault_is_whole_or_none(workshop, lived_in):
    faults = (*SHORT, ("fsync", "signal=KILL", 4), ("fsync", "error=EIO", 1), ("rename", "signal=KILL", 1))
    assert backed_up_under(workshop, *lived_in, faults) == (7, 0)


@pytest.mark.chaos
@pytest.mark.catalogue("M12")
def test_a_backup_under_every_fault_is_whole_or_none(workshop, lived_in, capsys):
    calls = workshop.calls("backup", *lived_in)
    assert len(calls) > 50
    told(capsys, "a backup", *backed_up_under(workshop, *lived_in, every(calls)))


# The running desk: a mail is handled and delivered, and promises are kept, while its n-th write or sync fails.


async def recorded(daemon, part: str, number: int, said: Path) -> list[tuple[str, int]]:
    """The calls of the part while one mail is accepted, handled and delivered: those that differ from their neighbours."""
    (pid,) = await there(daemon, part)
    async with traced(pid, said, "-e", f"trace={','.join(CALLS)}"):
        await hand_over(daemon.port, letter(number))
        await settled(daemon)
    return distinct(said)


async def desk_under(tmp_path: Path, plan: list[Fault] | None) -> int:
    """Handle a mail under each fault of the plan, or of every plan there is; how many faults there were."""
    async with Sink() as smarthost:
        daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
        daemon.start()
        kills, number = 0, 0
        try:
            await daemon.ready()
            if plan is None:
                calls = await recorded(daemon, "desk", 0, tmp_path / "calls")
                number, plan = 1, every(calls)
            mails = len(plan) + number
            for call, fault, when in plan:
                (desk,) = await there(daemon, "desk")
                async with injected(desk, call, fault, when, tmp_path / "strace"):
                    await hand_over(daemon.port, letter(number))
                    await settled(daemon)
                kills += fault == "signal=KILL"
                number += 1
            await settled(daemon)
            assert await daemon.stop() == 0
            # The clock: every promise is due at once, and a kill takes the desk in the middle of them.
            _make_promises_due(daemon.data)
            daemon.start(crash="store.before_commit:3")
            await daemon.ready()
            await there(daemon, "desk")
            daemon.kill_all()
            daemon.start()
            await daemon.ready()
            await settled(daemon)
            assert await daemon.stop() == 0
        finally:
            daemon.kill_all()
    make_due(daemon.data)
    acknowledged = {f"<{n}@client.example>" for n in range(mails)}
    found = reckon(daemon.data, acknowledged, smarthost.mails, desk_kills=kills + 2)
    assert (found.lost, found.doubled, found.tickets) == (0, 0, mails)
    # Mail that was put off by a fault waits for its next try; everything else of the reckoning holds.
    assert [each for each in found.wrong if not each.startswith(("I3", "I4"))] == []
    twice = "SELECT 1 FROM outbox GROUP BY ticket, participant, address, key HAVING count(*) > 1"
    assert rows(tmp_path, twice) == []
    return len(plan)


async def there(daemon, part: str) -> list[int]:
    """The process of the part, once the desk works."""
    async with asyncio.timeout(60):
        while not daemon.pids("reader") or not daemon.pids(part):
            await asyncio.sleep(0.02)
    return daemon.pids(part)[:1]


async def settled(daemon) -> None:
    async with asyncio.timeout(120):
        while waiting(daemon.data).moves or not daemon.pids("reader"):
            await asyncio.sleep(0.05)


def _make_promises_due(data: Path) -> None:
    with closing(sqlite3.connect(data / "desk.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE deadline SET due = due - :ago WHERE state = 'open'", {"ago": 30 * DAY})


async def test_no_fault_of_the_disk_costs_or_doubles_what_the_desk_does(tmp_path):
    await desk_under(
        tmp_path,
        [
            ("pwrite64", "error=EIO", 2), ("fdatasync", "error=EIO", 1), ("pwrite64", "error=ENOSPC", 3),
            ("pwrite64", "error=EROFS", 1), ("pwrite64", "signal=KILL", 2), ("fdatasync", "signal=KILL", 2),
        ],
    )  # fmt: skip


@pytest.mark.chaos
async def test_no_fault_at_any_of_the_desks_calls_costs_or_doubles_anything(tmp_path, capsys):
    told(capsys, "the running desk", await desk_under(tmp_path, None))
