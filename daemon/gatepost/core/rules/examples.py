"""Runs the examples that each rule carries, and looks for names in rules that do not exist."""

from dataclasses import dataclass, replace

from .book import Book
from .judge import captures, matches
from .rule import Fault, Rule, clauses
from .seen import Seen
from .values import closest


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names that exist, so that a rule can be told of one that does not; None is "cannot be said here"."""

    teams: frozenset[str] | None = None
    brands: frozenset[str] | None = None
    vendors: frozenset[str] | None = None
    products: frozenset[str] | None = None
    templates: frozenset[str] | None = None
    staff: frozenset[str] | None = None
    topics: frozenset[str] | None = None


def failed_examples(book: Book) -> list[Fault]:
    """Every example that does not do what it is an example of."""
    return [fault for rule in book.rules for fault in _failed(rule)]


def _failed(rule: Rule) -> list[Fault]:
    faults = []
    for kind, examples in (("hit", rule.hits), ("miss", rule.misses)):
        for number, seen in enumerate(examples):
            hit, asked = matches(rule, seen)
            if hit is (kind == "hit"):
                faults += _wrongly_captured(rule, number, seen) if hit else []
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


def _wrongly_captured(rule: Rule, number: int, seen: Seen) -> list[Fault]:
    """The fields that an example of a hit says otherwise than the patterns fill them."""
    wanted = rule.captured.get(number)
    found = captures(rule, seen) if wanted is not None else {}
    if wanted is None or found == wanted:
        return []
    told = ", ".join(f"{name} = {value!r}" for name, value in found.items()) or "nothing"
    message = f"this example fills {told}"
    return [Fault(file=rule.file, path=("rule", rule.number, "hit", number, "fields"), rule=rule.name, message=message)]


def unknown_names(book: Book, known: Known) -> list[Fault]:
    """Every name in a rule that does not exist.

    A template is a mistake: no letter would go out. The others are warnings: the mail goes to triage where its team is
    not there, and names of vendors and products come and go with the imports.
    """
    return [fault for rule in book.rules for fault in (*_unknown_steps(rule, known), *_unknown_conditions(rule, known))]


def _unknown_steps(rule: Rule, known: Known) -> list[Fault]:
    faults = []
    named = (
        ("team", "team", known.teams),
        ("acknowledge", "template", known.templates),
        ("assign", "member of staff", known.staff),
    )
    for word, what, names in named:
        for step in rule.steps:
            if step.word == word and step.value and names is not None and step.value not in names:
                fault = _unknown(rule, ("then", word), what, str(step.value), names)
                faults.append(replace(fault, warning=what != "template"))
    lists = {"copies": ("vendor", known.vendors), "labels": ("topic", known.topics)}
    for step in rule.steps:
        what, names = lists.get(step.word, ("", None))
        for name in step.value if names is not None and isinstance(step.value, tuple) else ():
            if names is not None and "@" not in name and name not in names:
                faults.append(_unknown(rule, ("then", step.word), what, name, names))
    return faults


def _unknown_conditions(rule: Rule, known: Known) -> list[Fault]:
    sets = {"brand": known.brands, "vendor": known.vendors, "product": known.products, "topic": known.topics}
    faults = []
    for clause in clauses(rule.when):
        names = sets.get(clause.word)
        for value in clause.names if names is not None else ():
            if names is not None and value and value not in names:
                faults.append(_unknown(rule, ("when", clause.word), clause.word, value, names))
    return faults


def _unknown(rule: Rule, place: tuple[str, str], what: str, name: str, names: frozenset[str]) -> Fault:
    return Fault(
        file=rule.file,
        path=("rule", rule.number, *place),
        rule=rule.name,
        message=f"there is no {what} {name!r}",
        suggestion=closest(name, names),
        warning=True,
    )
