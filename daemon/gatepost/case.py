"""A ticket with everyone and everything that its effects need: read once per transaction, then frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .core import Millis
from .core.access import Account
from .core.letter import Mailbox
from .core.party import Brand, Participant, Product, Role, Standing, Subscription, Vendor
from .core.rating import why_not
from .core.ticket import UNVERIFIED, Terms, Ticket
from .house import House
from .store import access, marks, parties, ratings, tickets
from .store.database import Tx
from .store.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One ticket and what surrounds it. `message` is the one that the effects are about, None for a deadline's.

    `reason` is why the ticket is flagged just now: what a notice to staff says. `verified` is false while the requester
    is not proved; `forwarder` is who has just brought the requester's mail, where they did not write to us themselves;
    `no_rating` is why nobody asks for a rating, '' where somebody may.
    """

    ticket: Ticket
    brand: Brand
    participants: tuple[Participant, ...]
    product: Product | None = None
    vendor: Vendor | None = None
    subscription: Subscription | None = None
    standing: Standing = Standing.UNKNOWN
    topics: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[Product, ...] = ()
    message: Message | None = None
    verified: bool = True
    reason: str = ""
    arrival: int = 0
    forwarder: Mailbox | None = None
    no_rating: str = ""
    accounts: tuple[Account, ...] = ()
    archived: bool = False

    @property
    def requester(self) -> Participant | None:
        """Who filed the ticket."""
        return next((p for p in self.participants if p.role is Role.REQUESTER), None)

    def participant(self, number: int) -> Participant | None:
        """The participant with this number."""
        return next((p for p in self.participants if p.number == number), None)

    def terms(self, house: House, now: Millis) -> Terms:
        """The promises for this ticket."""
        terms = house.terms(self.brand, self.participants, self.vendor, self.ticket.route, now)
        return replace(
            terms,
            no_rating=self.no_rating,
            archived=self.archived,
            tell_masked=house.secrets.tell_sender,
            tell_staff_masked=house.secrets.tell_staff,
            accounts=self.accounts,
        )

    def after(self, ticket: Ticket) -> "Case":
        """The same case around what has become of the ticket."""
        return replace(self, ticket=ticket)


def case_of(tx: Tx, house: House, ticket: Ticket, now: Millis) -> Case:
    """The case of a stored ticket."""
    product = house.names(tx).by_id.get(ticket.product_id)
    subscription = None
    if product is not None and ticket.customer_id:
        subscription = parties.best(parties.subscriptions_of(tx, ticket.customer_id), product.id, now)
    participants, topics = tickets.participants(tx, ticket.number), tickets.labels(tx, ticket.number)
    return Case(
        ticket=ticket,
        brand=house.brands.get(ticket.brand) or next(iter(house.brands.values())),
        participants=participants,
        product=product,
        vendor=parties.vendor(tx, ticket.vendor_id) if ticket.vendor_id else None,
        subscription=subscription,
        standing=_standing(product, subscription, now),
        topics=topics,
        fields=marks.fields(tx, ticket.number),
        verified=UNVERIFIED not in ticket.flags,
        no_rating=_no_rating(tx, ticket, participants, topics),
        accounts=access.open_of(tx, ticket.number),
    )


def _no_rating(tx: Tx, ticket: Ticket, participants: tuple[Participant, ...], topics: tuple[str, ...]) -> str:
    """Why the requester may not be asked for a rating; '' where they may."""
    address = next((p.address for p in participants if p.role is Role.REQUESTER), "")
    unsubscribed = ratings.is_unsubscribed(tx, address)
    return why_not(flags=ticket.flags, topics=topics, address=address, unsubscribed=unsubscribed)


def _standing(product: Product | None, subscription: Subscription | None, now: Millis) -> Standing:
    if product is None:
        return Standing.UNKNOWN
    return subscription.standing(now) if subscription is not None else Standing.NONE
