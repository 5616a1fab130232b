"""Who comes to a ticket and who leaves it: people copied in by the requester, and a vendor who is gone."""

from dataclasses import replace

from .aside import ask
from .case import Case
from .core import Millis
from .core.confirmation import Ask, Kind
from .core.copies import copied_in
from .core.party import Membership, Participant, Role
from .core.verdict import Route
from .house import House
from .store import parties, tickets, trace
from .store.database import Tx
from .travel import Trip


def ask_about_copied(tx: Tx, house: House, trip: Trip, case: Case, author: Participant | None, now: Millis) -> None:
    """Note the people in Cc as pending, and ask the requester about them: until a yes they get nothing (D10)."""
    if case.archived:
        return
    people = copied_in(
        trip.letter,
        door=trip.arrival.envelope.door,
        nature=trip.nature,
        identity=trip.identity,
        author=author,
        participants=case.participants,
        vendor=case.vendor,
        elsewhere=house.is_one_of_us,
    )
    if not people or author is None:
        return
    number = max(p.number for p in case.participants)
    for box in people:
        number += 1
        customer = parties.customer_of(tx, box.address)
        tickets.join(
            tx,
            Participant(
                ticket=case.ticket.number,
                number=number,
                role=Role.COPIED,
                address=box.address,
                name=box.name,
                party_id=customer.id if customer is not None else 0,
                membership=Membership.PENDING,
                language=case.ticket.language,
            ),
        )
        said = f"{box.address} was copied in, and gets nothing before the requester has confirmed it"
        trace.note(tx, kind="pending", said=said, now=now, ticket=case.ticket.number)
    if trip.nature.answerable:
        ask(tx, house, case, author, Ask(kind=Kind.COPIES, names=tuple(box.address for box in people)), now)


def without_inactive_vendor(tx: Tx, house: House, case: Case, now: Millis) -> Case:
    """The case with the triage team in place of a vendor who has left the marketplace (D13)."""
    gone = [p for p in case.participants if p.role is Role.VENDOR and p.active]
    if case.vendor is None or case.vendor.active or not gone:
        return case
    for participant in gone:
        tickets.join(tx, replace(participant, membership=Membership.REMOVED))
    number = max(p.number for p in case.participants) + 1
    triage = house.answering(case.ticket.number, number, Route.TRIAGE, "", None, now)
    tickets.join(tx, triage)
    said = f"{case.vendor.name} is no longer active: {triage.name} answers from now on"
    trace.note(tx, kind="route", said=said, now=now, ticket=case.ticket.number)
    ticket = replace(case.ticket, route=Route.TRIAGE, team="")
    tickets.save(tx, ticket, now)
    return replace(case, ticket=ticket, participants=tickets.participants(tx, ticket.number))
