"""A message that a person wrote on a page: stored and taken through the core as one that came by mail.

Who the person is has been settled by whoever served the page; nothing about identity is decided here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from .case import Case
from .core import Millis
from .core.event import Wrote
from .core.identity import Authentication, Identity, Trust
from .core.letter import Attachment, Letter, Mailbox
from .core.nature import ON_A_PAGE
from .core.party import Participant, Party, Role
from .core.verdict import UNJUDGED
from .events import advance_ticket
from .house import House
from .mail.attachment import honest_type, safe_name
from .mail.guard import Guard
from .store import messages
from .store.database import Tx

_PARTIES = {Role.VENDOR: Party.VENDOR, Role.STAFF: Party.STAFF, Role.COLLABORATOR: Party.STAFF}


def wrote(
    tx: Tx, house: House, case: Case, author: Participant, text: str, files: Sequence[Attachment], now: Millis
) -> Case:
    """Let `author` say this on the ticket, to whom a mail of theirs would go; the case after, with its message."""
    case = keep(tx, case, author, text, files, now)
    message = case.message.id if case.message is not None else 0
    return advance_ticket(
        tx, house, case, Wrote(message=message, author=author.number, nature=ON_A_PAGE), UNJUDGED, now
    )


def keep(
    tx: Tx, case: Case, author: Participant, text: str, files: Sequence[Attachment], now: Millis, *,
    internal: bool = False,
) -> Case:  # fmt: skip
    """Store the message and nothing else; `internal` for a note that is sent to nobody. Credentials are masked (S1)."""
    guard = Guard()
    words = guard.text(text)
    letter = Letter(
        sender=Mailbox(address=author.address, name=author.name),
        subject=case.ticket.subject,
        date=now,
        text=words,
        reply_text=words,
        relay_text=words,
        language=case.ticket.language,
        attachments=guard.files(files),
        secrets=guard.kinds,
    )
    identity = Identity(
        party=_PARTIES.get(author.role, Party.CUSTOMER),
        trust=Trust.TRUSTED,
        authentication=Authentication.VERIFIED,
        ticket=case.ticket.number,
        participant=author if author.number else None,
    )
    message = messages.put(
        tx, ticket=case.ticket.number, author=author.number, received=now, letter=letter, nature=ON_A_PAGE,
        identity=identity, internal=internal,
    )  # fmt: skip
    return replace(case, message=messages.find(tx, message))


def file_of(name: str, content_type: str, content: bytes) -> Attachment:
    """A file that came by a form, under a name that is safe to store and to send, and with the type that it has."""
    return Attachment(
        filename=safe_name(name) or "file",
        content_type=honest_type(content_type, content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
