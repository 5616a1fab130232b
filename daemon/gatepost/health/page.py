"""The pages for monitoring: /health says yes or no and why, /metrics has the figures. On an address of its own.

They tell no address, no subject and no name of a person.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..clock import Clock
from .metrics import Metrics
from .watch import Watch

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_SILENT_SECONDS = 60.0


def health_pages(watch: Watch, metrics: Metrics, monotonic: Callable[[], float] = Clock.monotonic) -> Starlette:
    """The application. A watch that has not looked for a minute is itself unhealthy."""

    async def health(_: Request) -> Response:
        silent = watch.looked is None or monotonic() - watch.looked > _SILENT_SECONDS
        said = {"verdict": "unhealthy", "why": "the watch does not look"} if silent else watch.report()
        return JSONResponse(said, 503 if silent or not watch.healthy else 200, headers=_HEADERS)

    async def figures(_: Request) -> Response:
        return Response(await metrics.text(), media_type=_TYPE, headers=_HEADERS)

    async def front(_: Request) -> Response:
        return PlainTextResponse("gatepost: /health and /metrics\n", headers=_HEADERS)

    return Starlette(
        routes=[
            Route(path, page, methods=["GET"])
            for path, page in (("/", front), ("/health", health), ("/metrics", figures))
        ]
    )
