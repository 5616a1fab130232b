"""Mail of the past, out of an archive: which thread it belongs to, and that it changes nothing but the record (G4).

The operator vouches for the archive, so its senders are believed. A mail joins a ticket by our own token, else by the
Message-IDs that it cites, else by its subject, and only where its sender or recipient takes part in that ticket. That
nothing leaves is decided in core.ticket.advance; here all that is no message of a ticket becomes a mail that is kept.
"""

from dataclasses import dataclass, replace

from .core.identity import Authentication, Citation, Place, Proof
from .core.letter import Letter
from .core.nature import Author, Nature
from .core.party import Participant, Role
from .core.reply_address import Purpose, Token
from .core.subject import plain_subject
from .core.trip import Continues, Decision, Kept, Opens
from .house import House
from .store import threads, tickets
from .store.database import Tx

VOUCHED = Proof(result=Authentication.VERIFIED, why="imported: the operator vouches for the archive")
_ANSWERING = (Role.VENDOR, Role.STAFF, Role.COLLABORATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """What the past says of one mail: the thread, the kind of author, and as whom it was written, '' for From."""

    citation: Citation | None
    why: tuple[str, ...]
    nature: Nature
    sender: str


def look_back(
    tx: Tx, house: House, letter: Letter, nature: Nature, citation: Citation | None, why: tuple[str, ...]
) -> LookBack:
    """The thread of an imported mail. Our own answers of the past are the words of whoever answers the ticket."""
    sender = letter.sender.address if letter.sender is not None else ""
    ours = nature.author is Author.OURSELVES and not house.is_ours(letter.message_id)
    found = [(citation.token.ticket, why)] if citation is not None else _threads(tx, letter)
    for ticket, sentences in found:
        author = _author(tx, ticket, letter, sender, ours or sender.casefold() in house.staff_addresses)
        if author is None:
            continue
        if citation is None or ours:
            token = Token(purpose=Purpose.REPLY, ticket=ticket, participant=author.number)
            citation = Citation(token=token, place=Place.REFERENCES)
        if ours:
            nature = replace(nature, author=Author.HUMAN, reason=f"an answer of the past: {nature.reason}")
        return LookBack(citation=citation, why=sentences, nature=nature, sender=author.address if ours else "")
    return LookBack(citation=citation, why=why, nature=nature, sender="")


def record_only(decision: Decision) -> Decision:
    """What becomes of an imported mail: a message of a ticket, or a mail that is kept. It reports and asks nothing."""
    match decision:
        case Opens() | Continues() | Kept():
            return decision
        case _:
            why = getattr(decision, "detail", "") or type(decision).__name__.lower()
            return Kept(reason=f"imported, and only kept: {why}")


def _threads(tx: Tx, letter: Letter) -> list[tuple[int, tuple[str, ...]]]:
    """The imported tickets that the mail may belong to, the likeliest first, each with its reason."""
    cited = tuple(dict.fromkeys((*letter.in_reply_to, *reversed(letter.references))))
    found = [
        (ticket, f"threaded because it cites {which}: ticket {ticket}") for which, ticket in threads.citing(tx, cited)
    ]
    subject, is_reply = plain_subject(letter.subject)
    if subject and is_reply and not found:
        people = tuple(box.address for box in (*letter.from_, *letter.to, *letter.cc))
        at = letter.date
        for ticket in threads.about(tx, people, subject, at):
            found.append((ticket, f"threaded because of its subject alone, imported: ticket {ticket}"))
    return [(ticket, (why,)) for ticket, why in found]


def _author(tx: Tx, number: int, letter: Letter, sender: str, answering: bool) -> Participant | None:
    """As whom the sender writes on a ticket; None where neither they nor those they write to take part in it."""
    people = [each for each in tickets.participants(tx, number) if each.active]
    for each in people:
        if sender and each.address.casefold() == sender.casefold():
            return each
    receivers = {box.address.casefold() for box in (*letter.to, *letter.cc)}
    if answering and any(each.address.casefold() in receivers for each in people):
        return next((each for each in people if each.role in _ANSWERING), None)
    return None
