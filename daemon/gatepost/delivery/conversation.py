"""One SMTP connection after its greeting: one mail transaction after the other, pipelined where the server offers it.

aiosmtplib opens the connection, says EHLO, does STARTTLS and signs in; then its transport is handed to this protocol.
Only the mail transaction (RFC 5321 3.3, RFC 2920) is spoken here. It decides nothing about retries.
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.outgoing import Answer, Later, Refused, Sent

_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?\r?\n")
_REPLY_OCTETS = 32_768
_SAID_CHARACTERS = 500
_CHUNK = 65_536
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SIGN_IN_WANTED = frozenset({530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered to one command; `text` is one printable line."""

    code: int
    text: str

    @property
    def yes(self) -> bool:
        """Whether the command was done."""
        return 200 <= self.code < 300


class BrokenError(Exception):
    """The conversation cannot go on, and its connection is closed; always temporary. Says what happened."""


class SilentError(BrokenError):
    """The server did not answer in time."""


class Conversation(asyncio.Protocol):
    """A connection that carries mails one at a time.

    `host` is who is talked to, for people to read; `mails` how many it has carried; `heard` whether the server said
    anything at all since the last one began.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        host: str,
        extensions: Mapping[str, str],
        command_seconds: float,
        data_seconds: float,
    ) -> None:
        self.host = host
        self.mails = 0
        self.extensions = extensions
        self._command_seconds = command_seconds
        self._data_seconds = data_seconds
        self._transport = transport
        self._buffer = bytearray()
        self._replies: deque[Reply] = deque()
        self._lines: list[str] = []
        self._waiter: asyncio.Future[None] | None = None
        self._drained = asyncio.Event()
        self._drained.set()
        self._broken = ""
        self._silent = False
        self._dirty = False
        self.heard = False
        transport.set_protocol(self)

    @property
    def tls(self) -> bool:
        """Whether the connection is secured."""
        return self._transport.get_extra_info("ssl_object") is not None

    @property
    def usable(self) -> bool:
        """Whether another mail may be sent on this connection: it is open, and nobody said anything unasked."""
        return not self._broken and not self._transport.is_closing() and not self._buffer and not self._replies

    async def carry(self, mail_from: str, recipients: Sequence[str], content: bytes) -> tuple[Answer, ...]:
        """Send one mail; one answer for each recipient. Raises BrokenError before the server accepted any of it.

        `content` ends with CRLF and holds no bare CR or LF. Once the content has left, a lost answer is a `Later` for
        those whom the server had accepted: they may get the mail twice, never not at all.
        """
        self.heard = False
        envelope = self._envelope(mail_from, recipients, content)
        begun, answers, go_ahead = await self._agree(envelope, len(recipients))
        self._dirty = True
        anybody = begun.yes and any(answer.yes for answer in answers)
        if not anybody and go_ahead.code == 354:
            self.close()  # RFC 2920 3.1: it waits for a mail to nobody; rather than send one, start afresh.
        if not begun.yes:
            return tuple(_judged(begun) for _ in recipients)
        final = await self._sent(go_ahead, content) if anybody else Later(said="not asked")
        return tuple(final if answer.yes else _judged(answer, among_others=anybody) for answer in answers)

    def close(self) -> None:
        """Close the connection at once."""
        self._break("closed by us")

    def leave(self) -> None:
        """Say QUIT and close, waiting for nobody."""
        if self.usable:
            self._transport.write(b"QUIT\r\n")
        self._broken = self._broken or "closed by us"
        self._transport.close()

    def _envelope(self, mail_from: str, recipients: Sequence[str], content: bytes) -> list[bytes]:
        mail = f"MAIL FROM:<{mail_from}>"
        if "size" in self.extensions:
            mail += f" SIZE={len(content)}"
        if "8bitmime" in self.extensions and not content.isascii():
            mail += " BODY=8BITMIME"
        if not mail_from.isascii() or not all(recipient.isascii() for recipient in recipients):
            mail += " SMTPUTF8"
        reset = ["RSET"] if self._dirty else []
        return [line.encode("utf-8") + b"\r\n" for line in (*reset, mail, *(f"RCPT TO:<{r}>" for r in recipients))]

    async def _agree(self, envelope: list[bytes], recipients: int) -> tuple[Reply, list[Reply], Reply]:
        """The answers to MAIL, to each RCPT and to DATA; DATA is not said where a step before it failed for all."""
        if "pipelining" in self.extensions:
            said = await self._ask(b"".join((*envelope, b"DATA\r\n")), len(envelope) + 1)
            return said[-recipients - 2], said[-recipients - 1 : -1], said[-1]
        replies: list[Reply] = []
        for line in envelope:
            replies += await self._ask(line, 1)
            if line.startswith(b"MAIL") and not replies[-1].yes:
                return replies[-1], [], replies[-1]
        begun, answers = replies[-recipients - 1], replies[-recipients:]
        if not any(answer.yes for answer in answers):
            return begun, answers, answers[-1]
        return begun, answers, (await self._ask(b"DATA\r\n", 1))[0]

    async def _sent(self, go_ahead: Reply, content: bytes) -> Answer:
        """Send the content, dots doubled (RFC 5321 4.5.2), if the server wants it, and hear the verdict."""
        if go_ahead.yes:
            self.close()
            return Later(code=go_ahead.code, said=f"DATA was answered with {go_ahead.code} instead of 354")
        if go_ahead.code != 354:
            return _judged(go_ahead)
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        try:
            await self._write(stuffed + b".\r\n")
            (reply,) = await self._replies_within(1, self._data_seconds)
        except BrokenError as error:
            if self._replies and not self._replies[0].yes:  # It hung up on a mail it did not want to read to its end.
                return _judged(self._replies.popleft())
            return Later(said=f"after the mail was sent: {error}")
        self._dirty = False
        self.mails += 1
        return _judged(reply)

    async def _write(self, data: bytes) -> None:
        """Write in pieces, each of which the peer must take within a command's time (RFC 5321 4.5.3.2.5)."""
        for at in range(0, len(data), _CHUNK):
            if self._broken:
                raise self._fault()
            self._transport.write(data[at : at + _CHUNK])
            if not self._drained.is_set():
                try:
                    async with asyncio.timeout(self._command_seconds):
                        await self._drained.wait()
                except TimeoutError:
                    self._give_up(self._command_seconds)
                    raise self._fault() from None

    async def _ask(self, lines: bytes, count: int) -> list[Reply]:
        if self._broken:
            raise self._fault()
        self._transport.write(lines)
        return await self._replies_within(count, self._command_seconds)

    async def _replies_within(self, count: int, seconds: float) -> list[Reply]:
        """The next `count` replies, each within `seconds` of the one before, however slowly its bytes come."""
        replies: list[Reply] = []
        while len(replies) < count:
            if not self._replies:
                await self._wait(seconds)
            reply = self._replies.popleft()
            replies.append(reply)
            if reply.code == 421:  # RFC 5321 3.8: the server closes the channel; nothing follows.
                self._break("the server said 421 and closed")
                return replies + [reply] * (count - len(replies))
        return replies

    async def _wait(self, seconds: float) -> None:
        if self._broken:
            raise self._fault()
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        alarm = loop.call_later(seconds, self._give_up, seconds)
        try:
            await waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def _give_up(self, seconds: float) -> None:
        self._silent = True
        self._break(f"no answer within {seconds:g} s")

    def _fault(self) -> BrokenError:
        return SilentError(self._broken) if self._silent else BrokenError(self._broken)

    def _break(self, why: str) -> None:
        self._broken = self._broken or why
        self._transport.abort()
        self._drained.set()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._fault())

    # What asyncio calls.

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        at = 0
        while found := _REPLY.match(self._buffer, at):
            at = found.end()
            self._lines.append((found.group(3) or b"").decode("utf-8", "replace"))
            if found.group(2) != b"-":
                self.heard = True
                self._replies.append(Reply(int(found.group(1)), _printable(" ".join(self._lines))))
                self._lines.clear()
        del self._buffer[:at]
        if b"\n" in self._buffer or len(self._buffer) > _REPLY_OCTETS or len(self._lines) > 256:
            said = _printable(bytes(self._buffer[:80]).decode("utf-8", "replace"))
            self._break(f"the answer is not SMTP: {said}")
        elif self._replies and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def eof_received(self) -> None:
        self._break("the server closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        self._break(f"the connection was lost: {error}" if error else "the server closed the connection")

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()


def _judged(reply: Reply, *, among_others: bool = False) -> Answer:
    """What a reply means for a recipient. Only a 5xx is for good, and not even each (RFC 4954 6, RFC 5321 4.5.3.1.10).

    `among_others`: a 552 to RCPT where other recipients were taken means "too many", and asks for a mail of its own.
    """
    if reply.yes:
        return Sent(code=reply.code, said=reply.text)
    too_many = reply.code == 552 and among_others
    if 500 <= reply.code < 600 and reply.code not in _SIGN_IN_WANTED and not too_many:
        return Refused(code=reply.code, said=reply.text)
    return Later(code=reply.code, said=reply.text)


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text)[:_SAID_CHARACTERS].strip()
