"""One ticket for staff: the conversation with internal notes, who takes part, the due date explained, and every act.

What is done here is staff_work's; the whole trace has a page of its own, since it is long.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ... import staff_work
from ...case import Case, case_of
from ...core.commands import Name
from ...core.letter import Attachment
from ...core.party import Participant, Role
from ...core.staff import Member, Permission
from ...due_date import answering, explain
from ...errors import PermanentError
from ...house import House
from ...mail.relay import cleaned_file
from ...mail.room import size_text
from ...store import marks, messages, portal_view, quarantine, queue, tickets, trace, whole_way
from ...store.database import Row, Tx
from ...store.messages import Message
from ..counter import go
from ..files import file_answer
from ..page import KIB, Page, Visitor
from ..stops import Missing
from ..uploads import taken
from ..words import shown
from .frame import StaffPages, number_in, page_of

_LONGEST_TEXT = 200_000
_FEW_PRODUCTS = 200
_DONE = {
    "answer": "Your answer is on its way.",
    "note": "The note is kept.",
    "close": "The ticket is closed.",
    "open": "The ticket is open again.",
    "assign": "The ticket is assigned.",
    "unassign": "The ticket is assigned to nobody.",
    "product": "The ticket is moved.",
    "topic": "The topic is kept, and the next training learns from it.",
    "copy": "They take part from now on.",
    "uncopy": "They are off the ticket.",
    "refund": "The ticket is with billing.",
    "secret": "The customer is asked to hand it over on a page. Whoever answers gets the link.",
    "access": "The customer is asked for access to their site, with the steps for a temporary administrator.",
    "read": "The ticket is marked as read.",
    "unread": "The ticket is marked as unread.",
}
# The commands that have a button or a field here, each with the field that holds its word.
_ORDERS = {
    "close": (Name.CLOSE, ""), "open": (Name.OPEN, ""), "assign": (Name.ASSIGN, "who"),
    "unassign": (Name.UNASSIGN, ""), "product": (Name.PRODUCT, "product"), "topic": (Name.TOPIC, "topic"),
    "copy": (Name.COPY, "who"), "uncopy": (Name.UNCOPY, "who"), "refund": (Name.REFUND, ""),
    "secret": (Name.SECRET, ""), "access": (Name.ACCESS, ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the page shows."""

    case: Case
    said: list[dict[str, Any]]
    last: int
    answering: str
    due: tuple[str, ...]
    events: list[Row]
    held: tuple[quarantine.Held, ...]
    fields: dict[str, str]
    products: tuple[str, ...]
    earlier: int


class StaffTickets(StaffPages):
    """The handlers."""

    here = "/staff/queue"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        portal, path = self._counter.portal, "/staff/tickets/{number}"
        read, write = Permission.TICKETS_READ, Permission.TICKETS_WRITE
        body, files = portal.upload_octets + 256 * KIB, portal.upload_files
        return (
            page_of("GET", path, self.ticket, "Ticket", read),
            page_of("GET", f"{path}/trace", self.trace, "Trace", read),
            page_of("GET", f"{path}/files/{{file}}", self.file, "File", read),
            page_of("POST", f"{path}/answer", self.answer, "Answer", write, body=body, files=files),
            page_of("POST", f"{path}/note", self.note, "Internal note", write, body=body, files=files),
            page_of("POST", f"{path}/read", partial(self.mark, unread=False), "Mark as read", write),
            page_of("POST", f"{path}/unread", partial(self.mark, unread=True), "Mark as unread", write),
            *(page_of("POST", f"{path}/{word}", partial(self.order, word), _DONE[word], write) for word in _ORDERS),
        )

    async def ticket(self, request: Request, visitor: Visitor) -> Response:
        """The ticket."""
        return await self._page(request, visitor, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def trace(self, request: Request, visitor: Visitor) -> Response:
        """All that the ticket went through: evidence, rules with their hits and misses, deliveries."""
        number = number_in(request)
        member = self.member(visitor)
        way = await self._counter.read(lambda tx: _way(tx, member, number))
        return self.show("trace", visitor, way=way)

    async def file(self, request: Request, visitor: Visitor) -> Response:
        """A file of the ticket."""
        number, file = number_in(request), number_in(request, "file")
        member = self.member(visitor)
        found = await self._counter.read(lambda tx: _file(tx, member, number, file))
        if found is None:
            raise Missing
        return file_answer(cleaned_file(found, self._counter.house.unlinked))

    async def answer(self, request: Request, visitor: Visitor) -> Response:
        """Answer the customer; not where somebody else has written since the page was shown, unless asked to."""
        return await self._say(request, visitor, staff_work.answer, "answer", guarded=True)

    async def note(self, request: Request, visitor: Visitor) -> Response:
        """Keep an internal note."""
        return await self._say(request, visitor, staff_work.note, "note", guarded=False)

    async def mark(self, request: Request, visitor: Visitor, *, unread: bool) -> Response:
        """Mark the ticket as read or unread; back to the queue with one that is to be looked at later."""
        number, member, now = number_in(request), self.member(visitor), self._counter.now()
        house = self._counter.house
        await self._work(lambda tx: staff_work.mark(tx, house, number, member, now, unread=unread))
        return go("/staff/queue" if unread else f"/staff/tickets/{number}?done=read")

    async def order(self, word: str, request: Request, visitor: Visitor) -> Response:
        """Do one of the commands; one that cannot be done says why."""
        number, member, now = number_in(request), self.member(visitor), self._counter.now()
        name, field = _ORDERS[word]
        words = (str((await request.form()).get(field, "")).strip()[:200],) if field else ()
        command = staff_work.command(name, *words)
        house = self._counter.house
        done, said = await self._work(lambda tx: staff_work.order(tx, house, number, member, command, now))
        if not done:
            return await self._page(request, visitor, 422, wrong=said)
        self._counter.wake()
        return go(f"/staff/tickets/{number}?done={word}")

    async def _say(
        self, request: Request, visitor: Visitor, say: Callable[..., object], word: str, *, guarded: bool
    ) -> Response:
        number, member, now = number_in(request), self.member(visitor), self._counter.now()
        form = await request.form()
        text = str(form.get("text", "")).replace("\r\n", "\n").strip()[:_LONGEST_TEXT]
        files = await taken(form, "files", self._counter.portal.upload_octets)
        house, seen = self._counter.house, str(form.get("seen", ""))
        if files is None:
            return await self._page(request, visitor, 422, wrong="These files are too large.", **{word: text})
        if not text:
            return await self._page(request, visitor, 422, wrong="There are no words in it yet.")
        if guarded and "anyway" not in form:
            last = await self._counter.read(lambda tx: _last(messages.of_ticket(tx, number)))
            if seen != str(last):
                wrong = "Something was written meanwhile: look at it first. Your words are still there."
                return await self._page(request, visitor, 409, wrong=wrong, answer=text, anyway=True)
        await self._work(lambda tx: say(tx, house, number, member, text, files, now))
        self._counter.wake()
        return go(f"/staff/tickets/{number}?done={word}")

    async def _work(self, run: Callable[[Tx], Any]) -> Any:
        """A transaction on a ticket. Raises Missing where it is not there."""
        try:
            return await self._counter.write(run)
        except PermanentError as error:
            raise Missing from error

    async def _page(self, request: Request, visitor: Visitor, status: int = 200, **values: object) -> Response:
        number, now, house = number_in(request), self._counter.now(), self._counter.house
        member = self.member(visitor)
        found = await self._counter.read(lambda tx: _find(tx, house, member, number, now))
        if found is None:
            raise Missing
        case, customer = found.case, found.case.ticket.customer_id
        blank = {"done": "", "wrong": "", "answer": "", "note": "", "anyway": False}
        return self.show(
            "ticket", visitor, status, **blank | values, found=found, case=case, ticket=case.ticket,
            customer_id=customer, online=bool(customer) and self._counter.presence.online(customer, now),
            assignable=[m for m in house.members.values() if m.may(Permission.TICKETS_WRITE) and m.at(case.brand.slug)],
            staff={m.address.casefold(): m for m in house.members.values()},
            topics=sorted(house.topics.named), files_most=self._counter.portal.upload_files,
        )  # fmt: skip


def _find(tx: Tx, house: House, member: Member, number: int, now: int) -> _Found | None:
    ticket = tickets.find(tx, number)
    if ticket is None or not member.at(ticket.brand):
        return None
    case, all_said = case_of(tx, house, ticket, now), messages.of_ticket(tx, number)
    products = house.names(tx).by_slug
    return _Found(
        case=case,
        said=_conversation(tx, house, case, all_said),
        last=_last(all_said),
        answering=answering(house, case),
        due=tuple(explain(tx, house, case, now)),
        events=list(trace.lines(tx, ticket=number)),
        held=quarantine.of_ticket(tx, number),
        fields=dict(marks.fields(tx, number)),
        products=tuple(sorted(products)) if len(products) <= _FEW_PRODUCTS else (),
        earlier=len(queue.of_customer(tx, ticket.customer_id, limit=20, brands=member.brands)) - 1
        if ticket.customer_id
        else 0,
    )


def _conversation(tx: Tx, house: House, case: Case, said: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Every message, the internal and the programs' too, with its files."""
    files: dict[int, list[dict[str, str]]] = {}
    for row in portal_view.files(tx, case.ticket.number):
        file = {"name": row["filename"], "size": size_text(row["size"]), "id": str(row["id"])}
        files.setdefault(row["message"], []).append(file)
    return [_message(house, case, message, files.get(message.id, [])) for message in said]


def _message(house: House, case: Case, message: Message, files: list[dict[str, str]]) -> dict[str, Any]:
    author = case.participant(message.author)
    # Messages that older versions have stored hold the links of their recipients: staff must not see them (J06).
    words, whole = house.unlinked(message.reply_text).strip("\n"), house.unlinked(message.text).strip("\n")
    return {
        "id": message.id,
        "at": message.received,
        "author": _name(house, author, message),
        "address": message.sender,
        "role": author.role.value if author is not None else "staff" if message.internal else "",
        "theirs": author is not None and author.role in (Role.REQUESTER, Role.COPIED),
        "internal": message.internal,
        "machine": "" if message.by_human else message.reason,
        "unproved": message.trust != "trusted",
        "words": shown(words or whole),
        "whole": shown(whole) if words and words != whole else "",
        "files": files,
        "cards": message.cards,
    }


def _name(house: House, author: Participant | None, message: Message) -> str:
    member: Member | None = house.member_at(message.sender)
    if member is not None:
        return member.name
    return (author.name if author is not None else "") or message.sender_name or message.sender


def _last(said: tuple[Message, ...]) -> int:
    """The last message that a person has written for others to read: what an answer would answer."""
    return max((message.id for message in said if message.public), default=0)


def _file(tx: Tx, member: Member, number: int, file: int) -> Attachment | None:
    """A file of a ticket that the member may see."""
    ticket = tickets.find(tx, number)
    return portal_view.file(tx, file, number) if ticket is not None and member.at(ticket.brand) else None


def _way(tx: Tx, member: Member, number: int) -> dict[str, Any]:
    ticket = tickets.find(tx, number)
    if ticket is None or not member.at(ticket.brand):
        raise Missing
    try:
        return whole_way.of_ticket(tx, number)
    except PermanentError as error:
        raise Missing from error
