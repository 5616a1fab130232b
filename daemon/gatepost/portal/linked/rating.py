"""The rating's pages: a link shows the page with its choice marked and records nothing, only the form's POST does (C5).

Programs follow the links of mails before people do (E16); their visits are counted apart. Unsubscribing is one POST,
from the page or from the mail program itself (RFC 8058 3.2).
"""

import re
from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...core import Millis
from ...core.party import Brand, Participant
from ...core.rating import CHANGEABLE, SCORES, Rating, Recorded, record
from ...core.ticket import Ticket
from ...links import For, LinkError
from ...mail import wording
from ...store import ratings, tickets, trace
from ...store.database import Tx
from ..counter import Counter
from ..page import Form, Page, Visitor, Who

_MACHINE = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|safelinks|proofpoint|mimecast|barracuda|curl|wget|python", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a link leads to: the ticket, and who was asked."""

    ticket: Ticket
    person: Participant
    brand: Brand
    known: Rating | None

    @property
    def language(self) -> str:
        return self.person.language or self.ticket.language or self.brand.languages[0]


class RatingPages:
    """The handlers; each takes a request and answers it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here; the one-click of a mail program comes without a form of ours."""
        rate = partial(Page, who=Who.ANYONE, title="Rating", link=For.RATE, form=Form.LINK)
        leave = partial(Page, who=Who.ANYONE, title="Unsubscribe", link=For.UNSUBSCRIBE, form=Form.OPEN)
        return (
            rate("GET", "/rate/{token}", self.show),
            rate("POST", "/rate/{token}", self.give),
            rate("GET", "/rate/{token}/{score}", self.show),
            rate("POST", "/rate/{token}/{score}", self.give),
            leave("GET", "/unsubscribe/{token}", self.leave),
            leave("POST", "/unsubscribe/{token}", self.left),
        )

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The page with the choice marked. HEAD gets no page, and neither changes anything."""
        asked = await self._asked(visitor)
        self._counter.presence.looked(machine=_is_machine(request))
        if request.method == "HEAD":
            return Response(status_code=200)
        said = asked.known.score if asked.known else 0
        return self._form(visitor, asked, chosen=_score(request.path_params.get("score", "")) or said)

    async def give(self, request: Request, visitor: Visitor) -> Response:
        """Record what the form says, and thank for it."""
        asked = await self._asked(visitor)
        form = await request.form()
        score = _score(str(form.get("score", "")))
        if not score:
            return self._form(visitor, asked, chosen=0, status=422)
        now, comment = self._counter.now(), str(form.get("comment", ""))
        rating, recorded = await self._counter.write(lambda tx: _record(tx, asked, score, comment, now))
        until = wording.day(rating.at + CHANGEABLE, asked.language, asked.brand.zone)
        return self._show(
            "thanks", visitor, asked, recorded=recorded.value, until=until,
            score=wording.score(rating.score, asked.language), again=request.url.path,
        )  # fmt: skip

    async def leave(self, request: Request, visitor: Visitor) -> Response:
        """The page with the button that unsubscribes; a look at it changes nothing."""
        asked = await self._asked(visitor)
        return self._show("unsubscribe", visitor, asked, done=False, address=asked.person.address)

    async def left(self, request: Request, visitor: Visitor) -> Response:
        """Unsubscribe at once, whoever sends the POST: the mail program does it without showing a page."""
        asked = await self._asked(visitor)
        now = self._counter.now()
        await self._counter.write(lambda tx: _unsubscribe(tx, asked, now))
        return self._show("unsubscribe", visitor, asked, done=True, address=asked.person.address)

    def _show(self, name: str, visitor: Visitor, asked: _Asked, status: int = 200, **values: object) -> HTMLResponse:
        """A page in the face of the ticket's brand, in the language of who was asked."""
        return self._counter.show(name, replace(visitor, brand=asked.brand, language=asked.language), status, **values)

    def _form(self, visitor: Visitor, asked: _Asked, *, chosen: int, status: int = 200) -> HTMLResponse:
        choices = [(score, wording.score(score, asked.language)) for score in SCORES]
        closed = asked.known is not None and self._counter.now() > asked.known.at + CHANGEABLE
        return self._show(
            "rate", visitor, asked, status, choices=choices, chosen=chosen, closed=closed,
            subject=asked.ticket.subject, comment=asked.known.comment if asked.known else "", missing=status != 200,
        )  # fmt: skip

    async def _asked(self, visitor: Visitor) -> _Asked:
        """What the link is about. Raises LinkError where that is no more."""
        number, person = visitor.about
        found = await self._counter.read(lambda tx: _find(tx, int(number), int(person)))
        if found is None:
            raise LinkError("this link is no longer good", expired=True)
        ticket, participant, known = found
        brand = self._counter.house.brands.get(ticket.brand) or visitor.brand
        return _Asked(ticket=ticket, person=participant, brand=brand, known=known)


def _find(tx: Tx, number: int, person: int) -> tuple[Ticket, Participant, Rating | None] | None:
    ticket = tickets.find(tx, number)
    participant = next((p for p in tickets.participants(tx, number) if p.number == person), None)
    if ticket is None or participant is None or not participant.address:
        return None
    return ticket, participant, ratings.find(tx, number)


def _record(tx: Tx, asked: _Asked, score: int, comment: str, now: Millis) -> tuple[Rating, Recorded]:
    """Record in one transaction with the reading of what was known, so that two clicks at once count once."""
    number = asked.ticket.number
    rating, recorded = record(ratings.find(tx, number), ticket=number, score=score, comment=comment, now=now)
    if recorded is not Recorded.CLOSED:
        ratings.put(tx, rating, customer=asked.ticket.customer_id, vendor=ratings.whose(tx, number))
        trace.note(tx, kind="rating", said=f"{score} of 5, {recorded.value}", now=now, ticket=number)
    return rating, recorded


def _unsubscribe(tx: Tx, asked: _Asked, now: Millis) -> None:
    ratings.unsubscribe(tx, asked.person.address, now)
    trace.note(tx, kind="rating", said="asked for no more requests for ratings", now=now, ticket=asked.ticket.number)


def _score(text: str) -> int:
    return int(text) if text in {str(score) for score in SCORES} else 0


def _is_machine(request: Request) -> bool:
    """Whether a program looks: HEAD, a prefetch, or one that gives itself away or says nothing of itself."""
    headers = request.headers
    if request.method == "HEAD" or "prefetch" in headers.get("sec-purpose", headers.get("purpose", "")):
        return True
    agent = headers.get("user-agent", "")
    return not agent or _MACHINE.search(agent) is not None
