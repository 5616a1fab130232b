"""STARTTLS: nothing said in plain counts afterwards, and a handshake that hangs holds nothing."""

import asyncio
import os
import ssl
import subprocess

import pytest

TEXT = b"Subject: one\r\n\r\nfirst\r\n"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=mx.market.example", "-keyout", key, "-out", chain],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"certificate": str(chain), "key": str(key)}


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_a_mail_over_tls_is_marked_so(start_site, certificate):
    site = await start_site(**certificate)
    peer = await site.connect()
    await peer.reply()
    assert "250-STARTTLS" in await peer.ask("EHLO x")
    assert (await peer.ask("STARTTLS")).startswith("220")
    await peer.writer.start_tls(trusting())
    assert "STARTTLS" not in await peer.ask("EHLO x")
    assert (await peer.mail(TEXT * 10_000)).startswith("250")
    assert site.arrivals()[0].envelope.tls == "TLSv1.3"
    assert (await peer.ask("QUIT")).startswith("221")


@pytest.mark.catalogue("A06")
async def test_what_was_piped_in_plain_behind_starttls_is_dropped(start_site, certificate):
    site = await start_site(**certificate)
    peer = await site.greeted()
    await peer.send(b"STARTTLS\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<support@market.example>\r\n")
    assert (await peer.reply()).startswith("220")
    await peer.writer.start_tls(trusting())
    assert (await peer.ask("RCPT TO:<support@market.example>")).startswith("503")
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("503")
    assert (await peer.ask("EHLO x")).startswith("250")
    assert (await peer.ask("DATA")).startswith("503")


@pytest.mark.catalogue("A07")
async def test_starttls_inside_tls_is_refused(start_site, certificate):
    site = await start_site(**certificate)
    peer = await site.greeted()
    assert (await peer.ask("STARTTLS")).startswith("220")
    await peer.writer.start_tls(trusting())
    assert (await peer.ask("EHLO x")).startswith("250")
    assert (await peer.ask("STARTTLS")).startswith("503")
    assert (await peer.ask("NOOP")).startswith("250")


@pytest.mark.catalogue("A08")
async def test_mail_before_tls_is_refused_where_tls_is_required(start_site, certificate):
    site = await start_site(**certificate, require_tls=True)
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("530 5.7.0")


@pytest.mark.catalogue("A09")
async def test_handshakes_that_hang_or_talk_rubbish_are_closed_and_leave_nothing(start_site, certificate):
    site = await start_site(**certificate, handshake_seconds=0.5)
    before = len(os.listdir("/proc/self/fd"))
    peers = []
    for number in range(200):
        peer = await site.greeted(f"127.0.1.{1 + number // 10}")
        assert (await peer.ask("STARTTLS")).startswith("220")
        if number % 2:
            await peer.send(b"EHLO this is no TLS\r\n" * 20)
        peers.append(peer)
    await asyncio.gather(*(peer.closed() for peer in peers))
    for peer in peers:
        await peer.close()
        await peer.writer.wait_closed()
    async with asyncio.timeout(10):
        while site.gate.doorway.conversations:
            await asyncio.wait([talk.ended for talk in site.gate.doorway.conversations])
    assert site.gate.doorway.turnstile.inside == 0
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.catalogue("A19")
@pytest.mark.parametrize("stage", ["handshake", "command", "data"])
async def test_a_trickle_ends_in_time_in_tls_too(start_site, certificate, stage):
    site = await start_site(**certificate, idle_seconds=1.5, handshake_seconds=1.5, data_octets_per_second=1_000)
    peer = await site.greeted()
    assert (await peer.ask("STARTTLS")).startswith("220")
    if stage != "handshake":
        await peer.writer.start_tls(trusting())
        await peer.ask("EHLO x")
    if stage == "data":
        await peer.envelope()
    closed = asyncio.ensure_future(peer.closed())
    # A client's hello begins like this, and never goes on.
    octets = iter(b"\x16\x03\x01\x02\x00\x01\x00" + bytes(500)) if stage == "handshake" else iter(b"x" * 500)
    while not closed.done():
        peer.writer.write(bytes([next(octets)]))
        await asyncio.wait([closed], timeout=0.02)
    assert closed.result().startswith(b"421 4.4.2" if stage != "handshake" else b"")
    async with asyncio.timeout(10):
        while site.gate.doorway.conversations:
            await asyncio.wait([talk.ended for talk in site.gate.doorway.conversations])
    assert site.arrivals() == [] and site.gate.doorway.turnstile.inside == 0


async def test_a_broken_certificate_is_told_at_the_start(start_site, tmp_path):
    (tmp_path / "cert.pem").write_text("nonsense")
    with pytest.raises(Exception, match=r"certificate .* cannot be used"):
        await start_site(certificate=str(tmp_path / "cert.pem"))
