"""Stands before every page: which brand's host, which page, which visitor, whether they may, and whether it was sent
from our own form; afterwards the security headers on every answer, whatever it is.

One place for it, so that no page can forget. The order is that of cost: what is cheap to refuse is refused first.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import NoReturn
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ..core import HOUR, Millis
from ..core.audit import Action
from ..core.party import Brand
from ..errors import TemporaryError
from ..links import LinkError
from ..store import consents
from ..store.database import Tx
from .body import Body
from .counter import Counter, go, still_stands
from .endings import MOST_FORM_FIELDS, Asked, Endings
from .headers import dressed
from .page import Form, Page, Visitor, Who
from .stops import (
    Forbidden,
    Misdirected,
    Over,
    SignInNeeded,
    Stop,
    TooLarge,
    TooMany,
    TooManyFields,
    Unreadable,
)
from .table import Table
from .tries import neighbourhood
from .visitors import Visitors

_log = logging.getLogger("gatepost.portal")
_MOST_FIELDS = 64
# Until a page takes them, files lie on the disk; each that is being made a mail is in memory several times over.
_UPLOADS_AT_ONCE = 4
_VISIT_SECONDS = 12 * 3600
FORM_FIELD = "form"


class Guard:
    """The ASGI app of the portal: the table of pages behind everything that is asked before one of them is shown."""

    def __init__(self, pages: Sequence[Page], counter: Counter) -> None:
        self._table = Table(pages)
        self._counter = counter
        self._visitors = Visitors(counter)
        self._endings = Endings(counter, self._visitors, self._table)
        self._uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)
        self._brands = {
            parts.netloc.lower(): (brand, f"{parts.scheme}://{parts.netloc}".lower())
            for brand in reversed(counter.house.brands.values())  # of several at one host, the first has it
            if brand.portal and (parts := urlsplit(brand.portal))
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = Body(scope, receive)
        answer = await self._answer(scope, body)
        await body.let_by(self._counter.page_section.read_seconds / 5)
        secure = self._origin(scope).startswith("https:")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": dressed(message["headers"], secure=secure)}
            await send(message)

        await answer(scope, receive, guarded)

    async def _answer(self, scope: Scope, body: Body) -> Response:
        """The answer to one request; every way in which it can end is turned into a page here."""
        asked = Asked(scope, next(iter(self._counter.house.brands.values())))
        try:
            asked.brand = self._brand(scope)
            page, values = self._table.find(scope["method"], scope["path"])
            body.most = page.body
            request = asked.request = Request({**scope, "path_params": values}, body)
            asked.page = page
            asked.visitor = await self._visitors.know(request, page, asked.brand)
            asked.visitor = self._visitors.follow(request, page, asked.visitor)
            return await self._admitted(request, page, asked.visitor)
        except Over as stop:
            return self._endings.over(stop, asked)
        except SignInNeeded as stop:
            if scope["method"] == "POST":
                return await self._endings.stopped(stop, asked)
            return go(("/staff/sign-in" if stop.staff else "/sign-in") + f"?next={quote(scope['path'])}")
        except LinkError as error:
            return await self._endings.bad_link(error, asked)
        except Stop as stop:
            return await self._endings.stopped(stop, asked)
        except ClientDisconnect:
            return Response(status_code=400)
        except MultiPartException:
            # Too many files or fields, or a form that is none.
            return await self._endings.stopped(TooLarge(), asked)
        except TemporaryError as fault:
            return await self._endings.failed(fault, 503, asked)
        except Exception as fault:
            return await self._endings.failed(fault, 500, asked)

    async def _admitted(self, request: Request, page: Page, visitor: Visitor) -> Response:
        """The page, for a visitor who is known; or a Stop."""
        if visitor.grant and not page.impersonated:
            await self._refuse(page, visitor)
        self._allowed(page, visitor)
        if page.form is Form.VISIT and not (self._counter.cookies.plain or self._origin(request.scope)[:6] == "https:"):
            raise Forbidden("https")
        if request.method == "POST":
            self._from_here(request)
            self._often(page, visitor)
            if page.form is not Form.OPEN:
                await self._own_form(request, page, visitor)
        fresh = page.form is Form.VISIT and not visitor.visit
        if fresh and request.method != "POST":
            visitor = self._visitors.with_visit(request, page, visitor, secrets.token_urlsafe(24))
        try:
            async with self._uploads if page.files and request.method == "POST" else nullcontext():
                response = await self._handled(request, page, visitor)
        finally:
            await request.close()
        if fresh and visitor.visit:
            self._counter.cookies.put(response, "visit", visitor.visit, _VISIT_SECONDS)
        return response

    def _allowed(self, page: Page, visitor: Visitor) -> None:
        if page.permission is not None and not visitor.colleague.may(page.permission):
            raise Forbidden("permission")
        if visitor.grant and page.method == "POST" and not (visitor.acting or page.harmless):
            raise Forbidden("looking")

    async def _refuse(self, page: Page, visitor: Visitor) -> NoReturn:
        """Who is logged in as a customer may not come here: an act that was tried stands in the audit log (K06)."""
        if page.method == "POST":
            act = visitor.act(Action.IMPERSONATION_REFUSED, f"page {page.path}", title=page.title)
            await self._counter.write(lambda tx: self._counter.house.audit.write(tx, act, self._counter.now()))
        raise Forbidden("impersonated")

    async def _handled(self, request: Request, page: Page, visitor: Visitor) -> Response:
        """The page's answer. What staff does as a customer is noted first, and stands only while the leave does."""
        if not visitor.grant or page.who is Who.ANYONE:
            return await page.handler(request, visitor)
        mark = still_stands.set(partial(self._visitors.stands, visitor))
        try:
            note = await self._counter.write(lambda tx: _noted(tx, request, page, visitor, self._counter.now()))
            response = await page.handler(request, visitor)
            if page.method == "POST" and response.status_code >= 400:
                await self._counter.write(lambda tx: consents.came_to_nothing(tx, note))
        finally:
            still_stands.reset(mark)
        return response

    def _from_here(self, request: Request) -> None:
        """Refuse what another site's page has sent (I11). With no-referrer, browsers send `Origin: null` from our own
        pages too, so that Sec-Fetch-Site is believed before it; where a browser sends neither, the token must do.
        """
        site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "null").lower()
        if site and site != "same-origin":
            raise Forbidden("form")
        if origin not in ("null", self._origin(request.scope)):
            raise Forbidden("form")

    def _often(self, page: Page, visitor: Visitor) -> None:
        near = neighbourhood(visitor.peer)
        if page.per_hour and not self._counter.tries.allow(page.path, near, self._counter.now(), HOUR, page.per_hour):
            raise TooMany

    async def _own_form(self, request: Request, page: Page, visitor: Visitor) -> None:
        form = await request.form(max_files=page.files, max_fields=MOST_FORM_FIELDS, max_part_size=page.body)
        given = form.get(FORM_FIELD, "")
        if not visitor.form or not isinstance(given, str) or not _same(given, visitor.form):
            raise Forbidden("form")

    def _brand(self, scope: Scope) -> Brand:
        """The brand whose portal stands at the host that was asked for, and nothing of the request decides more."""
        headers = Headers(scope=scope)
        if len(scope["headers"]) > _MOST_FIELDS:
            raise TooManyFields
        # A request that says its length in two ways is read in two ways by two programs (RFC 9112 6.3).
        if "transfer-encoding" in headers and "content-length" in headers:
            raise Unreadable
        hosts = headers.getlist("host")
        found = self._brands.get(hosts[0].lower()) if len(hosts) == 1 else None
        if found is None:
            raise Misdirected
        return found[0]

    def _origin(self, scope: Scope) -> str:
        return self._brands.get(Headers(scope=scope).get("host", "").lower(), (None, ""))[1]


def _noted(tx: Tx, request: Request, page: Page, visitor: Visitor, now: Millis) -> int:
    """Note what staff does or looks at as a customer: the page's title, and its ticket where the path names one."""
    ticket = request.path_params.get("number", "") if page.path.startswith("/tickets/") else ""
    said, did = page.title, page.method == "POST"
    number = int(ticket) if str(ticket).isdecimal() else 0
    return consents.done(tx, visitor.grant, did=did, said=said, ticket=number, now=now)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8"), other.encode("utf-8"))
