"""Single system calls that fail or kill: while the desk handles and delivers, while a database is upgraded or backed up.

The short form takes a few instants of each; `make chaos` takes every one up to the end.
"""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import chaos_daemon
import pytest
from chaos_reckoning import make_due, reckon, waiting
from chaos_senders import hand_over, letter
from test_bad_disk import injected

from gatepost.core import DAY
from gatepost.demo.sink import Sink
from gatepost.store import schema
from gatepost.store.connection import open_writer
from gatepost.store.restore import check_backup
from gatepost.store.schema import applied, known, migrate

pytestmark = [pytest.mark.real("strace"), pytest.mark.catalogue("M01", "B10")]
FAULTS = ["error=EIO", "error=ENOSPC", "error=EROFS", "signal=KILL"]
CALLS = ("pwrite64", "fdatasync")


# The desk: a mail is handled, delivered, and a deadline comes, while its n-th write or sync fails.


async def desk_under(tmp_path: Path, plan: list[tuple[str, str, int]]) -> None:
    acknowledged = set()
    async with Sink() as smarthost:
        daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
        daemon.start()
        kills = 0
        try:
            await daemon.ready()
            for number, (call, fault, when) in enumerate(plan):
                (desk,) = await there(daemon)
                async with injected(desk, call, fault, when, tmp_path / f"strace.{number}"):
                    await hand_over(daemon.port, letter(number))
                    acknowledged.add(f"<{number}@client.example>")
                    await settled(daemon, daemon.data)
                kills += fault == "signal=KILL"
            await settled(daemon, daemon.data)
            assert await daemon.stop() == 0
            # The clock: every promise is due at once, and a kill takes the desk in the middle of them.
            _make_promises_due(daemon.data)
            daemon.start(crash="store.before_commit:3")
            await daemon.ready()
            await there(daemon)
            daemon.kill_all()
            daemon.start()
            await daemon.ready()
            await settled(daemon, daemon.data)
            assert await daemon.stop() == 0
        finally:
            daemon.kill_all()
    make_due(daemon.data)
    found = reckon(daemon.data, acknowledged, smarthost.mails, desk_kills=kills + 2)
    assert (found.lost, found.doubled, found.tickets) == (0, 0, len(plan))
    # Mail that was put off by a fault waits for its next try; everything else of the reckoning holds.
    assert [each for each in found.wrong if not each.startswith(("I3", "I4"))] == []
    twice = "SELECT count(*) FROM (SELECT 1 FROM outbox GROUP BY ticket, participant, address, key HAVING count(*) > 1)"
    assert _one(daemon.data, twice) == 0


async def there(daemon) -> list[int]:
    """The desk's process, once it works."""
    async with asyncio.timeout(60):
        while not daemon.pids("reader"):
            await asyncio.sleep(0.02)
    return daemon.pids("desk")[:1]


async def settled(daemon, data: Path) -> None:
    async with asyncio.timeout(90):
        while waiting(data).moves or not daemon.pids("reader"):
            await asyncio.sleep(0.05)


def _make_promises_due(data: Path) -> None:
    connection = sqlite3.connect(data / "desk.sqlite3", isolation_level=None)
    connection.execute("UPDATE deadline SET due = due - :ago WHERE state = 'open'", {"ago": 30 * DAY})
    connection.close()


def _one(data: Path, sql: str) -> int:
    connection = sqlite3.connect(data / "desk.sqlite3")
    try:
        return int(connection.execute(sql).fetchone()[0])
    finally:
        connection.close()


async def test_no_fault_of_the_disk_costs_or_doubles_what_the_desk_does(tmp_path):
    await desk_under(
        tmp_path,
        [
            ("pwrite64", "error=EIO", 2), ("fdatasync", "error=EIO", 1), ("pwrite64", "error=ENOSPC", 3),
            ("pwrite64", "error=EROFS", 1), ("pwrite64", "signal=KILL", 2), ("fdatasync", "signal=KILL", 2),
        ],
    )  # fmt: skip


@pytest.mark.chaos
async def test_every_one_of_the_desks_first_writes(tmp_path):
    await desk_under(tmp_path, [(call, fault, when) for call in CALLS for fault in FAULTS for when in range(1, 9)])


# Upgrades and backups: the n-th write or sync of the command kills or fails.


def traced(command: list[str], call: str, fault: str, when: int) -> int:
    """Run a command whose n-th such call meets the fault; its exit code, negative for a signal."""
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}", "-o", "/dev/null"]
    strace = [shutil.which("strace") or "strace", "-f", "-qq", *inject]
    done = subprocess.run([*strace, *command], capture_output=True, timeout=120, check=False)
    if b"Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here (ptrace is forbidden)")
    return done.returncode


UPGRADE = """
import sys
from pathlib import Path
from gatepost.store.upgrade import upgrade
upgrade(Path(sys.argv[1]))
"""


def old_house(folder: Path) -> Path:
    """A desk's database of the first release."""
    (folder / "data").mkdir(mode=0o700, parents=True)
    path = folder / "data" / "desk.sqlite3"
    every = schema._migrations._migrations
    schema._migrations._migrations = every[:1]
    try:
        connection = open_writer(path)
        migrate(connection)
        connection.close()
    finally:
        schema._migrations._migrations = every
    return path


def upgrade_under(tmp_path: Path, call: str, fault: str, when: int) -> bool:
    """Whether the upgrade ended well in spite of the fault; old or new afterwards, and the next one ends it."""
    folder = tmp_path / f"{call}-{fault.replace('=', '-')}-{when}"
    path = old_house(folder)
    code = traced([sys.executable, "-c", UPGRADE, str(path.parent)], call, fault, when)
    connection = open_writer(path)
    try:
        done = applied(connection)
        assert done == set(known()[: len(done)])
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        migrate(connection)
        assert applied(connection) == set(known())
    finally:
        connection.close()
    shutil.rmtree(folder)
    return code == 0


@pytest.mark.catalogue("M11")
@pytest.mark.parametrize(
    ("call", "fault", "when"),
    [
        ("pwrite64", "signal=KILL", 9),
        ("fdatasync", "signal=KILL", 3),
        ("pwrite64", "error=ENOSPC", 7),
        ("fdatasync", "error=EIO", 3),
    ],
)
def test_an_upgrade_under_a_fault_is_old_or_new(tmp_path, call, fault, when):
    assert not upgrade_under(tmp_path, call, fault, when)


@pytest.mark.chaos
@pytest.mark.catalogue("M11")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_an_upgrade_under_every_fault_is_old_or_new(tmp_path, call, fault):
    # A sync of the folder may fail and nothing be lost by it, so one good end is not the end of the list.
    when, good = 1, 0
    while good < 3 and when < 200:
        good = good + 1 if upgrade_under(tmp_path, call, fault, when) else 0
        when += 1
    assert when > 5


def backup_under(place: Path, config: Path, call: str, fault: str, when: int) -> bool:
    """Whether the command ended well in spite of the fault; whatever looks like a backup is one."""
    into = place / f"{call}-{fault.replace('=', '-')}-{when}"
    code = traced([sys.executable, "-m", "gatepost", "backup", str(into), "-c", str(config)], call, fault, when)
    whole = [path for path in into.glob("gatepost-*") if not path.name.endswith(".partial")] if into.exists() else []
    # The last sync is that of the folder: where it fails, what is there is whole, and the command says that it failed.
    assert len(whole) == 1 or code != 0
    for path in whole:
        check_backup(path)
    shutil.rmtree(into, ignore_errors=True)
    return code == 0


@pytest.fixture
def house(tmp_path):
    """A data folder in which a daemon has run."""
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, 9)
    daemon.start()
    try:
        asyncio.run(daemon.ready())
    finally:
        daemon.kill_all()
    return daemon


@pytest.mark.catalogue("M07", "M12")
@pytest.mark.parametrize(
    ("call", "fault", "when"),
    [
        ("pwrite64", "signal=KILL", 5),
        ("fsync", "error=EIO", 1),
        ("pwrite64", "error=ENOSPC", 3),
        ("fsync", "signal=KILL", 4),
    ],
)
def test_a_backup_under_a_fault_is_whole_or_none(tmp_path, house, call, fault, when):
    assert not backup_under(tmp_path, house._config, call, fault, when)


@pytest.mark.chaos
@pytest.mark.catalogue("M12")
@pytest.mark.parametrize("call", ["pwrite64", "write", "fsync", "rename"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_backup_under_every_fault_is_whole_or_none(tmp_path, house, call, fault):
    when, good = 1, 0
    while good < 2 and when < 120:
        good = good + 1 if backup_under(tmp_path, house._config, call, fault, when) else 0
        when += 1
    assert when > 2
