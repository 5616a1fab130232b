"""The messages of tickets: their words, their attachments, the search index, and the threads that each side sees."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ..core import Millis
from ..core.discount import Card, CardKind
from ..core.identity import Identity
from ..core.letter import Attachment, Letter
from ..core.nature import Author, Nature
from .database import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A stored message: who wrote it (a participant's number, and From as it was), when it came, and its words.

    An `internal` one is sent to nobody (D15); `cards` stand below its words (R13).
    """

    id: int
    ticket: int
    author: int
    sender: str
    sender_name: str
    received: Millis
    message_id: str
    subject: str
    text: str
    reply_text: str
    relay_text: str
    author_kind: str
    reason: str
    trust: str
    internal: bool = False
    cards: tuple[Card, ...] = ()

    @property
    def public(self) -> bool:
        """Whether it is part of what the parties of a ticket read."""
        return self.by_human and not self.internal

    @property
    def by_human(self) -> bool:
        """Whether a person wrote it; a program's mail is kept and passed on to nobody."""
        return self.author_kind == Author.HUMAN.value


def put(
    tx: Tx,
    *,
    ticket: int,
    author: int,
    received: Millis,
    letter: Letter,
    nature: Nature,
    identity: Identity,
    internal: bool = False,
    cards: Sequence[Card] = (),
) -> int:
    """Store a letter as a message of a ticket, with its attachments and its words in the index; the message's id."""
    message = tx.insert(
        """INSERT INTO message (ticket, author, sender, sender_name, received, dated, message_id, subject, text,
             reply_text, relay_text, author_kind, reason, trust, refs, troubles, internal, cards)
           VALUES (:ticket, :author, :sender, :sender_name, :received, :dated, :message_id, :subject, :text,
             :reply_text, :relay_text, :author_kind, :reason, :trust, :refs, :troubles, :internal, :cards)
           RETURNING id""",
        ticket=ticket,
        author=author,
        sender=letter.sender.address if letter.sender is not None else "",
        sender_name=letter.sender.name if letter.sender is not None else "",
        received=received,
        dated=letter.date,
        message_id=letter.message_id,
        subject=letter.subject,
        text=letter.text,
        reply_text=_other_than(letter.text, letter.reply_text),
        relay_text=_other_than(letter.text, letter.relay_text),
        author_kind=nature.author.value,
        reason=nature.reason,
        trust=identity.trust.value,
        refs=" ".join((*letter.references, *letter.in_reply_to)),
        troubles=" ".join(letter.troubles),
        internal=int(internal),
        cards=_as_json(cards),
    )
    tx.run(
        "INSERT INTO message_words (rowid, subject, text) VALUES (:id, :subject, :text)",
        id=message,
        subject=letter.subject,
        text=letter.text,
    )
    for attachment in letter.attachments:
        _put_attachment(tx, message, attachment)
    return message


def belongs_to_a_program(tx: Tx, message: int, reason: str) -> None:
    """A message that was taken for a person's is a program's: it counts for nobody's answer any more."""
    tx.run(
        "UPDATE message SET author_kind = :kind, reason = :reason WHERE id = :id AND author_kind = :human",
        kind=Author.MACHINE.value,
        human=Author.HUMAN.value,
        reason=reason,
        id=message,
    )


def wake(
    tx: Tx,
    message: int,
    *,
    author: int,
    received: Millis,
    letter: Letter,
    nature: Nature,
    identity: Identity,
    internal: bool = False,
    cards: Sequence[Card] = (),
) -> int:
    """A message out of an archive has come to a door: what that says of it takes the place of what the archive did."""
    tx.run(
        """UPDATE message SET author = :author, received = :received, text = :text, reply_text = :reply_text,
             relay_text = :relay_text, author_kind = :author_kind, reason = :reason, trust = :trust,
             internal = :internal, cards = :cards WHERE id = :message""",
        message=message,
        author=author,
        received=received,
        text=letter.text,
        reply_text=_other_than(letter.text, letter.reply_text),
        relay_text=_other_than(letter.text, letter.relay_text),
        author_kind=nature.author.value,
        reason=nature.reason,
        trust=identity.trust.value,
        internal=int(internal),
        cards=_as_json(cards),
    )
    return message


def find(tx: Tx, message: int) -> Message | None:
    """The message with this id."""
    row = tx.row("SELECT * FROM message WHERE id = :id", id=message)
    return _message(row) if row else None


def of_ticket(tx: Tx, number: int) -> tuple[Message, ...]:
    """The messages of a ticket in the order in which they came."""
    return tuple(_message(row) for row in tx.rows("SELECT * FROM message WHERE ticket = :t ORDER BY id", t=number))


def attachments(tx: Tx, message: int) -> tuple[Attachment, ...]:
    """The attachments of a message with their contents."""
    rows = tx.rows(
        """SELECT attachment.*, content.octets FROM attachment JOIN content USING (sha256)
           WHERE message = :message ORDER BY attachment.id""",
        message=message,
    )
    return tuple(attachment_of(row) for row in rows)


def attachment_of(row: Row) -> Attachment:
    """The attachment of a row that has its contents too."""
    return Attachment(
        filename=row["filename"],
        content_type=row["content_type"],
        size=row["size"],
        sha256=row["sha256"],
        content_id=row["content_id"],
        inline=bool(row["inline"]),
        content=bytes(row["octets"]),
        id=row["id"],
    )


def logos_before(tx: Tx, ticket: int, message: int, octets: int) -> frozenset[str]:
    """The hashes of the inline pictures, at most `octets` large, that earlier messages of the ticket have brought."""
    rows = tx.rows(
        """SELECT DISTINCT attachment.sha256 FROM message JOIN attachment ON attachment.message = message.id
           WHERE message.ticket = :ticket AND message.id < :message AND attachment.inline = 1
             AND attachment.content_type LIKE 'image/%' AND attachment.size <= :octets""",
        ticket=ticket,
        message=message,
        octets=octets,
    )
    return frozenset(row["sha256"] for row in rows)


def chain(tx: Tx, number: int, participant: int, limit: int = 30) -> tuple[str, ...]:
    """The Message-IDs of the thread as this participant has seen it, oldest first: theirs, and ours to them (D4)."""
    rows = tx.rows(
        """SELECT message_id FROM (
             SELECT message_id, received AS at, 0 AS ours FROM message WHERE ticket = :ticket AND author = :participant
             UNION ALL
             SELECT message_id, created, 1 FROM outbox WHERE ticket = :ticket AND participant = :participant)
           WHERE message_id <> '' ORDER BY at DESC, ours DESC LIMIT :limit""",
        ticket=number,
        participant=participant,
        limit=limit,
    )
    return tuple(dict.fromkeys(row["message_id"] for row in reversed(rows)))


def search(tx: Tx, words: str, limit: int = 50) -> Sequence[Row]:
    """Messages that hold every word, the newest first, with their ticket. Any text is a valid question."""
    quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words.replace("\0", " ").split())
    if not quoted:
        return []
    return tx.rows(
        """SELECT message.id, message.ticket, message.subject FROM message_words
           JOIN message ON message.id = message_words.rowid
           WHERE message_words MATCH :words ORDER BY message_words.rowid DESC LIMIT :limit""",
        words=quoted,
        limit=limit,
    )


def _put_attachment(tx: Tx, message: int, attachment: Attachment) -> None:
    tx.run(
        "INSERT INTO content (sha256, octets) VALUES (:sha256, :octets) ON CONFLICT (sha256) DO NOTHING",
        sha256=attachment.sha256,
        octets=attachment.content,
    )
    tx.run(
        """INSERT INTO attachment (message, filename, content_type, size, sha256, content_id, inline)
           VALUES (:message, :filename, :content_type, :size, :sha256, :content_id, :inline)""",
        message=message,
        filename=attachment.filename,
        content_type=attachment.content_type,
        size=attachment.size,
        sha256=attachment.sha256,
        content_id=attachment.content_id,
        inline=int(attachment.inline),
    )


def _as_json(cards: Sequence[Card]) -> str:
    return json.dumps([asdict(card) for card in cards], ensure_ascii=False) if cards else ""


def _other_than(text: str, part: str) -> str | None:
    return None if part == text else part


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        ticket=row["ticket"],
        author=row["author"],
        sender=row["sender"],
        sender_name=row["sender_name"],
        received=row["received"],
        message_id=row["message_id"],
        subject=row["subject"],
        text=row["text"],
        reply_text=row["text"] if row["reply_text"] is None else row["reply_text"],
        relay_text=row["text"] if row["relay_text"] is None else row["relay_text"],
        author_kind=row["author_kind"],
        reason=row["reason"],
        trust=row["trust"],
        internal=bool(row["internal"]),
        cards=_cards(row["cards"]),
    )


def _cards(said: str) -> tuple[Card, ...]:
    if not said:
        return ()
    return tuple(Card(**{**card, "kind": CardKind(card["kind"])}) for card in json.loads(said))
