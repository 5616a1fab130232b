"""Two independent judgements of a mail (M3): who wrote it, and may it be answered automatically.

Both come with the sentence that says why. Nothing here looks at who the sender is to us; `identity` does. The words
and header names that count are data in `machine_signs`; this module holds the order in which they are asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from . import DAY, absence
from . import machine_signs as signs
from .letter import Letter
from .return_date import return_date

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR = 3_000 * 365 * DAY  # what a calendar can hold


class Author(StrEnum):
    """Who wrote a mail: a person, a program, a mail system reporting a delivery, or this gateway."""

    HUMAN = "human"
    MACHINE = "machine"
    REPORT = "report"
    OURSELVES = "ourselves"


class Kind(StrEnum):
    """The kind of a mail, as `gatepost mail read` prints it in `auto`."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """The two judgements and their sentence.

    `out_of_office` marks an absence notice, a MACHINE mail (M5); `back` is the day of return that it names, as
    YYYY-MM-DD, '' where it names none.
    """

    author: Author
    kind: Kind
    answerable: bool
    reason: str
    out_of_office: bool = False
    back: str = ""


# What a person writes on our pages: nothing of it has to be made out.
ON_A_PAGE = Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="a person wrote it on our pages")


def judge(letter: Letter, *, mail_from: str | None, ours: Callable[[str], bool]) -> Nature:
    """Who wrote `letter`, and whether a program may answer it (RFC 3834 section 2, RFC 5230 section 4.6).

    `mail_from` is the envelope sender, '' for the null sender, None where the envelope is unknown (a bare file); then
    the Return-Path field stands in. `ours` says of an address or Message-ID whether it is one of ours. Never raises.
    """
    sender_path = signs.return_path(letter) if mail_from is None else mail_from.strip().strip("<>")
    for question in (_ourselves, _report, _program, _list, _absence, _system_sender):
        nature = question(letter, sender_path, ours)
        if nature is not None:
            return _with_return(nature, letter) if nature.out_of_office else nature
    why_quiet = next(_reasons_for_silence(letter, sender_path), "")
    if why_quiet:
        return Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=False, reason=f"a person, but {why_quiet}")
    return Nature(
        author=Author.HUMAN, kind=Kind.HUMAN, answerable=True, reason="no sign of a program: a person wrote it"
    )


def _with_return(nature: Nature, letter: Letter) -> Nature:
    """The notice with the day of return, counted from the day on which it was written."""
    if letter.date is None or not 0 <= letter.date < _FAR:
        return nature
    day = return_date(letter.reply_text, (_EPOCH + timedelta(milliseconds=letter.date)).date())
    return replace(nature, back=day.isoformat(), reason=f"{nature.reason}; back on {day}") if day else nature


def _ourselves(letter: Letter, _path: str | None, ours: Callable[[str], bool]) -> Nature | None:
    """Our own mail come back: by its Message-ID, its loop mark, or one of our addresses in From without a Reply-To."""
    if letter.message_id and ours(letter.message_id):
        return _own("the Message-ID is one of ours")
    if any(ours(word.strip("<>,;")) for value in letter.all("x-loop") for word in value.split()[:20]):
        return _own("X-Loop names one of our addresses")
    if letter.sender is not None and ours(letter.sender.address):
        elsewhere = [box for box in letter.reply_to if not ours(box.address)]
        if not elsewhere:
            return _own(f"From is our own address {letter.sender.address}")
    return None


def _own(reason: str) -> Nature:
    return Nature(author=Author.OURSELVES, kind=Kind.AUTO_REPLY, answerable=False, reason=reason)


def _report(letter: Letter, path: str | None, _ours: Callable[[str], bool]) -> Nature | None:
    """Delivery reports, read receipts and abuse reports (RFC 6522)."""
    if letter.report is not None:
        return Nature(author=Author.REPORT, kind=Kind.BOUNCE, answerable=False, reason="a delivery report (RFC 3464)")
    report_type = signs.report_type(letter)
    if report_type == "delivery-status":
        reason = "multipart/report with report-type delivery-status (RFC 3464)"
        return Nature(author=Author.REPORT, kind=Kind.BOUNCE, answerable=False, reason=reason)
    if report_type:
        reason = f"a report, not a letter: multipart/report with report-type {report_type} (RFC 6522)"
        return Nature(author=Author.REPORT, kind=Kind.AUTO_REPLY, answerable=False, reason=reason)
    if path == "" and letter.sender is not None and signs.is_mail_system(letter.sender.address):
        reason = f"a mail system, {letter.sender.address}, wrote with the null envelope sender (RFC 5321 4.5.5)"
        return Nature(author=Author.REPORT, kind=Kind.BOUNCE, answerable=False, reason=reason)
    return None


def _program(letter: Letter, path: str | None, _ours: Callable[[str], bool]) -> Nature | None:
    """Header fields by which a program says that it is one."""
    reason = next(signs.program_fields(letter), "")
    if signs.from_help_desk(letter):
        if absence.is_acknowledgement(letter.subject, letter.reply_text):
            reason = reason or "a help desk says that the mail was received"
        elif reason:
            reason = f"a person, but their help desk marks its mail as a program's: {reason}"
            return Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=False, reason=reason)
    if not reason:
        return None
    kind = Kind.LIST if next(signs.list_fields(letter), "") else Kind.AUTO_REPLY
    away = signs.vacation(letter) or absence.is_absence(letter.subject, letter.reply_text)
    return Nature(author=Author.MACHINE, kind=kind, answerable=False, reason=reason, out_of_office=away)


def _list(letter: Letter, path: str | None, _ours: Callable[[str], bool]) -> Nature | None:
    """Mail that came through a list: its author is a person, who must not be answered by a program."""
    reason = next(signs.list_fields(letter), "")
    if reason:
        return Nature(author=Author.HUMAN, kind=Kind.LIST, answerable=False, reason=f"came through a list: {reason}")
    reason = next(signs.bulk_fields(letter), "")
    if not reason:
        return None
    if signs.from_help_desk(letter):
        reason = f"a person, but their help desk marks its mail as bulk: {reason}"
        return Nature(author=Author.HUMAN, kind=Kind.HUMAN, answerable=False, reason=reason)
    away = absence.is_absence(letter.subject, letter.reply_text)
    answers = away or bool(letter.in_reply_to) or absence.is_acknowledgement(letter.subject, letter.reply_text)
    kind = Kind.AUTO_REPLY if answers or path == "" else Kind.LIST
    return Nature(author=Author.MACHINE, kind=kind, answerable=False, reason=reason, out_of_office=away)


def _absence(letter: Letter, path: str | None, _ours: Callable[[str], bool]) -> Nature | None:
    """Absence notices and automatic answers that carry no header of their kind: a sure subject, or two signs."""
    sure = absence.sure_subject(letter.subject, answers=bool(letter.in_reply_to))
    if sure:
        reason = f"the subject begins with “{sure}”"
        return _notice(reason, away=absence.is_absence(letter.subject, letter.reply_text))
    subject, words = absence.subject_sign(letter.subject), absence.text_sign(letter.reply_text)
    second = words or signs.suppression(letter)
    if subject and second:
        return _notice(f"the subject says “{subject}”, and {_said(words, second)}", away=absence.means_away(subject))
    if path == "" and words:
        return _notice(f"null envelope sender, and {_said(words, words)}", away=absence.means_away(words))
    return None


def _said(words: str, second: str) -> str:
    return f"the text says “{words}”" if words else second


def _notice(reason: str, *, away: bool) -> Nature:
    return Nature(author=Author.MACHINE, kind=Kind.AUTO_REPLY, answerable=False, reason=reason, out_of_office=away)


def _system_sender(letter: Letter, path: str | None, _ours: Callable[[str], bool]) -> Nature | None:
    """Senders that are never a person: the null envelope sender, MAILER-DAEMON, list managers (RFC 5230 4.6)."""
    if path == "":
        return _notice("null envelope sender (RFC 5321 4.5.5)", away=False)
    if letter.sender is not None and signs.is_daemon(letter.sender.address):
        return _notice(f"{letter.sender.address} is a program's address (RFC 5230 4.6)", away=False)
    return None


def _reasons_for_silence(letter: Letter, path: str | None) -> Iterator[str]:
    """Why a person's mail must not be answered by a program."""
    yield from signs.quiet_fields(letter)
    if path is not None and (sign := signs.quiet_local_part(path)):
        yield f"the envelope sender {path} is a program's: {sign}"
    answer_to = letter.reply_to or ((letter.sender,) if letter.sender is not None else ())
    for box in answer_to:
        if sign := signs.quiet_local_part(box.address):
            yield f"answers would go to {box.address}: {sign}"
    if not answer_to and not path:
        yield "there is nobody to answer"
    if words := absence.program_line(letter.reply_text):
        yield f"the text says “{words}”"
