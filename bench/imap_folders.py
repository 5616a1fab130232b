"""The folders of our own IMAP server: mails with UIDs, and what SEARCH and FETCH say of them. No socket here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime


@dataclass
class Mail:
    """One mail of a folder; `size` and `date` may lie about it."""

    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set)
    size: int = -1
    date: str = ""


@dataclass
class Folder:
    """A folder. A UIDVALIDITY below 0 is not told at all."""

    validity: int = 1
    next: int = 1
    mails: list[Mail] = field(default_factory=list)


def words(line: str) -> list[str]:
    """The words of a command: quoted ones without quotes, what stands in parentheses as one."""
    found: list[str] = []
    at = 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        if line[at] == '"':
            end, word = at + 1, ""
            while end < len(line) and line[end] != '"':
                end += line[end] == "\\"
                word += line[end : end + 1]
                end += 1
            found.append(word)
            at = end + 1
            continue
        end = line.index(")", at) + 1 if line[at] == "(" else (line + " ").index(" ", at)
        found.append(line[at:end])
        at = end
    return found


def numbers(which: str, folder: Folder) -> set[int]:
    """The UIDs of a set such as 3,5:* that are in the folder (RFC 3501 section 9, sequence-set)."""
    last = max((mail.uid for mail in folder.mails), default=0)
    wanted: set[int] = set()
    uids = {mail.uid for mail in folder.mails}
    for part in which.split(","):
        low, _, high = part.partition(":")
        if low == high or not high:
            wanted |= {last if low == "*" else int(low)} & uids
            continue
        ends = sorted(last if end == "*" else int(end) for end in (low, high))
        wanted |= {uid for uid in uids if ends[0] <= uid <= ends[1]}
    return wanted


def found(folder: Folder, criteria: Sequence[str]) -> list[int]:
    """What SEARCH finds."""
    mails, left = list(folder.mails), list(criteria)
    while left:
        match left.pop(0).upper():
            case "ALL":
                continue
            case "UNDELETED":
                mails = [mail for mail in mails if "\\Deleted" not in mail.flags]
            case "DELETED":
                mails = [mail for mail in mails if "\\Deleted" in mail.flags]
            case "UNKEYWORD":
                word = left.pop(0)
                mails = [mail for mail in mails if word not in mail.flags]
            case "UID":
                wanted = numbers(left.pop(0), folder)
                mails = [mail for mail in mails if mail.uid in wanted]
            case "SINCE":
                day = _day(left.pop(0))
                mails = [mail for mail in mails if mail.at.date() >= day]
            case "BEFORE":
                day = _day(left.pop(0))
                mails = [mail for mail in mails if mail.at.date() < day]
            case other:
                raise ValueError(f"SEARCH {other} is not known here")
    return [mail.uid for mail in mails]


def fetched(number: int, mail: Mail, items: str) -> bytes:
    """One line of FETCH, with the items that were asked for."""
    said = [b"UID %d" % mail.uid]
    asked = items.upper()
    if "RFC822.SIZE" in asked:
        said.append(b"RFC822.SIZE %d" % (len(mail.raw) if mail.size < 0 else mail.size))
    if "INTERNALDATE" in asked:
        at = mail.date or f"{mail.at.astimezone(UTC):%d-%b-%Y %H:%M:%S} +0000"
        said.append(b'INTERNALDATE "%b"' % at.encode())
    if "FLAGS" in asked:
        said.append(b"FLAGS (%b)" % " ".join(sorted(mail.flags)).encode())
    if "BODY.PEEK[]" in asked:
        said.append(b"BODY[] {%d}\r\n%b" % (len(mail.raw), mail.raw))
    return b"%d FETCH (%b)" % (number, b" ".join(said))


def _day(text: str) -> date:
    return datetime.strptime(text, "%d-%b-%Y").date()
