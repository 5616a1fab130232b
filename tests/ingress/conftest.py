"""Gates on loopback for the tests of the doors, and raw peers that say exactly the bytes they are told to."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gatepost.clock import FixedClock
from gatepost.config import Config
from gatepost.core.letter import Arrival
from gatepost.ingress.gate import Gate
from gatepost.ingress.gate_link import connect
from gatepost.ingress.smtp import Conversation
from gatepost.ingress.sockets import open_listener
from gatepost.lock import prepare_data_folder
from gatepost.store.spool import Spool, SpoolReader

NOW = 1_790_000_000_000
PATIENCE = 10.0


def config_for(data: Path, **smtp: object) -> Config:
    return Config.model_validate(
        {
            "gatepost": {"data": str(data), "hostname": "mx.market.example", "staff": "staff@market.example"},
            "smtp": smtp,
            "reply_address": {"domain": "reply.market.example"},
            "team": {"triage": {"name": "Triage", "address": "triage@market.example"}},
            "brand": {
                "market": {"name": "Market", "support": ("support@market.example", "help@market.example")},
                "second": {"name": "Second", "support": ("care@second.example",)},
            },
        },
        strict=False,
    )


class Peer:
    """A raw client. `ask` sends one line and returns the reply; `send` sends bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reply(self) -> str:
        """The next reply, all its lines; '' where the connection is closed."""
        lines: list[bytes] = []
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    line = await self.reader.readline()
                except ConnectionError:
                    line = b""
                lines.append(line)
                if line[3:4] != b"-":
                    return b"".join(lines).decode().rstrip("\r\n")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, line: str | bytes) -> str:
        await self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.reply()

    async def hello(self) -> None:
        assert (await self.reply()).startswith("220 ")
        assert (await self.ask("EHLO client.example")).startswith("250-")

    async def envelope(self, sender: str = "ada@customer.example", *recipients: str) -> None:
        assert (await self.ask(f"MAIL FROM:<{sender}>")).startswith("250")
        for recipient in recipients or ("support@market.example",):
            assert (await self.ask(f"RCPT TO:<{recipient}>")).startswith("250")
        assert (await self.ask("DATA")).startswith("354")

    async def mail(self, text: bytes, sender: str = "ada@customer.example", *recipients: str) -> str:
        await self.envelope(sender, *recipients)
        await self.send(text + b".\r\n")
        return await self.reply()

    async def closed(self) -> bytes:
        """Whatever still comes until the other side closes."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def reset(self) -> None:
        """Cut the connection with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()


class Site:
    """A running gate with its data folder."""

    def __init__(self, data: Path, gate: Gate, port: int, lmtp_port: int) -> None:
        self.data = data
        self.gate = gate
        self.port = port
        self.lmtp_port = lmtp_port
        self._peers: list[Peer] = []

    async def connect(self, source: str = "127.0.0.1", **more: Any) -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0), **more)
        peer = Peer(reader, writer)
        self._peers.append(peer)
        return peer

    async def lmtp(self) -> Peer:
        """A connection to the LMTP door."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.lmtp_port)
        self._peers.append(Peer(reader, writer))
        return self._peers[-1]

    async def unix(self, path: Path) -> Peer:
        """A connection to the unix socket at `path`, however long that is."""
        reader, writer = await connect(path)
        self._peers.append(Peer(reader, writer))
        return self._peers[-1]

    async def greeted(self, source: str = "127.0.0.1") -> Peer:
        peer = await self.connect(source)
        await peer.hello()
        return peer

    async def news(self) -> asyncio.StreamReader:
        """The gate's control socket, to hear of its next commit."""
        reader, writer = await connect(self.data / "run" / "gate.sock")
        self._peers.append(Peer(reader, writer))
        writer.write(b"status\n")
        await reader.readline()
        return reader

    def arrivals(self) -> list[Arrival]:
        reader = SpoolReader(self.data)
        try:
            return reader.pending(0, 10_000, 1 << 40)
        finally:
            reader.close()

    async def stop(self, grace: float = PATIENCE) -> None:
        await self.gate.stop(grace)
        for peer in self._peers:
            peer.writer.close()


StartSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def start_site(tmp_path: Path) -> AsyncIterator[StartSite]:
    """A function that starts a gate: keys of [smtp] as keywords, `spool=` keywords for the Spool itself."""
    async with AsyncExitStack() as stack:

        async def start(
            *, spool: dict[str, Any] | None = None, lmtp: list[socket.socket] | None = None, **smtp: object
        ) -> Site:
            data = tmp_path / "data"
            umask = os.umask(0o077)
            stack.callback(os.umask, umask)
            prepare_data_folder(data)
            config = config_for(data, **smtp)
            clock = FixedClock(NOW)
            own = Spool(data, now=clock.now, **{"commit_seconds": config.smtp.commit_seconds, **(spool or {})})
            gate = Gate(config, clock, spool=own)
            listener = open_listener("127.0.0.1:0")
            stack.callback(listener.close)
            port = listener.getsockname()[1]
            second = open_listener("127.0.0.1:0")
            stack.callback(second.close)
            await gate.start([listener], [second, *(lmtp or [])])
            site = Site(data, gate, port, second.getsockname()[1])
            stack.push_async_callback(site.stop)
            return site

        yield start


@pytest.fixture
async def site(start_site: StartSite) -> Site:
    return await start_site()


class Line:
    """A transport that remembers what was written to it; no socket behind it."""

    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("192.0.2.7", 4025) if name == "peername" else default

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    abort = close

    def resume_reading(self) -> None:
        pass

    def pause_reading(self) -> None:
        pass


class BareTalk:
    """A conversation without a network or a disk, stepped by hand: for tests that try thousands of orders."""

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        self.accepted = 0
        self.commands = 0
        self._loop = loop
        gate = Gate(config, FixedClock(NOW))
        doorway = replace(gate.doorway, accept=self._accept, has_room=lambda octets: True)
        self._talk = Conversation(doorway, loop)
        self._line = Line()
        self._talk.connection_made(self._line)

    async def _accept(self, envelope: object, raw: bytes, received: int) -> int:
        self.accepted += 1
        return self.accepted

    @property
    def heard(self) -> bytes:
        """Everything that was said since the connection, or since the last `ask`."""
        return self._line.written

    def say(self, data: bytes) -> None:
        """Say bytes as they are, and wait for a commit if they bring one."""
        if not self._line.closing:
            self._talk.data_received(data)
        while self._talk.busy:
            self._loop.run_until_complete(asyncio.sleep(0))

    def ask(self, line: str) -> str:
        """Say one line and return what is said to it."""
        self.commands += 1
        self._line.written = b""
        self.say(line.encode() + b"\r\n")
        return self._line.written.decode()


@pytest.fixture
def bare_talk(tmp_path: Path) -> Iterator[Callable[[], BareTalk]]:
    """A function that makes a BareTalk."""
    loop = asyncio.new_event_loop()
    config = config_for(tmp_path / "data", commands=1_000_000, junk_commands=1_000_000, errors=1_000_000)
    yield lambda: BareTalk(config, loop)
    loop.close()
