"""The web server: uvicorn in the desk's event loop, made strict about how a request is written and how long it takes.

What two programs could read in two ways is refused with 400 and the connection closed (I18, RFC 9112 5.2, 6.1, 11.2);
whoever sends slowly is not waited for (I19).
"""

import asyncio
import contextlib
import socket
from asyncio import TimerHandle
from collections.abc import Iterator
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..config import PageSection
from ..config.types import endpoint
from ..errors import PermanentError

_GRACE_SECONDS = 5
_HEAD_OCTETS = 16 * 1024
_PIECE_OCTETS = 1024
_FOLDS = (b"\n ", b"\n\t")


class PortalServer:
    """Serves pages at the configured address until it is closed; `key` is where the config names that address."""

    def __init__(self, app: ASGIApp, section: PageSection, key: str = "page.listen") -> None:
        self._app = app
        self._section = section
        self._key = key
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the socket and begin. Raises PermanentError where the port cannot be had."""
        host, port = endpoint(self._section.listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except OSError as error:
            raise PermanentError(
                f"{self._key}: {self._section.listen} cannot be opened: {error.strerror}", "Is it taken?"
            ) from error
        await self.serve(listener)

    async def serve(self, listener: socket.socket) -> None:
        """Begin on a socket that listens already."""
        config = uvicorn.Config(
            self._app,
            http=_strict(self._section.read_seconds),
            ws="none",
            log_level="critical",
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            limit_concurrency=self._section.connections,
            h11_max_incomplete_event_size=_HEAD_OCTETS,
            timeout_keep_alive=int(self._section.read_seconds) or 1,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="portal")

    async def close(self) -> None:
        """Finish what is being answered, and stop."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)


def _strict(seconds: float) -> type[asyncio.Protocol]:
    """The protocol of one connection, that waits `seconds` for a head and for each further piece of a body."""
    return type("Strict", (_Strict,), {"_seconds": seconds})


class _Strict(H11Protocol):
    """Refuses folded header lines and pipelined requests, and does not wait for who sends slowly."""

    _seconds = 0.0
    _head = b""
    _sent = 0
    _timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is h11.IDLE:
            if self._is_unsound(data):
                self._refuse()
                return
            if self._timer is None:
                self._wait()
        elif self.conn.their_state is h11.SEND_BODY:
            self._sent += len(data)
            if self._sent >= _PIECE_OCTETS:
                self._sent = 0
                self._wait()
        elif self.conn.their_state is h11.DONE:
            # A second request before the first is answered: no browser does it, and no proxy should.
            self._refuse()
            return
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()

    def on_response_complete(self) -> None:
        self._head = b""
        if self.conn.trailing_data[0]:
            self.transport.close()
        super().on_response_complete()

    def _is_unsound(self, data: bytes) -> bool:
        """Whether the head is too long, or a line of it goes on in the next one (obs-fold): h11 takes both."""
        self._head += data
        head, found, _ = self._head.partition(b"\r\n\r\n")
        head = head if found else self._head
        return len(head) > _HEAD_OCTETS or any(fold in head for fold in _FOLDS)

    def _refuse(self) -> None:
        self._stop_waiting()
        if self.conn.our_state is h11.IDLE:
            self.send_400_response("Invalid HTTP request received.")
        else:
            self.transport.close()

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(self._seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """A web server that leaves signals to the desk."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
