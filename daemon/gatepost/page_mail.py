"""What a person writes on a page becomes a mail of ours that takes the same trip as every other: it is read by the
readers, decided by the rules, and is a message of its ticket, relayed like one that came by SMTP.

Only its door differs: who has signed in is proved, and no program writes on pages.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from .core import Millis
from .core.letter import Arrival, Attachment, Door, Envelope, Letter, Mailbox
from .house import House
from .mail import fields, writing
from .pipeline import handle
from .store import arrivals, portal_view
from .store.arrivals import Outcome
from .store.database import Tx

ReadLetter: TypeAlias = Callable[[bytes], Awaitable[Letter]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMail:
    """What was written: by whom, to which address of ours, about what. `once` is the same when it is sent again.

    `by` is the sentence that says who of staff has written it in the sender's name, '' where they did themselves; it
    stands above the words, and so goes wherever they go (L5).
    """

    sender: Mailbox
    to: str
    subject: str
    text: str
    by: str
    files: tuple[Attachment, ...] = ()
    once: str
    peer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What became of it; `again` where it was here already. A ticket of 0: it waits for somebody to look at it."""

    ticket: int
    outcome: Outcome
    again: bool = False


def raw(mail: PageMail, house: House, now: Millis) -> bytes:
    """The mail as bytes. Raises FieldError where the sender's address cannot be written."""
    seed = message_id(mail, house)
    text = f"{mail.by}\n\n{mail.text}" if mail.by else mail.text
    body = writing.text_part(writing.clean_text(text), "plain")
    if mail.files:
        body = writing.multipart("mixed", [body, *map(writing.attachment_part, mail.files)], seed)
    head = (
        fields.mailbox("From", mail.sender),
        fields.mailbox("To", Mailbox(address=mail.to)),
        fields.unstructured("Subject", fields.one_line(mail.subject, fields.SUBJECT_CHARACTERS)),
        fields.date(now),
        fields.message_ids("Message-ID", [seed]),
        b"MIME-Version: 1.0\r\n",
    )
    return b"".join((*head, body))


def message_id(mail: PageMail, house: House) -> str:
    """The Message-ID: of who writes and of the form that was sent, so that a second click is known."""
    unique = sha256(f"{mail.sender.address}\0{mail.to}\0{mail.once}".encode()).hexdigest()[:32]
    return f"{unique}.page@{house.hostname}"


def hand_in(tx: Tx, house: House, mail: PageMail, octets: bytes, letter: Letter, now: Millis) -> HandedIn:
    """Take the mail through the pipeline; `letter` is what the readers made of its bytes."""
    if ticket := portal_view.has_written(tx, message_id(mail, house)):
        return HandedIn(ticket=ticket, outcome=Outcome.DUPLICATE, again=True)
    envelope = Envelope(mail_from=mail.sender.address, recipients=(mail.to,), door=Door.PORTAL, peer=mail.peer)
    arrival = Arrival(id=arrivals.next_of(tx, Door.PORTAL), received=now, envelope=envelope, raw=octets)
    outcome = handle(tx, house, arrival, letter, now)
    done = outcome in (Outcome.OPENED, Outcome.CONTINUED, Outcome.DUPLICATE)
    ticket = portal_view.has_written(tx, letter.message_id) if done else 0
    return HandedIn(ticket=ticket, outcome=outcome)
