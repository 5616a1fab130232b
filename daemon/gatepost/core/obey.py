"""What the commands of one mail make of its ticket: all of them, or none where one of them cannot be done.

The names that commands mention are looked up beforehand (`Known`); nothing is done here, effects say what is to be.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import assert_never

from . import Millis
from .away_order import AwayOrder, Wrong, read_away
from .command_words import Said, tell, tell_fault
from .commands import Command, Name, Orders, Rank, Refused, allowed
from .discount import CARDS, Card, CardKind, Discount
from .effect import Auto, Effect, Join, Label, Note, Release, Send, Transcript, VendorAway
from .event import DeadlineKind
from .ladder import moved
from .party import Brand, Membership, Participant, Product, Role, Team, Vendor
from .phrase import Sentence
from .ticket import State, Terms, Ticket, close
from .verdict import Route

_BILLING = "billing"


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
    answering: Callable[[Route, str, Vendor | None], Participant]
    terms: Callable[[Route, Vendor | None], Terms]
    topics: frozenset[str] = frozenset()
    discounts: Mapping[str, Discount] = field(default_factory=dict)
    subscriptions: tuple[str, ...] = ()
    day: Callable[[Millis, str], str] = lambda at, zone: str(at)

    def vendor(self, number: int) -> Vendor | None:
        """The vendor with this id."""
        return next((vendor for vendor in self.vendors.values() if vendor.id == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obeyed:
    """What became of the commands; where not `done`, the ticket is unchanged and the only effect is the transcript."""

    ticket: Ticket
    effects: tuple[Effect, ...]
    cards: tuple[Card, ...] = ()
    done: bool


def obey(
    orders: Orders,
    ticket: Ticket,
    people: Iterable[Participant],
    author: Participant,
    rank: Rank,
    known: Known,
    *,
    message: int,
    now: Millis,
) -> Obeyed:
    """What `orders` of `author` make of the ticket, with the transcript as the last effect. Never raises."""
    work = _Work(ticket, list(people), author, rank, known, orders, message, now)
    lines = [
        (one.written, *work.refused(one)) if isinstance(one, Refused) else (one.written, *work.give(one))
        for one in orders.given
    ]
    done = all(good for _, good, _ in lines)
    if not done:
        other = tell(Said.LEFT_OUT)
        told = tuple((written, other if good else said) for written, good, said in lines)
        return Obeyed(ticket=ticket, effects=(work.transcript(told, done=False),), done=False)
    told = tuple((written, said) for written, _, said in lines)
    effects = (*work.effects, work.transcript(told, done=True))
    return Obeyed(ticket=work.ticket, effects=effects, cards=tuple(work.cards), done=True)


_Line = tuple[bool, Sentence]


class _Work:
    """The ticket while its commands are given, one after the other."""

    def __init__(
        self,
        ticket: Ticket,
        people: list[Participant],
        author: Participant,
        rank: Rank,
        known: Known,
        orders: Orders,
        message: int,
        now: Millis,
    ) -> None:
        self.ticket, self.people, self.author, self.rank, self.known = ticket, people, author, rank, known
        self.orders, self.message, self.now = orders, message, now
        self.effects: list[Effect] = []
        self.cards: list[Card] = []

    def refused(self, line: Refused) -> _Line:
        return False, tell_fault(line)

    def give(self, command: Command) -> _Line:  # noqa: PLR0912 - one branch for each command
        """Do one command on the ticket at hand: whether it can be done, and the sentence for the transcript."""
        word = command.words[0] if command.words else ""
        match command.name:
            case Name.CLOSE:
                return self._close()
            case Name.OPEN:
                return self._open()
            case Name.NOTE:
                return self._note(command)
            case Name.PRODUCT:
                return self._product(word.lower())
            case Name.COPY:
                return self._copy(word)
            case Name.UNCOPY:
                return self._uncopy(word)
            case Name.AWAY:
                return self._away(command.words)
            case Name.TOPIC:
                return self._topic(word.lower())
            case Name.ASSIGN:
                return self._assign(word)
            case Name.UNASSIGN:
                self.ticket = replace(self.ticket, assignee="")
                return self._said(Said.UNASSIGNED)
            case Name.REFUND:
                return self._refund()
            case Name.SUBSCRIPTIONS:
                return self._subscriptions()
            case Name.LINK:
                return self._link(command.words)
            case Name.DISCOUNT:
                return self._discount(word)
            case Name.SECRET:
                return self._ask("customer/hand-over", Said.SECRET_ASKED, "secret")
            case Name.ACCESS:
                return self._ask("customer/access", Said.ACCESS_ASKED, "access")
            case Name.HELP:
                return self._said(Said.HELP)
            case _:
                assert_never(command.name)

    def transcript(self, lines: tuple[tuple[str, Sentence], ...], *, done: bool) -> Send:
        """The mail to the author with what became of each command; with the list of commands where that is wanted."""
        helps = not done or self.orders.has(Name.HELP)
        entries = allowed(self.rank) if helps else ()
        return Send(
            template="transcript",
            participant=self.author.number,
            auto=Auto.REPLIED,
            key=f"transcript-{self.message}",
            transcript=Transcript(lines=lines, help=tuple((entry.form, entry.help) for entry in entries), done=done),
        )

    def _said(self, said: Said, near: str = "", **values: str) -> _Line:
        return True, tell(said, near=near, **values)

    def _cannot(self, said: Said, near: str = "", **values: str) -> _Line:
        return False, tell(said, near=near, **values)

    def _close(self) -> _Line:
        if self.ticket.state is State.CLOSED:
            return self._said(Said.CLOSED_ALREADY)
        self.ticket, effects = close(self.ticket)
        self.effects += effects
        return self._said(Said.CLOSED)

    def _open(self) -> _Line:
        if self.ticket.state is State.OPEN:
            return self._said(Said.OPEN_ALREADY)
        self.ticket = replace(self.ticket, state=State.OPEN)
        return self._said(Said.OPENED)

    def _note(self, command: Command) -> _Line:
        text = "\n".join(filter(None, (" ".join(command.words), self.orders.rest)))
        if not text.strip():
            return self._cannot(Said.NOTE_EMPTY)
        self.effects.append(Note(text=f"{self.author.role.value} {self.author.address}: {text}"))
        return self._said(Said.NOTED)

    def _topic(self, topic: str) -> _Line:
        if self.known.topics and topic not in self.known.topics:
            return self._cannot(Said.NO_TOPIC, near=_near(topic, self.known.topics), word=topic)
        self.effects.append(Label(topic=topic, confidence=1.0, corrects=self.rank is Rank.STAFF))
        return self._said(Said.TOPIC, word=topic)

    def _assign(self, word: str) -> _Line:
        address = (self.author.address if word.lower() == "me" else word.strip("<>")).casefold()
        if address not in self.known.staff:
            return self._cannot(Said.NOT_STAFF, near=_near(address, self.known.staff), word=word)
        self.ticket = replace(self.ticket, assignee=address)
        return self._said(Said.ASSIGNED, who=address)

    def _product(self, slug: str) -> _Line:
        product = self.known.products.get(slug)
        if product is None:
            return self._cannot(Said.NO_PRODUCT, near=_near(slug, self.known.products), word=slug)
        vendor = self.known.vendor(product.vendor_id)
        if product.id == self.ticket.product_id and self.ticket.route is Route.VENDOR:
            return self._said(Said.SAME_PRODUCT, product=product.name)
        if vendor is None or not vendor.active or not vendor.support_address:
            return self._cannot(Said.VENDOR_GONE, product=product.name)
        stays = vendor.id == self.ticket.vendor_id and self.ticket.route is Route.VENDOR
        self.ticket = replace(self.ticket, product_id=product.id, vendor_id=vendor.id)
        if stays:
            return self._said(Said.NAMED, product=product.name)
        for one in [p for p in self.people if p.active and p.role is Role.VENDOR]:
            self._join(replace(one, membership=Membership.REMOVED))
        self._hand_over(Route.VENDOR, "", vendor, template="ticket")
        requester = next((p for p in self.people if p.active and p.role is Role.REQUESTER), None)
        if requester is not None:
            self.effects.append(
                Send(
                    template="customer/moved",
                    participant=requester.number,
                    auto=Auto.GENERATED,
                    key=f"moved-{product.id}",
                )
            )
        return self._said(Said.MOVED, vendor=vendor.name, product=product.name)

    def _refund(self) -> _Line:
        slug = _BILLING if _BILLING in self.known.teams else "triage"
        team = self.known.teams[slug]
        if self.ticket.route is Route.TEAM and self.ticket.team == slug:
            return self._said(Said.REFUND_ALREADY, who=team.name)
        self.ticket = replace(self.ticket, rating_wanted=False)
        self.effects.append(Release(kinds=(DeadlineKind.RATING,), reason="a refund was asked for"))
        self.effects.append(Note(text=f"refund: {self.author.role.value} {self.author.address} asks {slug} to decide"))
        self._hand_over(Route.TEAM, slug, None, template="team")
        return self._said(Said.REFUND, who=team.name)

    def _hand_over(self, route: Route, team: str, vendor: Vendor | None, *, template: str) -> None:
        """Give the ticket to another party, who gets all that was said; whoever had it may still help."""
        for one in [p for p in self.people if p.active and p.role in (Role.VENDOR, Role.STAFF)]:
            self._join(replace(one, role=Role.COLLABORATOR))
        self._take_in(self.known.answering(route, team, vendor), template)
        waiting = self.ticket.waiting_since or self.now
        self.ticket = replace(self.ticket, route=route, team=team, state=State.OPEN, waiting_since=waiting)
        terms = replace(self.known.terms(route, vendor), participants=tuple(self.people))
        self.ticket, clock = moved(self.ticket, terms, self.now)
        self.ticket = replace(self.ticket, flags=_without(self.ticket.flags, "overdue"))
        self.effects += clock

    def _copy(self, word: str) -> _Line:
        found = self._somebody(word)
        if found is None:
            known = {*self.known.vendors, *self.known.teams, *self.known.staff}
            return self._cannot(Said.NOBODY, near=_near(word.lower(), known), word=word)
        here = next((p for p in self.people if p.active and p.is_at(found.address)), None)
        if here is not None:
            return self._said(Said.HERE_ALREADY, who=found.name or found.address)
        self._take_in(replace(found, role=Role.COLLABORATOR), "collaborator")
        return self._said(Said.COPIED, who=found.name or found.address)

    def _uncopy(self, word: str) -> _Line:
        found = self._somebody(word)
        address = found.address if found is not None else word
        here = next((p for p in self.people if p.active and p.role is Role.COLLABORATOR and p.is_at(address)), None)
        own = here is not None and here.number == self.author.number
        if here is None or (self.rank is Rank.COLLABORATOR and not own):
            return self._cannot(Said.NOT_COPIED, word=word)
        self._join(replace(here, membership=Membership.REMOVED))
        return self._said(Said.REMOVED, who=here.name or here.address)

    def _somebody(self, word: str) -> Participant | None:
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

    def _take_in(self, who: Participant, template: str) -> None:
        """Let somebody take part: one who was here before keeps their number, and so their reply address."""
        before = next((p for p in self.people if p.address.casefold() == who.address.casefold()), None)
        number = before.number if before is not None else max(p.number for p in self.people) + 1
        fresh = before is None or not before.active
        joined = replace(who, ticket=self.ticket.number, number=number)
        self._join(joined, template if fresh else "")

    def _join(self, who: Participant, template: str = "") -> None:
        self.people = [*(p for p in self.people if p.number != who.number), who]
        self.effects.append(Join(participant=who, template=template))

    def _away(self, words: tuple[str, ...]) -> _Line:
        vendor = self.known.vendor(self.author.party_id) if self.rank is Rank.VENDOR else None
        if words[0].lower() not in ("until", "from", "off"):
            named = self.known.vendors.get(words[0].lower())
            if self.rank is not Rank.STAFF:
                other = named is not None and named != vendor
                return self._cannot(Said.OTHER_VENDOR if other else Said.AWAY_FORM)
            if named is None:
                return self._cannot(Said.NO_VENDOR, near=_near(words[0].lower(), self.known.vendors), word=words[0])
            vendor, words = named, words[1:]
        elif self.rank is Rank.STAFF:
            vendor = self.known.vendor(self.ticket.vendor_id)
        if vendor is None:
            return self._cannot(Said.NO_VENDOR, word="")
        return self._absence(vendor, read_away(words, vendor, self.orders.rest, self.now))

    def _absence(self, vendor: Vendor, order: AwayOrder | Wrong) -> _Line:
        if order is Wrong.FORM:
            return self._cannot(Said.AWAY_FORM)
        if order is Wrong.PAST or isinstance(order, Wrong):
            return self._cannot(Said.AWAY_PAST)
        self.effects.append(VendorAway(vendor=vendor.id, away=order.away))
        if order.away is None:
            return self._said(Said.BACK, vendor=vendor.name)
        zone = vendor.hours.zone
        starts, ends = (self.known.day(at, zone) for at in (order.away.starts, order.away.ends))
        return self._said(Said.AWAY, vendor=vendor.name, starts=starts, ends=ends)

    def _subscriptions(self) -> _Line:
        if not self.known.subscriptions:
            return self._said(Said.NO_SUBSCRIPTIONS)
        return self._said(Said.SUBSCRIPTIONS, listed="; ".join(self.known.subscriptions))

    def _link(self, slugs: tuple[str, ...]) -> _Line:
        if not self.known.brand.product_page:
            return self._cannot(Said.NO_PAGES)
        if len(slugs) + sum(card.kind is CardKind.PRODUCT for card in self.cards) > CARDS:
            return self._cannot(Said.TOO_MANY_LINKS)
        products = []
        for slug in map(str.lower, slugs):
            product = self.known.products.get(slug)
            if product is None:
                return self._cannot(Said.NO_PRODUCT, near=_near(slug, self.known.products), word=slug)
            products.append(product)
        self.cards += [self._product_card(product) for product in products]
        return self._said(Said.LINKED, listed=", ".join(product.name for product in products))

    def _product_card(self, product: Product) -> Card:
        vendor = self.known.vendor(product.vendor_id)
        link = self.known.brand.product_page.replace("{slug}", product.slug)
        return Card(
            kind=CardKind.PRODUCT, title=product.name, note=vendor.name if vendor is not None else "", link=link
        )

    def _discount(self, word: str) -> _Line:
        codes = {code.casefold(): discount for code, discount in self.known.discounts.items()}
        discount = codes.get(word.casefold())
        if discount is None:
            near = _near(word.casefold(), codes)
            return self._cannot(Said.NO_CODE, near=codes[near].code if near else "", word=word)
        if not discount.active:
            return self._cannot(Said.CODE_INACTIVE, code=discount.code)
        if discount.ended(self.now, self.known.brand.zone):
            return self._cannot(Said.CODE_ENDED, code=discount.code, until=discount.until)
        self.cards.append(discount.card())
        return self._said(Said.DISCOUNT, code=discount.code)

    def _ask(self, template: str, said: Said, key: str) -> _Line:
        """Send the requester the letter that asks for something secret, on a page where it is safe."""
        requester = next((p for p in self.people if p.active and p.role is Role.REQUESTER), None)
        if requester is None or not requester.address:
            return self._cannot(Said.NO_REQUESTER)
        if not self.known.brand.portal and key == "secret":
            return self._cannot(Said.NO_PORTAL)
        self.effects.append(
            Send(
                template=template,
                participant=requester.number,
                about=self.message,
                auto=Auto.GENERATED,
                key=f"{key}-{self.message}",
            )
        )
        return self._said(said)


def _without(flags: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(flag for flag in flags if flag != name)


def _near(word: str, names: Iterable[str]) -> str:
    found = get_close_matches(word, list(names), n=1, cutoff=0.5)
    return found[0] if found else ""
