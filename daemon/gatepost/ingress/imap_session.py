"""One signed-in connection to an IMAP server, in one thread: bounded answers, and where a taken mail is put."""

import imaplib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError

from ..config import endpoint
from ..errors import PermanentError, TemporaryError

if TYPE_CHECKING:
    from ..config import ImapSection
    from .oauth import Tokens

_CONNECT_SECONDS = 15.0
_SPINS = 3
MARK = b"$Gatepost"


class DeadConnectionError(TemporaryError):
    """The server has gone without a word."""


class Session:
    """A connection with its folder selected. Every method raises what imapclient raises, or an error of ours."""

    def __init__(self, section: "ImapSection", tokens: "Tokens", octets: int) -> None:
        self._section = section
        self._octets = octets
        self._client = _connected(section)
        self._bound()
        try:
            self._sign_in(tokens)
            self.validity = self._select()
        except BaseException:
            self.close()
            raise

    def waiting(self, after: int) -> list[int]:
        """The UIDs of the mails that are to be taken, ascending: all where taken ones are moved, else unmarked ones."""
        if self._section.processed:
            return sorted(self._client.search(["ALL"]))
        found = self._client.search(["UNKEYWORD", MARK.decode(), "UID", f"{after + 1}:*"])
        # RFC 3501 6.4.8: N:* always names the last mail, also where its UID is below N.
        return sorted(uid for uid in found if uid > after)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The octets of those mails that are still there."""
        said = self._client.fetch(list(uids), ["RFC822.SIZE"])
        return {
            uid: int(each[b"RFC822.SIZE"]) for uid, each in said.items() if uid in set(uids) and b"RFC822.SIZE" in each
        }

    def mail(self, uid: int) -> tuple[bytes, int | None] | None:
        """The bytes of a mail and its INTERNALDATE in milliseconds; None where it has gone meanwhile. Marks nothing."""
        self._client.normalise_times = False
        said = self._client.fetch([uid], ["BODY.PEEK[]", "INTERNALDATE"]).get(uid, {})
        octets = said.get(b"BODY[]")
        if not isinstance(octets, bytes):
            return None
        came = said.get(b"INTERNALDATE")
        return octets, int(came.timestamp() * 1000) if came is not None else None

    def put_away(self, uids: Sequence[int], *, failed: bool = False) -> None:
        """Move mails to their folder, or mark them. Only the very mails that were copied are expunged (RFC 4315)."""
        if not uids:
            return
        folder = self._section.failed if failed else self._section.processed
        client, some = self._client, list(uids)
        if folder and not client.folder_exists(folder):
            client.create_folder(folder)
        if folder and client.has_capability("MOVE"):
            client.move(some, folder)
        elif folder and client.has_capability("UIDPLUS"):
            client.copy(some, folder)
            client.add_flags(some, [b"\\Deleted"], silent=True)
            client.uid_expunge(some)
        else:
            client.add_flags(some, [MARK, b"\\Seen"], silent=True)

    def wait(self, stopping: Callable[[float], bool], monotonic: Callable[[], float]) -> None:
        """Return when there may be mail: the server says so, or the time is up. Raises DeadConnectionError."""
        section = self._section
        if not self._client.has_capability("IDLE"):
            stopping(section.poll_seconds)
            self._client.noop()
            return
        end, spins = monotonic() + section.idle_seconds, 0
        self._client.idle()
        while monotonic() < end and not stopping(0):
            began = monotonic()
            if self._client.idle_check(timeout=1):
                break
            # imapclient swallows the end of the stream and answers at once, for ever.
            spins = spins + 1 if monotonic() - began < 0.2 else 0
            if spins >= _SPINS:
                raise DeadConnectionError("the connection ended while waiting for mail")
        self._client.idle_done()

    def close(self) -> None:
        """Hang up; a server that is gone is not asked."""
        try:
            self._client.shutdown()
        except (OSError, imaplib.IMAP4.error):
            return

    def _select(self) -> int:
        said = self._client.select_folder(self._section.folder)
        return int(said.get(b"UIDVALIDITY", 0))

    def _sign_in(self, tokens: "Tokens") -> None:
        section = self._section
        if section.password is not None:
            self._client.login(section.username, section.password.read().decode("utf-8"))
            return
        try:
            self._show(tokens.current())
        except LoginError:
            tokens.drop()
            self._show(tokens.current())

    def _show(self, token: str) -> None:
        if self._section.mechanism == "oauthbearer":
            self._client.oauthbearer_login(self._section.username, token)
        else:
            self._client.oauth2_login(self._section.username, token)

    def _bound(self) -> None:
        """Read no literal that is larger than a mail may be: the size that the server named first need not be true."""
        imap: Any = self._client._imap
        read, most = imap.read, self._octets + 1024 * 1024

        def bounded(size: int) -> bytes:
            if size > most:
                raise imaplib.IMAP4.abort(f"a literal of {size} octets")
            octets: bytes = read(size)
            return octets

        imap.read = bounded


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
    if section.tls == "starttls":
        client.starttls(context)
    _keep_alive(client)
    return client


def _keep_alive(client: Any) -> None:
    """Have the kernel notice a half-open connection too."""
    sock = client.socket() if callable(getattr(client, "socket", None)) else None
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def why(error: BaseException) -> str:
    """An error for people, on one line and without secrets; imapclient shows what the server has said."""
    if isinstance(error, PermanentError | TemporaryError):
        return error.message
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
