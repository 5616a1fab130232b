"""The page behind "Confirm" in our questions: is this reply yours, this ticket, this address; may these people see it.

The link holds the token that only the mailbox has seen which was asked. A look shows the question; the button says yes,
once (I5, I6).
"""

from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...aside import said_yes
from ...core import Millis
from ...core.audit import Act, Action, ActorKind
from ...core.audit import Who as Actor
from ...core.confirmation import GOOD_FOR, Question
from ...core.party import Brand, Participant, Role
from ...core.reply_address import Purpose, read
from ...core.ticket import Ticket
from ...links import LinkError
from ...mail import wording
from ...mail.compose import bare_subject
from ...store import confirmations, tickets
from ...store.database import Tx
from ..counter import Counter
from ..page import Form, Page, Visitor, Who


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question, on which ticket, and of whom."""

    question: Question
    ticket: Ticket
    person: Participant
    brand: Brand

    @property
    def language(self) -> str:
        return self.person.language or self.ticket.language or self.brand.languages[0]

    @property
    def of_customer(self) -> bool:
        """Whether the customer's side was asked."""
        return self.person.role in (Role.REQUESTER, Role.COPIED)


class ConfirmPages:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        line = partial(Page, who=Who.ANYONE, title="A question to you", form=Form.LINK)
        return line("GET", "/confirm/{token}", self.show), line("POST", "/confirm/{token}", self.confirm)

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The question, and the button that says yes."""
        token = request.path_params["token"]
        asked = await self._counter.read(lambda tx: self._asked(tx, token, visitor))
        return self._page(visitor, asked, "done" if asked.question.answered is not None else "asked")

    async def confirm(self, request: Request, visitor: Visitor) -> Response:
        """Yes; a second one changes nothing."""
        token, now = request.path_params["token"], self._counter.now()
        asked = await self._counter.write(lambda tx: self._yes(tx, token, visitor, now))
        return self._page(visitor, asked, "done")

    def _yes(self, tx: Tx, token: str, visitor: Visitor, now: Millis) -> _Asked:
        asked = self._asked(tx, token, visitor)
        if asked.question.answered is None:
            said_yes(tx, asked.question, now)
            kind = ActorKind.CUSTOMER if asked.of_customer else ActorKind.VENDOR
            act = Act(
                actor=Actor(kind=kind, name=asked.question.address, party=asked.person.party_id),
                action=Action.CONFIRMED,
                object=f"ticket {asked.ticket.number}",
                details={"question": asked.question.ask.kind.value},
                about=asked.ticket.customer_id,
            )
            self._counter.house.audit.write(tx, act, now)
        return asked

    def _asked(self, tx: Tx, text: str, visitor: Visitor) -> _Asked:
        """What the link is about. Raises LinkError for one that is not ours, and where it is too late."""
        token = read(self._counter.house.keys, text)
        question = confirmations.find(tx, token.ticket) if token is not None else None
        if token is None or token.purpose is not Purpose.CONFIRM or question is None:
            raise LinkError("this link is not one of ours")
        ticket = tickets.find(tx, question.ticket)
        person = next((p for p in tickets.participants(tx, question.ticket) if p.number == question.participant), None)
        late = question.answered is None and self._counter.now() > question.asked + GOOD_FOR
        if ticket is None or person is None or token.participant != question.participant or late:
            raise LinkError("this link is no longer good", expired=True)
        brand = self._counter.house.brands.get(ticket.brand) or visitor.brand
        return _Asked(question=question, ticket=ticket, person=person, brand=brand)

    def _page(self, visitor: Visitor, asked: _Asked, state: str) -> HTMLResponse:
        ask = asked.question.ask
        dressed = replace(visitor, brand=asked.brand, language=asked.language)
        return self._counter.show(
            "customer/confirm",
            dressed,
            kind=ask.kind.value,
            state=state,
            number=asked.ticket.number,
            subject=bare_subject(ask.subject or ""),
            date=wording.moment(ask.dated, asked.language, asked.brand.zone) if ask.dated is not None else "",
            names=list(ask.names),
            mine=asked.of_customer,
        )
