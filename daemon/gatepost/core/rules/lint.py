"""Looks for rules that cannot do what their writer thinks: never asked, shadowed, in contradiction, words in vain."""

from collections.abc import Iterator
from dataclasses import replace

from .book import Book
from .judge import judge, matches
from .rule import Clause, Fault, Rule, clauses
from .seen import Seen
from .tokens import Tokens, WordList
from .words import CONDITIONS, Type

_ANY_ENDING = "zq"
"""Stands for whatever may follow a word's beginning, where a beginning is tried out."""


def lint(book: Book) -> list[Fault]:
    """Warnings: rules never asked, shadowed, or in contradiction, and a book without a last rule for all."""
    warnings = []
    ended = next((at for at, rule in enumerate(book.rules) if rule.stop and rule.unconditional), None)
    for at, rule in enumerate(book.rules):
        if ended is not None and at > ended:
            before = book.rules[ended]
            message = f"never asked: {before.name!r} in {before.file} stops for every mail"
            warnings.append(_warning(rule, message, "give this file a name that comes earlier"))
        elif shadow := _shadowed_by(book, rule):
            message = f"never asked for its own examples: {shadow.name!r} in {shadow.file} stops before it"
            warnings.append(_warning(rule, message, "change the order of the files, or the conditions"))
        warnings += _contradictions(book.rules[:at], rule)
    if not any(rule.unconditional and any(step.word == "route" for step in rule.steps) for rule in book.rules):
        message = "no rule takes what is left; it goes to triage, unacknowledged"
        warnings.append(Fault(file=book.rules[-1].file if book.rules else "rules", message=message, warning=True))
    return warnings


def lint_words(book: Book) -> list[Fault]:
    """Warnings: words that are never needed, since another of their list, or a rule before, takes all that has them.

    Each word is tried on the whole book: too slow for a reload, quick enough for a check.
    """
    return [
        fault
        for rule in book.rules
        if _shadowed_by(book, rule) is None
        for clause in clauses(rule.when)
        if CONDITIONS[clause.word].type is Type.WORDS
        for fault in (*_covered(rule, clause), *_taken_before(book, rule, clause))
    ]


def _warning(rule: Rule, message: str, suggestion: str) -> Fault:
    path = ("rule", rule.number)
    return Fault(file=rule.file, path=path, rule=rule.name, message=message, suggestion=suggestion, warning=True)


def _contradictions(before: tuple[Rule, ...], rule: Rule) -> list[Fault]:
    """The fields that an earlier rule sets otherwise for the very same mail."""
    own = {step.word: step for step in rule.steps if not isinstance(step.value, tuple)}
    warnings = []
    for other in (one for one in before if one.written == rule.written and not one.stop):
        for step in other.steps:
            if step.word in own and own[step.word].value != step.value:
                message = (
                    f"{own[step.word].told}, where {other.name!r} in {other.file} says {step.told} of the same mail"
                )
                warnings.append(_warning(rule, message, "the later one wins; take one of them out"))
    return warnings


def _shadowed_by(book: Book, rule: Rule) -> Rule | None:
    """The rule that stops all of the rule's own examples before it is asked, if they are all stopped."""
    last = ""
    for seen in rule.hits:
        last = _stopped_by(book, rule, seen)
        if not last:
            return None
    return next((other for other in book.rules if other.name == last), None)


def _covered(rule: Rule, clause: Clause) -> Iterator[Fault]:
    """The entries that are found only where another entry of the same list is found as well."""
    lists = [WordList([entry]) for entry in clause.names]
    probes = [Tokens(_probe(entry)) for entry in clause.names]
    covers = [[other.find(probe) is not None for other in lists] for probe in probes]
    for at, entry in enumerate(clause.names):
        by = next(
            (n for n, found in enumerate(covers[at]) if found and n != at and not (covers[n][at] and n > at)), None
        )
        if by is not None:
            message = f"{clause.word}: {entry!r} is never needed, since {clause.names[by]!r} finds all that it finds"
            yield _warning(rule, message, "take it out")


def _taken_before(book: Book, rule: Rule, clause: Clause) -> Iterator[Fault]:
    """The entries that alone would make the rule hit, and never do: a rule before it stops every mail that has them."""
    for entry in clause.names:
        probe = _probe(entry)
        stopped_by = ""
        for seen in (replace(example, subject=probe, text=probe) for example in rule.hits):
            if not matches(rule, seen)[0]:
                continue
            stopped_by = _stopped_by(book, rule, seen)
            if not stopped_by:
                break
        if stopped_by:
            message = f"{clause.word}: {entry!r} never hits: {stopped_by!r} stops before it"
            yield _warning(rule, message, "take it out, or change the order of the files")


def _stopped_by(book: Book, rule: Rule, seen: Seen) -> str:
    """The name of the rule that stops a mail before `rule` is asked; '' if it is asked."""
    trail = judge(book, seen).trail
    return "" if any(trace.rule == rule.name for trace in trail) else trail[-1].rule


def _probe(entry: str) -> str:
    """A text that has the entry, and of a beginning (`refund*`) no more than the beginning."""
    return entry[:-1] + _ANY_ENDING if entry.endswith("*") else entry
