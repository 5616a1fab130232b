"""A ticket while the commands of one mail are given, one after the other: what they share, whatever they do."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from . import Millis
from .command_words import Said, tell
from .commands import Orders, Rank
from .discount import Card, Discount
from .effect import Effect, Join
from .ladder import moved
from .party import Brand, Participant, Product, Role, Team, Vendor
from .phrase import Sentence
from .ticket import State, Terms, Ticket
from .verdict import Route

Line = tuple[bool, Sentence]
"""Whether a command can be done, and the sentence for the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What commands can name. `answering` is who answers a ticket of this route, team and vendor, without a number.

    `subscriptions` are the customer's, in words, as far as the author may see them; no `topics`: any will do.
    """

    brand: Brand
    products: Mapping[str, Product]
    vendors: Mapping[str, Vendor]
    teams: Mapping[str, Team]
    staff: frozenset[str]
    # Members of staff who work for other brands: no ticket of this one is assigned to them.
    elsewhere: frozenset[str] = frozenset()
    answering: Callable[[Route, str, Vendor | None], Participant]
    terms: Callable[[Route, Vendor | None], Terms]
    topics: frozenset[str] = frozenset()
    discounts: Mapping[str, Discount] = field(default_factory=dict)
    subscriptions: tuple[str, ...] = ()
    day: Callable[[Millis, str], str] = lambda at, zone: str(at)

    def vendor(self, number: int) -> Vendor | None:
        """The vendor with this id."""
        return next((vendor for vendor in self.vendors.values() if vendor.id == number), None)


@dataclass(kw_only=True)
class Work:
    """The ticket and its people as the commands so far have left them, and the effects that were asked for."""

    ticket: Ticket
    people: list[Participant]
    author: Participant
    rank: Rank
    known: Known
    orders: Orders
    message: int
    now: Millis
    effects: list[Effect] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)

    def said(self, said: Said, near: str = "", **values: str) -> Line:
        """The line of a command that is done."""
        return True, tell(said, near=near, **values)

    def cannot(self, said: Said, near: str = "", **values: str) -> Line:
        """The line of a command that cannot be done."""
        return False, tell(said, near=near, **values)

    def hand_over(self, route: Route, team: str, vendor: Vendor | None, *, template: str) -> None:
        """Give the ticket to another party, who gets all that was said; whoever had it may still help."""
        for one in [p for p in self.people if p.active and p.role in (Role.VENDOR, Role.STAFF)]:
            self.join(replace(one, role=Role.COLLABORATOR))
        self.take_in(self.known.answering(route, team, vendor), template)
        waiting = self.ticket.waiting_since or self.now
        self.ticket = replace(self.ticket, route=route, team=team, state=State.OPEN, waiting_since=waiting)
        terms = replace(self.known.terms(route, vendor), participants=tuple(self.people))
        self.ticket, clock = moved(self.ticket, terms, self.now)
        self.ticket = replace(self.ticket, flags=tuple(flag for flag in self.ticket.flags if flag != "overdue"))
        self.effects += clock

    def somebody(self, word: str) -> Participant | None:
        """The vendor, team or colleague that is meant, without a number and as a collaborator; None for nobody."""
        name = word.strip("<>").lower()
        vendor = self.known.vendors.get(name)
        if vendor is not None and vendor.active and vendor.support_address:
            return self.known.answering(Route.VENDOR, "", vendor)
        if name in self.known.teams:
            return self.known.answering(Route.TEAM, name, None)
        if name in self.known.staff:
            return Participant(ticket=0, number=0, role=Role.COLLABORATOR, address=name)
        return None

    def take_in(self, who: Participant, template: str) -> None:
        """Let somebody take part: one who was here before keeps their number, and so their reply address."""
        before = next((p for p in self.people if p.address.casefold() == who.address.casefold()), None)
        number = before.number if before is not None else max(p.number for p in self.people) + 1
        fresh = before is None or not before.active
        joined = replace(who, ticket=self.ticket.number, number=number)
        self.join(joined, template if fresh else "")

    def join(self, who: Participant, template: str = "") -> None:
        """Let somebody take part, or in another role; with `template` they get what was said."""
        self.people = [*(p for p in self.people if p.number != who.number), who]
        self.effects.append(Join(participant=who, template=template))


def near(word: str, names: Iterable[str]) -> str:
    """The name that was probably meant, '' for none."""
    found = get_close_matches(word, list(names), n=1, cutoff=0.5)
    return found[0] if found else ""
