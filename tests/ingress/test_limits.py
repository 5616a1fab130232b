"""Sizes, times and counts: what is too much is refused, what is only unusual is taken (G8)."""

import asyncio
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.ingress.limits import Patience, Room, Turnstile, network

TEXT = b"Subject: one\r\n\r\nfirst\r\n"


@pytest.mark.catalogue("A16")
@pytest.mark.parametrize("length", [998, 999, 1_000, 2_000, 65_000])
async def test_long_lines_are_taken_and_kept(site, length):
    text = TEXT + b"x" * (length - 2) + b"\r\n"
    peer = await site.greeted()
    assert (await peer.mail(text)).startswith("250")
    assert site.arrivals()[0].raw == text


async def test_a_line_over_the_limit_is_refused(site):
    peer = await site.greeted()
    assert (await peer.mail(TEXT + b"x" * 65_535 + b"\r\n")).startswith("552 5.6.0")
    assert (await peer.mail(TEXT + b"x" * 65_534 + b"\r\n")).startswith("250")


@pytest.mark.catalogue("A17")
async def test_a_line_without_end_costs_no_memory_and_ends_in_a_cut(start_site):
    site = await start_site(message_octets=20_000_000)
    peer = await site.greeted()
    await peer.envelope()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    block = b"x" * 65_536
    for _ in range(100_000_000 // len(block)):
        try:
            await peer.send(block)
        except ConnectionError:
            break
    assert not (await peer.closed()).startswith(b"250")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024
    assert site.arrivals() == []


@pytest.mark.catalogue("A18")
async def test_a_size_that_is_declared_is_refused_at_mail(start_site):
    site = await start_site(message_octets=1_000)
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example> SIZE=1001")).startswith("552 5.3.4")
    assert (await peer.ask("MAIL FROM:<a@b.example> SIZE=1000")).startswith("250")


@pytest.mark.catalogue("A18")
@pytest.mark.parametrize("declared", ["", " SIZE=10"])
async def test_a_size_that_is_not_declared_is_refused_at_the_end(start_site, declared):
    site = await start_site(message_octets=100_000)
    peer = await site.greeted()
    line = b"x" * 98 + b"\r\n"
    for lines, code in ((1_000 - 1, "250"), (1_000 + 1, "552 5.3.4")):
        assert (await peer.ask("MAIL FROM:<a@b.example>" + declared)).startswith("250")
        assert (await peer.ask("RCPT TO:<support@market.example>")).startswith("250")
        assert (await peer.ask("DATA")).startswith("354")
        await peer.send(b"\r\n" + line * lines + b".\r\n")
        assert (await peer.reply()).startswith(code)
    assert len(site.arrivals()) == 1


@pytest.mark.catalogue("A18")
async def test_past_twice_the_size_the_connection_is_cut(start_site):
    site = await start_site(message_octets=100_000)
    peer = await site.greeted()
    await peer.envelope()
    with pytest.raises(ConnectionError):
        for _ in range(10_000):
            await peer.send(b"x" * 62 + b"\r\n")
            await asyncio.sleep(0)
    assert site.arrivals() == []


async def test_a_header_section_over_the_limit_is_refused(start_site):
    site = await start_site(header_octets=1_000)
    peer = await site.greeted()
    assert (await peer.mail(b"X-A: " + b"y" * 1_000 + b"\r\n\r\ntext\r\n")).startswith("552 5.6.0")
    assert (await peer.mail(b"X-A: y\r\n\r\n" + b"text\r\n" * 1_000)).startswith("250")


async def test_mail_beyond_the_memory_waits(start_site):
    site = await start_site(memory_octets=50_000)
    peer = await site.greeted()
    assert (await peer.mail(TEXT + b"xxxxxxxx\r\n" * 6_000)).startswith("452 4.3.1")
    assert (await peer.mail(TEXT)).startswith("250")
    assert site.gate.doorway.room.taken == 0


@pytest.mark.catalogue("A19")
@pytest.mark.parametrize("said", [b"", b"EHLO x\r\n", b"NOO"])
async def test_silence_ends_a_connection(start_site, said):
    site = await start_site(idle_seconds=0.2)
    peer = await site.connect()
    await peer.reply()
    await peer.send(said)
    assert (await peer.closed()).endswith(b"421 4.4.2 Timeout, closing the connection\r\n")


@pytest.mark.catalogue("A19")
@pytest.mark.parametrize("stage", ["command", "data"])
async def test_a_trickle_ends_in_time_although_it_never_pauses(start_site, stage):
    site = await start_site(idle_seconds=1.5, data_octets_per_second=1_000)
    peer = await site.greeted()
    if stage == "data":
        await peer.envelope()
    closed = asyncio.ensure_future(peer.closed())
    while not closed.done():
        peer.writer.write(b"x")
        await asyncio.wait([closed], timeout=0.02)
    assert closed.result().startswith(b"421 4.4.2")
    assert site.arrivals() == []


@pytest.mark.catalogue("A19")
async def test_a_steady_slow_sender_gets_through(start_site):
    """It takes longer than the idle limit in all, and is a little faster than the rate."""
    site = await start_site(idle_seconds=1.5, data_octets_per_second=10_000)
    peer = await site.greeted()
    await peer.envelope()
    loop = asyncio.get_running_loop()
    cut = asyncio.ensure_future(peer.reply())
    began = loop.time()
    sent = 0
    while loop.time() - began < 2.5:
        await peer.send(b"x" * 30 + b"\r\n")
        sent += 32
        # The sender's speed is what is tested: ten per cent above the rate.
        await asyncio.wait([cut], timeout=max(0.0, sent / 11_000 - (loop.time() - began)))
    assert not cut.done()
    await peer.send(b".\r\n")
    assert (await cut).startswith("250")


@pytest.mark.catalogue("A19")
async def test_data_ends_at_its_last_deadline(start_site):
    site = await start_site(idle_seconds=5.0, data_seconds=0.3)
    peer = await site.greeted()
    await peer.envelope()
    closed = asyncio.ensure_future(peer.closed())
    while not closed.done():
        peer.writer.write(b"x" * 500 + b"\r\n")
        await asyncio.wait([closed], timeout=0.02)
    assert closed.result().startswith(b"421 4.4.2")


@given(
    st.floats(1, 600),
    st.integers(1, 10_000),
    st.floats(1, 7_200),
    st.floats(0, 1e6),
    st.integers(0, 10**9),
    st.floats(0.0, 600),
)
@pytest.mark.catalogue("A19")
def test_who_is_faster_than_the_rate_is_never_cut_by_it(idle, rate, total, started, received, spent):
    """A sender that has come to `received` octets in less time than the rate asks still has its whole idle time."""
    patience = Patience(idle=idle, rate=rate, total=total)
    last = started + min(spent, received / rate)
    deadline = patience.deadline(started=started, last=last, received=received)
    assert deadline <= started + total
    assert deadline >= min(last + idle, started + total) - 1e-6


@pytest.mark.catalogue("A20")
async def test_a_flood_from_one_address_is_refused_and_others_are_served(site):
    peers = [await site.connect("127.0.0.2") for _ in range(60)]
    greetings = [await peer.reply() for peer in peers]
    assert sum(greeting.startswith("220") for greeting in greetings) == 20
    assert sum(greeting.startswith("421 4.7.0") for greeting in greetings) == 40
    async with asyncio.timeout(20):
        other = await site.greeted("127.0.0.3")
        assert (await other.mail(TEXT)).startswith("250")
    for peer in peers:
        await peer.close()
    async with asyncio.timeout(20):
        while site.gate.doorway.turnstile.inside > 1:
            await asyncio.wait([talk.ended for talk in site.gate.doorway.conversations], return_when="FIRST_COMPLETED")
    again = await site.connect("127.0.0.2")
    assert (await again.reply()).startswith("220")


@pytest.mark.catalogue("A20")
async def test_a_flood_from_many_addresses_is_refused_at_the_total(start_site):
    site = await start_site(connections=30)
    greetings = []
    for number in range(50):
        peer = await site.connect(f"127.0.2.{number + 1}")
        greetings.append(await peer.reply())
    assert [greeting[:3] for greeting in greetings] == ["220"] * 30 + ["421"] * 20


@pytest.mark.catalogue("A20")
def test_an_ipv6_customer_is_counted_by_the_64():
    turnstile = Turnstile(total=10, per_address=1)
    assert turnstile.enter("2001:db8::1")
    assert not turnstile.enter("2001:db8::ffff")
    assert turnstile.enter("2001:db8:0:1::1")
    turnstile.leave("2001:db8::1")
    assert turnstile.enter("2001:db8::2")
    assert network("::ffff:192.0.2.1") == "192.0.2.1"
    assert turnstile.enter("") and turnstile.enter("")


def test_room_is_taken_whole_or_not_at_all():
    room = Room(total=10)
    assert room.take(8) and not room.take(3) and room.take(2)
    room.give(10)
    assert room.taken == 0
