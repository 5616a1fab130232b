"""Tickets and files behind the links of our mails: to look at, for some days, for whoever has the link (I28, D6).

To do anything, the address that the link was sent to signs in; a vendor answers by mail.
"""

from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from ...core.letter import Attachment
from ...core.party import Role, Vendor
from ...core.ticket import UNVERIFIED
from ...links import For, LinkError
from ...mail.catalogue import served
from ...store import portal_view, tickets
from ...store.database import Tx
from ..counter import Counter, go
from ..customer.ticket_face import Face, Theirs, number_in
from ..files import file_answer
from ..page import Form, Page, Visitor, Who
from ..stops import Missing
from .vendor import vendor_of


class LinkedPages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._face = Face(counter)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        view = partial(Page, "GET", who=Who.ANYONE, link=For.VIEW, form=Form.OPEN)
        vendors = partial(Page, "GET", who=Who.VENDOR, link=For.VENDOR, form=Form.LINK)
        return (
            view("/view/{token}", self.view, title="Ticket"),
            view("/view/{token}/files/{file}", self.view_file, title="File"),
            vendors("/vendor/{token}/tickets/{number}", self.vendors, title="Ticket"),
            vendors("/vendor/{token}/files/{number}/{file}", self.vendors_file, title="File"),
            Page("GET", "/files/{token}", self.linked_file, Who.ANYONE, "File", link=For.ATTACHMENT, form=Form.OPEN),
        )

    async def view(self, request: Request, visitor: Visitor) -> Response:
        """The ticket without anything to do. Its own participant, signed in, is led to the ticket itself."""
        theirs = await self._linked(visitor)
        number = theirs.case.ticket.number
        if visitor.customer is not None:
            elsewhere = self._counter.elsewhere(visitor.brand)
            role = await self._counter.read(lambda tx: portal_view.role(tx, visitor.person.id, number, elsewhere))
            if role is not None:
                return go(f"/tickets/{number}")
        base = f"/view/{request.path_params['token']}/files"
        values = await self._counter.read(lambda tx: self._face.values(tx, visitor, theirs, base))
        return self._counter.show("customer/ticket", visitor, **values, viewing=True, back="")

    async def view_file(self, request: Request, visitor: Visitor) -> Response:
        """A file of the ticket that the link shows."""
        theirs = await self._linked(visitor)
        return await self._face.file(request, theirs)

    async def vendors(self, request: Request, visitor: Visitor) -> Response:
        """The ticket as its vendor reads it, who answers by mail."""
        vendor, theirs = await self._of_vendor(request, visitor)
        base = f"/vendor/{request.path_params['token']}"
        dressed = replace(visitor, language=served(vendor.language), zone=vendor.hours.zone)
        files = f"{base}/files/{theirs.case.ticket.number}"
        values = await self._counter.read(lambda tx: self._face.values(tx, dressed, theirs, files))
        return self._counter.show("customer/ticket", dressed, **values, viewing=True, back=base)

    async def vendors_file(self, request: Request, visitor: Visitor) -> Response:
        """A file of a ticket of theirs."""
        _, theirs = await self._of_vendor(request, visitor)
        return await self._face.file(request, theirs)

    async def _of_vendor(self, request: Request, visitor: Visitor) -> tuple[Vendor, Theirs]:
        """A ticket that the vendor of the link answers. Raises LinkError or Missing."""
        number = number_in(request.path_params["number"])

        def find(tx: Tx) -> tuple[Vendor, Theirs | None]:
            vendor = vendor_of(tx, visitor)
            me = next((p for p in tickets.participants(tx, number) if p.role is Role.VENDOR and p.active), None)
            mine = me is not None and me.party_id == vendor.id
            return vendor, self._face.case(tx, number, me.number) if me is not None and mine else None

        vendor, found = await self._counter.read(find)
        if found is None:
            raise Missing
        return vendor, found

    async def linked_file(self, request: Request, visitor: Visitor) -> Response:
        """A file that was too large for its mail (D6), for as long as the recipient takes part in the ticket."""
        file, number, person = (int(one) for one in visitor.about)

        def find(tx: Tx) -> Attachment | None:
            theirs, sent = self._face.case(tx, number, person), portal_view.file(tx, file, number)
            if theirs is None or not theirs.me.active or sent is None:
                return None
            return self._face.cleaned(sent, theirs)

        found = await self._counter.read(find)
        if found is None:
            raise LinkError("this link is no longer good", expired=True)
        return file_answer(found, save=True)

    async def _linked(self, visitor: Visitor) -> Theirs:
        """The ticket that a link shows. Raises LinkError where its person is gone, or it is not confirmed."""
        number, person = (int(one) for one in visitor.about)
        found = await self._counter.read(lambda tx: self._face.case(tx, number, person))
        if found is None or not found.me.active or UNVERIFIED in found.case.ticket.flags:
            raise LinkError("this link is no longer good", expired=True)
        return found
