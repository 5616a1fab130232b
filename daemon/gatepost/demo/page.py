"""The demo's pages: every mail that went out, as its reader sees it; every ticket with its trace; the clock.

For loopback and the demo only. Mail is foreign text: its HTML is shown in a frame without scripts and without network.
"""

import urllib.parse
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ..core import DAY, HOUR, Millis
from ..errors import PermanentError
from ..outline import outline
from ..store import tickets, whole_way
from ..store.connection import open_reader
from ..store.database import SqliteTx, Tx
from .place import Place
from .post_office import Kept, PostOffice

_PUSHES = {"1h": HOUR, "1d": DAY, "2d": 2 * DAY, "7d": 7 * DAY}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
)
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
T = TypeVar("T")
_LETTERS = Path(__file__).with_name("pages")


def pages(office: PostOffice, place: Place, *, command: Callable[[], str]) -> Starlette:
    """The pages over what `office` has kept. `command` is a line to file a ticket by hand."""
    shelf = Environment(loader=FileSystemLoader(_LETTERS), autoescape=True, undefined=StrictUndefined)
    shelf.filters["clock"] = _clock
    view = _View(office, place, shelf, command)
    routes = [
        Route("/", view.mails),
        Route("/mail/{number:int}", view.mail),
        Route("/mail/{number:int}/html", view.html),
        Route("/mail/{number:int}/raw", view.raw),
        Route("/mail/{number:int}/file/{place:int}", view.file),
        Route("/tickets", view.tickets),
        Route("/tickets/{number:int}", view.ticket),
        Route("/push/{by}", view.push, methods=["POST"]),
    ]
    return Starlette(routes=routes)


class _View:
    def __init__(self, office: PostOffice, place: Place, shelf: Environment, command: Callable[[], str]) -> None:
        self._office = office
        self._place = place
        self._shelf = shelf
        self._command = command

    async def mails(self, _request: Request) -> Response:
        return self._page("mails.html.j2", mails=self._office.mails[::-1], command=self._command())

    async def mail(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return self._missing("There is no such mail.")
        return self._page("mail.html.j2", mail=mail, last=len(self._office.mails))

    async def html(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return self._missing("There is no such mail.")
        return _guarded(HTMLResponse(mail.parts.html or "<p>This mail has no HTML form.</p>"), _MAIL_POLICY)

    async def raw(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return self._missing("There is no such mail.")
        return _guarded(PlainTextResponse(mail.content.decode("utf-8", "replace")), _MAIL_POLICY)

    async def file(self, request: Request) -> Response:
        mail, place = self._find(request), int(request.path_params["place"])
        if mail is None or place >= len(mail.parts.attachments):
            return self._missing("There is no such file.")
        file = mail.parts.attachments[place]
        name = urllib.parse.quote(file.filename)
        headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}"}
        return _guarded(Response(file.content, media_type="application/octet-stream", headers=headers), _MAIL_POLICY)

    async def tickets(self, _request: Request) -> Response:
        return self._page("tickets.html.j2", tickets=self._look(lambda tx: tickets.page(tx, limit=200)))

    async def ticket(self, request: Request) -> Response:
        number = int(request.path_params["number"])
        mails = [mail for mail in self._office.mails if f"[#{number}]" in mail.header("subject")]
        try:
            trace = "\n".join(outline(self._look(lambda tx: whole_way.of_ticket(tx, number))))
        except PermanentError as error:
            return self._missing(error.message)
        return self._page("ticket.html.j2", number=number, mails=mails, trace=trace)

    async def push(self, request: Request) -> Response:
        by = _PUSHES.get(request.path_params["by"])
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or by is None:
            return self._missing("The clock was not moved.")
        self._place.push(by)
        return RedirectResponse("/", status_code=303)

    def _look(self, read: Callable[[Tx], T]) -> T:
        with closing(open_reader(self._place.config().data / "desk.sqlite3")) as connection:
            return read(SqliteTx(connection))

    def _find(self, request: Request) -> Kept | None:
        number = int(request.path_params["number"])
        return self._office.mails[number - 1] if 1 <= number <= len(self._office.mails) else None

    def _page(self, name: str, status: int = 200, **values: object) -> Response:
        text = self._shelf.get_template(name).render(now=self._place.clock.now(), pushes=list(_PUSHES), **values)
        return _guarded(HTMLResponse(text, status_code=status), _PAGE_POLICY)

    def _missing(self, why: str) -> Response:
        return self._page("missing.html.j2", 404, why=why)


def _guarded(response: Response, policy: str) -> Response:
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _clock(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%a %d %b %Y, %H:%M:%S UTC")
