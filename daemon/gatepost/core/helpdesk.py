"""Vendors' help desks (A6): is this mail the desk's own notice, and not an answer? The evidence, weighed.

Two mistakes are possible and do not weigh the same. A notice that is taken for an answer stops the clock and reaches
the customer; an answer that is taken for a notice is read by nobody. So words alone never make a notice: something
must also show a program, such as the seconds it took, the same text on other tickets, or a header field.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from . import MINUTE, SECOND, Millis
from . import helpdesk_words as words
from .letter import Letter
from .machine_signs import from_help_desk, program_fields, quiet_local_part, suppression
from .nature import Author, Kind, Nature

ENOUGH = 6
_SHORT = 1_500
_LONG = 3_000


class NoticeKind(StrEnum):
    """What a help desk writes by itself."""

    ACKNOWLEDGEMENT = "acknowledgement"
    RATING_REQUEST = "rating_request"
    CLOSING = "closing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What is known around one mail of a vendor.

    `after` is how long after our latest mail to this vendor it came (None: we wrote none), `our_subject` that mail's
    subject, `ticket` our number in it. `elsewhere` counts the other tickets on which the same words came from them;
    `again` is whether they came on this one before, `everywhere` whether they came on nearly all of the vendor's
    tickets, and `followed` on how many of those the vendor wrote once more before the customer did. `names` are those
    of people and houses on the ticket.
    """

    after: Millis | None = None
    our_subject: str = ""
    ticket: int = 0
    elsewhere: int = 0
    again: bool = False
    everywhere: bool = False
    followed: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The outcome: `kind` is None for anything that may be an answer. `reason` is the weighing in one sentence.

    `asks_for_rating` is told of answers too: a vendor's person may beg for stars below a good answer.
    """

    kind: NoticeKind | None = None
    weight: int = 0
    reason: str = ""
    asks_for_rating: bool = False

    def colour(self, nature: Nature) -> Nature:
        """The nature of the mail in the light of the weighing: a notice was written by a program."""
        if self.kind is None or nature.author is not Author.HUMAN:
            return nature
        return replace(nature, author=Author.MACHINE, kind=Kind.AUTO_REPLY, answerable=False, reason=self.reason)


NOT_A_VENDOR = Notice()
_Sign = tuple[int, str]


def weigh(letter: Letter, nature: Nature, habit: Habit) -> Notice:
    """Weigh a vendor's mail. Never raises; a mail system's report and our own mail are no notices."""
    if nature.author in (Author.REPORT, Author.OURSELVES) or nature.out_of_office:
        return NOT_A_VENDOR
    text = letter.reply_text or letter.text
    if nature.author is Author.HUMAN and _is_empty(letter, habit):
        return Notice(kind=NoticeKind.UNKNOWN, weight=ENOUGH, reason="it says nothing and brings nothing")
    kind, said = _kind(letter.subject, text)
    asks = bool(words.found(words.RATING, letter.subject, text))
    if nature.author is Author.MACHINE:
        known = kind or (NoticeKind.UNKNOWN if from_help_desk(letter) else None)
        return Notice(kind=known, weight=ENOUGH, reason=nature.reason, asks_for_rating=asks)
    spoken, shown = _spoken(letter, text, kind, said, habit), _shown(letter, text, habit)
    weight = sum(points for points, _ in (*spoken, *shown))
    reason = "; ".join(f"{sign} ({points:+d})" for points, sign in (*spoken, *shown))
    mechanical = any(points > 0 for points, _ in shown)
    sure_without_words = _is_course(letter, text, habit) or (
        habit.elsewhere >= words.OFTEN and _quick(habit) and bool(words.tag(letter.subject, habit.ticket))
    )
    if weight < ENOUGH or not mechanical or (kind is None and not sure_without_words):
        return Notice(weight=weight, reason=reason, asks_for_rating=asks)
    what = kind or NoticeKind.UNKNOWN
    said = f"a help desk's {what.value.replace('_', ' ')}, weight {weight} of {ENOUGH}: {reason}"
    return Notice(kind=what, weight=weight, reason=said, asks_for_rating=asks)


def _is_empty(letter: Letter, habit: Habit) -> bool:
    """Whether a mail has no text, no file, and nothing in its subject but ours: nobody is answered by that."""
    if letter.text.strip() or letter.attachments or not habit.our_subject:
        return False
    own = words.folded(letter.subject).replace(words.folded(_bare(habit.our_subject)), " ")
    return len(words.shape(own).split()) <= 1


def _kind(subject: str, text: str) -> tuple[NoticeKind | None, str]:
    """What the words speak of, and the words. A desk that closes often asks for a rating too: that weighs most."""
    for kind, phrases in ((NoticeKind.RATING_REQUEST, words.RATING), (NoticeKind.CLOSING, words.CLOSING)):
        if said := words.found(phrases, subject, text):
            return kind, said
    if words.acknowledges(subject, text):
        return NoticeKind.ACKNOWLEDGEMENT, "it was received"
    said = words.found(words.RECEIVED, subject, text)
    return (NoticeKind.ACKNOWLEDGEMENT, said) if said else (None, "")


def _spoken(letter: Letter, text: str, kind: NoticeKind | None, said: str, habit: Habit) -> tuple[_Sign, ...]:
    """What the mail says, and how: each with its weight."""
    signs: list[_Sign] = []
    if kind is not None:
        strong = kind is not NoticeKind.ACKNOWLEDGEMENT or words.acknowledges(letter.subject, text)
        signs.append((3 if strong else 2, f"it says “{said}”"))
        if words.found((said,), letter.subject, ""):
            signs.append((1, "in the subject"))
    if number := words.tag(letter.subject, habit.ticket):
        ours = words.folded(_bare(habit.our_subject))
        repeated = bool(ours) and ours in words.folded(letter.subject)
        signs.append((2 if repeated else 1, f"the subject carries their number {number[:20]}"))
    receipt = kind is NoticeKind.ACKNOWLEDGEMENT and not words.acknowledges(letter.subject, text)
    if "?" in text and (receipt or kind is None):
        signs.append((-2, "it asks something"))
    if kind is None and words.links(text):
        signs.append((-2, "it brings a link"))
    if from_help_desk(letter) and next(program_fields(letter), ""):
        # Such a desk marks its people's words as well: the field alone shows no program.
        signs.append((1, "a help desk marks it as a program's"))
    if len(text) > _SHORT:
        signs.append((-4 if len(text) > _LONG else -2, f"it has {len(text)} characters"))
    if any(not attachment.inline for attachment in letter.attachments):
        signs.append((-3, "it brings a file"))
    return tuple(signs)


def _shown(letter: Letter, text: str, habit: Habit) -> tuple[_Sign, ...]:
    """What shows a program at work, whatever the words are."""
    signs: list[_Sign] = []
    if habit.after is not None and 0 <= habit.after <= 10 * MINUTE:
        points = 3 if habit.after <= 15 * SECOND else 2 if _quick(habit) else 1
        signs.append((points, f"it came {habit.after / SECOND:g} s after our mail"))
    if habit.elsewhere:
        times = "one other ticket" if habit.elsewhere == 1 else f"{habit.elsewhere} other tickets"
        signs.append((3 if habit.elsewhere >= words.OFTEN else 2, f"the same words came on {times}"))
    if habit.everywhere:
        signs.append((3, "nearly all of their tickets have got these words"))
    if habit.again:
        signs.append((3, "the same words came on this ticket before"))
    subjects = (letter.subject, _bare(habit.our_subject))
    if "?" not in text and not words.links(text) and words.only_receipt(text, *subjects, names=habit.names):
        signs.append((2, "it says nothing else"))
    if line := words.program_line(text):
        signs.append((2, f"the text says “{line}”"))
    if letter.sender is not None and (quiet := quiet_local_part(letter.sender.address)):
        signs.append((2, f"{letter.sender.address}: {quiet}"))
    if not from_help_desk(letter) and (field := next(program_fields(letter), "") or suppression(letter)):
        signs.append((2, field))
    if words.found(words.RATING, letter.subject, text) and words.links(text) > 1:
        signs.append((2, "it offers links to choose from"))
    return tuple(signs)


def _is_course(letter: Letter, text: str, habit: Habit) -> bool:
    """Whether a mail is a matter of course, whatever it says: these words come on every ticket and settle none.

    People often use the same words too, and in a bad week on every ticket. But then it is the customer who goes on.
    """
    number = words.tag(letter.subject, habit.ticket)
    numbered = bool(number) and number in text
    return habit.everywhere and habit.followed + habit.again + numbered >= 2


def _quick(habit: Habit) -> bool:
    return habit.after is not None and 0 <= habit.after <= MINUTE


def _bare(subject: str) -> str:
    """A subject of ours without our tag at its end."""
    return subject.rpartition(" [#")[0] or subject
