"""What a mail says: the frozen value that `mail.parse` makes of raw bytes and that every decision reads.

Everything here is already safe: one-line values carry no control characters, sizes are capped, nothing raises later.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from . import Millis
from .secret import Kind as SecretKind


class Door(StrEnum):
    """The way by which a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"
    IMPORT = "import"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the sending side said outside the mail; `mail_from` is '' for the null sender (RFC 5321 4.5.5).

    `tls` is the protocol version of the connection, '' for plain.
    """

    mail_from: str
    recipients: tuple[str, ...]
    door: Door = Door.SMTP
    peer: str = ""
    helo: str = ""
    tls: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One mail as it came in: envelope and raw bytes, durable before we said 250. `id` is its number in the spool."""

    id: int
    received: Millis
    envelope: Envelope
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A display name and an address, as in RFC 5322 3.4; the domain is lower-case, the local part is as written."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a mail. `filename` is safe to store and to send: no path, no control character, never empty.

    `id` is its id in the store, 0 for a file that is not there.
    """

    filename: str
    content_type: str
    size: int
    sha256: str
    content_id: str = ""
    inline: bool = False
    content: bytes = field(default=b"", repr=False)
    id: int = 0


class Trouble(StrEnum):
    """What was wrong with a mail as it came; none of them keeps it from being handled."""

    FROM_MISSING = "from_missing"
    FROM_AMBIGUOUS = "from_ambiguous"
    FROM_CONFUSABLE = "from_confusable"
    DATE_MISSING = "date_missing"
    DATE_INVALID = "date_invalid"
    MESSAGE_ID_MISSING = "message_id_missing"
    HEADER_REPEATED = "header_repeated"
    HEADER_TRUNCATED = "header_truncated"
    CHARSET_GUESSED = "charset_guessed"
    NESTED_TOO_DEEP = "nested_too_deep"
    TOO_MANY_PARTS = "too_many_parts"
    TEXT_CUT = "text_cut"
    STRUCTURE_BROKEN = "structure_broken"
    READER_STUMBLED = "reader_stumbled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRecipient:
    """What a delivery report says of one recipient (RFC 3464 2.3)."""

    address: str
    action: str
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A delivery report: whom it is about, and the Message-IDs of the mail that it returns."""

    recipients: tuple[ReportedRecipient, ...]
    cited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """The mail that another one forwards. `words` are its own where it was attached, '' where they are in the text."""

    sender: Mailbox
    subject: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail, read.

    `sender` is the single address of a strict From field, or None with the reason in `troubles`.
    `text` is everything a person can read, `reply_text` the new words alone (for display), `relay_text` what may go on
    to the other side: everything above our own delimiter line. None of the three is empty where the mail has words.
    `forwarded` is the mail that it forwards; `forwarder` is set where the letter is read as that mail's (M6).
    `secrets` are the kinds of credentials that were masked in all of this.
    `fingerprint` is the same for copies of one mail that came over several ways (G6): a hash of From, Date, Message-ID,
    the non-trace headers and the body.
    """

    sender: Mailbox | None
    from_: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: Millis | None = None
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    reply_text: str = ""
    relay_text: str = ""
    language: str = ""
    attachments: tuple[Attachment, ...] = ()
    report: Report | None = None
    forwarded: Forwarded | None = None
    forwarder: Mailbox | None = None
    troubles: tuple[Trouble, ...] = ()
    secrets: tuple[SecretKind, ...] = ()
    fingerprint: str = ""
    # The headers by name, filled when first asked: a mail is asked for some sixty of them.
    _named: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def header(self, name: str) -> str:
        """The first value of the header `name` (any case), or ''."""
        values = self.all(name)
        return values[0] if values else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of the header `name` (any case), topmost first."""
        if not self._named:
            named: dict[str, tuple[str, ...]] = {}
            for key, value in self.headers:
                named[key] = (*named.get(key, ()), value)
            self._named.update(named)
        return self._named.get(name.lower(), ())
