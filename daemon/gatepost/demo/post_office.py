"""Where the demo's mail ends: every mail that the daemon sent, in order, kept in memory to be looked at."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from ..core import Millis
from ..core.reply_address import TOKEN_LENGTH
from ..mail.look import Parts, parts
from .sink import Caught, Sink


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One mail that went out: its number from 1, when it came (the demo's clock), its envelope and bytes."""

    number: int
    at: Millis
    mail_from: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)

    @cached_property
    def parts(self) -> Parts:
        """What it holds, taken apart for a person to look at."""
        return parts(self.content)

    def header(self, name: str) -> str:
        """The readable value of a header field, or ''."""
        return self.parts.header(name)

    @property
    def to(self) -> str:
        """The first recipient."""
        return self.recipients[0] if self.recipients else ""

    @property
    def reply_to(self) -> str:
        """The bare address to which a plain Reply goes."""
        return self.header("reply-to").rpartition("<")[2].rstrip(">").strip()

    @property
    def token(self) -> str:
        """The token of the recipient's reply address; '' where the mail has none."""
        detail = self.reply_to.partition("@")[0].rpartition("+")[2]
        return detail if len(detail) == TOKEN_LENGTH else ""

    @property
    def automatic(self) -> str:
        """`auto-replied`, `auto-generated`, or '' for a person's words."""
        return self.header("auto-submitted")


class PostOffice:
    """Takes all mail of the daemon, keeps it, and tells those who wait for one."""

    def __init__(self, now: Callable[[], Millis]) -> None:
        self.mails: list[Kept] = []
        self._now = now
        self._sink = Sink(on_mail=self._keep)
        self._came = asyncio.Condition()

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return self._sink.port

    async def open(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        await self._sink.start(port=port)

    async def close(self) -> None:
        """Stop listening."""
        await self._sink.close()

    async def wait_for(self, wanted: Callable[[Kept], bool], *, behind: int = 0, seconds: float = 60.0) -> Kept:
        """The first mail behind number `behind` that is wanted. Raises TimeoutError where none comes in time."""
        async with asyncio.timeout(seconds), self._came:
            while True:
                for mail in self.mails[behind:]:
                    if wanted(mail):
                        return mail
                await self._came.wait()

    def _keep(self, mail: Caught) -> None:
        kept = Kept(
            number=len(self.mails) + 1,
            at=self._now(),
            mail_from=mail.mail_from,
            recipients=mail.recipients,
            content=mail.content,
        )
        self.mails.append(kept)
        self._told = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self._came:
            self._came.notify_all()
