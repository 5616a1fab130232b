"""Runs the examples that each rule carries, and looks for rules that cannot do what their writer thinks."""

from dataclasses import dataclass, replace

from .book import Book
from .judge import judge, matches
from .rule import Clause, Fault, Group, Node, Rule
from .values import closest


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that exist, so that a rule can be told of one that does not; None is "cannot be said here"."""

    teams: frozenset[str] | None = None
    brands: frozenset[str] | None = None
    vendors: frozenset[str] | None = None
    products: frozenset[str] | None = None
    templates: frozenset[str] | None = None


def failed_examples(book: Book) -> list[Fault]:
    """Every example that does not do what it is an example of."""
    return [fault for rule in book.rules for fault in _failed(rule)]


def _failed(rule: Rule) -> list[Fault]:
    faults = []
    for kind, examples in (("hit", rule.hits), ("miss", rule.misses)):
        for number, seen in enumerate(examples):
            hit, asked = matches(rule, seen)
            if hit is (kind == "hit"):
                continue
            reason = next((f"{one.word} saw {one.seen}" for one in asked if not one.held and one.depth == 0), "")
            message = f"this example of a {kind} is a {'hit' if hit else 'miss'}"
            faults.append(
                Fault(
                    file=rule.file,
                    path=("rule", rule.number, kind, number),
                    rule=rule.name,
                    message=f"{message}: {reason}" if reason else message,
                )
            )
    return faults


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


def unknown_names(book: Book, known: Known) -> list[Fault]:
    """Every name in a rule that does not exist.

    A template is a mistake: no letter would go out. The others are warnings: the mail goes to triage where its team is
    not there, and names of vendors and products come and go with the imports.
    """
    return [fault for rule in book.rules for fault in (*_unknown_steps(rule, known), *_unknown_conditions(rule, known))]


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
    last = None
    for seen in rule.hits:
        trail = judge(book, seen).trail
        if any(trace.rule == rule.name for trace in trail):
            return None
        last = trail[-1].rule
    return next((other for other in book.rules if other.name == last), None)


def _unknown_steps(rule: Rule, known: Known) -> list[Fault]:
    faults = []
    for word, what, names in (("team", "team", known.teams), ("acknowledge", "template", known.templates)):
        for step in rule.steps:
            if step.word == word and step.value and names is not None and step.value not in names:
                fault = _unknown(rule, ("then", word), what, str(step.value), names)
                faults.append(replace(fault, warning=what != "template"))
    for step in rule.steps:
        for name in step.value if step.word == "copies" and isinstance(step.value, tuple) else ():
            if known.vendors is not None and "@" not in name and name not in known.vendors:
                faults.append(_unknown(rule, ("then", "copies"), "vendor", name, known.vendors))
    return faults


def _unknown_conditions(rule: Rule, known: Known) -> list[Fault]:
    sets = {"brand": known.brands, "vendor": known.vendors, "product": known.products}
    faults = []
    for clause in _clauses(rule.when):
        names = sets.get(clause.word)
        for value in clause.names if names is not None else ():
            if names is not None and value and value not in names:
                faults.append(_unknown(rule, ("when", clause.word), clause.word, value, names))
    return faults


def _clauses(node: Node) -> list[Clause]:
    if isinstance(node, Group):
        return [clause for part in node.parts for clause in _clauses(part)]
    return [node]


def _unknown(rule: Rule, place: tuple[str, str], what: str, name: str, names: frozenset[str]) -> Fault:
    return Fault(
        file=rule.file,
        path=("rule", rule.number, *place),
        rule=rule.name,
        message=f"there is no {what} {name!r}",
        suggestion=closest(name, names),
        warning=True,
    )
