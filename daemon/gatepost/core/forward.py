"""A mail that one of us or a vendor forwards is the original sender's: it opens a ticket for them (M6).

Only the word of a forwarder who is known and proved counts; for anybody else a forward is a mail like any other.
"""

from collections.abc import Callable
from dataclasses import replace

from .facts import Facts
from .identity import Authentication, Proof
from .letter import Letter
from .nature import Author, Nature
from .party import Party


def brought(letter: Letter, *, facts: Facts, nature: Nature, proof: Proof, elsewhere: Callable[[str], bool]) -> Letter:
    """The letter as the original sender's, with `forwarder` set; `letter` itself where it is no such forward.

    `elsewhere` says of an address that it is ours or one of our staff's: what they wrote opens no customer's ticket.
    """
    found, forwarder = letter.forwarded, letter.sender
    known = facts.party in (Party.STAFF, Party.VENDOR) and proof.result is Authentication.VERIFIED
    if found is None or forwarder is None or not known or facts.ticket is not None or nature.author is not Author.HUMAN:
        return letter
    own = facts.sender_vendor is not None and facts.sender_vendor.sends_from(found.sender.address)
    if own or elsewhere(found.sender.address) or found.sender.address.casefold() == forwarder.address.casefold():
        return letter
    words = f"\n\n{found.words}" if found.words else ""
    return replace(
        letter,
        sender=found.sender,
        subject=found.subject or letter.subject,
        text=letter.text + words,
        reply_text=letter.text + words,
        relay_text=letter.relay_text + words,
        forwarder=forwarder,
    )
