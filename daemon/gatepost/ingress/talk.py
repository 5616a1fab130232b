"""One connection and how it is talked on: lines in, replies out, time-outs, limits, the end. Knows no command.

Built on aiosmtpd's SMTP, which brings protocol, session and envelope. What it does about lost connections, exceptions,
line ends, time-outs and limits loses mail or lets the wrong mail in, so that is done here.
"""

import asyncio
import logging
import math
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP

from ..errors import GatepostError
from .data import DataReader
from .doorway import Doorway
from .input import BareNewlineError, EndlessLineError, Input, LongLineError
from .limits import Patience, Tally
from .replies import Reply, try_later

log = logging.getLogger(__name__)

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_FOREIGN_VERBS = frozenset(
    (b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PATCH", b"PROXY", b"SSH-2.0")
)
_JUNK = frozenset((b"NOOP", b"RSET", b"VRFY", b"EXPN", b"HELP", b"EHLO", b"HELO", b"AUTH"))
_UNREAD_REPLIES = 128 * 1024
_UNREAD_INPUT = 128 * 1024
_LINGER_SECONDS = 2.0


class _NoHooks:
    """A handler for aiosmtpd that has no hooks, and says so at once."""

    def __dir__(self) -> tuple[str, ...]:
        return ()


class Talk(SMTP):  # type: ignore[misc] # aiosmtpd has no types
    """One connection. `stop` ends it politely; a commit in flight is finished and answered first.

    `peer` is the address behind a proxy, '' where it is the socket's.
    `ended` is done when the connection is gone. Everything happens in `data_received`, without a task of its own: one
    turn of the event loop per packet. Only the commit and the TLS handshake are waited for, by a task that no event of
    the connection cancels.
    """

    transport: asyncio.Transport
    # The protocol's name in our greeting.
    speaks: ClassVar[bytes] = b"ESMTP"
    # What the commands are: the verb, and the method that takes its argument and returns the reply, or None.
    verbs: ClassVar[Mapping[bytes, Callable[[Any, bytes], bytes | None]]] = {}

    def __init__(self, doorway: Doorway, loop: asyncio.AbstractEventLoop, peer: str = "") -> None:
        super().__init__(
            _NoHooks(),
            hostname=doorway.hostname,
            enable_SMTPUTF8=True,
            data_size_limit=doorway.limits.message_octets,
            loop=loop,
        )
        self.ended: asyncio.Future[None] = loop.create_future()
        self._doorway = doorway
        self._limits = doorway.limits
        self._input = Input()
        self._said: list[bytes] = []
        self._tally = Tally()
        self._peer = peer
        self._entered = False
        self._patience = Patience(
            idle=doorway.limits.idle_seconds,
            rate=doorway.limits.data_octets_per_second,
            total=doorway.limits.data_seconds,
        )
        self._text: DataReader | None = None
        self._text_began = 0.0
        self._waiting: asyncio.Task[None] | None = None
        self._leaving = False
        self._ended_input = False
        self._parted = False
        self._unheard = 0
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def __dir__(self) -> tuple[str, ...]:
        """Nothing: aiosmtpd looks through these names for hooks and mechanisms, 0.1 ms for each connection."""
        return ()

    # The connection's life. Nothing here cancels a commit: a mail whose final dot has come is stored, whatever the peer
    # does meanwhile.

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A peer has connected: greet it, or send it away."""
        self.transport = transport
        self.session = self._create_session()
        self._forget_mail()
        peer = transport.get_extra_info("peername")
        self._peer = self._peer or (str(peer[0]) if isinstance(peer, tuple) else "")
        self._doorway.conversations.add(self)
        self._entered = self._doorway.turnstile.enter(self._peer)
        if not self._entered:
            return self._farewell(Reply.TOO_MANY_CONNECTIONS)
        self._say(b"220 %s %s" % (self._our_name(), self.speaks))
        self._flush()
        return self._expect_by(self.loop.time() + self._limits.idle_seconds)

    def data_received(self, data: bytes) -> None:
        """The peer has sent something."""
        if self._parted:
            return self._overhear(len(data))
        self._input.feed(data)
        return self._go_on()

    def _overhear(self, octets: int) -> None:
        self._unheard += octets
        if self._unheard > _UNREAD_INPUT:
            self.abort()

    def eof_received(self) -> bool:
        """The peer sends no more. It may still read (not over TLS), so a commit in flight is answered first."""
        self._ended_input = True
        return self._waiting is not None and not self._tls and not self._parted

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; what is said from now on goes nowhere."""
        self._leaving = True
        if self._entered:
            self._entered = False
            self._doorway.turnstile.leave(self._peer)
        self._doorway.conversations.discard(self)
        self._end_text()
        if self._timer is not None:
            self._timer.cancel()
        if not self.ended.done():
            self.ended.set_result(None)

    @property
    def busy(self) -> bool:
        """Whether a commit or a handshake is being waited for."""
        return self._waiting is not None

    def stop(self) -> None:
        """Say 421 and close, or do so as soon as the commit in flight has been answered."""
        self._leaving = True
        if self._parted:
            self.abort()
        elif self._waiting is None:
            self._farewell(Reply.SHUTTING_DOWN, linger=False)

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._leaving = True
        self.transport.abort()

    # Talking.

    @property
    def _tls(self) -> str:
        return str(self.session.ssl["version"]) if self.session.ssl else ""

    def _our_name(self) -> bytes:
        return self._doorway.hostname.encode("ascii")

    def _go_on(self) -> None:
        """Work through what has come: commands, or the text of a mail; stop where something must be waited for."""
        moved = False
        while self._waiting is None and not self._leaving and self._step():
            moved = True
        self._flush()
        if self._waiting is not None:
            if len(self._input) > _UNREAD_INPUT:
                self.transport.pause_reading()
        elif self._ended_input:
            self.transport.close()
        elif self._text is not None:
            now = self.loop.time()
            self._expect_by(self._patience.deadline(started=self._text_began, last=now, received=self._text.received))
        elif moved:
            self._expect_by(self.loop.time() + self._limits.idle_seconds)

    def _step(self) -> bool:
        """One command or one piece of text; False where there is nothing whole."""
        if self._text is not None:
            return self._take_text(self._text)
        try:
            line = self._input.line()
        except BareNewlineError:
            self._farewell(Reply.BARE_NEWLINE)
        except EndlessLineError:
            self._farewell(Reply.NOT_MAIL)
        except LongLineError:
            self._answer(Reply.LINE_TOO_LONG)
        else:
            if line is None:
                return False
            self._obey(line)
        return True

    def _obey(self, line: bytes) -> None:
        """One command, one reply."""
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        first = not self._tally.commands
        self._tally.commands += 1
        if verb in _JUNK:
            self._tally.junk += 1
        if self._tally.spent(self._limits):
            return self._farewell(Reply.TOO_MANY_COMMANDS)
        if _CONTROL.search(line):
            return self._answer(Reply.CONTROL_BYTES) if verb.isalpha() else self._farewell(Reply.NOT_MAIL)
        if verb in _FOREIGN_VERBS or (first and verb not in self.verbs):
            return self._farewell(Reply.NOT_MAIL)
        try:
            reply = self.verbs.get(verb, unknown)(self, argument.strip(b" "))
        except Exception as error:  # noqa: BLE001,RUF100 - every fault of ours is temporary for the sender (A29)
            reply = self._trouble(error)
        if reply is not None:
            self._answer(reply)
        return None

    def count_junk(self) -> None:
        """The command was none that brings a mail forward."""
        self._tally.junk += 1

    def _answer(self, reply: bytes) -> None:
        """Say it, and end the conversation where the peer has made too many errors."""
        self._say(reply)
        if isinstance(reply, Reply) and reply.is_error:
            self._tally.errors += 1
            log.info("smtp.refused peer=%s: %s", self._peer, reply.value.decode("ascii"))
            if self._tally.errors > self._limits.errors:
                self._farewell(Reply.TOO_MANY_ERRORS)

    def _trouble(self, error: Exception) -> bytes:
        """A fault of ours: 451 with an id outward, the details inward."""
        incident = self._doorway.incident()
        known = isinstance(error, GatepostError)
        log.error("smtp.fault incident=%s peer=%s: %s", incident, self._peer, error, exc_info=None if known else error)
        return try_later(incident)

    def _say(self, reply: bytes) -> None:
        self._said += (reply, b"\r\n")

    def _flush(self) -> None:
        """Send the replies to all commands that came together as one (RFC 2920 3.2)."""
        if not self._said:
            return
        self.transport.write(b"".join(self._said))
        self._said.clear()
        if self.transport.get_write_buffer_size() > _UNREAD_REPLIES:
            log.info("smtp.unread peer=%s: it does not read our replies", self._peer)
            self.abort()

    def _farewell(self, reply: Reply, *, linger: bool = True) -> None:
        """Say it and close.

        A close with unread input would reset the connection, and the peer might never read the reply. So a peer that is
        cut off in the middle of something is read a little longer, and nobody listens (`linger`).
        """
        self._leaving = True
        self._end_text()
        if self._parted or self.transport.is_closing():
            return
        self._parted = True
        self._say(reply)
        self._flush()
        if linger and not self._tls and self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    # Waiting.

    def _expect_by(self, deadline: float) -> None:
        """Give up at `deadline`. One timer per connection: it is moved only when it would ring too late."""
        self._deadline = deadline
        if self._leaving:
            return
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = self.loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self.loop.time() < self._deadline:
            if self._deadline != math.inf:
                self._expect_by(self._deadline)
            return
        log.info("smtp.time_up peer=%s", self._peer)
        self._farewell(Reply.TIMEOUT)

    def _wait_for(self, work: Coroutine[Any, Any, None], deadline: float = math.inf) -> None:
        """Do nothing else for this peer until `work` is done, then go on with what has come meanwhile."""
        self._deadline = deadline
        if deadline != math.inf:
            self._expect_by(deadline)
        self._waiting = self.loop.create_task(work)
        self._waiting.add_done_callback(self._waited)

    def _waited(self, task: asyncio.Task[None]) -> None:
        self._waiting = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("smtp.broken peer=%s: %s", self._peer, error, exc_info=error)
            self.abort()
        if self.transport.is_closing():
            return None
        if self._leaving:
            return self._farewell(Reply.SHUTTING_DOWN, linger=False)
        self._expect_by(self.loop.time() + self._limits.idle_seconds)
        self.transport.resume_reading()
        return self._go_on()

    # What the commands bring.

    def _take_text(self, text: DataReader) -> bool:
        """Give `text` what has come; False where nothing has."""
        raise NotImplementedError

    def _forget_mail(self) -> None:
        """Drop sender and recipients."""
        self.envelope = self._create_envelope()

    def _end_text(self) -> None:
        """The text is no longer being received or held."""
        if self._text is not None:
            self._doorway.room.give(self._text.kept)
            self._text = None


def unknown(talk: Talk, argument: bytes) -> Reply:
    """The answer to a verb that we do not know."""
    del argument
    talk.count_junk()
    return Reply.UNKNOWN
