"""Writes into the audit log what was done on a page: by the customer, or by staff on their behalf."""

from ..core.audit import Act, Action, ActorKind
from ..core.audit import Who as Actor
from ..core.party import Customer
from ..house import House
from .page import Visitor


def actor(visitor: Visitor, house: House) -> Actor:
    """Who acts: the member of staff who is logged in as the customer, else the customer, else somebody by a link."""
    member = house.members.get(visitor.staff) if visitor.staff else None
    if member is not None:
        return member.who
    if visitor.customer is not None:
        return person(visitor.customer)
    return Actor(kind=ActorKind.VISITOR, name=visitor.peer or "unknown")


def person(customer: Customer) -> Actor:
    """A customer, for the audit log."""
    return Actor(kind=ActorKind.CUSTOMER, name=customer.address, party=customer.id)


def act(visitor: Visitor, house: House, action: Action, about: str, **details: object) -> Act:
    """One thing that the visitor has done to `about`, for example `ticket 1001`."""
    behalf = person(visitor.customer) if visitor.staff and visitor.customer is not None else None
    return Act(
        actor=actor(visitor, house),
        action=action,
        object=about,
        on_behalf_of=behalf,
        grant=visitor.grant,
        details=details,
        about=visitor.customer.id if visitor.customer is not None else 0,
    )
