"""A ticket as one of its customers reads it: what both sides wrote, in order, and what happened to it between.

Each piece is cleaned as a mail to the same reader would be: no foreign token, no masked address (I8, D5). Internal
notes and programs' mail are no part of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ...case import Case
from ...core.party import Participant, Role
from ...drafting.draft import author_name, cleaner
from ...house import House
from ...mail import wording
from ...mail.catalogue import phrase, say
from ...mail.room import size_text
from ...store import messages, portal_view, ticket_events
from ...store.database import Row, Tx
from ...store.messages import Message
from ...store.ticket_events import Happened
from .written import Pictures, written

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_HAPPENED: Mapping[Happened, str] = {
    Happened.CLOSED: phrase("The ticket was closed."),
    Happened.OPENED: phrase("The ticket was opened again."),
    Happened.MOVED: phrase("The ticket was handed to somebody else: they have the whole conversation."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: a participant, in a language and a zone; `base` is the path below which the files lie."""

    participant: Participant
    language: str
    zone: str
    base: str


def conversation(tx: Tx, house: House, case: Case, reader: Reader) -> list[dict[str, Any]]:
    """The entries in order: `kind` is message or event."""
    number, clean = case.ticket.number, cleaner(house, case, reader.participant)
    files: dict[int, list[Row]] = {}
    for row in portal_view.files(tx, number):
        files.setdefault(row["message"], []).append(row)
    entries = [
        (message.received, _message(house, case, message, files.get(message.id, []), clean, reader))
        for message in messages.of_ticket(tx, number)
        if message.public
    ]
    entries += [(row["at"], _event(row, reader)) for row in ticket_events.of_ticket(tx, number)]
    return [entry for _, entry in sorted(entries, key=lambda pair: pair[0])]


def _message(
    house: House, case: Case, message: Message, files: list[Row], clean: Callable[[str], str], reader: Reader
) -> dict[str, Any]:
    author = case.participant(message.author)
    words, whole = clean(message.reply_text).strip("\n"), clean(message.text).strip("\n")
    theirs = author is not None and author.role in (Role.REQUESTER, Role.COPIED)
    inline = [row["inline"] and row["content_type"] in PICTURES for row in files]
    pictures = Pictures(_file(row, clean, reader) for row, within in zip(files, inline, strict=True) if within)
    said = written(words or whole, pictures)
    return {
        "kind": "message",
        "id": message.id,
        "author": _name(case, author, message, clean, reader),
        "mine": message.author == reader.participant.number,
        "customer": theirs,
        "at": wording.moment(message.received, reader.language, reader.zone),
        "words": said,
        # What is quoted may hold pictures too; those that were in the words stand there alone.
        "whole": written(whole, pictures) if words and words != whole else Markup(""),
        "pictures": pictures.left,
        "files": [_file(row, clean, reader) for row, within in zip(files, inline, strict=True) if not within],
        "cards": message.cards,
    }


def _event(row: Row, reader: Reader) -> dict[str, Any]:
    return {
        "kind": "event",
        "at": wording.moment(row["at"], reader.language, reader.zone),
        "said": say(reader.language, _HAPPENED[Happened(row["kind"])]),
    }


def _name(case: Case, author: Participant | None, message: Message, clean: Callable[[str], str], reader: Reader) -> str:
    """Who wrote: a vendor's person with the vendor, a team, the customer or who is copied."""
    if author is None:
        return clean(message.sender_name)
    if author.role is Role.VENDOR:
        person, vendor = clean(message.sender_name), case.vendor.name if case.vendor is not None else author.name
        return f"{person} ({vendor})" if person and person.casefold() != vendor.casefold() else vendor
    return author_name(case, author, reader.participant) or case.brand.name


def _file(row: Row, clean: Callable[[str], str], reader: Reader) -> dict[str, Any]:
    return {
        "name": clean(row["filename"]),
        "size": size_text(row["size"]),
        "link": f"{reader.base}/{row['id']}",
    }
