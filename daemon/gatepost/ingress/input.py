"""Cuts what a peer sends into command lines. Pure: bytes come in by `feed`, in pieces of any size."""

COMMAND_OCTETS = 2048
_HOPELESS_OCTETS = 1024 * 1024


class BareNewlineError(Exception):
    """A command ended with LF alone (RFC 5321 2.3.8)."""


class LongLineError(Exception):
    """A command was longer than COMMAND_OCTETS; it has been read away up to its end."""


class EndlessLineError(Exception):
    """A command has no end within a megabyte: this is no mail client."""


class Input:
    """What has come and was not yet used."""

    __slots__ = ("_at", "_buffer", "_skipped")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._skipped = 0

    def __len__(self) -> int:
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Add `data` behind what is here."""
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    def line(self) -> bytes | None:
        """The next command without its CRLF, None while it is incomplete. Raises one of the errors above."""
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            self._skip()
            return None
        line = self._buffer[self._at : end + 1]
        self._at = end + 1
        skipped, self._skipped = self._skipped, 0
        if skipped + len(line) > COMMAND_OCTETS:
            raise LongLineError
        if line[-2:] != b"\r\n":
            raise BareNewlineError
        return line[:-2]

    def take(self) -> bytes:
        """All that is here."""
        taken = self._buffer[self._at :] if self._at else self._buffer
        self.drop()
        return taken

    def drop(self) -> None:
        """Forget all that is here: what came in plain text before TLS does not count (RFC 3207 section 6)."""
        self._buffer, self._at = b"", 0

    def _skip(self) -> None:
        """Do not keep the beginning of a line that is too long already."""
        if len(self) > COMMAND_OCTETS or self._skipped:
            self._skipped += len(self)
            self.drop()
        if self._skipped > _HOPELESS_OCTETS:
            raise EndlessLineError
