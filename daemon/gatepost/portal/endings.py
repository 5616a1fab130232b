"""Every way in which a request can end without its page: what the visitor reads then, and what they get back."""

import logging
import secrets
from dataclasses import dataclass

from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from ..core import MINUTE
from ..core.party import Brand
from ..errors import GatepostError
from ..links import LinkError
from ..store.sessions import Kind
from .counter import Counter
from .page import Page, Visitor, Who
from .stops import Over, Stop, TooLarge, TooMany, TooManyFields, Unreadable, WrongMethod
from .table import Table
from .tries import neighbourhood
from .visitors import Visitors

_log = logging.getLogger("gatepost.portal")
MOST_FORM_FIELDS = 60
_BAD_LINKS_A_MINUTE = 10
# The fields into which people write at length; a secret is in none of them.
_WRITTEN = ("subject", "text", "report", "note", "comment")


@dataclass(slots=True)
class Asked:
    """A request, with what is known of it so far."""

    scope: Scope
    brand: Brand
    visitor: Visitor | None = None
    request: Request | None = None
    page: Page | None = None


class Endings:
    """Makes the pages of what did not go as it should."""

    def __init__(self, counter: Counter, visitors: Visitors, table: Table) -> None:
        self._counter, self._visitors, self._table = counter, visitors, table

    async def bad_link(self, error: LinkError, asked: Asked) -> Response:
        """A link that is not one, or is one no more; who guesses many is asked to wait (I05)."""
        peer = neighbourhood(self._visitors.peer(asked.scope))
        now, tries = self._counter.now(), self._counter.tries
        if not error.expired and not tries.allow("link", peer, now, MINUTE, _BAD_LINKS_A_MINUTE):
            return await self.stopped(TooMany(), asked)
        status, visitor = 410 if error.expired else 404, asked.visitor
        language = self._language(asked, visitor)
        return self._counter.page("useless", asked.brand, language, status, visitor=visitor, expired=error.expired)

    async def stopped(self, stop: Stop, asked: Asked, ident: str = "") -> Response:
        """The page that says why nothing came of it, with what was written."""
        visitor = asked.visitor or await self._in_disguise(asked.scope, asked.brand)
        response = self._counter.page(
            "stop", asked.brand, self._language(asked, visitor), stop.status, visitor=visitor, code=stop.status,
            why=stop.why, id=ident, words=await self._unsent(asked), wanted=self._before(asked.scope["path"]),
        )  # fmt: skip
        if isinstance(stop, TooLarge | Unreadable | TooManyFields):
            response.headers["connection"] = "close"
        if isinstance(stop, WrongMethod):
            response.headers["allow"] = stop.why
        if isinstance(stop, TooMany):
            response.headers["retry-after"] = "60"
        return response

    async def failed(self, fault: Exception, status: int, asked: Asked) -> Response:
        """A fault of ours: the visitor gets a number that stands in the log, and nothing else of it (I29)."""
        ident = secrets.token_hex(4)
        _log.error("page.failed id=%s", ident, exc_info=fault)
        stop = Stop()
        stop.status = status
        return await self.stopped(stop, asked, ident)

    def over(self, stop: Over, asked: Asked) -> Response:
        """Staff is no longer logged in as the customer: the cookie goes, and the page says why."""
        response = self._counter.page(
            "staff/over", asked.brand, self._language(asked, None), stop.status, why=stop.why
        )  # fmt: skip
        self._counter.cookies.put(response, Kind.IMPERSONATION.value, "", 0)
        return response

    def _language(self, asked: Asked, visitor: Visitor | None) -> str:
        return visitor.language if visitor is not None else self._visitors.language(asked.scope, asked.brand, None)

    async def _unsent(self, asked: Asked) -> str:
        """What somebody wrote into a form of ours that comes to nothing, given back: no page is kept by the browser, so
        that going back would show an empty form. Only what our own page has sent is shown.
        """
        request, page = asked.request, asked.page
        if request is None or page is None or request.method != "POST":
            return ""
        if request.headers.get("sec-fetch-site") != "same-origin":
            return ""
        try:
            async with request.form(max_files=page.files, max_fields=MOST_FORM_FIELDS, max_part_size=page.body) as form:
                said = [form.get(name) for name in _WRITTEN]
        except (MultiPartException, ClientDisconnect, Stop, ValueError):
            return ""
        except RuntimeError:  # Reading it was what has failed: there is nothing left to read.
            return ""
        return "\n\n".join(one for one in said if isinstance(one, str) and one.strip())

    def _before(self, path: str) -> str:
        """The page from which a form was sent: its own path, or the one above."""
        return next((one for one in (path, path.rpartition("/")[0]) if self._table.leads_somewhere(one)), "")

    async def _in_disguise(self, scope: Scope, brand: Brand) -> Visitor | None:
        """Who is logged in as a customer in this browser, for a page that could not ask itself: the banner is on every
        page, on those of errors too (J12).
        """
        try:
            return await self._visitors.as_customer(Request(scope), Who.ANYONE, brand)
        except (GatepostError, Stop):
            return None
