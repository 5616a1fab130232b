"""The PROXY protocol (HAProxy's specification, versions 1 and 2): who the peer behind a load balancer is.

`read_header` is pure. `Preamble` sits on a fresh connection, reads the header where the other end is a listed proxy,
and hands the connection over; it says nothing itself. A header from anybody else is no SMTP and ends the conversation
(A28).
"""

import asyncio
import ipaddress
import logging
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

log = logging.getLogger(__name__)

_V2 = b"\r\n\r\n\x00\r\nQUIT\n"
_V1_OCTETS = 107
_V2_OCTETS = 2048
_ADDRESS_OCTETS = {0x1: 4, 0x2: 16}


class BadHeaderError(Exception):
    """What came first is no PROXY header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A whole header: the peer's address, '' where the proxy speaks for itself, and how many octets it took."""

    peer: str
    octets: int


def read_header(data: bytes) -> Header | None:
    """The header at the beginning of `data`, None while it is incomplete. Raises BadHeaderError."""
    if data.startswith((_V2, _V2[: len(data)])):
        return _version2(data)
    if data.startswith((b"PROXY ", b"PROXY "[: len(data)])):
        return _version1(data)
    raise BadHeaderError("neither version begins like this")


def _version1(data: bytes) -> Header | None:
    """PROXY TCP4 SOURCE DESTINATION PORT PORT CRLF, at most 107 octets (section 2.1)."""
    end = data.find(b"\r\n", 0, _V1_OCTETS)
    if end < 0:
        if len(data) >= _V1_OCTETS:
            raise BadHeaderError("the line has no end")
        return None
    words = data[:end].decode("ascii", "replace").split(" ")
    if words[1] == "UNKNOWN":
        return Header(peer="", octets=end + 2)
    if words[1] not in ("TCP4", "TCP6") or len(words) != 6:
        raise BadHeaderError("the line is not as the specification has it")
    try:
        peer = ipaddress.ip_address(words[2])
        other = ipaddress.ip_address(words[3])
        ports = [int(word) for word in words[4:] if word.isascii() and word.isdigit()]
    except ValueError as error:
        raise BadHeaderError("the addresses are none") from error
    if {peer.version, other.version} != {int(words[1][3])} or len(ports) != 2 or max(ports) > 65535:
        raise BadHeaderError("the addresses are of another family, or the ports are none")
    return Header(peer=str(peer), octets=end + 2)


def _version2(data: bytes) -> Header | None:
    """Signature, version and command, family, length, addresses (section 2.2)."""
    if len(data) < 16:
        return None
    what, family, length = struct.unpack_from("!BBH", data, 12)
    if what >> 4 != 2 or what & 0xF > 1 or length > _V2_OCTETS:
        raise BadHeaderError("version, command or length is wrong")
    if len(data) < 16 + length:
        return None
    octets = 16 + length
    if what & 0xF == 0 or family not in (0x11, 0x21):
        # LOCAL: the proxy looks whether we are there. Other families say nothing about an address.
        return Header(peer="", octets=octets)
    size = _ADDRESS_OCTETS[family >> 4]
    if length < 2 * size + 4:
        raise BadHeaderError("the addresses are cut off")
    return Header(peer=str(ipaddress.ip_address(data[16 : 16 + size])), octets=octets)


class Proxies:
    """The listed proxies of a door, and the connections that have not said yet whom they speak for."""

    def __init__(self, networks: Iterable[str], *, seconds: float, limit: int) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._seconds = seconds
        self._limit = limit
        self._waiting: set[Preamble] = set()

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return any((mapped or parsed) in network for network in self._networks)

    def before(self, make: Callable[[str], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """What makes the protocol of each connection: `make` takes the peer's address, '' for the socket's own."""
        if not self._networks:
            return lambda: make("")
        return lambda: Preamble(self, make)

    def close(self) -> None:
        """Cut those who have said nothing yet."""
        for preamble in tuple(self._waiting):
            preamble.abort()

    def expect(self, preamble: "Preamble") -> float:
        """Let one more wait; for how many seconds, 0 where too many do already."""
        if len(self._waiting) >= self._limit:
            return 0.0
        self._waiting.add(preamble)
        return self._seconds

    def forget(self, preamble: "Preamble") -> None:
        """It waits no longer."""
        self._waiting.discard(preamble)


class Preamble(asyncio.Protocol):
    """The beginning of one connection, up to the moment at which it is known who the peer is."""

    def __init__(self, proxies: Proxies, make: Callable[[str], asyncio.Protocol]) -> None:
        self._proxies = proxies
        self._make = make
        self._read = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection: from a listed proxy its header is awaited, from others the conversation begins."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._proxy = str(peer[0]) if isinstance(peer, tuple) else ""
        if self._proxy not in self._proxies:
            return self._hand_over("", b"")
        seconds = self._proxies.expect(self)
        if not seconds:
            return transport.abort()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)
        return None

    def data_received(self, data: bytes) -> None:
        """A piece of the header, and perhaps of what follows it."""
        self._read += data
        try:
            header = read_header(self._read)
        except BadHeaderError as error:
            log.warning("smtp.no_proxy_header peer=%s: %s", self._proxy, error)
            return self.abort()
        if header is not None:
            self._hand_over(header.peer, self._read[header.octets :])
        return None

    def connection_lost(self, error: Exception | None) -> None:
        """It ended before it began."""
        self._end()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._end()
        self._transport.abort()

    def _hand_over(self, peer: str, rest: bytes) -> None:
        self._end()
        protocol = self._make(peer)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        if rest:
            protocol.data_received(rest)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._proxies.forget(self)
