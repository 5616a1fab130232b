"""A ticket as one participant sees it on a page: found, and laid out in the figures of its template.

Used by the pages of who is signed in and by those behind a link; neither asks here whether the visitor may.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...case import Case, case_of
from ...core import Millis
from ...core.confirmation import GOOD_FOR
from ...core.letter import Attachment
from ...core.party import Participant, Role
from ...core.ticket import State
from ...core.verdict import Route
from ...drafting.draft import author_name, cleaner
from ...mail import wording
from ...mail.compose import bare_subject
from ...mail.relay import cleaned_file
from ...store import portal_view, tickets
from ...store.database import Tx
from ..counter import Counter
from ..files import file_answer
from ..page import Visitor
from ..stops import Missing
from .conversation import Reader, conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A ticket with who looks at it."""

    case: Case
    me: Participant


class Face:
    """Finds tickets and lays them out."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def case(self, tx: Tx, number: int, participant: int) -> Theirs | None:
        """The ticket with this participant, None where either is not there."""
        ticket = tickets.find(tx, number)
        case = case_of(tx, self._counter.house, ticket, self._counter.now()) if ticket is not None else None
        me = case.participant(participant) if case is not None else None
        return Theirs(case=case, me=me) if case is not None and me is not None else None

    def values(self, tx: Tx, visitor: Visitor, theirs: Theirs, base: str) -> dict[str, Any]:
        """What the template shows of it; `base` is the path below which its files lie."""
        house, case, me = self._counter.house, theirs.case, theirs.me
        reader = Reader(participant=me, language=visitor.language, zone=visitor.zone, base=base)
        ticket, now = case.ticket, self._counter.now()
        # Who answers is the customer: staff who are logged in as them would have the link as well.
        asked = portal_view.questions(tx, ticket.number, me.number, now - GOOD_FOR) if not visitor.grant else ()
        return {
            "ticket": ticket,
            "subject": cleaner(house, case, me)(bare_subject(ticket.subject)),
            "open": ticket.state is State.OPEN,
            "product": case.product.name if case.product is not None else "",
            "created": wording.short(ticket.filed, visitor.language, visitor.zone),
            "answers": self._answers(case),
            "answer_by": self._answer_by(case, visitor, now),
            "entries": conversation(tx, house, case, reader),
            "requester": me.role is Role.REQUESTER,
            "others": [
                author_name(case, p, me)
                for p in case.participants
                if p.role is Role.COPIED and p.active and p is not me
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

    async def file(self, request: Request, theirs: Theirs) -> Response:
        """The file of the path, of a public message of this ticket, as they may read it. Raises Missing."""
        number, ticket = number_in(request.path_params["file"]), theirs.case.ticket.number
        found = await self._counter.read(lambda tx: portal_view.file(tx, number, ticket))
        if found is None:
            raise Missing
        return file_answer(self.cleaned(found, theirs))

    def cleaned(self, file: Attachment, theirs: Theirs) -> Attachment:
        """The file as a mail would bring it to them: no foreign token, no masked address (I8, D5)."""
        return cleaned_file(file, cleaner(self._counter.house, theirs.case, theirs.me))


def number_in(text: str) -> int:
    """A number in a path. Raises Missing for all that is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Missing
    return int(text)
