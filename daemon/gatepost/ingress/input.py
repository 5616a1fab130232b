"""Command lines and chunks from a StreamReader, by its public `read` alone."""

import asyncio

CHUNK = 64 * 1024
COMMAND_OCTETS = 2048


class BareNewlineError(Exception):
    """A command ended with LF alone (RFC 5321 2.3.8)."""


class LongLineError(Exception):
    """A command was longer than COMMAND_OCTETS; it has been read away up to its end."""


class Input:
    """What a peer sends. EOFError from any method says that it will send no more."""

    __slots__ = ("_reader", "pending")

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.pending = b""

    @property
    def has_line(self) -> bool:
        """Whether a whole line is here already: the peer pipelines (RFC 2920), so replies may wait for it."""
        return b"\n" in self.pending

    async def line(self) -> bytes:
        """The next command without its CRLF. Raises BareNewlineError, LongLineError, EOFError."""
        end = self.pending.find(b"\n")
        while end < 0:
            if len(self.pending) > COMMAND_OCTETS:
                await self._skip_line()
                raise LongLineError
            done = len(self.pending)
            self.pending += await self._read()
            end = self.pending.find(b"\n", done)
        line, self.pending = self.pending[: end + 1], self.pending[end + 1 :]
        if len(line) > COMMAND_OCTETS:
            raise LongLineError
        if line[-2:] != b"\r\n":
            raise BareNewlineError
        return line[:-2]

    async def chunk(self) -> bytes:
        """Whatever is here, at least one octet."""
        if self.pending:
            chunk, self.pending = self.pending, b""
            return chunk
        return await self._read()

    def drop(self) -> None:
        """Forget what was sent in plain text before TLS (RFC 3207 section 6)."""
        self.pending = b""
        # As aiosmtpd does: StreamReader has no public way to forget.
        self._reader._buffer.clear()  # type: ignore[attr-defined]

    async def _skip_line(self) -> None:
        """Read away the rest of a long line; past a mail's worth of CHUNK the peer is not a mail client."""
        for _ in range(16):
            end = self.pending.find(b"\n")
            if end >= 0:
                self.pending = self.pending[end + 1 :]
                return
            self.pending = await self._read()
        raise EOFError

    async def _read(self) -> bytes:
        chunk = await self._reader.read(CHUNK)
        if not chunk:
            raise EOFError
        return chunk
