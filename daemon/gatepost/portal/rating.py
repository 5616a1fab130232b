"""The rating's pages: a link shows the page with its choice marked and records nothing, only the form's POST does (C5).

Programs follow the links of mails before people do (E16); their visits are counted apart. Unsubscribing is one POST,
from the page or from the mail program itself (RFC 8058 3.2).
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ..core import Millis
from ..core.party import Brand, Participant
from ..core.rating import CHANGEABLE, SCORES, Rating, Recorded, record
from ..core.ticket import Ticket
from ..links import For, LinkError
from ..mail import wording
from ..store import ratings, tickets, trace
from ..store.database import Tx
from .counter import Counter

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

    async def show(self, request: Request) -> Response:
        """The page with the choice marked. HEAD gets no page, and neither changes anything."""
        machine = _is_machine(request)
        asked = await self._asked(request, For.RATE)
        if isinstance(asked, Response):
            return asked
        await self._counter.write(lambda tx: ratings.visited(tx, machine=machine))
        if request.method == "HEAD":
            return Response(status_code=200)
        said = asked.known.score if asked.known else 0
        return self._form(asked, chosen=_score(request.path_params.get("score", "")) or said)

    async def give(self, request: Request) -> Response:
        """Record what the form says, and thank for it."""
        asked = await self._asked(request, For.RATE)
        if isinstance(asked, Response):
            return asked
        form = await _form(request)
        score = _score(form.get("score", ""))
        if not score:
            return self._form(asked, chosen=0, status=422)
        now = self._counter.clock.now()
        rating, recorded = await self._counter.write(lambda tx: _record(tx, asked, score, form.get("comment", ""), now))
        until = wording.day(rating.at + CHANGEABLE, asked.language, asked.brand.zone)
        return self._counter.page(
            "thanks", asked.brand, asked.language, recorded=recorded.value, until=until,
            score=wording.score(rating.score, asked.language), again=request.url.path,
        )  # fmt: skip

    async def leave(self, request: Request) -> Response:
        """The page with the button that unsubscribes; a look at it changes nothing."""
        asked = await self._asked(request, For.UNSUBSCRIBE)
        if isinstance(asked, Response):
            return asked
        return self._counter.page("unsubscribe", asked.brand, asked.language, done=False, address=asked.person.address)

    async def left(self, request: Request) -> Response:
        """Unsubscribe at once, whoever sends the POST: the mail program does it without showing a page."""
        asked = await self._asked(request, For.UNSUBSCRIBE)
        if isinstance(asked, Response):
            return asked
        now = self._counter.clock.now()
        await self._counter.write(lambda tx: _unsubscribe(tx, asked, now))
        return self._counter.page("unsubscribe", asked.brand, asked.language, done=True, address=asked.person.address)

    def _form(self, asked: _Asked, *, chosen: int, status: int = 200) -> HTMLResponse:
        choices = [(score, wording.score(score, asked.language)) for score in SCORES]
        now = self._counter.clock.now()
        closed = asked.known is not None and now > asked.known.at + CHANGEABLE
        return self._counter.page(
            "rate", asked.brand, asked.language, status, choices=choices, chosen=chosen, closed=closed,
            subject=asked.ticket.subject, comment=asked.known.comment if asked.known else "", missing=status != 200,
        )  # fmt: skip

    async def _asked(self, request: Request, purpose: For) -> "_Asked | Response":
        """What the link is about, or the page that says why it cannot be used."""
        house = self._counter.house
        try:
            number, person = house.links.read(purpose, request.path_params["token"], self._counter.clock.now())
        except LinkError as error:
            return self._useless(error)
        found = await self._counter.read(lambda tx: _find(tx, int(number), int(person)))
        if found is None:
            return self._useless(LinkError("this link is no longer good", expired=True))
        ticket, participant, known = found
        brand = house.brands.get(ticket.brand) or next(iter(house.brands.values()))
        return _Asked(ticket=ticket, person=participant, brand=brand, known=known)

    def _useless(self, error: LinkError) -> HTMLResponse:
        brand = next(iter(self._counter.house.brands.values()))
        status = 410 if error.expired else 404
        return self._counter.page("useless", brand, brand.languages[0], status, expired=error.expired)


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
        ratings.put(tx, rating, customer=asked.ticket.customer_id, vendor=asked.ticket.vendor_id)
        trace.note(tx, kind="rating", said=f"{score} of 5, {recorded.value}", now=now, ticket=number)
    return rating, recorded


def _unsubscribe(tx: Tx, asked: _Asked, now: Millis) -> None:
    ratings.unsubscribe(tx, asked.person.address, now)
    trace.note(tx, kind="rating", said="asked for no more requests for ratings", now=now, ticket=asked.ticket.number)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, the first of each name; the guard has seen to its size."""
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


def _score(text: str) -> int:
    return int(text) if text in {str(score) for score in SCORES} else 0


def _is_machine(request: Request) -> bool:
    """Whether a program looks: HEAD, a prefetch, or one that gives itself away or says nothing of itself."""
    headers = request.headers
    if request.method == "HEAD" or "prefetch" in headers.get("sec-purpose", headers.get("purpose", "")):
        return True
    agent = headers.get("user-agent", "")
    return not agent or _MACHINE.search(agent) is not None
