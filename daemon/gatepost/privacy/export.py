"""What we hold about one person (L01): as JSON for programs, and what they wrote as an mbox for mail programs.

Nothing of others goes in: other people's addresses are hidden in every word, and of what others wrote only what was
sent to the person. Credentials that were masked stay masked.
"""

import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from ..core import Millis
from ..core.letter import Attachment, Mailbox
from ..core.party import Brand
from ..mail import fields, wording, writing
from ..mail.masking import mask
from ..outline import instant
from ..store import consents, messages, tickets
from ..store import personal as rows
from ..store.database import Tx
from ..store.messages import Message
from ..store.persons import Person

_OWN = ("requester", "copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Both forms of it."""

    json: bytes
    mbox: bytes

    def zipped(self) -> bytes:
        """Both in one ZIP file, under the names person.json and mails.mbox."""
        whole = BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("person.json", self.json)
            archive.writestr("mails.mbox", self.mbox)
        return whole.getvalue()


def export(tx: Tx, brands: Iterable[Brand], person: Person, now: Millis) -> Export:
    """All that is held about a person, by the house of these brands."""
    own = {address.casefold() for address in person.addresses}
    found = [(number, *_conversation(tx, person, number, own)) for number in (*person.filed, *person.others)]
    written = [(number, message) for number, mine, _ in found for message in mine]
    said: dict[str, Any] = {
        "made": instant(now),
        "by": [{"brand": brand.name, "privacy": brand.privacy} for brand in brands],
        "person": {"name": person.name, "addresses": list(person.addresses)} | rows.profile(tx, person.customer),
        "subscriptions": _readable(rows.subscriptions(tx, person.customer)),
        "purchases": _readable(rows.purchases(tx, person.customer)),
        "tickets": [_ticket(tx, person, number, shown, own) for number, _, shown in found],
        "mails_to_you": _readable(rows.mails_to(tx, person.addresses)),
        "ratings": _readable(rows.ratings(tx, person.filed)),
        "sessions": _readable(rows.sessions(tx, person.customer)),
        "log_ins_by_support": [
            {"by": one.staff_name, "scope": one.scope.value, "started": _at(one.started), "ended": _at(one.ended)}
            for one in consents.history(tx, person.customer)
        ] if person.customer else [],
    }  # fmt: skip
    mbox = b"".join(_mail(tx, message, number, _others(tx, number, own)) for number, message in written)
    return Export(json=json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n", mbox=mbox)


def _conversation(tx: Tx, person: Person, number: int, own: set[str]) -> tuple[list[Message], list[Message]]:
    """Of one ticket: what the person wrote, and what they could read of it."""
    own_places = [p for p in tickets.participants(tx, number) if _is(p.address, p.party_id, person, own)]
    mine = {p.number for p in own_places if p.role.value in _OWN}
    public = [message for message in messages.of_ticket(tx, number) if message.public]
    # Who was removed, or waits to be confirmed, reads on the ticket no more; they keep what they wrote.
    since = [0 if number in person.filed else p.joined for p in own_places if p.active]
    first = min(since, default=None)
    shown = [m for m in public if m.author in mine or (first is not None and m.received >= first)]
    return [message for message in public if message.author in mine], shown


def _is(address: str, party: int, person: Person, own: set[str]) -> bool:
    return address.casefold() in own or (person.customer != 0 and party == person.customer)


def _others(tx: Tx, number: int, own: set[str]) -> tuple[str, ...]:
    """The addresses of everybody else on a ticket."""
    people = tickets.participants(tx, number)
    senders = [message.sender for message in messages.of_ticket(tx, number)]
    every = dict.fromkeys((*(p.address for p in people), *senders))
    return tuple(address for address in every if address and address.casefold() not in own)


def _ticket(tx: Tx, person: Person, number: int, shown: Sequence[Message], own: set[str]) -> dict[str, Any]:
    ticket = tickets.find(tx, number)
    if ticket is None:
        return {"number": number}
    others, people = _others(tx, number, own), {p.number: p for p in tickets.participants(tx, number)}
    return {
        "number": number,
        "subject": mask(ticket.subject, others),
        "state": ticket.state.value,
        "filed": _at(ticket.filed),
        "last_activity": _at(ticket.last_activity),
        "filed_by_you": number in person.filed,
        "messages": [
            {
                "at": _at(message.received),
                "by": "you" if message.author in people and _is(
                    people[message.author].address, people[message.author].party_id, person, own
                ) else people[message.author].role.value if message.author in people else "somebody",
                "text": mask(message.text if message.author_kind == "human" else "", others),
                "files": [
                    {"name": mask(file.filename, others), "octets": file.size}
                    for file in messages.attachments(tx, message.id)
                ],
            }
            for message in shown
        ],
    }  # fmt: skip


def _mail(tx: Tx, message: Message, number: int, others: tuple[str, ...]) -> bytes:
    """One mail of the person's as mbox has it: made anew of what is stored, with its files."""
    seed = f"<message-{message.id}@ticket-{number}.invalid>"
    body = writing.text_part(writing.clean_text(mask(message.text, others)), "plain")
    files = [_file(file, others) for file in messages.attachments(tx, message.id)]
    if files:
        body = writing.multipart("mixed", [body, *map(writing.attachment_part, files)], seed)
    head = (
        _from(message),
        fields.unstructured("Subject", fields.one_line(mask(message.subject, others), fields.SUBJECT_CHARACTERS)),
        fields.date(message.received),
        b"X-Ticket: %d\r\nMIME-Version: 1.0\r\n" % number,
    )
    lines = b"".join((*head, body)).replace(b"\r\n", b"\n").split(b"\n")
    quoted = b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)
    at = wording.utc(message.received).strftime("%a %b %d %H:%M:%S %Y").encode()
    return b"From gatepost " + at + b"\n" + quoted + b"\n\n"


def _from(message: Message) -> bytes:
    try:
        return fields.mailbox("From", Mailbox(address=message.sender, name=message.sender_name))
    except fields.FieldError:
        return fields.mailbox("From", Mailbox(address="unknown@sender.invalid", name=message.sender_name))


def _file(file: Attachment, others: tuple[str, ...]) -> Attachment:
    content = file.content
    if file.content_type.startswith("text/"):
        content = mask(content.decode("utf-8", "surrogateescape"), others).encode("utf-8", "surrogateescape")
    return replace(file, filename=mask(file.filename, others), content=content, size=len(content))


def _readable(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their instants in words."""
    times = ("at", "starts", "ends", "started", "ended", "seen", "sent", "placed", "changed")
    return [{key: _at(value) if key in times else value for key, value in row.items()} for row in found]


def _at(value: Millis | None) -> str | None:
    return instant(value) if value else None
