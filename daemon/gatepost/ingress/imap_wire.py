"""The wire below an IMAP session: how it is connected and secured, and how much and how long a server may talk.

imapclient waits for every single octet with a time-out of its own; a server that trickles would hold it for ever. So a
command has an end in time, at which `overdue` says so and somebody else's thread may `cut` the connection.
"""

import contextlib
import imaplib
import math
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient, SocketTimeout, imap4, tls
from imapclient.exceptions import LoginError

from ..config import endpoint
from ..errors import PermanentError, TemporaryError

if TYPE_CHECKING:
    from ..config import ImapSection

_CONNECT_SECONDS = 15.0
_COMMAND_SECONDS = 60.0
_LOOK_SECONDS = 0.5
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
    """A connected client. `begin` opens the account of one command; what goes beyond it ends the connection.

    `hold` is given the wire before it is connected, so that somebody else can cut it while the server greets us, too;
    without one, it looks after itself.
    """

    def __init__(
        self, section: "ImapSection", monotonic: Callable[[], float], hold: "Callable[[Wire], object] | None" = None
    ) -> None:
        self._monotonic = monotonic
        self._left, self._lines = _ANSWER_OCTETS, _ANSWER_LINES
        self._until = monotonic() + _COMMAND_SECONDS
        self._twin: socket.socket | None = None
        self._closed = threading.Event()
        if hold is not None:
            hold(self)
        else:
            threading.Thread(target=self._look_after, name="imap-wire", daemon=True).start()
        try:
            self.client = _connected(section, self._remember)
        except BaseException:
            self._drop_twin()
            raise
        self._bound()

    def begin(self, most: int = 0, *, octets: int = 0, seconds: float = 0.0) -> None:
        """A command begins; its answer may have `most` octets, and time for `octets` of them and for some `seconds`."""
        self._left, self._lines = most + _ANSWER_OCTETS, _ANSWER_LINES
        self._until = self._monotonic() + _COMMAND_SECONDS + seconds + octets / _SLOWEST

    def at_rest(self) -> None:
        """No command is under way, and none is late, until the next one begins."""
        self._until = math.inf

    def cut_if_overdue(self) -> bool:
        """From any thread: end the connection where the present command has used up its time."""
        late = self._monotonic() > self._until
        if late:
            self.cut()
        return late

    def cut(self) -> None:
        """End the connection from any thread: whoever reads from it reads its end."""
        twin = self._twin
        if twin is not None:
            with contextlib.suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up; a server that is gone is not asked."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.client.shutdown()
        self._drop_twin()

    def _remember(self, sock: socket.socket) -> None:
        """TLS objects are not made for two threads; a second descriptor of the socket below them is."""
        self._twin = sock.dup()

    def _look_after(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            self.cut_if_overdue()

    def _drop_twin(self) -> None:
        self._closed.set()
        twin, self._twin = self._twin, None
        if twin is not None:
            twin.close()

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


class _Client(IMAPClient):  # type: ignore[misc] # imapclient has no types
    """An IMAPClient that shows its socket as soon as there is one: before TLS, and before the greeting."""

    def __init__(self, *arguments: Any, shown: Callable[[socket.socket], None], **more: Any) -> None:
        self._shown = shown
        super().__init__(*arguments, **more)

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 - imapclient's name
        shown = self._shown

        class Plain(imap4.IMAP4WithTimeout):  # type: ignore[misc]
            def _create_socket(self, timeout: float | None = None) -> socket.socket:
                sock: socket.socket = super()._create_socket(timeout)
                shown(sock)
                return sock

        if not self.ssl:
            return Plain(self.host, self.port, self._timeout.connect)
        context, name = self.ssl_context, self.host

        class Secure(Plain):
            def _create_socket(self, timeout: float | None = None) -> socket.socket:
                wrapped: socket.socket = tls.wrap_socket(super()._create_socket(timeout), context, name)
                return wrapped

        return Secure(self.host, self.port, self._timeout.connect)


def _connected(section: "ImapSection", shown: Callable[[socket.socket], None]) -> Any:
    host, port = endpoint(section.endpoint())
    context = ssl.create_default_context(cafile=section.authority or None)
    client = _Client(
        host,
        port=port,
        ssl=section.tls == "tls",
        ssl_context=context if section.tls == "tls" else None,
        timeout=SocketTimeout(connect=_CONNECT_SECONDS, read=section.read_seconds),
        shown=shown,
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
        return " ".join(f"{error.message.rstrip('.')}. {error.hint}".split()) if error.hint else error.message
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
