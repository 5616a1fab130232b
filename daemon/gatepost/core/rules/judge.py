"""Asks a book of rules about one mail: a verdict with every hit and miss. It decides, and does nothing.

The judgement is total: whatever the rules say, there is one route; a mail that no rule routes goes to triage.
What is not the sender's own (identity refused or unconfirmed it) is kept back before any rule is asked, so that no rule
file can open that door.
"""

from dataclasses import dataclass, field

from ..verdict import Condition, Route, RuleTrace, Verdict
from .book import Book
from .reading import Reading
from .rule import Clause, Group, Node, Rule
from .seen import Seen

FALLBACK = "built-in fallback"
GUARD = "built-in guard"
_VALUE_LENGTH = 200


def judge(book: Book, seen: Seen, *, thorough: bool = False, reading: Reading | None = None) -> Verdict:
    """What `book` says of the mail. Never raises; the same for the same book and mail.

    A rule that misses is traced up to the condition that failed; `thorough` asks and traces the others as well.
    A `reading` of the mail that the caller keeps saves splitting its texts again.
    """
    held = _guard(seen)
    if held is not None:
        return held
    reading, draft = reading or Reading(seen), _Draft()
    for rule in book.rules:
        conditions: list[Condition] = []
        reading.captured.clear()
        hit = _parts_hold(rule.when, reading, conditions, 0, thorough)
        draft.trail.append(rule.trace(hit, conditions))
        if hit:
            draft.take(rule, reading.captured)
            if rule.stop:
                break
    return draft.verdict()


def matches(rule: Rule, seen: Seen) -> tuple[bool, tuple[Condition, ...]]:
    """Whether the rule alone hits the mail, with its conditions as they were asked."""
    conditions: list[Condition] = []
    return _parts_hold(rule.when, Reading(seen), conditions, 0, True), tuple(conditions)


def captures(rule: Rule, seen: Seen) -> dict[str, str]:
    """The fields that the rule alone fills for a mail that it hits."""
    reading, draft = Reading(seen), _Draft()
    if _parts_hold(rule.when, reading, [], 0, False):
        draft.take(rule, reading.captured)
    return draft.fields


def certain(group: Group, reading: Reading, unknown: frozenset[str]) -> bool | None:
    """Whether the parts of a group hold for a mail of which some words are unknown; None where it hangs on these."""
    decisive, doubtful = group.word == "any", False
    for part in group.parts:
        held = _certain(part, reading, unknown)
        if held is decisive:
            return decisive
        doubtful = doubtful or held is None
    return None if doubtful else not decisive


def _certain(part: Node, reading: Reading, unknown: frozenset[str]) -> bool | None:
    if isinstance(part, Clause):
        return None if part.word in unknown else part.condition.ask(reading)[0]
    held = certain(part, reading, unknown)
    return None if held is None else held is (part.word != "not")


def _guard(seen: Seen) -> Verdict | None:
    """Keep back what claims a ticket and is not the participant's own (I5); a report proves itself by its delivery."""
    if not seen.doubt or seen.author in ("report", "ourselves"):
        return None
    asked = Condition(word="doubt", wanted="any", seen=seen.doubt, held=True)
    trace = RuleTrace(rule=GUARD, file="", hit=True, conditions=(asked,), steps=("route = quarantine", "stop"))
    return Verdict(route=Route.QUARANTINE, cause=seen.doubt, rating=False, clock=False, by=GUARD, trail=(trace,))


def _group_holds(group: Group, reading: Reading, asked: list[Condition], depth: int, thorough: bool) -> bool:
    """Whether a group inside a rule holds; the group is traced before its parts."""
    at = len(asked)
    held = _parts_hold(group, reading, asked, depth + 1, thorough) is (group.word != "not")
    asked.insert(at, Condition(word=group.word, wanted="", seen="", held=held, depth=depth))
    return held


def _parts_hold(group: Group, reading: Reading, asked: list[Condition], depth: int, thorough: bool) -> bool:
    """Whether all parts hold, or for `any` one of them. Asks no more than it must, unless `thorough`."""
    decisive = group.word == "any"  # One part that answers so decides the group.
    decided = False
    for part in group.parts:
        before = len(reading.captured)
        if isinstance(part, Clause):
            held, saw = part.condition.ask(reading)
            asked.append(part.told(held, saw, depth))
        else:
            held = _group_holds(part, reading, asked, depth, thorough)
        if decided or not held:
            del reading.captured[before:]  # What did not hold, or was asked for the trace alone, captures nothing.
        if held is decisive:
            decided = True
            if not thorough:
                break
    return decided is decisive


def _value(found: str) -> str:
    """What a group has found, as the value of a field: on one line, printable, of bounded length."""
    line = " ".join(found[: 4 * _VALUE_LENGTH].split())
    return "".join(c for c in line if c.isprintable())[:_VALUE_LENGTH]


@dataclass(slots=True)
class _Draft:
    """The verdict while it is written: the last rule wins a field, lists add up without doubles."""

    single: dict[str, str | bool] = field(default_factory=dict)
    many: dict[str, dict[str, None]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    by: str = FALLBACK
    trail: list[RuleTrace] = field(default_factory=list)

    def take(self, rule: Rule, captured: list[tuple[str, str]]) -> None:
        """Write the steps of a rule that hit, and what its patterns have captured."""
        self.fields.update((name, value) for name, found in captured if (value := _value(found)))
        for step in rule.steps:
            if isinstance(step.value, tuple):
                self.many.setdefault(step.word, {}).update(dict.fromkeys(step.value))
                continue
            self.single[step.word] = step.value
            if step.word == "route":
                self.by = rule.name

    def verdict(self) -> Verdict:
        """What was written, with a route in any case and nothing that belongs to another route."""
        route = Route(str(self.single.get("route", Route.TRIAGE)))
        silent = route in (Route.EVENT, Route.QUARANTINE)
        return Verdict(
            route=route,
            team=str(self.single.get("team", "")) if route is Route.TEAM else "",
            cause=str(self.single.get("cause", "")) if route is Route.QUARANTINE else "",
            acknowledge="" if silent else str(self.single.get("acknowledge", "")),
            rating=bool(self.single.get("rating", True)),
            clock=bool(self.single.get("clock", True)),
            labels=tuple(self.many.get("labels", ())),
            assign=str(self.single.get("assign", "")),
            flags=tuple(self.many.get("flags", ())),
            unflags=tuple(self.many.get("unflags", ())),
            notes=tuple(self.many.get("notes", ())),
            copies=tuple(self.many.get("copies", ())),
            fields=tuple(self.fields.items()),
            by=self.by,
            trail=tuple(self.trail),
        )
