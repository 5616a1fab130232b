"""A disk that fails at one write or sync of an accept: no 250 without the mail, no mail without its 250 twice."""

import asyncio
import contextlib
import shutil
from pathlib import Path

import chaos_daemon
import pytest
from chaos_reckoning import make_due, reckon, waiting
from chaos_senders import LaterError, hand_over, letter

from gatepost.demo.sink import Sink

# The first writes of an accept: the WAL's frames and header, then the sync on which the 250 depends.
FAULTS = [
    ("fdatasync", "error=EIO", 1),
    ("pwrite64", "error=EIO", 1),
    ("pwrite64", "error=ENOSPC", 2),
    ("pwrite64", "error=EDQUOT", 3),
    ("fdatasync", "signal=KILL", 1),
    ("pwrite64", "signal=KILL", 1),
    ("pwrite64", "signal=KILL", 3),
]


@contextlib.asynccontextmanager
async def injected(pid: int, call: str, fault: str, when: int, said: Path):
    """strace on a living process, which lets the `when`-th `call` fail; ready when this begins."""
    tracer = await asyncio.create_subprocess_exec(
        shutil.which("strace") or "strace", "-f", "-qq", "-p", str(pid), "-o", str(said), "-e", f"trace={call}",
        "-e", f"inject={call}:{fault}:when={when}", stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    status = Path(f"/proc/{pid}/status")
    try:
        async with asyncio.timeout(10):
            while f"TracerPid:\t{tracer.pid}\n" not in status.read_text(encoding="ascii"):
                if tracer.returncode is not None:
                    pytest.skip("strace may not trace here (ptrace is forbidden)")
                await asyncio.sleep(0.01)
        yield
    finally:
        # Not asked but killed: a strace whose process died by its own injection may wait for it for ever.
        with contextlib.suppress(ProcessLookupError):
            tracer.kill()
        await tracer.wait()


@pytest.mark.real("strace")
@pytest.mark.catalogue("B02", "B10")
async def test_no_fault_of_the_disk_makes_an_accept_that_is_none(tmp_path):
    acknowledged, put_off, cut = set(), 0, 0
    async with Sink() as smarthost:
        daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
        daemon.start()
        try:
            await daemon.ready()
            for number, (call, fault, when) in enumerate(FAULTS):
                gate = await there(daemon)
                async with injected(gate, call, fault, when, tmp_path / f"strace.{number}"):
                    try:
                        async with asyncio.timeout(20):
                            await hand_over(daemon.port, letter(number))
                    except LaterError:
                        put_off += 1
                    except (EOFError, OSError):
                        cut += 1
                # The sender was told nothing good, so it comes again; after a 250 in spite of the fault this is a copy.
                async with asyncio.timeout(20):
                    while True:
                        with contextlib.suppress(LaterError, EOFError, OSError):
                            await hand_over(daemon.port, letter(number))
                            break
                        await asyncio.sleep(0.05)
                acknowledged.add(f"<{number}@client.example>")
            async with asyncio.timeout(60):
                while waiting(daemon.data).moves:
                    await asyncio.sleep(0.02)
            assert await daemon.stop() == 0
        finally:
            daemon.kill_all()
        assert put_off >= 3
        assert cut >= 2
        make_due(daemon.data)
        found = reckon(daemon.data, acknowledged, smarthost.mails, desk_kills=0)
    assert found.wrong == []
    assert found.tickets == len(FAULTS)


async def there(daemon) -> int:
    """The process id of the gate, as soon as it takes mail."""
    async with asyncio.timeout(20):
        while not daemon.pids("gate"):
            await asyncio.sleep(0.02)
        # A connection waits in the backlog of one that has just died; only a greeting tells that the next one is there.
        greeting = b""
        while not greeting:
            reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
            greeting = await reader.readline()
            writer.close()
    return daemon.pids("gate")[0]
