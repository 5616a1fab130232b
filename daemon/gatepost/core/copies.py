"""Whom a requester has copied in: people who may take part once the requester has confirmed them (D10).

Nobody is added for a mail whose sender is not proved, and nobody gets anything before the confirmation.
"""

from collections.abc import Callable

from .identity import Identity, Trust
from .letter import Door, Letter, Mailbox
from .nature import Author, Nature
from .party import Participant, Role, Vendor

PEOPLE = 10


def copied_in(
    letter: Letter,
    *,
    door: Door,
    nature: Nature,
    identity: Identity,
    author: Participant | None,
    participants: tuple[Participant, ...],
    vendor: Vendor | None,
    elsewhere: Callable[[str], bool],
) -> tuple[Mailbox, ...]:
    """The people whom the mail's Cc brings to the ticket, at most ten on a ticket; none unless its requester wrote it.

    `elsewhere` says of an address that it is ours or one of our staff's, who come to a ticket in other ways.
    """
    proved = identity.trust is Trust.TRUSTED and nature.author is Author.HUMAN and door is not Door.IMPORT
    if not proved or letter.forwarder is not None or author is None or author.role is not Role.REQUESTER:
        return ()
    room = PEOPLE - sum(p.role is Role.COPIED for p in participants)
    fresh = {
        box.address.casefold(): box
        for box in letter.cc
        if not any(p.is_at(box.address) for p in participants)
        and not elsewhere(box.address)
        and not (vendor is not None and vendor.sends_from(box.address))
    }
    return tuple(fresh.values())[: max(room, 0)]
