"""The page of one ticket of who is signed in: the conversation, an answer with files, closing and opening.

What is not the visitor's looks as if it were not there (I12).
"""

import secrets

from starlette.requests import Request
from starlette.responses import Response

from ...case import case_of
from ...core import Millis
from ...core.audit import Action
from ...core.event import Closed, Event, Reopened
from ...core.letter import Letter, Mailbox
from ...core.party import Role
from ...core.verdict import UNJUDGED
from ...events import advance_ticket
from ...mail.compose import bare_subject
from ...page_mail import HandedIn, PageMail, hand_in, raw
from ...store import portal_view, tickets, trace
from ...store.database import Tx
from ..counter import Counter, go
from ..impersonation.in_name import by_line
from ..page import KIB, Page, Visitor, Who
from ..stops import Missing
from ..uploads import once_of, taken
from .ticket_face import Face, Theirs, number_in

TEXT_CHARACTERS = 100_000


class TicketPages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._face = Face(counter)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        room, files = self._counter.portal.upload_octets + 512 * KIB, self._counter.portal.upload_files
        return (
            Page("GET", "/tickets/{number}", self.show, Who.CUSTOMER, "Ticket", impersonated=True),
            Page(
                "POST", "/tickets/{number}/reply", self.reply, Who.CUSTOMER, "Answer", impersonated=True, body=room,
                files=files,
            ),
            Page("POST", "/tickets/{number}/close", self.close, Who.CUSTOMER, "Close", impersonated=True),
            Page("POST", "/tickets/{number}/open", self.reopen, Who.CUSTOMER, "Open again", impersonated=True),
            Page("GET", "/tickets/{number}/files/{file}", self.file, Who.CUSTOMER, "File", impersonated=True),
        )  # fmt: skip

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The ticket, with the form to answer."""
        return await self._page(request, visitor)

    async def reply(self, request: Request, visitor: Visitor) -> Response:
        """Hand the answer in: it takes the trip of a mail."""
        theirs = await self._theirs(request, visitor)
        form = await request.form()
        text = str(form.get("text", ""))[:TEXT_CHARACTERS]
        files = await taken(form, "files", self._counter.portal.upload_octets)
        if files is None or not (text.strip() or files):
            return await self._page(request, visitor, 422, text=text, wrong="files" if files is None else "empty")
        house, now = self._counter.house, self._counter.now()
        mail = PageMail(
            sender=Mailbox(address=theirs.me.address, name=theirs.me.name),
            to=house.reply_address(theirs.case.brand, theirs.me),
            subject=f"Re: {bare_subject(theirs.case.ticket.subject)}",
            text=text,
            by=by_line(visitor),
            files=files,
            once=once_of(form),
            peer=visitor.peer,
        )
        octets = raw(mail, house, now)
        letter = await self._counter.read_letter(octets)
        done = await self._counter.write(lambda tx: self._hand_in(tx, visitor, theirs, mail, octets, letter, now))
        self._counter.wake()
        if not done.ticket:
            return go(f"/tickets/{theirs.case.ticket.number}?held")
        return go(f"/tickets/{done.ticket}?sent#end")

    def _hand_in(
        self, tx: Tx, visitor: Visitor, theirs: Theirs, mail: PageMail, octets: bytes, letter: Letter, now: Millis
    ) -> HandedIn:
        done = hand_in(tx, self._counter.house, mail, octets, letter, now)
        if not done.again:
            about = f"ticket {done.ticket or theirs.case.ticket.number}"
            self._note(tx, visitor, Action.TICKET_WRITTEN, about, now)
        return done

    async def close(self, request: Request, visitor: Visitor) -> Response:
        """The requester says that it is done."""
        return await self._change(request, visitor, Closed(), Action.TICKET_CLOSED)

    async def reopen(self, request: Request, visitor: Visitor) -> Response:
        """The requester says that it is not."""
        return await self._change(request, visitor, Reopened(), Action.TICKET_OPENED)

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """One of the ticket's files."""
        theirs = await self._theirs(request, visitor)
        return await self._face.file(request, theirs)

    async def _page(
        self, request: Request, visitor: Visitor, status: int = 200, text: str = "", wrong: str = ""
    ) -> Response:
        theirs = await self._theirs(request, visitor)
        base = f"/tickets/{theirs.case.ticket.number}/files"
        values = await self._counter.read(lambda tx: self._face.values(tx, visitor, theirs, base))
        said = next((word for word in ("sent", "held", "filed") if word in request.query_params), "")
        return self._counter.show(
            "customer/ticket", visitor, status, **values, viewing=False, back="/tickets", text=text, wrong=wrong,
            said=said, once=secrets.token_hex(16), most=self._counter.portal.upload_octets // (KIB * KIB),
        )  # fmt: skip

    async def _change(self, request: Request, visitor: Visitor, event: Event, action: Action) -> Response:
        theirs = await self._theirs(request, visitor)
        if theirs.me.role is not Role.REQUESTER:
            raise Missing
        number, now = theirs.case.ticket.number, self._counter.now()

        def change(tx: Tx) -> None:
            ticket = tickets.find(tx, number)
            if ticket is not None:
                case = case_of(tx, self._counter.house, ticket, now)
                advance_ticket(tx, self._counter.house, case, event, UNJUDGED, now)
                self._note(tx, visitor, action, f"ticket {number}", now)

        await self._counter.write(change)
        return go(f"/tickets/{number}")

    def _note(self, tx: Tx, visitor: Visitor, action: Action, about: str, now: Millis) -> None:
        self._counter.house.audit.write(tx, visitor.act(action, about), now)
        if visitor.grant:
            said = f"{action.value} by {visitor.staff_name}, logged in as the customer"
            trace.note(tx, kind="impersonated", said=said, now=now, ticket=int(about.partition(" ")[2]))

    async def _theirs(self, request: Request, visitor: Visitor) -> Theirs:
        """The ticket of the path, which is one of the visitor's. Raises Missing for every other."""
        number = number_in(request.path_params["number"])
        found = await self._counter.read(lambda tx: self._find(tx, number, visitor))
        if found is None:
            raise Missing
        return found

    def _find(self, tx: Tx, number: int, visitor: Visitor) -> Theirs | None:
        role = portal_view.role(tx, visitor.person.id, number, self._counter.elsewhere(visitor.brand))
        return self._face.case(tx, number, role[0]) if role is not None else None
