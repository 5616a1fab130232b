"""Serves the one stylesheet, under a name that changes with it, so that browsers keep it."""

from starlette.requests import Request
from starlette.responses import Response

from .counter import Counter
from .page import Form, Page, Visitor, Who


class StylePage:
    """The handler."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            Page(
                "GET", "/style/{name}", self.style, Who.ANYONE, "Stylesheet",
                form=Form.OPEN, impersonated=True,
            ),
        )  # fmt: skip

    async def style(self, request: Request, visitor: Visitor) -> Response:
        """The stylesheet in the brand's colours, whatever version of it is asked for."""
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(self._counter.style(visitor.brand), media_type="text/css", headers=kept)
