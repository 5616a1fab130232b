"""Tells a member of staff that somebody else has given them a ticket: one short mail, none for what they took.

What rules assign is told to nobody here: the view `mine` lists it.
"""

from .case import Case
from .core import Millis
from .core.letter import Mailbox
from .core.ticket import Ticket
from .house import House
from .mail.compose import bare_subject
from .mail.values import Figures
from .notice import post
from .store.database import Tx

LETTER = "staff/assigned"


def tell_assigned(tx: Tx, house: House, case: Case, after: Ticket, by: Mailbox, now: Millis) -> None:
    """Tell whom the ticket `after` is assigned to by the person at `by`, who found it as it is in `case`."""
    member = house.member_at(after.assignee) if after.assignee else None
    themselves = by.address.casefold() == after.assignee
    if member is None or themselves or after.assignee == case.ticket.assignee or not house.tell_assigned:
        return
    requester = case.requester
    portal = case.brand.portal.rstrip("/")
    customer = Mailbox(address=requester.address, name=requester.name) if requester else Mailbox(address="")
    figures = Figures(
        brand=case.brand,
        language="en",
        customer=customer,
        product=case.product,
        vendor=case.vendor,
        author=by.name or by.address,
        link=f"{portal}/staff/tickets/{after.number}" if portal else "",
    )
    post(
        tx, house, case.brand, template=LETTER, to=Mailbox(address=member.address, name=member.name), language="en",
        key=f"assigned-{after.number}-{now}", now=now,
        values=figures.values() | {"number": after.number, "subject": bare_subject(after.subject)},
    )  # fmt: skip
