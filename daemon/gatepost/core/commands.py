"""Mail commands (R11): the closed table of them as data, and how they are read from the top lines of a mail.

Who may give which is said here; what a command does is obey.py's. A customer's `#` line never comes here.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from .phrase import phrase

_LINE = re.compile(r"#([A-Za-z]\w*)(?:[ \t:]+(.*))?")
_LONGEST = 2_000
_MOST = 20


class Rank(StrEnum):
    """What the author of a mail is on the ticket, as far as commands go."""

    VENDOR = "vendor"
    STAFF = "staff"
    COLLABORATOR = "collaborator"


class Name(StrEnum):
    """Every command that there is."""

    CLOSE = "close"
    OPEN = "open"
    NOTE = "note"
    PRODUCT = "product"
    COPY = "copy"
    UNCOPY = "uncopy"
    AWAY = "away"
    TOPIC = "topic"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    REFUND = "refund"
    SUBSCRIPTIONS = "subscriptions"
    LINK = "link"
    DISCOUNT = "discount"
    SECRET = "secret"  # noqa: S105 - the name of a command
    ACCESS = "access"
    HELP = "help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command: its arguments as help shows them, how many words it takes, who may give it, and a line of help."""

    name: Name
    arguments: str = ""
    least: int = 0
    most: int = 0
    who: frozenset[Rank]
    help: str

    @property
    def form(self) -> str:
        """The command as it is written."""
        return f"#{self.name.value} {self.arguments}".rstrip()


_ALL = frozenset(Rank)
_BOTH = frozenset((Rank.VENDOR, Rank.STAFF))
_STAFF = frozenset((Rank.STAFF,))
_ANY = 200


def _entry(name: Name, who: frozenset[Rank], help: str, arguments: str = "", least: int = 0, most: int = 0) -> Entry:
    return Entry(name=name, arguments=arguments, least=least, most=most, who=who, help=help)


TABLE: dict[Name, Entry] = {
    entry.name: entry
    for entry in (
        _entry(Name.CLOSE, _BOTH, phrase("Closes the ticket; nobody is reminded of it any more.")),
        _entry(Name.OPEN, _BOTH, phrase("Opens the ticket again.")),
        _entry(
            Name.NOTE,
            _ALL,
            phrase("Keeps the rest of the mail as a note for staff and the vendor; it is sent to nobody."),
            "[TEXT]",
            0,
            _ANY,
        ),
        _entry(
            Name.PRODUCT,
            _BOTH,
            phrase("Moves the ticket to the vendor of another product, with all that was said."),
            "SLUG",
            1,
            1,
        ),
        _entry(Name.COPY, _BOTH, phrase("Lets another vendor, a team or a colleague of staff take part."), "WHO", 1, 1),
        _entry(
            Name.UNCOPY,
            _ALL,
            phrase("Takes somebody off the ticket who was copied in; their reply address ends."),
            "WHO",
            1,
            1,
        ),
        _entry(
            Name.AWAY,
            _BOTH,
            phrase(
                "Says that you are away, until the day on which you are back; "
                "the rest of the mail is told to customers."
            ),
            "[until DATE | from DATE until DATE | off]",
            1,
            5,
        ),
        _entry(Name.TOPIC, _BOTH, phrase("Gives the ticket a topic."), "TOPIC", 1, 1),
        _entry(Name.ASSIGN, _STAFF, phrase("Assigns the ticket to one of staff."), "ADDRESS", 1, 1),
        _entry(Name.UNASSIGN, _STAFF, phrase("Assigns the ticket to nobody.")),
        _entry(Name.REFUND, _BOTH, phrase("Gives the ticket to billing; no rating is asked for.")),
        _entry(
            Name.SUBSCRIPTIONS, _BOTH, phrase("Answers with the customer's subscriptions; to vendors, to theirs alone.")
        ),
        _entry(
            Name.LINK,
            _BOTH,
            phrase("Puts links to up to three products below your answer."),
            "SLUG [SLUG [SLUG]]",
            1,
            3,
        ),
        _entry(
            Name.DISCOUNT, _BOTH, phrase("Puts a discount code of the marketplace below your answer."), "CODE", 1, 1
        ),
        _entry(
            Name.SECRET,
            _BOTH,
            phrase("Asks the customer to hand something secret over to you on a page, readable once."),
        ),
        _entry(
            Name.ACCESS,
            _BOTH,
            phrase(
                "Sends the customer our text about access to their site: other means first, a temporary administrator "
                "only, data protection."
            ),
        ),
        _entry(Name.HELP, _ALL, phrase("Answers with this list.")),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as it was given: `written` is its line, `words` what stood behind its name."""

    name: Name
    written: str
    words: tuple[str, ...] = ()


class Fault(StrEnum):
    """Why a line that looks like a command is none that this sender can give."""

    UNKNOWN = "unknown"
    NOT_YOURS = "not_yours"
    WORDS = "words"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line that is no command of this sender's; `hint` is the command that was probably meant, or its right form."""

    written: str
    fault: Fault
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The commands of a mail, in order, and what stands below them."""

    given: tuple[Command | Refused, ...]
    rest: str

    @property
    def sound(self) -> bool:
        """Whether every line is a command that this sender may give, with the arguments that it takes."""
        return not any(isinstance(one, Refused) for one in self.given)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands alone."""
        return tuple(one for one in self.given if isinstance(one, Command))

    def has(self, *names: Name) -> bool:
        """Whether one of `names` is among them."""
        return any(one.name in names for one in self.commands)


def read_orders(text: str, rank: Rank) -> Orders | None:
    """The commands on the first lines of `text`, up to the first line that is none; None where there are none.

    Empty lines between them do not count, since some programs put one after every line. `# title` and `#1001` are text.
    """
    given: list[Command | Refused] = []
    lines = text.split("\n")
    at = 0
    for at, line in enumerate(lines):  # noqa: B007 - where the commands end is wanted below
        stripped = line.strip()
        if not stripped:
            continue
        found = _LINE.fullmatch(stripped[:_LONGEST])
        if found is None:
            break
        given.append(_read(found, stripped[:_LONGEST], rank, len(given)))
    else:
        at = len(lines)
    if not given:
        return None
    return Orders(given=tuple(given), rest="\n".join(lines[at:]).strip("\n"))


def below(text: str, orders: Orders) -> str | None:
    """`text` without the command lines that it begins with; None where it does not begin with just these."""
    lines = text.split("\n")
    written = [one.written for one in orders.given]
    at = 0
    while written and at < len(lines):
        stripped = lines[at].strip()[:_LONGEST]
        if stripped and stripped != written.pop(0):
            return None
        at += 1
    return None if written else "\n".join(lines[at:]).strip("\n")


def allowed(rank: Rank) -> tuple[Entry, ...]:
    """What this rank may give, in the order of the table."""
    return tuple(entry for entry in TABLE.values() if rank in entry.who)


def as_markdown() -> str:
    """The table of docs/commands.md."""
    titles = {Rank.VENDOR: "vendor", Rank.STAFF: "staff", Rank.COLLABORATOR: "copied in"}
    lines = ["| command | who | what it does |", "|---|---|---|"]
    for entry in TABLE.values():
        form, who = entry.form.replace("|", "\\|"), ", ".join(titles[rank] for rank in Rank if rank in entry.who)
        lines.append(f"| `{form}` | {who} | {entry.help} |")
    return "\n".join((*lines, ""))


def _read(found: re.Match[str], written: str, rank: Rank, before: int) -> Command | Refused:
    word, words = found[1].lower(), tuple((found[2] or "").split())
    if word not in set(Name):
        near = get_close_matches(word, [entry.name.value for entry in allowed(rank)], n=1, cutoff=0.5)
        return Refused(written=written, fault=Fault.UNKNOWN, hint=f"#{near[0]}" if near else "")
    entry = TABLE[Name(word)]
    if rank not in entry.who:
        return Refused(written=written, fault=Fault.NOT_YOURS)
    if before >= _MOST:
        return Refused(written=written, fault=Fault.TOO_MANY)
    if not entry.least <= len(words) <= entry.most:
        return Refused(written=written, fault=Fault.WORDS, hint=entry.form)
    return Command(name=entry.name, written=written, words=words)
