"""The closed vocabulary of the rules, as data: every condition and every step with its type and a line of help.

What is not in these two tables cannot be said in a rule. `gatepost rules words` and docs/rules.md are made from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from ..helpdesk import NoticeKind
from ..identity import Authentication, Trust
from ..letter import Door, Trouble
from ..nature import Author, Kind
from ..party import Party, Role, Standing
from ..ticket import State
from ..verdict import Route
from .seen import Seen

Values = tuple[str, ...]
Read = Callable[[Seen], str | bool | float | Values]


class Type(StrEnum):
    """What a condition or step is given in a rule. Where "or a list" is said, one of the list is enough."""

    CHOICE = "choice"
    NAME = "name"
    YES_NO = "yes or no"
    ADDRESS = "address"
    LANGUAGE = "language"
    NUMBER = "number"
    FILE_NAME = "file name"
    CONTENT_TYPE = "content type"
    WORDS = "words"
    PATTERN = "pattern"
    SENTENCE = "sentence"
    HELPER = "vendor or address"


TYPE_HELP: dict[Type, str] = {
    Type.CHOICE: "one of the values listed, or a list of them",
    Type.NAME: 'a name as in the config or the import, or a list: `"billing"`; `""` where there is none',
    Type.YES_NO: "`true` or `false`",
    Type.ADDRESS: 'an address, a domain, a local part, or a list: `"anna@shop.example"`, `"@shop.example"`, `"abuse@"`',
    Type.LANGUAGE: 'a language tag, or a list; the short form takes its variants along: `"pt"` is `pt-BR` too',
    Type.NUMBER: 'a number, or a comparison: `3`, `">= 3"`, `"< 0.95"`',
    Type.FILE_NAME: 'a file name or its ending, or a list: `"report.txt"`, `"*.log"`',
    Type.CONTENT_TYPE: 'a content type, or a list: `"application/pdf"`, `"image/*"`',
    Type.WORDS: 'words and phrases of any script, in any case, or a list: `"money back"`; `"refund*"` is refunds too',
    Type.PATTERN: "a pattern in RE2's syntax, in any case, or a list; letters are `\\pL`; `(?P<order>…)` fills a field",
    Type.SENTENCE: "a sentence, or a list of them",
    Type.HELPER: "a vendor's name or a mail address, or a list of them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionWord:
    """A word that may stand in `when`: its type, what it asks, and how its value is read from what was seen."""

    word: str
    type: Type
    help: str
    read: Read
    choices: Values = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWord:
    """A word that may stand in `then`: its type and what it does. `many` steps add up; else the last counts."""

    word: str
    type: Type
    help: str
    choices: Values = ()
    many: bool = False


_SUBJECT: Read = attrgetter("subject")
_TEXT: Read = attrgetter("text")


def _both(seen: Seen) -> str:
    return f"{seen.subject}\n{seen.text}"


def _choice(word: str, choices: type[StrEnum], help: str, *, empty: bool = False) -> ConditionWord:
    values = (*(choice.value for choice in choices), *(("",) if empty else ()))
    return ConditionWord(word=word, type=Type.CHOICE, help=help, read=attrgetter(word), choices=values)


def _word(word: str, type: Type, help: str, read: Read | None = None) -> ConditionWord:
    return ConditionWord(word=word, type=type, help=help, read=read or attrgetter(word))


class TicketIs(StrEnum):
    """Whether a mail opens a ticket or belongs to one."""

    NEW = "new"
    EXISTING = "existing"


CONDITIONS: dict[str, ConditionWord] = {
    entry.word: entry
    for entry in (
        _choice("author", Author, "Who wrote the mail: a person, a program, a mail system reporting, or this gateway."),
        _choice("kind", Kind, "The kind of the mail, as `gatepost mail read` prints it."),
        _word("answerable", Type.YES_NO, "Whether the mail may be answered automatically (RFC 3834)."),
        _word("out_of_office", Type.YES_NO, "Whether the mail is an absence notice."),
        _choice("notice", NoticeKind, 'What a vendor\'s help desk wrote by itself; `""` for all else.', empty=True),
        _word("asks_for_rating", Type.YES_NO, "Whether a vendor's mail asks the customer for a rating."),
        _choice("party", Party, "What the sender is to the marketplace."),
        _choice("role", Role, 'The sender\'s part on the ticket; `""` on a new one.', empty=True),
        _choice("authentication", Authentication, "What SPF, DKIM and DMARC say of the sender address."),
        _choice("trust", Trust, "What follows from the evidence: is the mail the sender's own."),
        _word("sender", Type.ADDRESS, "The address that wrote, from the From field."),
        _word("recipient", Type.ADDRESS, "The support address by which the mail came."),
        _word("detail", Type.NAME, "What stood behind the separator of that address: `woo` in support+woo@."),
        _word("copied", Type.ADDRESS, "The addresses in the Cc field."),
        _choice("door", Door, "The way by which the mail came in."),
        _choice("ticket", TicketIs, "Whether the mail opens a ticket or belongs to one."),
        _choice("ticket_state", State, 'The state of the ticket it belongs to; `""` for a new one.', empty=True),
        _word("flag", Type.NAME, "The flags of the ticket it belongs to, such as `overdue`."),
        _word("brand", Type.NAME, "The storefront to which the mail came."),
        _word("product", Type.NAME, 'The product that the mail is about; `""` where that is unclear.'),
        _word("product_known", Type.YES_NO, "Whether it is clear which product the mail is about."),
        _choice("standing", Standing, "What the sender's subscription to the product is worth now."),
        _word(
            "days_left", Type.NUMBER, "How many days the subscription still runs; 0 without one, 100000 without an end."
        ),
        _word("vendor", Type.NAME, "The vendor of the product."),
        _word("vendor_active", Type.YES_NO, "Whether the vendor still sells here and has a support address."),
        _word("vendor_away", Type.YES_NO, "Whether the vendor is away now."),
        _word("vendor_substitute", Type.YES_NO, "Whether the vendor who is away has named a substitute."),
        _word(
            "office_open", Type.YES_NO, "Whether it is working time now: the vendor's, or the brand's without a vendor."
        ),
        _word("topic", Type.NAME, "The topics of the mail, at most two."),
        _word("topic_confidence", Type.NUMBER, "The confidence of the surest topic, 0 to 1; 0 without one."),
        _word("language", Type.LANGUAGE, "The language of the mail."),
        _word("attachments", Type.NUMBER, "How many files the mail carries."),
        _word("attachment_name", Type.FILE_NAME, "The names of the files that the mail carries."),
        _word("attachment_type", Type.CONTENT_TYPE, "The content types of the files that the mail carries."),
        _choice("trouble", Trouble, "What was wrong with the mail as it came."),
        _word("words", Type.WORDS, "Words in the subject or the new text.", _both),
        _word("subject_words", Type.WORDS, "Words in the subject.", _SUBJECT),
        _word("text_words", Type.WORDS, "Words in the new text, without what is quoted.", _TEXT),
        _word("pattern", Type.PATTERN, "A pattern in the subject, a line's end, and the new text.", _both),
        _word("subject_pattern", Type.PATTERN, "A pattern in the subject.", _SUBJECT),
        _word("text_pattern", Type.PATTERN, "A pattern in the new text, without what is quoted.", _TEXT),
        _word("sender_pattern", Type.PATTERN, "A pattern in the address that wrote.", attrgetter("sender")),
    )
}

GROUPS: dict[str, str] = {
    "all": "A list of tables, each of which must hold.",
    "any": "A list of tables, one of which must hold.",
    "not": "A table that must not hold.",
}

STEPS: dict[str, StepWord] = {
    entry.word: entry
    for entry in (
        StepWord(
            word="route", type=Type.CHOICE, help="Where the mail goes.", choices=tuple(route.value for route in Route)
        ),
        StepWord(word="team", type=Type.NAME, help='The team of the marketplace; goes with `route = "team"`.'),
        StepWord(word="cause", type=Type.NAME, help='Why it is kept back; goes with `route = "quarantine"`.'),
        StepWord(word="acknowledge", type=Type.NAME, help='The acknowledgement\'s template; `""` sends none.'),
        StepWord(word="rating", type=Type.YES_NO, help="Whether a rating is asked for later."),
        StepWord(word="clock", type=Type.YES_NO, help="Whether an answer is promised by a deadline."),
        StepWord(word="assign", type=Type.NAME, help="Who of staff looks after it, by name or address."),
        StepWord(word="labels", type=Type.NAME, help="Topics that the ticket gets.", many=True),
        StepWord(word="flags", type=Type.NAME, help="Flags that the ticket gets.", many=True),
        StepWord(word="unflags", type=Type.NAME, help="Flags that are taken off the ticket.", many=True),
        StepWord(word="notes", type=Type.SENTENCE, help="Sentences in the ticket's trace, for staff.", many=True),
        StepWord(word="copies", type=Type.HELPER, help="Vendors or addresses that are copied in.", many=True),
        StepWord(word="stop", type=Type.YES_NO, help="Whether the rules after this one are left out."),
    )
}
