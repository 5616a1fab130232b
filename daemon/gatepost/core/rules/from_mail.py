"""Makes an example of a rule out of a mail that came: what the rule looks at, and no more of it than decides.

The words that stand in it must have lost what is private before; which rule it is an example of is the caller's word.
"""

from collections.abc import Iterator
from dataclasses import fields, replace

from .book import Book
from .judge import judge, matches
from .rule import Rule, clauses
from .seen import Seen

_READS = {
    "words": ("subject", "text"),
    "pattern": ("subject", "text"),
    "subject_words": ("subject",),
    "subject_pattern": ("subject",),
    "text_words": ("text",),
    "text_pattern": ("text",),
    "sender_pattern": ("sender",),
    "product_known": ("product",),
    "ticket": ("ticket", "ticket_state", "role"),
}
"""The values that a condition reads, where they are not named as it is."""

_PERSONAL = frozenset({"sender", "copied", "recipient", "attachment_name"})
_ALWAYS = ("subject", "text")
_PLAIN = Seen()


def example(book: Book, rule: Rule, seen: Seen, *, hit: bool) -> Seen | None:
    """The shortest example that does what it should: hits or misses `rule`, and is decided as the mail was.

    None where what is left of the mail does not. Addresses and names of files are never in it.
    """
    by = judge(book, seen).by
    asked = (*_asked(rule), *(["language"] if seen.language else []))
    for kept in (asked, tuple(field.name for field in fields(Seen))):
        made = _only(seen, kept)
        if matches(rule, made)[0] is hit and (not hit or judge(book, made).by == by):
            return made
    made = _only(seen, asked)
    return made if matches(rule, made)[0] is hit else None


def as_values(made: Seen) -> Iterator[tuple[str, object]]:
    """What an example must say, in the order of the vocabulary: all else is as in every example."""
    for field in fields(Seen):
        value = getattr(made, field.name)
        if field.name != "doubt" and value != getattr(_PLAIN, field.name):
            yield field.name, list(value) if isinstance(value, tuple) else value


def _asked(rule: Rule) -> tuple[str, ...]:
    """The values that the rule's conditions read, and those without which nobody understands the example."""
    words = {name for clause in clauses(rule.when) for name in _READS.get(clause.word, (clause.word,))}
    return tuple(field.name for field in fields(Seen) if field.name in words or field.name in _ALWAYS)


def _only(seen: Seen, kept: tuple[str, ...]) -> Seen:
    """The mail with these of its values, and the others as in every example."""
    return replace(_PLAIN, **{name: getattr(seen, name) for name in kept if name not in _PERSONAL and name != "doubt"})
