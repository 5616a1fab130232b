"""A disk that fails at one write or sync of an accept: no 250 without the mail, no mail without its 250 twice."""

import asyncio
import contextlib
from pathlib import Path

import chaos_daemon
import pytest
from chaos_reckoning import make_due, reckon, waiting
from chaos_senders import LaterError, hand_over, letter
from chaos_strace import CALLS, injected, most_calls, traced
from chaos_strace import FAULTS as EVERY

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


async def accepted_under(tmp_path: Path, plan: list[tuple[str, str, int]] | None) -> tuple[int, int, int]:
    """A mail under each fault of the plan, or under every fault at every call; faults, mails put off, connections cut."""
    acknowledged, put_off, cut = set(), 0, 0
    async with Sink() as smarthost:
        daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port)
        daemon.start()
        try:
            await daemon.ready()
            if plan is None:
                async with traced(await there(daemon), tmp_path / "calls", "-e", f"trace={','.join(CALLS)}"):
                    await hand_over(daemon.port, letter(0))
                acknowledged.add("<0@client.example>")
                calls = most_calls(tmp_path / "calls")
                plan = [(call, fault, n + 1) for call in calls for n in range(calls[call]) for fault in EVERY]
            for number, (call, fault, when) in enumerate(plan, start=1):
                gate = await there(daemon)
                async with injected(gate, call, fault, when, tmp_path / "strace"):
                    try:
                        async with asyncio.timeout(60):
                            await hand_over(daemon.port, letter(number))
                    except LaterError:
                        put_off += 1
                    except (EOFError, OSError):
                        cut += 1
                # The sender was told nothing good, so it comes again; after a 250 in spite of the fault this is a copy.
                async with asyncio.timeout(60):
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
        make_due(daemon.data)
        found = reckon(daemon.data, acknowledged, smarthost.mails, desk_kills=0)
    assert found.wrong == []
    assert found.tickets == len(acknowledged)
    return len(plan), put_off, cut


@pytest.mark.real("strace")
@pytest.mark.catalogue("B02", "B10")
async def test_no_fault_of_the_disk_makes_an_accept_that_is_none(tmp_path):
    _, put_off, cut = await accepted_under(tmp_path, FAULTS)
    assert put_off >= 3
    assert cut >= 2


@pytest.mark.chaos
@pytest.mark.real("strace")
@pytest.mark.catalogue("B02", "B10")
async def test_no_fault_at_any_call_of_an_accept_makes_one_that_is_none(tmp_path, capsys):
    faults, put_off, cut = await accepted_under(tmp_path, None)
    assert put_off + cut > faults // 2
    with capsys.disabled():
        print(f"\naccepting: {faults} faults, {put_off} put off, {cut} cut")


async def there(daemon) -> int:
    """The process id of the gate, as soon as it takes mail."""
    async with asyncio.timeout(60):
        while not daemon.pids("gate"):
            await asyncio.sleep(0.02)
        # A connection waits in the backlog of one that has just died; only a greeting tells that the next one is there.
        greeting = b""
        while not greeting:
            reader, writer = await asyncio.open_connection("127.0.0.1", daemon.port)
            greeting = await reader.readline()
            writer.close()
    return daemon.pids("gate")[0]
