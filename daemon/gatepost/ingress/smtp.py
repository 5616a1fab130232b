"""The SMTP door: the commands of RFC 5321, and the one place where a mail is accepted.

Nothing here decides about a mail beyond its recipients, its size and its line ends.
"""

import logging
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, assert_never

from ..core.letter import Envelope
from ..crashpoint import crashpoint
from ..store.spool import CommitUnknownError, DiskFullError
from .data import DataReader, Flaw, OverrunError
from .doorway import Doorway
from .parameters import read_parameters
from .paths import Fault, Path, read_path
from .replies import Reply, accepted, escaped
from .talk import Talk

__all__ = ["Conversation", "Doorway"]

log = logging.getLogger(__name__)

_HELO = re.compile(rb"[\x21-\x7e]{1,255}")


class Conversation(Talk):
    """One SMTP peer. A door of another protocol is a subclass with other `verbs` and another `_answer_dot`."""

    # The commands. Each returns its reply, or None where it has seen to that itself.

    def _say_helo(self, argument: bytes) -> bytes:
        return self._greeted(argument) or b"250 " + self._our_name()

    def _ehlo(self, argument: bytes) -> bytes:
        if fault := self._greeted(argument):
            return fault
        self.session.extended_smtp = True
        lines = [self._our_name(), b"SIZE %d" % self._limits.message_octets, b"8BITMIME", b"SMTPUTF8", b"PIPELINING"]
        if self._doorway.tls() is not None and not self._tls:
            lines.append(b"STARTTLS")
        return b"\r\n".join([*(b"250-" + line for line in lines), b"250 ENHANCEDSTATUSCODES"])

    def _greeted(self, argument: bytes) -> Reply | None:
        if not _HELO.fullmatch(argument):
            return Reply.SYNTAX
        self._forget_mail()
        self.session.host_name = argument.decode("ascii")
        return None

    def _mail(self, argument: bytes) -> Reply:
        if not self.session.host_name:
            return Reply.HELO_FIRST
        if self._limits.require_tls and not self._tls:
            return Reply.TLS_FIRST
        if self.envelope.mail_from is not None:
            return Reply.BAD_SEQUENCE
        path = read_path(b"FROM:", argument)
        if isinstance(path, Fault) or (not path.domain and path.local):
            return Reply.SENDER_SYNTAX
        parameters = read_parameters(path.parameters)
        if isinstance(parameters, Reply):
            return parameters
        if path.international and not parameters.utf8:
            return Reply.NEEDS_SMTPUTF8
        if parameters.size > self._limits.message_octets:
            return Reply.MAIL_TOO_LARGE
        if not self._doorway.has_room(parameters.size):
            return Reply.DISK_LOW
        self.envelope.mail_from, self.envelope.smtp_utf8 = path.address, parameters.utf8
        return Reply.SENDER_OK

    def _rcpt(self, argument: bytes) -> Reply:
        if self.envelope.mail_from is None:
            return Reply.BAD_SEQUENCE
        path = read_path(b"TO:", argument)
        if isinstance(path, Fault) or not path.local:
            return Reply.RECIPIENT_SYNTAX
        if path.parameters:
            return Reply.UNKNOWN_PARAMETER
        if path.international and not self.envelope.smtp_utf8:
            return Reply.NEEDS_SMTPUTF8
        if path.local.lower() == "postmaster" and path.domain.lower() == self._doorway.hostname.lower():
            # RFC 5321 4.5.1: the postmaster of this host, who is the one without a domain.
            path = Path(local="postmaster", domain="")
        if (fault := self._not_ours(path)) is not None:
            log.info("smtp.recipient_refused peer=%s: %s", self._peer, escaped(path.address))
            return fault
        if (wait := self._put_off(path.address)) is not None:
            return wait
        if len(self._recipients) >= self._limits.recipients and path.address not in self._recipients:
            return Reply.TOO_MANY_RECIPIENTS
        self._recipients[path.address] = None
        self._named = path.address
        return Reply.RECIPIENT_OK

    def _put_off(self, address: str) -> Reply | None:
        """What to say for an address of ours that takes no mail for now, None for the others."""
        return Reply.POSTPONED if self._doorway.postpones(address) else None

    def _not_ours(self, path: Path) -> Reply | None:
        """None for an address of ours; what to say to all others, the tricks of relay hunters among them (A12)."""
        if path.routed or any(char in "%!@" for char in path.local):
            return Reply.NO_RELAY
        if self._doorway.addresses.locate(f"{path.local}@{path.domain}" if path.domain else path.local) is not None:
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

    def _auth(self, argument: bytes) -> Reply:
        """AUTH is not offered here; the argument may be a password and is not looked at (A27)."""
        del argument
        return Reply.BAD_SEQUENCE

    def _help(self, argument: bytes) -> Reply:
        del argument
        return Reply.HELP

    def _quit(self, argument: bytes) -> None:
        del argument
        self._farewell(Reply.BYE, linger=False)

    def _starttls(self, argument: bytes) -> Reply | None:
        context = self._doorway.tls()
        if argument or context is None or self._tls:
            return Reply.SYNTAX if argument else Reply.ALREADY_TLS if self._tls else Reply.NOT_IMPLEMENTED
        self._input.drop()
        self._say(Reply.START_TLS)
        self._flush()
        self._wait_for(self._shake_hands(context), self.loop.time() + self._limits.handshake_seconds)
        return None

    async def _shake_hands(self, context: ssl.SSLContext) -> None:
        """From plain to TLS; afterwards nothing of what was said before counts (RFC 3207 4.2)."""
        seconds = self._limits.handshake_seconds
        try:
            transport = await self.loop.start_tls(
                self.transport, self, context, server_side=True, ssl_handshake_timeout=seconds
            )
        except (OSError, EOFError) as error:
            log.info("smtp.tls_failed peer=%s: %s", self._peer, escaped(str(error)))
            transport = None
        if transport is None:
            # The TLS layer, which had the connection during the handshake, tells nobody of its end.
            self.transport.abort()
            return self.connection_lost(None)
        self.transport = transport
        peer, self.session = self.session.peer, self._create_session()
        self.session.peer = peer
        self.session.ssl = {"version": transport.get_extra_info("ssl_object").version()}
        return self._forget_mail()

    def _forget_mail(self) -> None:
        super()._forget_mail()
        self._recipients: dict[str, None] = {}

    # The mail itself.

    def _data(self, argument: bytes) -> Reply | None:
        if argument:
            return Reply.SYNTAX
        if self.envelope.mail_from is None or not self._recipients:
            return Reply.BAD_SEQUENCE
        limits = self._limits
        self._text = DataReader(
            message_octets=limits.message_octets,
            header_octets=limits.header_octets,
            line_octets=limits.line_octets,
            normalize=limits.bare_newline == "normalize",
            room=self._doorway.room.take,
        )
        self._text_began = self.loop.time()
        return Reply.GO_AHEAD

    def _take_text(self, text: DataReader) -> bool:
        """Give the reader of the text what has come; at the end of the mail refuse it, or have it committed."""
        if not len(self._input):
            return False
        try:
            rest = text.feed(self._input.take())
        except OverrunError:
            self._farewell(Reply.MAIL_TOO_LARGE)
            return True
        except MemoryError as error:
            # Where the mail ends is not known any more.
            self._say(self._trouble(error))
            self._flush()
            self.abort()
            return True
        if rest is None:
            return False
        self._input.feed(rest)
        self._finish_text(text)
        return True

    def _finish_text(self, text: DataReader) -> None:
        try:
            raw = text.finish()
        except MemoryError as error:
            self._end_text()
            self._forget_mail()
            return self._answer_dot(self._trouble(error))
        if isinstance(raw, Flaw):
            self._end_text()
            self._forget_mail()
            return self._answer_dot(_refusal_of(raw))
        return self._wait_for(self._commit(raw))

    async def _commit(self, raw: bytes) -> None:
        """The one place where a mail is accepted: 250 after the commit, 4xx where it surely did not happen."""
        envelope = self._read_envelope()
        try:
            number = await self._doorway.accept(envelope, raw, self._doorway.now())
        except DiskFullError as error:
            log.error("arrival.not_stored peer=%s: %s", self._peer, error)  # noqa: TRY400,RUF100
            return self._answer_dot(Reply.DISK_LOW)
        except CommitUnknownError as error:
            # RFC 5321 4.2.5: after 4yz the mail must not be delivered, so nothing can be said (B15).
            log.error("arrival.unknown peer=%s: %s; the connection is cut", self._peer, error)  # noqa: TRY400,RUF100
            return self.abort()
        except Exception as error:  # noqa: BLE001,RUF100 - A29
            return self._answer_dot(self._trouble(error))
        finally:
            self._end_text()
            self._forget_mail()
        self._tally.reset()
        self._answer_dot(accepted(number))
        self._flush()
        crashpoint("accept.replied")
        log.info("arrival.accepted id=%d octets=%d peer=%s", number, len(raw), self._peer)
        return None

    def _read_envelope(self) -> Envelope:
        return Envelope(
            mail_from=self.envelope.mail_from or "",
            recipients=tuple(self._recipients),
            door=self._doorway.door,
            peer=self._peer,
            helo=self.session.host_name or "",
            tls=self._tls,
        )

    def _answer_dot(self, reply: bytes) -> None:
        """The reply to the final dot: one in SMTP; LMTP repeats it for each recipient (RFC 2033 4.2)."""
        self._answer(reply)

    verbs: ClassVar[Mapping[bytes, Callable[[Any, bytes], bytes | None]]] = {
        b"HELO": _say_helo,
        b"EHLO": _ehlo,
        b"MAIL": _mail,
        b"RCPT": _rcpt,
        b"DATA": _data,
        b"RSET": _rset,
        b"NOOP": _noop,
        b"VRFY": _vrfy,
        b"EXPN": _not_implemented,
        b"BDAT": _not_implemented,
        b"AUTH": _auth,
        b"HELP": _help,
        b"STARTTLS": _starttls,
        b"QUIT": _quit,
    }


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
