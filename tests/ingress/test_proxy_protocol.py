"""The PROXY protocol: whole and broken headers of both versions, cut anywhere, from listed and from other peers."""

import asyncio
import ipaddress
import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.ingress.proxy import BadHeaderError, Header, Proxies, read_header

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def v2(source: str, *, command: int = 0x21, family: int | None = None, more: bytes = b"") -> bytes:
    address = ipaddress.ip_address(source)
    body = address.packed * 2 + struct.pack("!HH", 4025, 25) + more
    return (
        SIGNATURE + struct.pack("!BBH", command, family or (0x11 if address.version == 4 else 0x21), len(body)) + body
    )


def v1(source: str) -> bytes:
    version = ipaddress.ip_address(source).version
    return f"PROXY TCP{version} {source} {source} 4025 25\r\n".encode()


@given(st.ip_addresses(), st.sampled_from([v1, v2]), st.binary(max_size=20), st.data())
def test_a_header_is_whole_at_its_end_and_nowhere_before(address, write, rest, data):
    whole = write(str(address))
    assert read_header(whole + rest) == Header(peer=str(address), octets=len(whole))
    assert read_header(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None


@pytest.mark.parametrize(
    "text",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN ff:: ff:: 1 2\r\n",
        v2("192.0.2.1", command=0x20),
        v2("192.0.2.1", family=0x31),
    ],
)
def test_a_proxy_that_speaks_for_itself_names_nobody(text):
    assert read_header(text) == Header(peer="", octets=len(text))


@pytest.mark.catalogue("A28")
@pytest.mark.parametrize(
    "text",
    [
        b"EHLO client\r\n",
        b"\x16\x03\x01",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        b"PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n",
        b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 -1 25\r\n",
        b"PROXY TCP4 one two 1 2\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        b"PROXY  \xff\xfe\r\n",
        SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x21\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_a_broken_header_is_refused(text):
    with pytest.raises(BadHeaderError):
        read_header(text)


@given(st.binary(max_size=300))
def test_no_octets_raise_anything_else(data):
    for text in (data, b"PROXY TCP4 " + data, SIGNATURE + data):
        try:
            found = read_header(text)
        except BadHeaderError:
            continue
        assert found is None or 0 < found.octets <= len(text)


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.2.0.1", False),
        ("2001:db8::7", True),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_networks_hold_their_addresses_only(address, listed):
    assert (address in Proxies(["10.1.0.0/16", "2001:db8::/64"], seconds=1, limit=1)) is listed


@pytest.mark.parametrize("write", [v1, v2])
async def test_the_peer_is_the_one_behind_the_proxy(start_site, write):
    site = await start_site(proxies=("127.0.0.1/32",), connections_per_address=1)
    for source in ("192.0.2.7", "2001:db8::7"):
        peer = await site.connect()
        await peer.send(write(source))
        await peer.hello()
        assert (await peer.mail(b"Subject: x\r\n\r\nx\r\n")).startswith("250")
    assert [arrival.envelope.peer for arrival in site.arrivals()] == ["192.0.2.7", "2001:db8::7"]
    third = await site.connect()
    await third.send(write("192.0.2.7"))
    assert (await third.reply()).startswith("421 4.7.0 Too many connections")


async def test_a_header_may_come_in_pieces_and_with_commands_behind_it(start_site):
    site = await start_site(proxies=("127.0.0.1",))
    peer = await site.connect()
    whole = v2("192.0.2.7", more=b"\x04\x00\x03abc")
    await peer.send(whole[:9])
    await asyncio.sleep(0)
    await peer.send(whole[9:] + b"NOOP\r\n")
    assert (await peer.reply()).startswith("220")
    assert (await peer.reply()).startswith("250")


@pytest.mark.catalogue("A28")
async def test_a_listed_proxy_without_a_header_and_another_peer_with_one_are_cut_off(start_site):
    site = await start_site(proxies=("127.0.0.1",))
    silent = await site.connect()
    await silent.send(b"EHLO client.example\r\n")
    assert await silent.closed() == b""
    other = await site.connect("127.0.0.2")
    assert (await other.reply()).startswith("220")
    await other.send(v1("192.0.2.7"))
    assert (await other.closed()).startswith(b"500")
    assert site.arrivals() == []


async def test_a_proxy_that_says_nothing_is_cut_off_in_time(start_site):
    site = await start_site(proxies=("127.0.0.1",), handshake_seconds=0.05)
    assert await (await site.connect()).closed() == b""


@pytest.mark.real("openssl")
async def test_starttls_keeps_the_peer(start_site, make_certificate):
    chain, key = make_certificate()
    site = await start_site(proxies=("127.0.0.1",), certificate=str(chain), key=str(key))
    peer = await site.connect()
    await peer.send(v1("192.0.2.7"))
    await peer.hello()
    assert (await peer.ask("STARTTLS")).startswith("220")
    await peer.writer.start_tls(ssl.create_default_context(cafile=chain), server_hostname="mail.market.example")
    assert (await peer.ask("EHLO client.example")).startswith("250")
    assert (await peer.mail(b"Subject: x\r\n\r\nx\r\n")).startswith("250")
    assert site.arrivals()[0].envelope.peer == "192.0.2.7"
    assert site.arrivals()[0].envelope.tls.startswith("TLS")
