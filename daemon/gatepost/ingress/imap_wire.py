"""The wire below an IMAP session: how it is connected and secured, and how much and how long a server may talk.

imapclient waits for every single octet with a time-out of its own; a server that trickles would hold it for ever. So a
command has an end in time, at which `overdue` says so and somebody else's thread may `cut` the connection.
"""

import contextlib
import imaplib
import os
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError

from ..config import endpoint
from ..errors import PermanentError, TemporaryError

if TYPE_CHECKING:
    from ..config import ImapSection

_CONNECT_SECONDS = 15.0
_COMMAND_SECONDS = 60.0
_SLOWEST = 8_192
_ANSWER_OCTETS = 16 * 1024 * 1024
# Another client may have taken away a whole folder, a line for each mail; each costs us some microseconds.
_ANSWER_LINES = 250_000
_PASSING = ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT", "EXPIRED", "CONTACTADMIN", "THROTTLED", "OVERQUOTA")
# The UIDs of a large folder come in one line, and 100,000 of ten digits are more than imaplib's megabyte.
imaplib._MAXLINE = 16 * 1024 * 1024  # type: ignore[attr-defined]


class DeadConnectionError(TemporaryError):
    """The server has gone without a word."""


class BusyServerError(TemporaryError):
    """The server says that it cannot do this now; no mail is to blame."""


class Wire:
    """A connected client. `begin` opens the account of one command; what goes beyond it ends the connection."""

    def __init__(self, section: "ImapSection", monotonic: Callable[[], float]) -> None:
        self.client = _connected(section)
        self._monotonic = monotonic
        self._left, self._lines = _ANSWER_OCTETS, _ANSWER_LINES
        self._until = monotonic() + _COMMAND_SECONDS
        self._bound()

    def begin(self, most: int = 0, *, octets: int = 0, seconds: float = 0.0) -> None:
        """A command begins; its answer may have `most` octets, and time for `octets` of them and for some `seconds`."""
        self._left, self._lines = most + _ANSWER_OCTETS, _ANSWER_LINES
        self._until = self._monotonic() + _COMMAND_SECONDS + seconds + octets / _SLOWEST

    def overdue(self) -> bool:
        """Whether the present command has used up its time."""
        return self._monotonic() > self._until

    def cut(self) -> None:
        """End the connection from any thread: whoever reads from it reads its end."""
        # TLS objects are not made for two threads; the descriptor below them is.
        with contextlib.suppress(OSError, ValueError):
            twin = socket.socket(fileno=os.dup(self.client.socket().fileno()))
            with twin, contextlib.suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up; a server that is gone is not asked."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.client.shutdown()

    def forget(self) -> None:
        """Drop what the server has told unasked; imaplib would keep it as long as the connection lasts."""
        for kind in ("EXISTS", "RECENT", "EXPUNGE", "FETCH"):
            self.client._imap.untagged_responses.pop(kind, None)

    def _bound(self) -> None:
        """Read no more than a command's answer may have, whatever size a server names for a literal."""
        imap: Any = self.client._imap
        read, readline = imap.read, imap.readline

        def bounded_read(size: int) -> bytes:
            if size > self._left:
                raise imaplib.IMAP4.abort(f"a literal of {size} octets")
            self._left -= size
            octets: bytes = read(size)
            return octets

        def bounded_readline() -> bytes:
            line: bytes = readline()
            self._left -= len(line)
            self._lines -= 1
            if min(self._left, self._lines) < 0:
                raise imaplib.IMAP4.abort("an answer without end")
            return line

        imap.read, imap.readline = bounded_read, bounded_readline


def _connected(section: "ImapSection") -> Any:
    host, port = endpoint(section.endpoint())
    context = ssl.create_default_context(cafile=section.authority or None)
    client = IMAPClient(
        host,
        port=port,
        ssl=section.tls == "tls",
        ssl_context=context if section.tls == "tls" else None,
        timeout=SocketTimeout(connect=_CONNECT_SECONDS, read=section.read_seconds),
    )
    try:
        if section.tls == "starttls":
            client.starttls(context)
        client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # imapclient sends a command and its line end apart; the second would wait until the first is acknowledged.
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        with contextlib.suppress(OSError):
            client.shutdown()
        raise
    client.normalise_times = False
    return client


def is_passing(error: BaseException) -> bool:
    """Whether a NO speaks of the server's own trouble (RFC 5530), which no single mail has caused."""
    said = str(error).upper()
    return any(f"[{code}" in said for code in _PASSING)


def why(error: BaseException) -> str:
    """An error for people, on one line, without secrets, and with what may help."""
    if isinstance(error, PermanentError | TemporaryError):
        return " ".join(f"{error.message}. {error.hint}".split()) if error.hint else error.message
    said = " ".join(str(error).split())[:200]
    match error:
        case LoginError():
            return f"the server refused to sign us in: {said}. Look at username, the password, or who let us in."
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not trusted: {error.verify_message}. Look at server and authority."
        case ssl.SSLError():
            return f"no TLS with the server: {said}. Look at tls and the port."
        case socket.gaierror():
            return f"the server's name is not known: {said}"
        case TimeoutError():
            return "the server did not answer in time"
        case ConnectionRefusedError():
            return "nobody listens at the server's address: connection refused"
    return f"{type(error).__name__}: {said}"
