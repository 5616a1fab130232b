"""What a member of staff does to a ticket on the staff pages: as their mail would, and with a row in the audit log.

Each function is one transaction's work. What follows from it is the core's to say: an answer is `Wrote`, a mark is
`Marked`, the rest are the commands that staff may also write into a mail.
"""

from collections.abc import Sequence
from dataclasses import replace

from .case import Case, case_of
from .company import without_inactive_vendor
from .core import Millis
from .core.audit import Act, Action
from .core.commands import Command, Name
from .core.event import Marked
from .core.letter import Attachment
from .core.party import Membership, Participant, Role
from .core.staff import Member
from .core.verdict import UNJUDGED, Route
from .errors import PermanentError
from .events import advance_ticket
from .from_page import keep, wrote
from .house import House
from .orders import author_of, by_staff
from .store import tickets, trace
from .store.database import Tx

# What stands in the audit log for a command; the others are kept as `ticket.commanded`.
_ACTIONS = {
    Name.CLOSE: Action.TICKET_CLOSED,
    Name.OPEN: Action.TICKET_OPENED,
    Name.ASSIGN: Action.TICKET_ASSIGNED,
    Name.UNASSIGN: Action.TICKET_ASSIGNED,
    Name.PRODUCT: Action.TICKET_MOVED,
    Name.TOPIC: Action.TICKET_LABELLED,
}


def answer(
    tx: Tx, house: House, number: int, member: Member, text: str, files: Sequence[Attachment], now: Millis
) -> None:
    """Answer the customer in the member's name. Whoever answers takes part from then on: further mail reaches them."""
    case = without_inactive_vendor(tx, house, _case(tx, house, member, number, now), now)
    author = _taking_part(tx, case, member, now)
    case = wrote(tx, house, replace(case, participants=tickets.participants(tx, number)), author, text, files, now)
    advance_ticket(tx, house, case, Marked(unread=False), UNJUDGED, now)
    _audit(tx, house, case, member, Action.TICKET_WRITTEN, now, files=len(files))


def note(
    tx: Tx, house: House, number: int, member: Member, text: str, files: Sequence[Attachment], now: Millis
) -> None:
    """Keep a note that only staff and the vendor's side of the house may read; nobody is sent it."""
    case = _case(tx, house, member, number, now)
    case = keep(tx, case, author_of(case, member), text, files, now, internal=True)
    trace.note(tx, kind="note", said=f"{member.slug} wrote an internal note", now=now, ticket=number)
    _audit(tx, house, case, member, Action.TICKET_NOTED, now)


def order(tx: Tx, house: House, number: int, member: Member, command: Command, now: Millis) -> tuple[bool, str]:
    """Do a command; whether it is done, and the sentence that says what became of it."""
    case = _case(tx, house, member, number, now)
    done, said = by_staff(tx, house, case, member, command, now)
    if done:
        action = _ACTIONS.get(command.name, Action.COMMANDED)
        _audit(tx, house, case, member, action, now, command=command.written)
    return done, said


def mark(tx: Tx, house: House, number: int, member: Member, now: Millis, *, unread: bool) -> None:
    """Mark the ticket as read, or as unread."""
    case = _case(tx, house, member, number, now)
    if case.ticket.unread is not unread:
        advance_ticket(tx, house, case, Marked(unread=unread), UNJUDGED, now)
        _audit(tx, house, case, member, Action.TICKET_MARKED, now, unread=unread)


def command(name: Name, *words: str) -> Command:
    """A command as it would be written in a mail."""
    return Command(name=name, written=" ".join((f"#{name.value}", *words)), words=words)


def _case(tx: Tx, house: House, member: Member, number: int, now: Millis) -> Case:
    ticket = tickets.find(tx, number)
    if ticket is None or not member.at(ticket.brand):
        raise PermanentError(f"there is no ticket {number}")
    return case_of(tx, house, ticket, now)


def _taking_part(tx: Tx, case: Case, member: Member, now: Millis) -> Participant:
    """The member as a participant: one of those who answer, or beside the vendor whose ticket it is."""
    author = author_of(case, member)
    if author.number:
        return author
    before = next((p for p in case.participants if p.is_at(member.address)), None)
    role = Role.COLLABORATOR if case.ticket.route is Route.VENDOR else Role.STAFF
    number = before.number if before is not None else max(p.number for p in case.participants) + 1
    joined = replace(
        before or author, number=number, role=role, name=member.name, membership=Membership.ACTIVE, joined=now
    )
    tickets.join(tx, joined)
    trace.note(tx, kind="joined", said=f"{role.value} {member.address}, by answering", now=now, ticket=joined.ticket)
    return joined


def _audit(tx: Tx, house: House, case: Case, member: Member, action: Action, now: Millis, **details: object) -> None:
    act = Act(
        actor=member.who, action=action, object=f"ticket {case.ticket.number}", details=details,
        about=case.ticket.customer_id,
    )  # fmt: skip
    house.audit.write(tx, act, now)
