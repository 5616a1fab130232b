"""The page behind each link of "which product?": it shows the choice, and its button makes it (R1).

The link is the requester's own, for one product; programs that follow every link choose nothing.
"""

from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...case import Case, case_of
from ...choosing import Chosen, choose, is_open
from ...core import Millis
from ...core.party import Participant, Product
from ...house import House
from ...links import For, LinkError
from ...store import tickets
from ...store.database import Tx
from ..counter import Counter
from ..page import Form, Page, Visitor, Who


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a link leads to: the ticket's case, who was asked, and the product that the link stands for."""

    case: Case
    person: Participant
    product: Product


class WhichProductPages:
    """The handlers; each takes a request and answers it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        line = partial(Page, who=Who.ANYONE, title="Which product?", link=For.CHOOSE, form=Form.LINK)
        return line("GET", "/choose/{token}", self.show), line("POST", "/choose/{token}", self.choose)

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The product, and the button that chooses it; or that this is settled."""
        asked = await self._counter.read(partial(_asked, self._counter.house, visitor, self._counter.now()))
        return self._page(visitor, asked, "" if is_open(asked.case) else Chosen.SETTLED)

    async def choose(self, request: Request, visitor: Visitor) -> Response:
        """Do what the button says. A second click, or one on another product, finds it settled."""
        house, now = self._counter.house, self._counter.now()

        def write(tx: Tx) -> tuple[_Asked, Chosen]:
            asked = _asked(house, visitor, now, tx)
            return asked, choose(tx, house, asked.case, asked.product, asked.person, now)

        asked, chosen = await self._counter.write(write)
        self._counter.wake()
        return self._page(visitor, asked, chosen)

    def _page(self, visitor: Visitor, asked: _Asked, chosen: Chosen | str) -> HTMLResponse:
        """The page in the face of the ticket's brand, in the language of who was asked."""
        case = asked.case
        language = asked.person.language or case.ticket.language or case.brand.languages[0]
        dressed = replace(visitor, brand=case.brand, language=language)
        return self._counter.show(
            "which-product", dressed, product=asked.product.name, number=case.ticket.number,
            subject=case.ticket.subject, chosen=str(chosen), known=case.product.name if case.product else "",
        )  # fmt: skip


def _asked(house: House, visitor: Visitor, now: Millis, tx: Tx) -> _Asked:
    """What the link is about. Raises LinkError where that is no more."""
    number, person, product = (int(one) for one in visitor.about)
    ticket, chosen = tickets.find(tx, number), house.names(tx).by_id.get(product)
    participant = next((p for p in tickets.participants(tx, number) if p.number == person and p.active), None)
    if ticket is None or participant is None or chosen is None:
        raise LinkError("this link is no longer good", expired=True)
    return _Asked(case=case_of(tx, house, ticket, now), person=participant, product=chosen)
