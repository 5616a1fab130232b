"""The desk's side of the gate's control socket: hears of new mail, says which arrivals are done; connects again alone.

    link = GateLink(config.data)
    async for anew in link.news():    # at once, after every (re)connect (anew), and after each commit of the gate
        ...                           # read SpoolReader.pending, handle, then:
        await link.done(ids)          # and again after a reconnect: the gate may have died before it did so

News are merged: several commits while the desk is busy are one turn of the loop. Losing the gate never raises: `news`
waits and connects again with backoff, `done` keeps the ids and sends them after the next connect.
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from ..errors import TemporaryError
from .sockets import short_path

log = logging.getLogger(__name__)

_IDS_PER_LINE = 1_000


class GateLink:
    """One connection to the gate of the data folder `data`. Waits between attempts double up to `slowest` seconds."""

    def __init__(self, data: Path, *, fastest: float = 0.05, slowest: float = 2.0) -> None:
        self._path = data / "run" / "gate.sock"
        self._fastest = fastest
        self._slowest = slowest
        self._unsent: set[int] = set()
        self._writer: asyncio.StreamWriter | None = None
        self._closed = False

    async def news(self) -> AsyncIterator[bool]:
        """A turn at once, after every connect (True), and whenever mails were committed. Ends after `close`."""
        yield False
        wait = self._fastest
        while not self._closed:
            try:
                reader, writer = await connect(self._path)
            except OSError:
                await asyncio.sleep(wait)
                wait = min(2 * wait, self._slowest)
                continue
            wait = self._fastest
            self._writer = writer
            try:
                await self._send(())
                yield True
                while await _merged_news(reader):
                    yield False
            except OSError as error:
                log.info("gate.lost: %s", error)
            finally:
                self._writer = None
                writer.close()

    async def done(self, ids: Iterable[int]) -> None:
        """The desk has these arrivals in its own database: the gate may delete them. Never raises."""
        with contextlib.suppress(OSError):
            await self._send(ids)

    async def fold(self) -> None:
        """The gate is to fold its log, so that nothing of a cleared mail lies there. Never raises."""
        writer = self._writer
        with contextlib.suppress(OSError):
            if writer is not None:
                writer.write(b"fold\n")
                await writer.drain()

    def close(self) -> None:
        """End `news`."""
        self._closed = True
        if self._writer is not None:
            self._writer.close()

    async def _send(self, ids: Iterable[int]) -> None:
        self._unsent.update(ids)
        writer = self._writer
        while writer is not None and self._unsent:
            some = sorted(self._unsent)[:_IDS_PER_LINE]
            writer.write(b"done " + " ".join(map(str, some)).encode("ascii") + b"\n")
            await writer.drain()
            self._unsent.difference_update(some)


async def ask_status(data: Path) -> dict[str, Any]:
    """The gate's counters. Raises TemporaryError if it does not run."""
    try:
        reader, writer = await connect(data / "run" / "gate.sock")
        try:
            writer.write(b"status\n")
            while (line := await asyncio.wait_for(reader.readline(), 5.0)) == b"new\n":
                pass
        finally:
            writer.close()
        return dict(json.loads(line))
    except (OSError, ValueError) as error:
        raise TemporaryError(
            f"the gate does not answer: {error}", "Is gatepost running with this data folder?"
        ) from error


async def connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Streams to the unix socket at `path`, however long the path is. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        with short_path(path) as name:
            await asyncio.get_running_loop().sock_connect(sock, name)
        return await asyncio.open_unix_connection(sock=sock)
    except BaseException:
        sock.close()
        raise


async def _merged_news(reader: asyncio.StreamReader) -> bool:
    """Wait for news and swallow all that is here already; False when the gate has gone."""
    return bool(await reader.read(64 * 1024))
