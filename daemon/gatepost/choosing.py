"""Brings a ticket whose product was unclear to its vendor, by the word of its requester: in a reply, or by a link (R1).

Only where no product is known and people have the ticket in triage. A product without an active subscription is noted
on the ticket, and stays with people: what its holder may expect is theirs to say.
"""

from dataclasses import replace
from enum import StrEnum

from .case import Case
from .core import Millis
from .core.audit import Act, Action, ActorKind, Who
from .core.letter import Letter
from .core.party import Participant, Product, Role, Standing
from .core.product import find_product
from .core.verdict import Route
from .house import House
from .orders import move
from .store import parties, tickets, trace
from .store.database import Tx


class Chosen(StrEnum):
    """What became of a choice: the vendor has the ticket, people look at it, or it was settled before."""

    MOVED = "moved"
    NOTED = "noted"
    SETTLED = "settled"


def product_named(tx: Tx, house: House, case: Case, author: Participant | None, letter: Letter, now: Millis) -> Case:
    """The case after a reply of the requester, who may name the product: one with an active subscription counts."""
    if author is None or author.role is not Role.REQUESTER or not is_open(case) or not case.ticket.customer_id:
        return case
    bought = parties.subscriptions_of(tx, case.ticket.customer_id)
    names = house.names(tx)
    found = find_product(detail="", subject="", text=letter.reply_text, names=names, subscriptions=bought, now=now)
    if found.product is None or not _is_active(tx, case, found.product, now):
        return case
    return move(tx, house, case, found.product, author, f"the reply says which: {found.why}", now) or case


def choose(tx: Tx, house: House, case: Case, product: Product, author: Participant, now: Millis) -> Chosen:
    """Do what the requester has chosen by a link, and write into the audit log that they have."""
    if not is_open(case):
        return Chosen.SETTLED
    why = f"the requester chose {product.name} by the link in our mail"
    moved = move(tx, house, case, product, author, why, now) if _is_active(tx, case, product, now) else None
    if moved is None:
        tickets.save(tx, replace(case.ticket, product_id=product.id))
        trace.note(tx, kind="product", said=f"{why}; it stays with people", now=now, ticket=case.ticket.number)
    act = Act(
        actor=Who(kind=ActorKind.CUSTOMER, name=author.address, party=case.ticket.customer_id),
        action=Action.TICKET_MOVED,
        object=f"ticket {case.ticket.number}",
        details={"product": product.slug, "vendor": moved is not None},
        about=case.ticket.customer_id,
    )
    house.audit.write(tx, act, now)
    return Chosen.MOVED if moved is not None else Chosen.NOTED


def is_open(case: Case) -> bool:
    """Whether there is anything to choose: no product is known, and people have the ticket."""
    return case.ticket.product_id == 0 and case.ticket.route is Route.TRIAGE


def _is_active(tx: Tx, case: Case, product: Product, now: Millis) -> bool:
    bought = parties.subscriptions_of(tx, case.ticket.customer_id) if case.ticket.customer_id else ()
    return any(one.product_id == product.id and one.standing(now) is Standing.ACTIVE for one in bought)
