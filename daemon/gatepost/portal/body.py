"""Reads a request's body as far as its page takes it, and lets the rest go by before the answer."""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive, Scope

from .stops import TooLarge

_LET_BY = 64 * 1024 * 1024
_LONGEST = 60.0


class Body:
    """What the server hands over of one request: no more than `most` octets, which its page sets."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        names = {name for name, _ in scope["headers"]}
        self.most = 0
        self._receive = receive
        self._seen = 0
        # Who asks beforehand whether to send it (RFC 9110 10.1.1) is answered before it is sent.
        self._comes = bool(names & {b"content-length", b"transfer-encoding"}) and b"expect" not in names
        self._ended = False

    async def __call__(self) -> Message:
        """The next piece. Raises TooLarge where more comes than the page takes.

        After the last piece the server answers only once the client has gone, which a client that waits for us never
        does: who reads on is told so at once.
        """
        if self._ended:
            return {"type": "http.disconnect"}
        message = await self._next()
        if self._seen > self.most:
            raise TooLarge
        return message

    async def let_by(self, patience: float) -> None:
        """Let what nobody has read go by, as far as it keeps coming: a connection that is closed over it is reset, and
        the browser shows that instead of our answer (RFC 9112 9.6).
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST):
                while self._comes and self._seen < _LET_BY:
                    await asyncio.wait_for(self._next(), patience)

    async def _next(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        self._comes = bool(message.get("more_body"))
        self._ended = not self._comes
        return message
