"""The gate as a process: start, refusals to start, SIGTERM under load, one instance."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from gatepost.errors import PermanentError
from gatepost.ingress.sockets import adopt, open_control, open_listener, open_listeners
from gatepost.lock import DataLock
from gatepost.store.spool import SpoolReader

TEXT = b"Subject: one\r\n\r\nfirst\r\n"
PROGRAM = """
import sys, tomllib
from pathlib import Path
from gatepost.config import Config
from gatepost.ingress import gate
from gatepost.ingress.sockets import open_listeners
from gatepost.lock import DataLock, prepare_data_folder

data = Path(sys.argv[1])
config = Config.model_validate({
    "gatepost": {"data": str(data), "hostname": "mx.market.example", "staff": "staff@market.example"},
    "team": {"triage": {"name": "Triage", "address": "triage@market.example"}},
    "brand": {"market": {"name": "Market", "support": ("support@market.example",)}},
})
prepare_data_folder(data)
try:
    with DataLock(data):
        sockets = open_listeners(["127.0.0.1:0"])
        raise SystemExit(gate.run(config, sockets, lambda: print(sockets[0].getsockname()[1], flush=True)))
except Exception as error:
    raise SystemExit(f"gatepost: {error}")
"""


@pytest.fixture
async def start_gate(tmp_path):
    """Start a gate on tmp_path/data: the process, and the port it listens on (0 if it did not start)."""
    running = []

    async def start():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, str(tmp_path / "data"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )  # fmt: skip
        running.append(process)
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        return process, int(line or 0)

    yield start
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def sender(port: int, number: int, acknowledged: set[bytes]) -> None:
    """Send mail after mail until the gate goes away; note each that got its 250."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await reader.readline()
        writer.write(b"HELO x\r\n")
        await reader.readline()
        for count in range(100_000):
            name = b"%d-%d" % (number, count)
            writer.write(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\n")
            codes = [(await reader.readline())[:3] for _ in range(3)]
            if codes[2] != b"354":
                break
            writer.write(b"Subject: " + name + b"\r\n\r\n" + b"x" * 2_000 + b"\r\n.\r\n")
            if (await reader.readline())[:3] != b"250":
                break
            acknowledged.add(name)
    except ConnectionError:
        pass
    finally:
        writer.close()


def in_spool(data: Path) -> list[bytes]:
    reader = SpoolReader(data)
    names = [re.match(rb"Subject: (\S+)", arrival.raw)[1] for arrival in reader.pending(0, 1_000_000, 1 << 40)]
    reader.close()
    return names


@pytest.mark.catalogue("A31")
async def test_sigterm_under_load_ends_with_0_and_every_250_is_kept(start_gate, tmp_path):
    process, port = await start_gate()
    acknowledged: set[bytes] = set()
    senders = [asyncio.create_task(sender(port, number, acknowledged)) for number in range(8)]
    async with asyncio.timeout(20):
        while len(acknowledged) < 100:
            await asyncio.wait(senders, timeout=0.01)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        await asyncio.gather(*senders)
    names = in_spool(tmp_path / "data")
    assert len(names) == len(set(names))
    assert acknowledged <= set(names)
    assert len(names) - len(acknowledged) <= 8


@pytest.mark.catalogue("B01")
async def test_sigkill_under_load_keeps_every_250(start_gate, tmp_path):
    acknowledged: set[bytes] = set()
    for round_ in range(4):
        process, port = await start_gate()
        target = len(acknowledged) + 40
        senders = [asyncio.create_task(sender(port, 100 * round_ + number, acknowledged)) for number in range(6)]
        async with asyncio.timeout(20):
            while len(acknowledged) < target:
                await asyncio.wait(senders, timeout=0.01)
            process.kill()
            await process.wait()
            await asyncio.gather(*senders)
    names = in_spool(tmp_path / "data")
    assert len(names) == len(set(names))
    assert acknowledged <= set(names)


@pytest.mark.catalogue("A32")
async def test_a_second_instance_names_the_first(start_gate):
    first, port = await start_gate()
    assert port
    second, nothing = await start_gate()
    assert nothing == 0
    _, error = await second.communicate()
    assert second.returncode == 1
    assert f"another gatepost (process {first.pid}) uses the data folder".encode() in error


@pytest.mark.catalogue("B14")
async def test_a_damaged_spool_is_refused_at_the_start(start_gate, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "spool.sqlite3").write_bytes(os.urandom(8_192))
    process, port = await start_gate()
    assert port == 0
    _, error = await process.communicate()
    assert process.returncode == 1
    assert b"is not a sound database" in error or b"is damaged" in error


@pytest.mark.catalogue("A32")
def test_the_lock_is_free_again_when_its_holder_is_gone(tmp_path):
    with DataLock(tmp_path), pytest.raises(PermanentError, match=f"process {os.getpid()}"):
        DataLock(tmp_path).take()
    with DataLock(tmp_path):
        assert (tmp_path / "desk.lock").read_text().strip() == str(os.getpid())


def test_a_port_that_is_taken_is_told_with_what_to_do():
    listener = open_listener("127.0.0.1:0")
    port = listener.getsockname()[1]
    with pytest.raises(PermanentError, match=f"cannot listen on 127.0.0.1:{port}") as refused:
        open_listeners(["127.0.0.1:0", f"127.0.0.1:{port}"])
    assert "Another program listens there" in refused.value.hint
    listener.close()


def test_an_address_of_another_machine_is_told():
    with pytest.raises(PermanentError) as refused:
        open_listener("192.0.2.1:0")
    assert "This machine has no such address" in refused.value.hint


def test_a_socket_may_be_left_by_a_parent_and_a_dead_control_socket_is_replaced(tmp_path):
    listener = open_listener("[::1]:0")
    (adopted,) = adopt([os.dup(listener.fileno())])
    assert adopted.getsockname() == listener.getsockname()
    adopted.close()
    listener.close()
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    for _ in range(2):
        control = open_control(deep / "gate.sock")
        control.close()
    assert (deep / "gate.sock").exists()


@pytest.mark.catalogue("A32")
def test_gate_and_desk_are_locked_apart(tmp_path):
    with DataLock(tmp_path, "gate"), DataLock(tmp_path, "desk"):
        for part in ("gate", "desk"):
            with pytest.raises(PermanentError, match="another gatepost"):
                DataLock(tmp_path, part).take()
