"""Reads everything that one decision needs, once, in one transaction, and freezes it."""

from ..core import Millis
from ..core.facts import Facts
from ..core.identity import Citation
from ..core.letter import Envelope, Letter
from ..core.party import Brand, Customer, Participant, Party, Standing, Subscription, Vendor
from ..core.product import Found, Names, codes, find_product
from ..core.reply_address import Token
from ..core.ticket import Ticket
from . import confirmations, parties, tickets
from .database import Tx


def gather(
    tx: Tx,
    *,
    letter: Letter,
    envelope: Envelope,
    brand: Brand,
    address: str,
    detail: str,
    staff: frozenset[str],
    citation: Citation | None,
    answers: Token | None,
    names: Names,
    now: Millis,
) -> Facts:
    """What is known around one mail. `staff` are the folded addresses of the marketplace's own people."""
    sender = letter.sender.address if letter.sender is not None else ""
    customer = parties.customer_of(tx, sender) if sender else None
    sender_vendor = parties.vendor_writing_from(tx, sender) if sender else None
    question = confirmations.find(tx, answers.ticket) if answers is not None else None
    cited = question.ticket if question is not None else citation.token.ticket if citation is not None else 0
    ticket = tickets.find(tx, cited) if cited else None
    subscriptions = parties.subscriptions_of(tx, _customer_id(customer, ticket))
    found = _product(tx, ticket=ticket, letter=letter, detail=detail, names=names, subscriptions=subscriptions, now=now)
    product = found.product
    subscription = parties.best(subscriptions, product.id, now) if product is not None else None
    return Facts(
        now=now,
        envelope=envelope,
        brand=brand,
        address=address,
        detail=detail,
        sender=sender,
        party=_party(sender, staff, sender_vendor, customer),
        customer=customer,
        sender_vendor=sender_vendor,
        ticket=ticket,
        participants=_participants(tx, ticket),
        product=product,
        candidates=found.candidates,
        product_why=found.why,
        subscription=subscription,
        standing=_standing(product is not None, subscription, now),
        question=question,
        vendor=_vendor(tx, ticket, product.vendor_id if product is not None else 0),
    )


def _party(sender: str, staff: frozenset[str], vendor: Vendor | None, customer: Customer | None) -> Party:
    if sender.casefold() in staff:
        return Party.STAFF
    if vendor is not None:
        return Party.VENDOR
    return Party.CUSTOMER if customer is not None else Party.STRANGER


def _customer_id(customer: Customer | None, ticket: Ticket | None) -> int:
    """Whose subscriptions count: the ticket's customer, or else the sender."""
    if ticket is not None and ticket.customer_id:
        return ticket.customer_id
    return customer.id if customer is not None else 0


def _product(
    tx: Tx,
    *,
    ticket: Ticket | None,
    letter: Letter,
    detail: str,
    names: Names,
    subscriptions: tuple[Subscription, ...],
    now: Millis,
) -> Found:
    if ticket is not None:
        return Found(product=names.by_id.get(ticket.product_id), why="the ticket's product")
    named = codes(letter.subject, letter.reply_text or letter.text)
    return find_product(
        detail=detail,
        subject=letter.subject,
        text=letter.reply_text or letter.text,
        names=names,
        subscriptions=subscriptions,
        now=now,
        sold=parties.sold(tx, named) if named else {},
    )


def _standing(known: bool, subscription: Subscription | None, now: Millis) -> Standing:
    if not known:
        return Standing.UNKNOWN
    return subscription.standing(now) if subscription is not None else Standing.NONE


def _vendor(tx: Tx, ticket: Ticket | None, product_vendor: int) -> Vendor | None:
    """Who answers: the ticket's vendor, or the vendor of the product."""
    vendor_id = ticket.vendor_id if ticket is not None else product_vendor
    return parties.vendor(tx, vendor_id) if vendor_id else None


def _participants(tx: Tx, ticket: Ticket | None) -> tuple[Participant, ...]:
    return tickets.participants(tx, ticket.number) if ticket is not None else ()
