"""The list of a customer's tickets: open or closed, in order, by pages, and found by the words that were said."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ...case import case_of
from ...core.reply_address import scrub
from ...core.ticket import State
from ...drafting.draft import cleaner
from ...mail import wording
from ...mail.compose import bare_subject
from ...store import portal_view, tickets
from ...store.database import Row, Tx
from ...store.portal_view import Shown, Sort, Wanted
from ..counter import Counter
from ..page import Page, Visitor, Who
from ..words import holds, marked, words_of

_STATES: Mapping[str, State | None] = {"open": State.OPEN, "closed": State.CLOSED, "all": None}
_LONGEST_KEY = 1 << 61


class TicketList:
    """The handler."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (Page("GET", "/tickets", self.show, Who.CUSTOMER, "Tickets", impersonated=True),)

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """One page of the list. Whatever the address says that is no choice of ours counts as not said (I24)."""
        asked = {name: request.query_params.get(name, "")[:300] for name in ("state", "sort", "order", "q", "after")}
        words = words_of(asked["q"])
        state = asked["state"] if asked["state"] in _STATES else "all" if words else "open"
        sort = Sort(asked["sort"]) if asked["sort"] in set(Sort) else Sort.ACTIVITY
        order = asked["order"] if asked["order"] == "oldest" else "newest"
        size = self._counter.portal.tickets_per_page
        wanted = Wanted(
            state=_STATES[state], sort=sort, newest_first=order == "newest", after=_key(asked["after"]), limit=size + 1
        )
        lines, counts = await self._counter.read(lambda tx: self._find(tx, visitor, wanted, asked["q"], words))
        chosen = {"state": state, "sort": sort.value, "order": order, "q": asked["q"].strip()}
        return self._counter.show(
            "customer/tickets",
            visitor,
            lines=lines[:size],
            counts=counts,
            chosen=chosen,
            states={name: _address(chosen, state=name) for name in _STATES},
            more=_address(chosen, after=lines[size - 1]["after"]) if len(lines) > size else "",
            first=_address(chosen) if asked["after"] else "",
            held="held" in request.query_params,
        )

    def _shown(self, visitor: Visitor) -> Shown:
        """Which tickets appear at all."""
        portal, elsewhere = self._counter.portal, self._counter.elsewhere(visitor.brand)
        return Shown(kinds=frozenset(portal.show), hide=portal.hide_flags, elsewhere=elsewhere)

    def _find(
        self, tx: Tx, visitor: Visitor, wanted: Wanted, question: str, words: tuple[str, ...]
    ) -> tuple[list[dict[str, Any]], dict[str, int]]:
        customer, shown = visitor.person.id, self._shown(visitor)
        counts = {state.value: count for state, count in portal_view.counts(tx, customer, shown).items()}
        if not question.strip():
            rows = portal_view.page(tx, customer, wanted, shown)
            return [self._line(row, visitor, words, None) for row in rows], counts
        hits = self._hits(tx, visitor, question, words)
        rows = portal_view.page(tx, customer, replace(wanted, numbers=tuple(hits)), shown)
        return [self._line(row, visitor, words, hits[row["number"]]) for row in rows], counts

    def _hits(self, tx: Tx, visitor: Visitor, question: str, words: tuple[str, ...]) -> dict[int, str]:
        """The tickets that answer a search, each with the words in which it was found.

        What the index finds is looked at once more as this customer may read it: what is masked cannot be searched for.
        """
        found: dict[int, str] = {}
        number = question.strip().lstrip("#")
        if number.isascii() and number.isdigit() and len(number) < 12:
            found[int(number)] = ""
        for row in portal_view.matching(tx, visitor.person.id, words, self._counter.elsewhere(visitor.brand)):
            if row["ticket"] not in found and (text := self._readable(tx, visitor, row, words)) is not None:
                found[row["ticket"]] = text
        return found

    def _readable(self, tx: Tx, visitor: Visitor, row: Row, words: tuple[str, ...]) -> str | None:
        """The words in which the row was found, as this customer may read them; None where nothing is left of them."""
        brand = self._counter.house.brands.get(row["brand"])
        clean: Callable[[str], str] = self._scrubbed
        if row["masking"] or (brand is not None and brand.masking):
            clean = self._masked(tx, visitor, row["ticket"]) or clean
        subject, text = clean(row["subject"]), clean(row["text"])
        return (text if holds(text, words[:1]) else "") if holds(f"{subject}\n{text}", words) else None

    def _scrubbed(self, text: str) -> str:
        return scrub(self._counter.house.keys, text, keep=())

    def _masked(self, tx: Tx, visitor: Visitor, number: int) -> Callable[[str], str] | None:
        """What takes out of a ticket's text what its customer may not see."""
        ticket = tickets.find(tx, number)
        role = portal_view.role(tx, visitor.person.id, number, self._counter.elsewhere(visitor.brand))
        if ticket is None or role is None:
            return None
        case = case_of(tx, self._counter.house, ticket, self._counter.now())
        reader = case.participant(role[0])
        return cleaner(self._counter.house, case, reader) if reader is not None else None

    def _line(self, row: Row, visitor: Visitor, words: tuple[str, ...], found: str | None) -> dict[str, Any]:
        subject = bare_subject(row["subject"])
        language, zone = visitor.language, visitor.zone
        return {
            "number": row["number"],
            "subject": marked(subject, words) if words else subject,
            "found": marked(found, words, around=True) if found else "",
            "product": row["product_name"] or "",
            "created": wording.short(row["filed"], language, zone),
            "activity": wording.short(row["last_activity"], language, zone),
            "state": row["state"],
            "waits": row["state"] == State.OPEN.value and row["waiting_since"] is None,
            "copied": bool(row["copied"]),
            "after": f"{row['key']}.{row['second']}",
        }


def _key(said: str) -> tuple[int, int] | None:
    """Where the last page ended; None for all that is no such place."""
    key, _, second = said.partition(".")
    if not (_is_number(key) and _is_number(second)):
        return None
    return max(-_LONGEST_KEY, min(_LONGEST_KEY, int(key))), max(-_LONGEST_KEY, min(_LONGEST_KEY, int(second)))


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) < 20


def _address(chosen: Mapping[str, str], **changes: str) -> str:
    """The address of the list with these choices; what is chosen anyway is left out."""
    usual = {"sort": "activity", "order": "newest", "q": ""}
    values = {**chosen, **changes}
    said = urlencode({name: value for name, value in values.items() if value != usual.get(name)})
    return f"/tickets?{said}" if said else "/tickets"
