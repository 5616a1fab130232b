"""A mail server that keeps what it is sent and misbehaves as told: for the demo, for tests, for the crash harness.

It answers by a script per connection, by habits that hold for every connection, and by the wish of the recipient:
`temperror@`, `permerror@` and `timeout@` (with anything behind the word) fail in the way of their name.
It speaks enough SMTP for a client that is right, and remembers everything. It is no server for the open network.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence

from .dialogue import Caught, Dialogue
from .script import Action, Script, Stage

__all__ = ("Caught", "Sink")


class Sink:
    """A listening sink. `scripts[n]` is used up by the n-th connection; `habits` hold for all of them, for ever.

    It remembers the `mails` that it kept, the recipients (or '') that it `refused` with the code, and the user names
    that `tried` to sign in.
    """

    def __init__(
        self,
        *,
        scripts: Sequence[Script] = (),
        habits: Mapping[Stage, Action] | None = None,
        extensions: Sequence[str] = ("PIPELINING", "SIZE 52428800", "8BITMIME"),
        tls: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
        on_mail: Callable[[Caught], None] | None = None,
    ) -> None:
        self.scripts = [list(script) for script in scripts]
        self.habits = dict(habits or {})
        self.extensions = tuple(extensions)
        self.tls = tls
        self.users = dict(users or {})
        self.on_mail = on_mail
        self.mails: list[Caught] = []
        self.refused: list[tuple[str, int]] = []
        self.tried: list[str] = []
        self.connections = 0
        self.port = 0
        self.open: set[Dialogue] = set()
        self._server: asyncio.Server | None = None
        self._mail_came = asyncio.Event()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `port` says where, if none was asked for."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Dialogue(self), host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and break off every conversation."""
        if self._server is not None:
            self._server.close()
            for conversation in tuple(self.open):
                conversation.break_off()
            await self._server.wait_closed()

    async def __aenter__(self) -> "Sink":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def caught(self, count: int) -> list[Caught]:
        """The mails, as soon as there are `count` of them."""
        while len(self.mails) < count:
            self._mail_came.clear()
            await self._mail_came.wait()
        return self.mails

    def keep(self, mail: Caught) -> None:
        """Remember a mail; called once for each that was taken."""
        self.mails.append(mail)
        self._mail_came.set()
        if self.on_mail is not None:
            self.on_mail(mail)
