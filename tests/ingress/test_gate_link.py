"""The control socket between gate and desk: news, done, status; and that losing either end loses nothing."""

import asyncio
import json

import pytest

from gatepost.errors import TemporaryError
from gatepost.ingress.gate_link import GateLink, ask_status, connect

TEXT = b"Subject: one\r\n\r\nfirst\r\n"


async def turn(news) -> bool:
    async with asyncio.timeout(10):
        return await anext(news)


async def test_news_come_at_once_at_connect_and_at_each_commit(site):
    link = GateLink(site.data)
    news = link.news()
    await turn(news)
    await turn(news)
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()
    peer = await site.greeted()
    assert (await peer.mail(TEXT)).startswith("250")
    await asyncio.wait_for(waiting, 10)
    link.close()
    with pytest.raises(StopAsyncIteration):
        await turn(news)


async def test_done_clears_rows_and_files(site):
    peer = await site.greeted()
    for text in (TEXT, TEXT + b"x\r\n" * 200_000):
        assert (await peer.mail(text)).startswith("250")
    ids = [arrival.id for arrival in site.arrivals()]
    link = GateLink(site.data)
    news = link.news()
    await link.done(ids[:1])
    await turn(news)
    await turn(news)
    await link.done(ids[1:])
    assert (await ask_status(site.data))["accepted"] == 2
    await site.gate.stop()
    assert site.arrivals() == []
    assert list((site.data / "spool").iterdir()) == []
    link.close()
    await news.aclose()


async def test_a_link_outlives_its_gate(start_site):
    site = await start_site()
    link = GateLink(site.data, fastest=0.01, slowest=0.02)
    news = link.news()
    await turn(news)
    await turn(news)
    # Asked by another connection: so the first one has been let in by now.
    await ask_status(site.data)
    await site.gate.stop()
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.wait([waiting], timeout=0.05)
    await link.done([1, 2, 3])
    again = await start_site()
    assert await asyncio.wait_for(waiting, 10)  # This gate is another one: what is done has to be said again.
    peer = await again.greeted()
    assert (await peer.mail(TEXT)).startswith("250")
    assert not await turn(news)
    link.close()
    await news.aclose()


async def test_a_gate_does_not_mind_its_peers(site):
    readers = [await connect(site.data / "run" / "gate.sock") for _ in range(3)]
    readers[0][1].close()
    readers[1][1].write(b"done not-a-number\ndone\n\nwhat\n" + b"\xff" * 300_000)
    peer = await site.greeted()
    for _ in range(5):
        assert (await peer.mail(TEXT)).startswith("250")
    assert (await readers[2][0].readline()) == b"new\n"
    assert len(site.arrivals()) == 5
    for _, writer in readers:
        writer.close()


async def test_the_protocol_is_lines(site):
    reader, writer = await connect(site.data / "run" / "gate.sock")
    writer.write(b"bogus\nstatus\n")
    assert await reader.readline() == b"error unknown line\n"
    status = json.loads(await reader.readline())
    assert status["accepted"] == 0 and status["connections"] == 0
    writer.close()


async def test_status_without_a_gate_says_so(tmp_path):
    with pytest.raises(TemporaryError, match="does not answer"):
        await ask_status(tmp_path)
