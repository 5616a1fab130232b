"""The portal's door: the table of routes behind one guard, and the server that runs it in the desk's event loop.

It sets no cookies. It is opened only when a brand has a portal URL; a proxy in front speaks TLS.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from .. import shipped
from ..clock import Clock
from ..config.types import endpoint
from ..errors import PermanentError
from ..house import House
from ..store.database import Database
from .counter import Counter, shelf
from .guard import Guard, TooLarge, too_large
from .rating import RatingPages

_GRACE_SECONDS = 5


def portal(house: House, db: Database, clock: Clock, own_templates: Path | None = None) -> ASGIApp:
    """The pages over this house. `own_templates` is the operator's folder of portal templates."""
    counter = Counter(house, db, clock, shelf(own_templates, shipped.folder("templates") / "portal"))
    rating = RatingPages(counter)
    routes = [
        Route("/rate/{token}", rating.show, methods=["GET"]),
        Route("/rate/{token}", rating.give, methods=["POST"]),
        Route("/rate/{token}/{score}", rating.show, methods=["GET"]),
        Route("/rate/{token}/{score}", rating.give, methods=["POST"]),
        Route("/unsubscribe/{token}", rating.leave, methods=["GET"]),
        Route("/unsubscribe/{token}", rating.left, methods=["POST"]),
    ]
    # The guard stands outside of everything, so that the answer to a fault of ours has its headers too.
    return Guard(Starlette(routes=routes, exception_handlers={TooLarge: too_large}))


class PortalServer:
    """Serves the portal at `listen` (HOST:PORT) until it is closed."""

    def __init__(self, app: ASGIApp, listen: str) -> None:
        self._app = app
        self._listen = listen
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the socket and begin. Raises PermanentError where the port cannot be had."""
        host, port = endpoint(self._listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except OSError as error:
            raise PermanentError(
                f"page.listen: {self._listen} cannot be opened: {error.strerror}", "Is it taken?"
            ) from error
        config = uvicorn.Config(
            self._app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="portal")

    async def close(self) -> None:
        """Finish what is being answered, and stop."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)


class _Server(uvicorn.Server):
    """A web server that leaves signals to the desk."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
