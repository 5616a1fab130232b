"""The SMTP door: one conversation with one peer, from greeting to 250 (RFC 5321).

A subclass of aiosmtpd's SMTP, which brings the protocol, session and envelope. Commands are read and answered here,
because what aiosmtpd does about lost connections, exceptions, line ends, time-outs and limits loses or lets in mail
(docs/decisions names each trap). Nothing here decides about a mail beyond its recipients, its size and its line ends.
"""

import asyncio
import logging
import math
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from aiosmtpd.smtp import SMTP

from ..core import Millis
from ..core.addresses import Addresses
from ..core.letter import Door, Envelope
from ..crashpoint import crashpoint
from ..errors import GatepostError
from ..store.spool import CommitUnknownError, DiskFullError
from .data import DataReader, Flaw, OverrunError
from .input import BareNewlineError, Input, LongLineError
from .limits import Patience, Room, Tally, Turnstile
from .paths import Fault, Path, read_path
from .replies import Reply, accepted, escaped, try_later

if TYPE_CHECKING:
    from ..config import SmtpSection

log = logging.getLogger(__name__)

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_HELO = re.compile(rb"[\x21-\x7e]{1,255}")
_FOREIGN_VERBS = frozenset(
    (b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PATCH", b"PROXY", b"SSH-2.0")
)
_JUNK = frozenset((b"NOOP", b"RSET", b"VRFY", b"EXPN", b"HELP", b"EHLO", b"HELO", b"AUTH"))
_UNREAD_REPLIES = 128 * 1024
_LINGER_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What every conversation of a door shares. `accept` commits a mail and returns its id, or raises."""

    hostname: str
    limits: "SmtpSection"
    addresses: Addresses
    accept: Callable[[Envelope, bytes, Millis], Awaitable[int]]
    now: Callable[[], Millis]
    incident: Callable[[], str]
    turnstile: Turnstile
    room: Room
    has_room: Callable[[int], bool] = lambda octets: True
    tls: Callable[[], ssl.SSLContext | None] = lambda: None
    door: Door = Door.SMTP
    conversations: set["Conversation"] = field(default_factory=set)


class Conversation(SMTP):  # type: ignore[misc] # aiosmtpd has no types
    """One peer. `stop` ends it politely; a commit in flight is finished and answered first."""

    # The limit of the StreamReader: it pauses the peer at twice this many unread octets.
    line_length_limit = 128 * 1024
    transport: asyncio.Transport

    def __init__(self, doorway: Doorway, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            None,
            hostname=doorway.hostname,
            enable_SMTPUTF8=True,
            data_size_limit=doorway.limits.message_octets,
            loop=loop,
        )
        self._doorway = doorway
        self._limits = doorway.limits
        self._tally = Tally()
        self._said: list[bytes] = []
        self._peer = ""
        self._helo = ""
        self._tls = ""
        self._mail: str | None = None
        self._utf8 = False
        self._recipients: dict[str, None] = {}
        self._committing = False
        self._leaving = False
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None

    # The connection's life. None of these cancels the conversation: a mail whose final dot has come is committed
    # whatever the peer does meanwhile, and every wait for the peer ends with EOFError instead.

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A peer has connected."""
        asyncio.StreamReaderProtocol.connection_made(self, transport)
        self.transport = transport
        self._input = Input(self._reader)
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self._doorway.conversations.add(self)
        self.ended = self.loop.create_task(self._handle_client())

    def connection_lost(self, error: Exception | None) -> None:
        """The peer is gone: whoever reads gets EOFError, and replies go nowhere."""
        self._leaving = True
        asyncio.StreamReaderProtocol.connection_lost(self, error)

    def eof_received(self) -> bool | None:
        """The peer sends no more but may still read (except over TLS, where that cannot be)."""
        self._reader.feed_eof()
        return not self._tls

    def stop(self) -> None:
        """Say 421 and close, or do so as soon as the commit in flight has been answered."""
        self._leaving = True
        if not self._committing:
            self._farewell(Reply.SHUTTING_DOWN)

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._leaving = True
        self.transport.abort()

    async def _handle_client(self) -> None:
        entered = self._doorway.turnstile.enter(self._peer)
        try:
            if entered:
                await self._converse()
            else:
                self._say(Reply.TOO_MANY_CONNECTIONS)
        except (EOFError, ConnectionError, ssl.SSLError):
            log.debug("peer %s went away", self._peer)
        except Exception:
            log.exception("peer %s: the conversation failed", self._peer)
        finally:
            if entered:
                self._doorway.turnstile.leave(self._peer)
            self._doorway.conversations.discard(self)
            self._close()

    # Talking.

    async def _converse(self) -> None:
        self._say(b"220 %s ESMTP" % self._limits_hostname())
        while not self._leaving:
            if not self._input.has_line:
                self._flush()
                self._expect_by(self.loop.time() + self._limits.idle_seconds)
            try:
                line = await self._input.line()
            except BareNewlineError:
                return self._farewell(Reply.BARE_NEWLINE)
            except LongLineError:
                self._answer(Reply.LINE_TOO_LONG)
                continue
            await self._obey(line)
        return None

    def _limits_hostname(self) -> bytes:
        return self._doorway.hostname.encode("ascii")

    async def _obey(self, line: bytes) -> None:
        """One command, one reply (or several for DATA in LMTP)."""
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
            reply = self.verbs.get(verb, Conversation._unknown)(self, argument.strip(b" "))
            if isinstance(reply, Awaitable):
                await reply
            else:
                self._answer(reply)
        except (EOFError, ConnectionError, ssl.SSLError):
            raise
        except Exception as error:
            self._trouble(error)
        return None

    def _answer(self, reply: bytes) -> None:
        """Say it, and end the conversation where the peer has made too many errors."""
        self._say(reply)
        if isinstance(reply, Reply) and reply.is_error:
            self._tally.errors += 1
            log.info("peer %s: %s", self._peer, reply.value.decode("ascii"))
            if self._tally.errors > self._limits.errors:
                self._farewell(Reply.TOO_MANY_ERRORS)

    def _trouble(self, error: BaseException) -> None:
        """A fault of ours: 451 with an id outward, the details inward."""
        incident = self._doorway.incident()
        details = error if isinstance(error, GatepostError) else None
        log.error("[%s] peer %s: %r", incident, self._peer, error, exc_info=None if details else error)
        self._say(try_later(incident))

    def _say(self, reply: bytes) -> None:
        self._said += (reply, b"\r\n")

    def _flush(self) -> None:
        if not self._said:
            return
        self.transport.write(b"".join(self._said))
        self._said.clear()
        if self.transport.get_write_buffer_size() > _UNREAD_REPLIES:
            log.info("peer %s does not read our replies", self._peer)
            self.transport.abort()

    def _farewell(self, reply: Reply) -> None:
        self._say(reply)
        self._leaving = True
        self._close()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.transport.is_closing():
            return
        self._flush()
        self.transport.close()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    # Waiting.

    def _expect_by(self, deadline: float) -> None:
        """Give up at `deadline`. One timer per connection: it is moved only when it would ring too late."""
        self._deadline = deadline
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
        log.info("peer %s: time is up", self._peer)
        self._farewell(Reply.TIMEOUT)

    # The commands.

    def _unknown(self, argument: bytes) -> Reply:
        del argument
        self._tally.junk += 1
        return Reply.UNKNOWN

    def _helo_(self, argument: bytes) -> bytes:
        return self._greeted(argument) or b"250 " + self._limits_hostname()

    def _ehlo(self, argument: bytes) -> bytes:
        if fault := self._greeted(argument):
            return fault
        lines = [self._limits_hostname(), b"SIZE %d" % self._limits.message_octets, b"8BITMIME", b"SMTPUTF8"]
        lines.append(b"PIPELINING")
        if self._doorway.tls() is not None and not self._tls:
            lines.append(b"STARTTLS")
        return b"\r\n".join([*(b"250-" + line for line in lines), b"250 ENHANCEDSTATUSCODES"])

    def _greeted(self, argument: bytes) -> Reply | None:
        if not _HELO.fullmatch(argument):
            return Reply.SYNTAX
        self._forget_mail()
        self._helo = argument.decode("ascii")
        return None

    def _mail_from(self, argument: bytes) -> Reply:
        if not self._helo:
            return Reply.HELO_FIRST
        if self._limits.require_tls and not self._tls:
            return Reply.TLS_FIRST
        if self._mail is not None:
            return Reply.BAD_SEQUENCE
        path = read_path(b"FROM:", argument)
        if isinstance(path, Fault) or (not path.domain and path.local):
            return Reply.SENDER_SYNTAX
        utf8, size, fault = _mail_parameters(path.parameters)
        if fault is not None:
            return fault
        if path.international and not utf8:
            return Reply.NEEDS_SMTPUTF8
        if size > self._limits.message_octets:
            return Reply.MAIL_TOO_LARGE
        if not self._doorway.has_room(size):
            return Reply.DISK_LOW
        self._mail, self._utf8 = path.address, utf8
        return Reply.SENDER_OK

    def _rcpt_to(self, argument: bytes) -> Reply:
        if self._mail is None:
            return Reply.BAD_SEQUENCE
        path = read_path(b"TO:", argument)
        if isinstance(path, Fault) or not path.local:
            return Reply.RECIPIENT_SYNTAX
        if path.parameters:
            return Reply.UNKNOWN_PARAMETER
        if path.international and not self._utf8:
            return Reply.NEEDS_SMTPUTF8
        if (fault := self._not_ours(path)) is not None:
            log.info("peer %s: refused recipient %s", self._peer, escaped(path.address))
            return fault
        if len(self._recipients) >= self._limits.recipients and path.address not in self._recipients:
            return Reply.TOO_MANY_RECIPIENTS
        self._recipients[path.address] = None
        return Reply.RECIPIENT_OK

    def _not_ours(self, path: Path) -> Reply | None:
        """None for an address of ours; what to say to all others, the tricks of relay hunters among them (A12)."""
        if path.routed or any(char in "%!@" for char in path.local):
            return Reply.NO_RELAY
        local_and_domain = f"{path.local}@{path.domain}" if path.domain else path.local
        if self._doorway.addresses.locate(local_and_domain) is not None:
            return None
        return Reply.NO_SUCH_USER if self._doorway.addresses.is_our_domain(path.domain) else Reply.NO_RELAY

    def _rset(self, argument: bytes) -> Reply:
        if argument:
            return Reply.SYNTAX
        self._forget_mail()
        return Reply.OK

    def _noop(self, argument: bytes) -> Reply:
        del argument
        return Reply.OK

    def _vrfy(self, argument: bytes) -> Reply:
        """RFC 5321 7.3: 252 for every address, ours or not."""
        return Reply.CANNOT_VERIFY if argument else Reply.SYNTAX

    def _not_implemented(self, argument: bytes) -> Reply:
        del argument
        return Reply.NOT_IMPLEMENTED

    def _no_auth(self, argument: bytes) -> Reply:
        """AUTH is not offered here; the argument may be a password and is not looked at (A27)."""
        del argument
        return Reply.BAD_SEQUENCE

    def _help(self, argument: bytes) -> Reply:
        del argument
        return Reply.HELP

    async def _quit(self, argument: bytes) -> None:
        del argument
        self._farewell(Reply.BYE)

    async def _starttls(self, argument: bytes) -> None:
        context = self._doorway.tls()
        if argument or context is None or self._tls:
            reply = Reply.SYNTAX if argument else Reply.ALREADY_TLS if self._tls else Reply.NOT_IMPLEMENTED
            return self._answer(reply)
        self._input.drop()
        self._say(Reply.START_TLS)
        self._flush()
        self._expect_by(self.loop.time() + self._limits.handshake_seconds)
        transport = await self.loop.start_tls(
            self.transport, self, context, server_side=True, ssl_handshake_timeout=self._limits.handshake_seconds
        )
        if transport is None:
            raise EOFError
        self.transport = transport
        # As aiosmtpd does: the reader pauses and resumes the transport that it knows.
        self._reader._transport = transport
        self._tls = str(transport.get_extra_info("ssl_object").version())
        self._helo = ""
        return self._forget_mail()

    def _forget_mail(self) -> None:
        self._mail, self._utf8 = None, False
        self._recipients = {}

    # The mail itself.

    async def _data(self, argument: bytes) -> None:
        if argument or self._mail is None or not self._recipients:
            return self._answer(Reply.SYNTAX if argument else Reply.BAD_SEQUENCE)
        self._say(Reply.GO_AHEAD)
        if not self._input.pending:
            self._flush()
        reader = self._new_reader()
        try:
            await self._receive(reader)
            text = reader.finish()
            if isinstance(text, Flaw):
                self._answer_each(_refusal_of(text))
            else:
                await self._accept(text)
        except OverrunError:
            self._farewell(Reply.MAIL_TOO_LARGE)
        finally:
            self._doorway.room.give(reader.kept)
            self._forget_mail()
        return None

    def _new_reader(self) -> DataReader:
        limits = self._limits
        return DataReader(
            message_octets=limits.message_octets,
            header_octets=limits.header_octets,
            line_octets=limits.line_octets,
            normalize=limits.bare_newline == "normalize",
            room=self._doorway.room.take,
        )

    async def _receive(self, reader: DataReader) -> None:
        """Read up to the end of the mail; EOFError where the peer goes away before it (B03)."""
        limits = self._limits
        patience = Patience(idle=limits.idle_seconds, rate=limits.data_octets_per_second, total=limits.data_seconds)
        started = self.loop.time()
        rest: bytes | None = None
        while rest is None:
            if not self._input.pending:
                self._flush()
                now = self.loop.time()
                self._expect_by(patience.deadline(started=started, last=now, received=reader.received))
            rest = reader.feed(await self._input.chunk())
        self._input.pending = rest

    async def _accept(self, text: bytes) -> None:
        envelope = Envelope(
            mail_from=self._mail or "",
            recipients=tuple(self._recipients),
            door=self._doorway.door,
            peer=self._peer,
            helo=self._helo,
            tls=self._tls,
        )
        self._deadline = math.inf
        self._committing = True
        try:
            number = await self._doorway.accept(envelope, text, self._doorway.now())
        except DiskFullError as error:
            log.error("peer %s: %s", self._peer, error)
            return self._answer_each(Reply.DISK_LOW)
        except CommitUnknownError:
            # RFC 5321 4.2.5: after 4yz the mail must not be delivered, so nothing can be said (B15).
            log.exception("peer %s: nobody knows whether the commit happened; cutting the connection", self._peer)
            return self.abort()
        finally:
            self._committing = False
        self._tally.reset()
        self._answer_each(accepted(number))
        self._flush()
        crashpoint("accept.replied")
        log.info("accepted %d: %d octets from <%s>", number, len(text), escaped(envelope.mail_from))
        if self._leaving:
            self._farewell(Reply.SHUTTING_DOWN)
        return None

    def _answer_each(self, reply: bytes) -> None:
        """The reply to the final dot: one in SMTP; LMTP repeats it for each recipient (RFC 2033 4.2)."""
        self._answer(reply)

    verbs: dict[bytes, Callable[["Conversation", bytes], Any]] = {  # noqa: RUF012 - the closed list of what we know
        b"HELO": _helo_,
        b"EHLO": _ehlo,
        b"MAIL": _mail_from,
        b"RCPT": _rcpt_to,
        b"DATA": _data,
        b"RSET": _rset,
        b"NOOP": _noop,
        b"VRFY": _vrfy,
        b"EXPN": _not_implemented,
        b"BDAT": _not_implemented,
        b"AUTH": _no_auth,
        b"HELP": _help,
        b"STARTTLS": _starttls,
        b"QUIT": _quit,
    }


def _mail_parameters(text: str) -> tuple[bool, int, Reply | None]:
    """SMTPUTF8 and SIZE of MAIL (RFC 6531, 1870, 6152); the reply where a parameter is wrong or not ours."""
    utf8, size = False, 0
    seen: set[str] = set()
    for parameter in text.upper().split():
        name, equals, value = parameter.partition("=")
        if name in seen:
            return utf8, size, Reply.SYNTAX
        seen.add(name)
        if name == "SIZE" and value.isdigit() and len(value) <= 20:
            size = int(value)
        elif name == "SMTPUTF8" and not equals:
            utf8 = True
        elif name not in ("SIZE", "SMTPUTF8", "BODY"):
            return utf8, size, Reply.UNKNOWN_PARAMETER
        elif name != "BODY" or value not in ("7BIT", "8BITMIME"):
            return utf8, size, Reply.SYNTAX
    return utf8, size, None


def _refusal_of(flaw: Flaw) -> Reply:
    match flaw:
        case Flaw.BARE_CR:
            return Reply.BARE_CR_IN_DATA
        case Flaw.BARE_LF:
            return Reply.BARE_LF_IN_DATA
        case Flaw.NUL:
            return Reply.NUL_IN_DATA
        case Flaw.TOO_LARGE:
            return Reply.MAIL_TOO_LARGE
        case Flaw.LINE_TOO_LONG:
            return Reply.TEXT_LINE_TOO_LONG
        case Flaw.HEADER_TOO_LARGE:
            return Reply.HEADER_TOO_LARGE
        case Flaw.NO_MEMORY:
            return Reply.DISK_LOW
        case _:
            assert_never(flaw)
