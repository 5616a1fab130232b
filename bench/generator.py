"""The load: a process that sends mails over some connections as fast as they are taken, or at a rate; prints figures.

Its SMTP is one step at a time, as most clients speak it, so that whoever is measured meets the same conversation.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from .mails import VARIETY, mail


class _Client(asyncio.Protocol):
    """One connection: takes the next mail when the last one has its 250; `fresh` hangs up after each."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._step = 0
        self._buffer = b""
        self._content = b""
        self._recipient = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.gone(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            if line[3:4] != b"-":
                self._said(line)

    def _said(self, line: bytes) -> None:
        step, self._step = self._step, self._step + 1
        if line[:1] not in b"23":
            self._load.refused.append(line.decode("ascii", "replace").strip())
            self._transport.abort()
        elif step == 0:
            self._transport.write(b"EHLO client.example\r\n")
        elif step == 1:
            self.begin()
        elif step == 2:
            self._transport.write(b"RCPT TO:<" + self._recipient + b">\r\n")
        elif step == 3:
            self._transport.write(b"DATA\r\n")
        elif step == 4:
            self._transport.write(self._content)
            self._sent_at = time.perf_counter()
        elif step == 5:
            self._load.acknowledged(time.perf_counter() - self._sent_at)
            self._step = 2
            if self._load.fresh:
                self._transport.write(b"QUIT\r\n")
                self._transport.close()
            else:
                self.begin()
        else:
            self._transport.abort()

    def begin(self) -> None:
        """Begin the next mail, now or when its time has come."""
        number = next(self._load.numbers, None)
        if number is None:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
            return
        self._recipient, self._content = self._load.contents(number)
        if self._load.rate:
            due = self._load.begun + number / self._load.rate
            asyncio.get_running_loop().call_later(max(0.0, due - time.perf_counter()), self._mail)
        else:
            self._mail()

    def _mail(self) -> None:
        self._transport.write(b"MAIL FROM:<jane@customer.example>\r\n")


class Load:
    """`count` mails over `connections`; `rate` a second, 0 for as fast as can be."""

    def __init__(
        self,
        *,
        port: int,
        connections: int,
        count: int,
        octets: int,
        rate: float,
        fresh: bool,
        run: str,
        letters: str,
    ) -> None:
        self.numbers: Iterator[int] = iter(range(count))
        self.rate, self.fresh = rate, fresh
        self.refused: list[str] = []
        self.latencies: list[float] = []
        self.begun = 0.0
        self._port, self._connections, self._count = port, connections, count
        self._octets, self._run = octets, run
        self._large = octets > 1_000_000
        if letters:
            self._ready = [_written(line) for line in Path(letters).read_text(encoding="ascii").splitlines()]
        else:
            self._ready = [self._make(number) for number in range(4 if self._large else min(count, 4 * VARIETY))]
        self._open = 0
        self._over: asyncio.Future[None] | None = None

    async def send(self) -> float:
        """Send all; seconds from the first connection to the last 250."""
        loop = asyncio.get_running_loop()
        self._over = loop.create_future()
        self.begun = time.perf_counter()
        self._open = self._connections
        await asyncio.gather(*(self._connect() for _ in range(self._connections)))
        await self._over
        return time.perf_counter() - self.begun

    def contents(self, number: int) -> tuple[bytes, bytes]:
        """The recipient, and the bytes after 354, final dot included. Of large mails a few are sent again and again."""
        if number < len(self._ready):
            return self._ready[number]
        return self._ready[number % len(self._ready)] if self._large else self._make(number)

    def acknowledged(self, seconds: float) -> None:
        """A 250 has come."""
        self.latencies.append(seconds)

    def gone(self, _client: _Client) -> None:
        """A connection has ended: with `fresh` the next one begins, until nothing is left to send."""
        if self.fresh and len(self.latencies) + self._open <= self._count and not self.refused:
            task = asyncio.ensure_future(self._connect())
            self._tasks = getattr(self, "_tasks", set()) | {task}
            return
        self._open -= 1
        if self._open == 0 and self._over is not None and not self._over.done():
            self._over.set_result(None)

    async def _connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: _Client(self), "127.0.0.1", self._port)

    def _make(self, number: int) -> tuple[bytes, bytes]:
        return b"support@orchard.example", mail(number, self._octets, run=self._run) + b".\r\n"


def _written(line: str) -> tuple[bytes, bytes]:
    """A mail of a file: a JSON list of recipient and text."""
    recipient, text = json.loads(line)
    return recipient.encode("ascii"), text.encode("utf-8") + b".\r\n"


def main(arguments: list[str]) -> int:
    """Send, and print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--octets", type=int, default=4096)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--run", default="0")
    parser.add_argument("--letters", default="", help="a file of mails to send instead, one JSON list a line")
    load = Load(**vars(parser.parse_args(arguments)))
    seconds = asyncio.run(load.send())
    spent = time.process_time()
    print(
        json.dumps(
            {
                "seconds": seconds,
                "acknowledged": len(load.latencies),
                "latencies": [round(latency * 1e6) for latency in sorted(load.latencies)],
                "refused": load.refused[:3],
                "cpu": spent,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
