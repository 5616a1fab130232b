"""What we ask a person by mail, and what counts as their answer: a plain "yes" from the mailbox that was asked.

The answer's address carries a token that only that mailbox has seen. It is good once and for some days. A program's
mail never answers, nor does a person who writes anything else than yes.
"""

from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from . import DAY, HOUR, Millis
from .identity import Identity
from .letter import Letter
from .nature import Author, Nature
from .party import Participant, Party, Role, Vendor
from .quarantine import Cause

GOOD_FOR: Millis = 7 * DAY
PAUSE: Millis = HOUR
SUBJECT_CAP = 80
_WORDS_CAP = 300
_YES = frozenset(
    {"yes", "ja", "oui", "sí", "si", "sì", "tak", "sim", "confirm", "confirmed", "confirmo", "confermo", "confirme"}
    | {"bestätigt", "bestätige", "potwierdzam", "vâng", "dạ", "có", "bevestig", "bevestigd"}
)
_NO = frozenset(
    {"no", "not", "never", "wasn't", "isn't", "didn't", "nein", "nicht", "kein", "keine", "non", "pas", "nie", "não"}
    | {"nej", "inte", "ikke", "niet", "geen", "không", "chưa"}
)


class Kind(StrEnum):
    """What is asked: is this reply yours, is this ticket yours, is this address yours, may these people see it."""

    REPLY = "reply"
    TICKET = "ticket"
    ALIAS = "alias"
    COPIES = "copies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question that goes out with a mail. `quarantine` is the held mail that it is about, 0 for none.

    `subject` and `dated` are the held mail's, `names` the addresses that are asked about.
    """

    kind: Kind
    quarantine: int = 0
    subject: str = ""
    dated: Millis | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that was asked: of the participant at `address`, at the instant `asked`."""

    id: int
    ticket: int
    participant: int
    address: str
    ask: Ask
    asked: Millis
    answered: Millis | None = None


def refused(
    question: Question | None,
    *,
    letter: Letter,
    nature: Nature,
    participants: tuple[Participant, ...],
    vendor: Vendor | None,
    now: Millis,
) -> str:
    """Why a mail to the address of a question does not answer it; '' where it does. Never raises."""
    if question is None:
        return "the question that it answers was never asked"
    if nature.author is not Author.HUMAN:
        return f"no program can confirm: {nature.reason}"
    asked = next((p for p in participants if p.number == question.participant), None)
    sender = letter.sender.address if letter.sender is not None else ""
    if asked is None or not _is(sender, question, asked, vendor):
        return f"{question.address} was asked, and {sender or 'nobody'} answers"
    if question.answered is not None:
        return "it was answered before"
    if now > question.asked + GOOD_FOR:
        return "the question is too old: a week"
    return "" if says_yes(letter.reply_text) else "the answer is no plain yes; people decide"


def says_yes(words: str) -> bool:
    """Whether the beginning of an answer says yes and not also no, in the usual languages."""
    words = normalize("NFC", words[:_WORDS_CAP])
    said = {word.strip(".,;:!?()*\"'„“”»«") for word in words.replace("’", "'").casefold().split()}
    return bool(said & _YES) and not said & _NO


def about_held(
    cause: Cause, *, identity: Identity, letter: Letter, nature: Nature, answers_ours: bool, quarantine: int
) -> Ask | None:
    """What to ask of the participant for whom a held mail was, if anything (I5, I6).

    `answers_ours` says that the mail cites one that we sent to this participant. Only then is an unknown address asked
    about: a service that mails a code to a reply address cites nothing, and must never be made a participant (D11).
    """
    if nature.author is not Author.HUMAN or identity.participant is None or letter.sender is None:
        return None
    if cause is Cause.SENDER_UNVERIFIED:
        subject = letter.subject[:SUBJECT_CAP]
        return Ask(kind=Kind.REPLY, quarantine=quarantine, subject=subject, dated=letter.date)
    stranger = identity.party is Party.STRANGER and nature.answerable and answers_ours
    if cause is Cause.OTHER_USER_UPDATE and stranger and _may_have_aliases(identity.participant):
        names = (letter.sender.address,)
        return Ask(kind=Kind.ALIAS, quarantine=quarantine, dated=letter.date, names=names)
    return None


def letter_for(kind: Kind, role: Role) -> str:
    """The letter that asks a participant of this role."""
    if kind is Kind.TICKET:
        return "customer/acknowledgement-unverified"
    audience = "customer" if role in (Role.REQUESTER, Role.COPIED) else "vendor"
    return f"{audience}/confirm-{kind.value}"


def _may_have_aliases(participant: Participant) -> bool:
    """A vendor has listed senders instead; who else uses a vendor's reply address stays for staff."""
    return participant.active and participant.role in (Role.REQUESTER, Role.COPIED)


def _is(sender: str, question: Question, asked: Participant, vendor: Vendor | None) -> bool:
    if not sender:
        return False
    if sender.casefold() == question.address.casefold():
        return True
    return asked.role is Role.VENDOR and vendor is not None and vendor.sends_from(sender)
