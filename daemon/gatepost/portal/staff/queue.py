"""The queue: saved views with their counts, by pages, and a search by number, address or words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ...core import Millis
from ...core.staff import Member, Permission
from ...house import House
from ...store import messages, parties, queue, tickets
from ...store.database import Tx
from ...store.queue import Line, View
from ..counter import go
from ..page import Page, Visitor
from ..sign_in.entry import readable
from .frame import StaffPages, page_of

_FIRST, _LAST = (-1, 0), (1 << 62, 1 << 62)
_FOUND = 50
_LONGEST_QUESTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of products and vendors by id, of teams by slug, and of staff by address.

    `brands` by slug, where there are several.
    """

    products: Mapping[int, str]
    vendors: Mapping[int, str]
    teams: Mapping[str, str]
    staff: Mapping[str, str]
    brands: Mapping[str, str]


class StaffQueue(StaffPages):
    """The handlers."""

    here = "/staff/queue"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (page_of("GET", "/staff/queue", self.queue, "Queue", Permission.TICKETS_READ),)

    async def queue(self, request: Request, visitor: Visitor) -> Response:
        """A view of the queue, or what was searched for."""
        member, question = self.member(visitor), request.query_params.get("q", "").strip()[:_LONGEST_QUESTION]
        if question:
            return await self._search(question, visitor)
        view = _view(request.query_params.get("view", ""))
        key, rows = _key(request.query_params.get("before", "")), self._counter.staff.rows
        assignee = member.address.casefold()

        def read(tx: Tx) -> tuple[Sequence[Line], dict[View, int], Names]:
            lines = _page(tx, view, member, key, rows + 1)
            return lines, queue.counts(tx, assignee, member.brands), names_of(tx, self._counter.house, lines)

        lines, counts, named = await self._counter.read(read)
        more = _key_of(view, lines[rows - 1]) if len(lines) > rows else ""
        return self.show(
            "queue", visitor, view=view, counts=counts, lines=lines[:rows], named=named, more=more, first=key is None,
            question="",
        )  # fmt: skip

    async def _search(self, question: str, visitor: Visitor) -> Response:
        member = self.member(visitor)
        number = question.lstrip("#")
        if number.isascii() and number.isdigit() and len(number) < 12:
            found = await self._counter.read(lambda tx: tickets.find(tx, int(number)))
            if found is not None and member.at(found.brand):
                return go(f"/staff/tickets/{found.number}")
        assignee = member.address.casefold()

        def read(tx: Tx) -> tuple[Sequence[Line], dict[View, int], Names]:
            lines = queue.some(tx, _found(tx, question), member.brands)
            return lines, queue.counts(tx, assignee, member.brands), names_of(tx, self._counter.house, lines)

        lines, counts, named = await self._counter.read(read)
        return self.show(
            "queue", visitor, view=None, counts=counts, lines=lines, named=named, more="", first=True,
            question=question,
        )  # fmt: skip


def names_of(tx: Tx, house: House, lines: Sequence[Line]) -> Names:
    """What the lines of a list call by number or address, by name."""
    known = house.names(tx).by_id
    vendors = (parties.vendor(tx, number) for number in {line.vendor for line in lines})
    return Names(
        products={line.product: known[line.product].name for line in lines if line.product in known},
        vendors={vendor.id: vendor.name for vendor in vendors if vendor is not None},
        teams={slug: team.name for slug, team in house.teams.items()},
        staff={member.address.casefold(): member.slug for member in house.members.values()},
        brands={slug: brand.name for slug, brand in house.brands.items()} if len(house.brands) > 1 else {},
    )


def _found(tx: Tx, question: str) -> Sequence[int]:
    address = readable(question) if "@" in question else ""
    if address:
        return queue.filed_from(tx, address, _FOUND)
    rows = messages.search(tx, question, 4 * _FOUND)
    return list(dict.fromkeys(row["ticket"] for row in rows))[:_FOUND]


def _view(text: str) -> View:
    return View(text) if text in set(View) else View.OPEN


def _page(tx: Tx, view: View, member: Member, key: tuple[Millis, int] | None, limit: int) -> Sequence[Line]:
    """The tickets of a view behind a key: by their due date where that has passed, else the latest activity first."""
    if view is View.OVERDUE:
        return queue.overdue(tx, after=key or _FIRST, limit=limit, brands=member.brands)
    assignee = member.address.casefold()
    return queue.page(tx, view, assignee=assignee, before=key or _LAST, limit=limit, brands=member.brands)


def _key_of(view: View, line: Line) -> str:
    """The key of a line, as the link to the next page names it."""
    return f"{line.due if view is View.OVERDUE else line.last_activity}-{line.number}"


def _key(text: str) -> tuple[Millis, int] | None:
    """The key of the last line on the page before: `INSTANT-NUMBER`; None for the first page."""
    instant, _, number = text.partition("-")
    if instant.isascii() and instant.isdigit() and number.isascii() and number.isdigit() and len(text) < 40:
        return int(instant) % (1 << 62), int(number) % (1 << 62)
    return None
