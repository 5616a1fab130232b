"""What the measurements need at the other end, each a process of its own: stock aiosmtpd, and a sink that only counts.

python -m bench.servers aiosmtpd       a null handler, nothing on the disk; prints its port
python -m bench.servers sink           takes every mail; prints its port, then the count for each line on stdin
"""

import asyncio
import sys
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Null:
    """Says 250 and forgets."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        return "250 ok"


class CountingSink(asyncio.Protocol):
    """A server that reads mails as fast as Python can, and counts them; pipelining is offered."""

    taken = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        said = []
        while True:
            if self._in_data:
                end = self._buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                self._buffer = self._buffer[end + 5 :]
                self._in_data = False
                CountingSink.taken += 1
                said.append(b"250 ok\r\n")
                continue
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                break
            self._buffer = rest
            said.append(self._answer(line[:4].upper()))
        self._transport.write(b"".join(said))

    def _answer(self, word: bytes) -> bytes:
        match word:
            case b"EHLO":
                return b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800\r\n"
            case b"DATA":
                self._in_data = True
                return b"354 go\r\n"
            case b"QUIT":
                self._transport.close()
                return b"221 bye\r\n"
            case _:
                return b"250 ok\r\n"


async def _aiosmtpd() -> None:
    loop = asyncio.get_running_loop()
    factory: Any = lambda: SMTP(_Null(), hostname="base.example", data_size_limit=52_428_800, loop=loop)  # noqa: E731
    server = await loop.create_server(factory, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _sink() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(CountingSink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(sys.stdin.fileno(), _tell_count)
    await server.serve_forever()


def _tell_count() -> None:
    if not sys.stdin.readline():
        sys.exit(0)
    print(CountingSink.taken, flush=True)


if __name__ == "__main__":
    asyncio.run({"aiosmtpd": _aiosmtpd, "sink": _sink}[sys.argv[1]]())
