"""The gate's side of its control socket, DATA/run/gate.sock: news of arrivals out, "done" in. A line is one message.

    gate -> peer   new\\n              mails were committed; look into the spool
    peer -> gate   done ID ID …\\n     these arrivals are in the desk's database: delete them
    peer -> gate   fold\\n             fold the log into the file, so that nothing that was cleared lies in it
    peer -> gate   status\\n           answered by one line of JSON: counters and what waits
    gate -> peer   error TEXT\\n       a line that is none of these

Peers come and go as they like. A peer that does not read is cut off: it will connect again and look into the spool.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from .sockets import open_control

log = logging.getLogger(__name__)

_LINE_OCTETS = 256 * 1024
_UNREAD_OCTETS = 64 * 1024


class Control:
    """The socket and its peers. `done` takes ids, `status` gives the counters, `fold` folds."""

    def __init__(
        self,
        path: Path,
        done: Callable[[list[int]], None],
        status: Callable[[], Mapping[str, object]],
        fold: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._done = done
        self._status = status
        self._fold = fold
        self._peers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises PermanentError if the socket cannot be made."""
        listener = open_control(self._path)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=_LINE_OCTETS)

    def tell_news(self) -> None:
        """Mail was committed."""
        for peer in tuple(self._peers):
            if peer.transport.get_write_buffer_size() > _UNREAD_OCTETS:
                log.warning("control.cut_off: a peer does not read")
                peer.transport.abort()
            else:
                peer.write(b"new\n")

    async def close(self) -> None:
        """Stop listening and let every peer go."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for peer in tuple(self._peers):
            peer.close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers.add(writer)
        if self._server is None:
            # It was let in just before the end.
            writer.close()
        try:
            while line := await reader.readline():
                writer.write(self._answer(line))
        except (ConnectionError, ValueError):
            log.info("control.gone: a peer went away")
        finally:
            self._peers.discard(writer)
            writer.close()

    def _answer(self, line: bytes) -> bytes:
        word, *rest = line.split() or [b""]
        if word == b"done" and all(number.isdigit() for number in rest):
            self._done([int(number) for number in rest])
            return b""
        if word == b"fold":
            self._fold()
            return b""
        if word == b"status":
            return json.dumps(self._status(), sort_keys=True).encode("ascii") + b"\n"
        return b"error unknown line\n"
