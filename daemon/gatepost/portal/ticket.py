"""The page of one ticket: the conversation, an answer with files, closing and opening; what it shows by a mailed link.

A link from a mail shows its one ticket to whoever has it, for some days; to do anything, the address that it was sent
to signs in (I28). What is not the visitor's looks as if it were not there (I12).
"""

import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..case import Case, case_of
from ..core import Millis
from ..core.audit import Action
from ..core.confirmation import GOOD_FOR
from ..core.event import Closed, Event, Reopened
from ..core.letter import Letter, Mailbox
from ..core.party import Participant, Role
from ..core.ticket import UNVERIFIED, State
from ..core.verdict import Route, Verdict
from ..events import advance_ticket
from ..links import For, LinkError
from ..mail import wording
from ..mail.compose import bare_subject
from ..page_mail import HandedIn, PageMail, hand_in, raw
from ..store import portal_view, tickets
from ..store.database import Tx
from .acts import act
from .conversation import Reader, conversation
from .counter import Counter, go
from .files import file_answer
from .page import KIB, Form, Page, Visitor, Who
from .stops import Missing
from .uploads import once_of, taken

_QUIET = Verdict(route=Route.TICKET)
TEXT_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Theirs:
    """A ticket with who looks at it."""

    case: Case
    me: Participant


class TicketPages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

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
            Page("GET", "/view/{token}", self.view, Who.ANYONE, "Ticket", link=For.VIEW, form=Form.OPEN),
            Page(
                "GET", "/view/{token}/files/{file}", self.view_file, Who.ANYONE, "File", link=For.VIEW, form=Form.OPEN
            ),
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
        self, tx: Tx, visitor: Visitor, theirs: _Theirs, mail: PageMail, octets: bytes, letter: Letter, now: Millis
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
        return await self._file(request, theirs.case.ticket.number)

    async def view(self, request: Request, visitor: Visitor) -> Response:
        """The ticket without anything to do. Its own participant, signed in, is led to the ticket itself."""
        theirs = await self._linked(visitor)
        number = theirs.case.ticket.number
        if visitor.customer is not None:
            role = await self._counter.read(lambda tx: portal_view.role(tx, visitor.person.id, number))
            if role is not None:
                return go(f"/tickets/{number}")
        base = f"/view/{request.path_params['token']}"
        values = await self._counter.read(lambda tx: self._values(tx, visitor, theirs, base))
        return self._counter.show("customer/ticket", visitor, **values, viewing=True)

    async def view_file(self, request: Request, visitor: Visitor) -> Response:
        """A file of the ticket that the link shows."""
        theirs = await self._linked(visitor)
        return await self._file(request, theirs.case.ticket.number)

    async def _page(
        self, request: Request, visitor: Visitor, status: int = 200, text: str = "", wrong: str = ""
    ) -> Response:
        theirs = await self._theirs(request, visitor)
        base = f"/tickets/{theirs.case.ticket.number}"
        values = await self._counter.read(lambda tx: self._values(tx, visitor, theirs, base))
        said = next((word for word in ("sent", "held", "filed") if word in request.query_params), "")
        return self._counter.show(
            "customer/ticket", visitor, status, **values, viewing=False, text=text, wrong=wrong, said=said,
            once=secrets.token_hex(16), most=self._counter.portal.upload_octets // (KIB * KIB),
        )  # fmt: skip

    def _values(self, tx: Tx, visitor: Visitor, theirs: _Theirs, base: str) -> dict[str, Any]:
        house, case, me = self._counter.house, theirs.case, theirs.me
        reader = Reader(participant=me, language=visitor.language, zone=visitor.zone, base=base)
        ticket, now = case.ticket, self._counter.now()
        asked = portal_view.questions(tx, ticket.number, me.number, now - GOOD_FOR)
        return {
            "ticket": ticket,
            "subject": bare_subject(ticket.subject),
            "open": ticket.state is State.OPEN,
            "product": case.product.name if case.product is not None else "",
            "created": wording.short(ticket.filed, visitor.language, visitor.zone),
            "answers": self._answers(case),
            "answer_by": self._answer_by(case, visitor, now),
            "entries": conversation(tx, house, case, reader),
            "requester": me.role is Role.REQUESTER,
            "others": [
                p.name or p.address for p in case.participants if p.role is Role.COPIED and p.active and p is not me
            ],
            "questions": [f"/confirm/{house.confirm_token(row['id'], me.number)}" for row in asked],
        }

    def _answers(self, case: Case) -> str:
        if case.ticket.route is Route.VENDOR and case.vendor is not None:
            return case.vendor.name
        team = self._counter.house.teams.get(case.ticket.team)
        return team.name if team is not None else case.brand.name

    def _answer_by(self, case: Case, visitor: Visitor, now: Millis) -> str:
        """Until when an answer was promised; '' where none is waited for."""
        since = case.ticket.waiting_since
        if since is None or case.ticket.state is State.CLOSED or not case.ticket.clock_wanted:
            return ""
        due = self._counter.house.overdue_at(case.brand, case.vendor, now)(since)
        return wording.short(due, visitor.language, visitor.zone) if due > now else ""

    async def _change(self, request: Request, visitor: Visitor, event: Event, action: Action) -> Response:
        theirs = await self._theirs(request, visitor)
        if theirs.me.role is not Role.REQUESTER:
            raise Missing
        number, now = theirs.case.ticket.number, self._counter.now()

        def change(tx: Tx) -> None:
            ticket = tickets.find(tx, number)
            if ticket is not None:
                case = case_of(tx, self._counter.house, ticket, now)
                advance_ticket(tx, self._counter.house, case, event, _QUIET, now)
                self._note(tx, visitor, action, f"ticket {number}", now)

        await self._counter.write(change)
        return go(f"/tickets/{number}")

    def _note(self, tx: Tx, visitor: Visitor, action: Action, about: str, now: Millis) -> None:
        house = self._counter.house
        house.audit.write(tx, act(visitor, house, action, about), now)

    async def _theirs(self, request: Request, visitor: Visitor) -> _Theirs:
        """The ticket of the path, which is one of the visitor's. Raises Missing for every other."""
        number = _number(request.path_params["number"])
        found = await self._counter.read(lambda tx: self._find(tx, number, visitor.person.id))
        if found is None:
            raise Missing
        return found

    def _find(self, tx: Tx, number: int, customer: int) -> _Theirs | None:
        role = portal_view.role(tx, customer, number)
        return self._case(tx, number, role[0]) if role is not None else None

    def _case(self, tx: Tx, number: int, participant: int) -> _Theirs | None:
        ticket = tickets.find(tx, number)
        case = case_of(tx, self._counter.house, ticket, self._counter.now()) if ticket is not None else None
        me = case.participant(participant) if case is not None else None
        return _Theirs(case=case, me=me) if case is not None and me is not None else None

    async def _linked(self, visitor: Visitor) -> _Theirs:
        """The ticket that a link shows. Raises LinkError where its person is gone, or it is not confirmed."""
        number, person = (int(one) for one in visitor.about)
        found = await self._counter.read(lambda tx: self._case(tx, number, person))
        if found is None or not found.me.active or UNVERIFIED in found.case.ticket.flags:
            raise LinkError("this link is no longer good", expired=True)
        return found

    async def _file(self, request: Request, ticket: int) -> Response:
        number = _number(request.path_params["file"])
        found = await self._counter.read(lambda tx: portal_view.file(tx, number, ticket))
        if found is None:
            raise Missing
        return file_answer(found)


def _number(text: str) -> int:
    """A number in a path. Raises Missing for all that is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Missing
    return int(text)
