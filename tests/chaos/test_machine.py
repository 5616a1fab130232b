"""A machine that lacks something: room, rights, file handles, a resolver, a reader of its log. No mail is lost by it."""

import asyncio
import contextlib
import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chaos_daemon
import pytest
from bench.house import build
from chaos_reckoning import make_due, reckon, waiting
from chaos_senders import LaterError, Senders, hand_over, letter

from gatepost.demo.sink import Sink

GATEPOST = (sys.executable, "-m", "gatepost")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a small disk of its own is mounted")


@pytest.fixture
async def smarthost():
    async with Sink() as sink:
        yield sink


@contextlib.contextmanager
def small_disk(folder: Path, size: str):
    """A disk of that size, mounted on `folder`."""
    folder.mkdir()
    options = f"size={size},mode=0700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs leave to mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def settled(daemon):
    """Wait until nothing is left to do at once."""
    async with asyncio.timeout(90):
        while waiting(daemon.data).moves:
            await asyncio.sleep(0.05)


async def until_taken(port: int, content: bytes, seconds: float = 60) -> None:
    """Hand a mail over as a mail server does: again and again until it has its 250."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(LaterError, OSError, EOFError):
                await hand_over(port, content)
                return
            await asyncio.sleep(0.1)


# Room and rights (M07).


@as_root
@pytest.mark.catalogue("M07", "B03")
async def test_on_a_full_disk_mail_is_put_off_and_taken_again_when_there_is_room(tmp_path, smarthost):
    with small_disk(tmp_path / "disk", "96m") as disk:
        daemon = chaos_daemon.DaemonUnderTest(disk, smarthost.port)
        daemon.start()
        try:
            await daemon.ready()
            await until_taken(daemon.port, letter(1))
            await settled(daemon)
            filler = disk / "filler"
            with filler.open("wb") as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 1_000_000)
            async with asyncio.timeout(30):
                with pytest.raises(LaterError, match=r"^45[12] "):
                    while True:  # How much is free is asked once a second.
                        await hand_over(daemon.port, letter(2))
            # Standard error lies on that disk too: what cannot be logged holds up nobody.
            with pytest.raises(LaterError):
                await hand_over(daemon.port, letter(2))
            filler.unlink()
            await until_taken(daemon.port, letter(2))
            await until_taken(daemon.port, letter(3))
            await settled(daemon)
            assert await daemon.stop() == 0
        finally:
            daemon.kill_all()
        make_due(daemon.data)
        found = reckon(daemon.data, {f"<{n}@client.example>" for n in (1, 2, 3)}, smarthost.mails, desk_kills=0)
        assert (found.lost, found.doubled, found.tickets) == (0, 0, 3)
        assert [sentence for sentence in found.wrong if not sentence.startswith("I4")] == []


@as_root
@pytest.mark.catalogue("M07")
@pytest.mark.parametrize("fault", ["full", "read-only", "not ours"])
def test_a_data_folder_that_cannot_be_used_is_told_at_the_start_with_an_exit_code(tmp_path, open_folder, fault):
    with small_disk(open_folder / "disk", "64k" if fault == "full" else "32m") as disk:
        config = disk / "config.toml"
        if fault == "full":
            (disk / "filler").write_bytes(b"\0" * 40_000)
            config = tmp_path / "config.toml"
            built = build(tmp_path, 9, customers=1)
            config.write_text(built.config.read_text().replace('data = "data"', f'data = "{disk / "data"}"'))
        else:
            build(disk, 9, customers=1)
        command = [*GATEPOST, "run", "-c", config]
        if fault == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        if fault == "not ours":
            for path in (disk, config):
                path.chmod(0o755)
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    assert done.returncode in (70, 75), done.stderr
    assert str(disk / "data") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def open_folder():
    """A folder that others may enter, as pytest's own may not be."""
    folder = Path(tempfile.mkdtemp(prefix="gatepost-machine-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


# File handles (M08).


@pytest.mark.catalogue("M08")
async def test_without_file_handles_senders_wait_or_are_put_off_and_it_recovers(tmp_path, smarthost):
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("needs prlimit: apt-get install util-linux")
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
    text = daemon._config.read_text().replace(
        "idle_seconds = 20.0", "idle_seconds = 20.0\nconnections_per_address = 150"
    )
    daemon._config.write_text(text)
    daemon.start()
    try:
        await daemon.ready()
        for part in ("gate", "desk"):
            (pid,) = daemon.pids(part)
            subprocess.run([prlimit, "--pid", str(pid), "--nofile=64:64"], check=True)
        held = []
        for _ in range(120):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    held.append(await asyncio.open_connection("127.0.0.1", daemon.port))
        assert len(held) > 64  # More than there are handles: the rest wait in the backlog.
        (gate,) = daemon.pids("gate")
        for _, writer in held:
            writer.transport.abort()
        await until_taken(daemon.port, letter(1))
        assert daemon.pids("gate") == [gate]
        await settled(daemon)
        assert await daemon.stop() == 0
    finally:
        daemon.kill_all()
    assert reckon(daemon.data, {"<1@client.example>"}, smarthost.mails, desk_kills=0).wrong == []


# Memory (M08).


def heavy(number: int) -> bytes:
    """A mail with a file of six megabytes."""
    head, _, words = letter(number).partition(b"\r\n\r\n")
    file = (b"A" * 76 + b"\r\n") * 80_000
    kind = b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    binary = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + kind + b"--b\r\n\r\n" + words + b"\r\n--b\r\n" + binary + file + b"--b--\r\n"


@pytest.mark.catalogue("M08")
@pytest.mark.parametrize("part", ["gate", "desk"])
async def test_without_memory_senders_are_put_off_or_the_desk_begins_anew_and_nothing_is_lost(
    tmp_path, smarthost, monkeypatch, part
):
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("needs prlimit: apt-get install util-linux")
    # Further arenas of malloc(3) reserve 64 MB of addresses each, in which a large mail would still find room.
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
    daemon.start()
    acknowledged = set()

    def began_anew() -> bool:
        """Where not even a thread can be started, the desk ends before it has said more."""
        return part == "desk" and pid not in daemon.pids("desk")

    try:
        await daemon.ready()
        await hand_over(daemon.port, letter(99))
        await settled(daemon)  # Now the desk stands, too: a limit from before would only keep it from its start.
        (pid,) = daemon.pids(part)
        octets = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * 4096 + 2_000_000
        subprocess.run([prlimit, "--pid", str(pid), f"--as={octets}:unlimited"], check=True)
        for number in range(12):
            with contextlib.suppress(LaterError, OSError, EOFError):
                await hand_over(daemon.port, heavy(number))
                acknowledged.add(number)
            if "MemoryError" in daemon.log() or began_anew():
                break
        count = number + 1
        async with asyncio.timeout(60):
            while "MemoryError" not in daemon.log() and not began_anew():
                await asyncio.sleep(0.1)
        if part == "gate":
            assert len(acknowledged) < count
            assert daemon.pids("gate") == [pid]
            subprocess.run([prlimit, "--pid", str(pid), "--as=unlimited:unlimited"], check=True)
        for number in set(range(count)) - acknowledged:
            await until_taken(daemon.port, heavy(number))
        await settled(daemon)
        assert await daemon.stop() == 0
    finally:
        daemon.kill_all()
    assert "AAAA" not in daemon.log()
    make_due(daemon.data)
    ids = {f"<{number}@client.example>" for number in (*range(count), 99)}
    found = reckon(daemon.data, ids, smarthost.mails, desk_kills=2)
    assert (found.lost, found.doubled, found.tickets + found.quarantined) == (0, 0, count + 1)


# Reloads (M10).


@pytest.mark.catalogue("M10")
async def test_reloads_two_at_once_and_under_load_cost_no_mail(tmp_path, smarthost):
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
    rules = tmp_path / "rules"
    rules.mkdir()
    daemon.start()
    mails = Senders(daemon.port, count=4, chance=random.Random(3), pause=0.05)
    try:
        await daemon.ready()
        parts = {part: daemon.pids(part) for part in ("gate", "desk")}
        mails.start()
        (supervisor,) = daemon.pids("supervisor")
        for turn in range(12):
            (rules / "90-own.toml").write_text(RULE % turn if turn % 3 else "[[rule]\nbroken")
            os.kill(supervisor, signal.SIGHUP)
            os.kill(supervisor, signal.SIGHUP)
            await asyncio.sleep(0.05)
        mails.stop()
        await mails.finished(60)
        await settled(daemon)
        assert {part: daemon.pids(part) for part in ("gate", "desk")} == parts
        assert (mails.accounts.refused, mails.accounts.in_the_dark) == ([], 0)
        assert await daemon.stop() == 0
    finally:
        daemon.kill_all()
    assert "rules.refused the old rules stay" in daemon.log()
    make_due(daemon.data)
    assert reckon(daemon.data, mails.accounts.acknowledged, smarthost.mails, desk_kills=0).wrong == []


RULE = """
[[rule]]
name = "own %d"
when = { subject_words = ["zebra crossing"] }
then = [{ label = "zebra" }]
hits = [{ subject = "zebra crossing" }]
misses = [{ subject = "no such animal" }]
"""


# The resolver (M17).


@pytest.mark.catalogue("M17")
async def test_without_a_resolver_mail_comes_in_and_is_handled(tmp_path, smarthost):
    """Nothing on the way in asks DNS; the sender's evaluation gives up in time, and its mail is unverified."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    resolver = f"127.0.0.1:{silent.getsockname()[1]}"
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
    dead = f'mode = "evaluate"\nnameservers = ["{resolver}"]\nquery_seconds = 4.0\nevaluation_seconds = 4.0'
    daemon._config.write_text(daemon._config.read_text().replace('mode = "off"', dead))
    daemon.start()
    try:
        await daemon.ready()
        begun = time.monotonic()
        for number in range(10):
            await hand_over(daemon.port, letter(number))
        assert time.monotonic() - begun < 30  # Asking would take 40 seconds.
        await settled(daemon)
        assert await daemon.stop() == 0
    finally:
        daemon.kill_all()
        silent.close()
    found = reckon(daemon.data, {f"<{n}@client.example>" for n in range(10)}, smarthost.mails, desk_kills=0)
    assert (found.lost, found.doubled, found.tickets + found.quarantined) == (0, 0, 10)


# The log (M15).


@pytest.mark.catalogue("M15")
async def test_a_log_that_nobody_reads_holds_up_no_mail(tmp_path, smarthost):
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    process = await asyncio.create_subprocess_exec(
        *GATEPOST, "run", "-c", daemon._config, stderr=writing, stdout=writing, start_new_session=True
    )
    os.close(writing)
    try:
        await until_taken(daemon.port, letter(0))
        for number in range(1, 60):
            async with asyncio.timeout(10):
                await hand_over(daemon.port, letter(number))
        await settled(daemon)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read().decode()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert 500 < len(said) <= 8192  # It was full: what was written is what fitted.
    acknowledged = {f"<{n}@client.example>" for n in range(60)}
    make_due(daemon.data)
    assert reckon(daemon.data, acknowledged, smarthost.mails, desk_kills=0).lost == 0


# Much at once (M14), and a backup meanwhile (M12).


async def burst(tmp_path, smarthost, count: int, megabytes: int):
    """Many mails from fifty senders at once; the highest memory of the gate and of the desk, and the reckoning."""
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
    text = daemon._config.read_text()
    daemon._config.write_text(text.replace("idle_seconds = 20.0", "idle_seconds = 20.0\nconnections_per_address = 40"))
    daemon.start()
    mails = Senders(daemon.port, count=50, chance=random.Random(4), pause=0.0, last=count)
    highest = 0.0
    try:
        await daemon.ready()
        mails.start()
        finished = asyncio.create_task(mails.finished(1_200))
        while not finished.done() or waiting(daemon.data).moves:
            highest = max([highest, *(resident(pid) for part in ("gate", "desk") for pid in daemon.pids(part))])
            await asyncio.sleep(0.2)
        await finished
        assert await daemon.stop() == 0
    finally:
        daemon.kill_all()
    make_due(daemon.data)
    assert highest < megabytes
    return mails.accounts, reckon(daemon.data, mails.accounts.acknowledged, smarthost.mails, desk_kills=0)


def resident(pid: int) -> float:
    """The memory of a process, in megabytes; 0 where it has gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


@pytest.mark.catalogue("M14")
async def test_a_burst_is_taken_in_bounded_memory_and_all_of_it_is_handled(tmp_path, smarthost):
    accounts, found = await burst(tmp_path, smarthost, 400, 300)
    assert (found.acknowledged, found.lost, found.doubled, found.tickets) == (400, 0, 0, 400)
    assert accounts.put_off > 0  # More came at once than the door takes: those were told to come again.
    assert found.wrong == []


@pytest.mark.chaos
@pytest.mark.catalogue("M14")
async def test_ten_thousand_at_once(tmp_path, smarthost):
    _, found = await burst(tmp_path, smarthost, 10_000, 400)
    assert (found.acknowledged, found.lost, found.doubled, found.tickets) == (10_000, 0, 0, 10_000)
    assert found.wrong == []


@pytest.mark.catalogue("M12")
async def test_backups_made_while_mail_flows_start_as_a_house_of_their_own(tmp_path, smarthost):
    """The restore drill: what was acknowledged before the backup began is there once the restored house has worked."""
    (tmp_path / "first").mkdir()
    daemon = chaos_daemon.DaemonUnderTest(tmp_path / "first", smarthost.port)
    mails = Senders(daemon.port, count=6, chance=random.Random(5), pause=0.02)
    daemon.start()
    try:
        await daemon.ready()
        mails.start()
        before, folders = [], []
        for turn in range(2):
            await asyncio.sleep(0.5)
            before.append(set(mails.accounts.acknowledged))
            making = daemon.command("backup", str(tmp_path / f"backups{turn}"))
            said, _ = await asyncio.to_thread(making.communicate, None, 60)
            assert making.returncode == 0, said
            folders.append(Path(said.decode().splitlines()[-1].partition(": ")[0]))
        mails.stop()
        await mails.finished(30)
        await daemon.stop()
    finally:
        daemon.kill_all()
    assert len(before[-1]) > 20
    for number, (folder, acknowledged) in enumerate(zip(folders, before, strict=True)):
        await drill(tmp_path / f"drill{number}", folder, acknowledged, smarthost)


async def drill(place: Path, backup: Path, acknowledged: set[str], smarthost: Sink) -> None:
    """Restore a backup into a folder of its own, start the daemon there, and count."""
    place.mkdir()
    house = chaos_daemon.DaemonUnderTest(place, smarthost.port)
    restoring = house.command("restore", str(backup), "--yes")
    said, _ = await asyncio.to_thread(restoring.communicate, None, 60)
    assert restoring.returncode == 0, said
    smarthost.mails.clear()
    house.start()
    try:
        await house.ready()
        await settled(house)
        assert await house.stop() == 0
    finally:
        house.kill_all()
    make_due(house.data)
    found = reckon(house.data, acknowledged, smarthost.mails, desk_kills=0)
    assert (found.lost, found.doubled) == (0, 0)
    assert [sentence for sentence in found.wrong if not sentence.startswith("I4")] == []
