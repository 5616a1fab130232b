"""Reads a request's body as far as its page takes it, and lets the rest go by."""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive

from .stops import TooLarge

_LET_BY = 64 * 1024 * 1024


def counted(receive: Receive, most: int, patience: float) -> Receive:
    """`receive`, that ends with TooLarge where more comes than the page takes."""
    seen = 0

    async def more() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            await _drained(receive, message, patience)
            raise TooLarge
        return message

    return more


async def _drained(receive: Receive, message: Message, patience: float) -> None:
    """Let the rest of a request go by, as far as it keeps coming: a connection that is closed over what nobody has read
    is reset, and the browser shows that instead of our answer (RFC 9112 9.6).
    """
    left = _LET_BY
    with suppress(TimeoutError):
        while left > 0 and message.get("more_body"):
            message = await asyncio.wait_for(receive(), patience)
            left -= len(message.get("body", b""))
