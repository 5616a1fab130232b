"""One process dies, stops or meets a deadly mail while mail flows; all the others go on."""

import asyncio
import random
import sys
from pathlib import Path

import chaos_daemon
import pytest
from chaos_reckoning import make_due, reckon, waiting
from chaos_senders import Senders, hand_over, letter

from gatepost.demo.sink import Sink

FAULTY = Path(chaos_daemon.__file__).with_name("faulty.py")


@pytest.fixture
async def smarthost():
    async with Sink() as sink:
        yield sink


@pytest.fixture
async def house(tmp_path, smarthost):
    """The daemon, ready, its readers dying over marked mails."""
    command = (sys.executable, str(FAULTY), "deadly-mail")
    daemon = chaos_daemon.DaemonUnderTest(tmp_path, smarthost.port, command=command)
    daemon.start()
    try:
        await daemon.ready()
        yield daemon
    finally:
        daemon.kill_all()


async def handled(daemon) -> None:
    """Wait until nothing is left to do."""
    async with asyncio.timeout(60):
        while waiting(daemon.data).moves:
            await asyncio.sleep(0.02)


async def there(daemon, part: str, but: int = 0) -> int:
    """Wait until the part runs, as another process than `but`; its process id."""
    async with asyncio.timeout(20):
        while not (new := [pid for pid in daemon.pids(part) if pid != but]):
            await asyncio.sleep(0.02)
    return new[0]


@pytest.mark.catalogue("M09")
async def test_whoever_dies_no_mail_is_refused_and_connections_wait(house, smarthost):
    """While the gate is away connections wait in the backlog, which the supervisor holds."""
    mails = Senders(house.port, count=4, chance=random.Random(5), pause=0.02)
    mails.start()
    for part in ("gate", "desk", "reader"):
        old = await there(house, part)
        assert house.kill(part)
        assert await there(house, part, but=old) != old
        await hand_over(house.port, letter(1_000_000 + old))
        mails.accounts.acknowledged.add(f"<{1_000_000 + old}@client.example>")
    mails.stop()
    await mails.finished(30)
    await handled(house)
    assert mails.accounts.refused == []
    assert mails.accounts.put_off == 0
    assert await house.stop() == 0
    make_due(house.data)
    assert reckon(house.data, mails.accounts.acknowledged, smarthost.mails, desk_kills=2).wrong == []


@pytest.mark.catalogue("M02")
async def test_a_mail_that_kills_its_reader_three_times_is_put_aside_and_the_rest_go_on(house, smarthost):
    acknowledged = set()
    for number in range(9):
        await hand_over(house.port, letter(number, header=b"X-Chaos: dies over this\r\n" if number == 4 else b""))
        acknowledged.add(f"<{number}@client.example>")
    await handled(house)
    assert await house.stop() == 0
    found = reckon(house.data, acknowledged, smarthost.mails, desk_kills=0)
    assert found.wrong == []
    assert (found.tickets, found.quarantined) == (8, 1)


@pytest.mark.catalogue("A31")
async def test_asked_to_stop_under_load_it_finishes_what_it_has_begun_and_owes_nothing(house, smarthost):
    mails = Senders(house.port, count=8, chance=random.Random(6), pause=0.04)
    mails.start()
    async with asyncio.timeout(30):
        while len(mails.accounts.acknowledged) < 100:
            await asyncio.sleep(0.01)
    assert await house.stop() == 0
    house.start()
    await house.ready()
    mails.stop()
    await mails.finished(30)
    await handled(house)
    assert mails.accounts.refused == []
    assert await house.stop() == 0
    make_due(house.data)
    found = reckon(house.data, mails.accounts.acknowledged, smarthost.mails, desk_kills=0)
    assert found.wrong == []
    assert found.extra_copies == 0
