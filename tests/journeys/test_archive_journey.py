"""An archive handed to a running daemon; one killed half-way goes on; a large one costs no more memory than a small one."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gatepost.config import load
from gatepost.parts import open_database

PACKAGE = str(Path(__file__).parents[2] / "daemon")
EXAMPLE = Path(__file__).parents[2] / "examples" / "marketplace" / "config.toml"
MEASURED = """
import json, resource, sys
from gatepost.cli import run
code = run(sys.argv[1:])
print(json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]), file=sys.stderr)
"""


def command(config: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "gatepost", "import-mail", *map(str, arguments), "-c", str(config)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": PACKAGE}


def mbox_of(path: Path, count: int) -> Path:
    with path.open("wb") as file:
        for number in range(count):
            head = f"From a@b.example Mon Nov  2 09:{number % 60:02}:00 2025\nFrom: p{number % 5000}@customer.example\n"
            head += f"To: support@orchard.example\nSubject: question {number}\nMessage-ID: <{number}@old.example>\n"
            file.write(f"{head}Date: Mon, 3 Nov 2025 09:{number % 60:02}:00 +0000\n\nwords {number}\n\n".encode())
    return path


def counted(config: Path) -> dict[str, int]:
    with closing(open_database(load(config, secrets=False))) as db:
        tables = ("message", "arrival", "ticket", "outbox", "deadline", "waiting")
        return {name: db.read_now(lambda tx, name=name: tx.value(f"SELECT count(*) FROM {name}")) for name in tables}


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text())
    return path


async def test_a_running_daemon_takes_the_archive_itself(start, tmp_path):
    async with start() as running:
        archive = mbox_of(tmp_path / "old.mbox", 300)
        asked = command(running.place.config_file, archive)
        done = await asyncio.to_thread(
            subprocess.run, asked, capture_output=True, text=True, check=False, env=environment(), timeout=180
        )
        assert done.returncode == 0, done.stderr
        assert "300 mails are in; nothing was sent to anybody." in done.stdout
        assert running.office.mails == []
    assert counted(running.place.config_file) == {
        "message": 300, "arrival": 300, "ticket": 300, "outbox": 0, "deadline": 0, "waiting": 0,
    }  # fmt: skip


def test_an_import_that_is_killed_goes_on_where_it_stopped(config, tmp_path):
    archive = mbox_of(tmp_path / "old.mbox", 700)
    # Killed at a commit of its own database, wherever that is in the import: nothing may be lost or doubled.
    for hits in (3, 9):
        armed = {**environment(), "GATEPOST_CRASH": f"store.committed:{hits}"}
        done = subprocess.run(
            command(config, archive, "--resume"), env=armed, stderr=subprocess.DEVNULL, check=False, timeout=180
        )
        assert done.returncode == -signal.SIGKILL
    done = subprocess.run(
        command(config, archive, "--resume"),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert counted(config) == {
        "message": 700, "arrival": 700, "ticket": 700, "outbox": 0, "deadline": 0, "waiting": 0,
    }  # fmt: skip


def peak(config: Path, archive: Path) -> int:
    """The most memory that an import took, in kilobytes."""
    asked = [sys.executable, "-c", MEASURED, "import-mail", str(archive), "-c", str(config)]
    done = subprocess.run(asked, env=environment(), capture_output=True, text=True, check=False)
    code, kilobytes = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return kilobytes


@pytest.mark.chaos
def test_fifty_thousand_mails_cost_no_more_memory_than_two_thousand(config, tmp_path):
    small = peak(config, mbox_of(tmp_path / "small.mbox", 2_000))
    large = peak(config, mbox_of(tmp_path / "large.mbox", 50_000))
    assert large - small < 40_000, (small, large)
    assert counted(config)["message"] == 50_000
