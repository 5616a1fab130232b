"""Stands before every page: security headers on each answer, and an end to what is too large or not asked for.

One place for it, so that no page can forget. Whether a visitor may see a page is that page's link's to say.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_OCTETS = 64 * 1024

_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"x-robots-tag", b"noindex, nofollow"),
)


class TooLarge(Exception):
    """The body of a request is larger than any page needs."""


class Guard:
    """An ASGI middleware around the whole table of routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > BODY_OCTETS:
                raise TooLarge
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(name, value) for name, value in message["headers"] if name != b"server"]
                message = {**message, "headers": [*given, *_HEADERS]}
            await send(message)

        await self._app(scope, counted, guarded)


async def too_large(request: Request, error: Exception) -> Response:
    """The answer to a body that is larger than any page takes."""
    return PlainTextResponse("This is more than the page takes.\n", status_code=413, headers={"connection": "close"})
