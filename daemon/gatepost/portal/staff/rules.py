"""Rules for staff: those that serve, in the order in which they are asked, and the trip of a pasted mail under them.

A pasted mail is read under limits like any other, decided on what is stored now, and nothing is written or sent.
"""

from collections.abc import Iterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from ...core.identity import Authentication, Proof
from ...core.letter import Arrival
from ...core.rules.judge import judge
from ...core.rules.rule import Clause, Node, Rule
from ...core.staff import Permission
from ...explained import as_text, envelope_of
from ...mail.parse import HostileMail
from ...reader.pool import ReaderDied
from ...travel import travel
from ..page import KIB, Page, Visitor
from .frame import StaffPages, page_of

_EMPTY = "Paste a mail with its header, as your mail program shows its source."
_BODY = 1024 * KIB
_TAKEN = Proof(result=Authentication.VERIFIED, why="taken for proved, as was asked for on the staff page")
_DOUBTED = Proof(result=Authentication.UNVERIFIED, why="taken for unproved: a pasted mail proves nothing")


class StaffRules(StaffPages):
    """The handlers."""

    here = "/staff/rules"

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            page_of("GET", "/staff/rules", self.rules, "Rules", Permission.RULES),
            page_of("POST", "/staff/rules/explain", self.explain, "Explain a mail", Permission.RULES, body=_BODY),
        )

    async def rules(self, request: Request, visitor: Visitor) -> Response:
        """The rules that serve."""
        return self._page(visitor)

    async def explain(self, request: Request, visitor: Visitor) -> Response:
        """What would become of the pasted mail, rule by rule."""
        form = await request.form()
        pasted, proved = str(form.get("mail", "")), "proved" in form
        raw = pasted.replace("\r\n", "\n").lstrip("\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        if not raw.strip():
            return self._page(visitor, 422, wrong=_EMPTY)
        if self._counter.desk is None:
            raise LookupError("no desk stands behind these pages")
        try:
            letter = await self._counter.desk.reader.read(raw)
        except (HostileMail, ReaderDied) as trouble:
            return self._page(visitor, 422, wrong=f"It is not read: {trouble}", mail=pasted, proved=proved)
        house, now = self._counter.house, self._counter.now()
        arrival = Arrival(id=0, received=now, envelope=envelope_of(house, letter), raw=raw)
        proof = _TAKEN if proved else _DOUBTED
        trip = await self._counter.read(lambda tx: travel(tx, house, arrival, letter, now, proof=proof))
        trip = replace(trip, verdict=judge(trip.book, trip.seen, thorough=True))
        return self._page(visitor, told="\n".join(as_text(trip)), mail=pasted, proved=proved)

    def _page(self, visitor: Visitor, status: int = 200, **values: object) -> Response:
        blank = {"wrong": "", "told": "", "mail": "", "proved": True}
        book = self._counter.house.rulebook.book
        return self.show("rules", visitor, status, **blank | values, book=book, conditions=conditions)


def conditions(rule: Rule) -> list[str]:
    """The conditions of a rule, one to a line, what belongs to a group below it."""
    return [line for part in rule.when.parts for line in _lines(part, "")]


def _lines(node: Node, indent: str) -> Iterator[str]:
    if isinstance(node, Clause):
        yield f"{indent}{node.word} = {node.wanted}" if node.wanted else f"{indent}{node.word}"
        return
    yield f"{indent}{node.word}:"
    for part in node.parts:
        yield from _lines(part, indent + "  ")
