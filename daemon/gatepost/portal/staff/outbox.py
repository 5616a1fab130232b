"""The outbox for staff: what waits to go out, each try with the server's words; try it at once, or give it up."""

from starlette.requests import Request
from starlette.responses import Response

from ...core.staff import Permission
from ...errors import GatepostError
from ...postroom import Postroom
from ...store import outbox_view
from ...store.database import Row, Tx
from ...store.outbox_view import Posted
from ..counter import go
from ..page import Page, Visitor
from ..stops import Missing
from .frame import StaffPages, asked_number, number_in, page_of

_STATES = ("error", "failed", "dead", "deferred", "sending", "queued", "sent", "dropped")
_DONE = {"retry": "It is tried again at once.", "drop": "It is given up."}
_LONGEST_REASON = 500


class StaffOutbox(StaffPages):
    """The handlers."""

    here = "/staff/outbox"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        path, may = "/staff/outbox/{number}", Permission.OUTBOX
        return (
            page_of("GET", "/staff/outbox", self.outbox, "Outbox", may),
            page_of("GET", path, self.mail, "Mail", may),
            page_of("POST", f"{path}/retry", self.retry, "Try again", may),
            page_of("POST", f"{path}/drop", self.drop, "Give up", may),
        )

    async def outbox(self, request: Request, visitor: Visitor) -> Response:
        """The deliveries in one state, oldest first."""
        given, after, rows = request.query_params.get("state", ""), asked_number(request, "after", 0), self._rows()

        def read(tx: Tx) -> tuple[str, dict[str, int], dict[str, int], list[Row], tuple[Posted, ...]]:
            counts = outbox_view.waiting(tx)
            state = given if given in _STATES else next((one for one in _STATES[:6] if counts[one]), "deferred")
            broken = outbox_view.in_error(tx, rows) if state == "error" else ()
            lines = [] if broken else list(outbox_view.list_(tx, state=state, after=after, limit=rows + 1))
            return state, counts, outbox_view.reasons(tx), lines, broken

        state, counts, reasons, lines, broken = await self._counter.read(read)
        return self.show(
            "outbox", visitor, state=state, states=_STATES, counts=counts, reasons=reasons, lines=lines[:rows],
            broken=broken, next=lines[rows - 1]["id"] if len(lines) > rows else 0, first=not after,
        )  # fmt: skip

    async def mail(self, request: Request, visitor: Visitor) -> Response:
        """One mail with every recipient and every try."""
        return await self._page(request, visitor, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def retry(self, request: Request, visitor: Visitor) -> Response:
        """Try it at once; one that could not be composed is composed again."""
        number = number_in(request)
        try:
            await self._postroom().retry(number, self.member(visitor).who)
        except GatepostError as error:
            return await self._page(request, visitor, 422, wrong=error.message)
        self._counter.wake()
        return go(f"/staff/outbox/{number}?done=retry")

    async def drop(self, request: Request, visitor: Visitor) -> Response:
        """Give it up for everybody who has not got it."""
        number, member = number_in(request), self.member(visitor)
        reason = str((await request.form()).get("reason", "")).strip()[:_LONGEST_REASON]
        if not reason:
            return await self._page(request, visitor, 422, wrong="Say why: it stays in the trace of the ticket.")
        try:
            await self._postroom().drop(number, f"{reason} ({member.slug})", member.who)
        except GatepostError as error:
            return await self._page(request, visitor, 422, wrong=error.message)
        return go(f"/staff/outbox/{number}?done=drop")

    def _rows(self) -> int:
        return self._counter.staff.rows

    def _postroom(self) -> Postroom:
        if self._counter.desk is None:
            raise LookupError("no desk stands behind these pages")
        return self._counter.desk.postroom

    async def _page(self, request: Request, visitor: Visitor, status: int = 200, **values: object) -> Response:
        number = number_in(request)
        mail = await self._counter.read(lambda tx: outbox_view.show(tx, number))
        if mail is None:
            raise Missing
        blank = {"done": "", "wrong": ""}
        waits = mail.state == "error" or any(one.state in _WAITING for one in mail.deliveries)
        return self.show("mail", visitor, status, **blank | values, mail=mail, waits=waits)


_WAITING = ("queued", "deferred", "failed", "dead")
