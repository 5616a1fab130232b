"""Reads one `[[rule]]` table into a `Rule`; every mistake is told to the list that comes along, none is raised."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ..ticket import NOT_FOR_RULES
from ..verdict import Route
from .conditions import CompilePattern, make
from .rule import Clause, Fault, Group, Node, Path, Rule, Step, clauses
from .seen import Seen
from .values import Suggestion, choices, clipped, closest, texts, yes_no
from .words import CONDITIONS, GROUPS, STEPS, StepWord, Type

_DEPTH = 8
_NAME_LENGTH = 100
_KEYS = ("name", "about", "when", "then", "hit", "miss")
_DERIVED = {
    "fields": "what a pattern captures is said by a hit",
    "product_known": "set product",
    "words": "set subject or text",
    "pattern": "set subject or text",
}


@dataclass(frozen=True, slots=True)
class Loader:
    """Where the mistakes of one rule go, and what its patterns are compiled with."""

    file: str
    rule: str
    faults: list[Fault]
    compile_pattern: CompilePattern

    def tell(self, path: Path, message: str, suggestion: str = "") -> None:
        """Note a mistake of this rule."""
        self.faults.append(Fault(file=self.file, path=path, rule=self.rule, message=message, suggestion=suggestion))


def load_rule(
    file: str, number: int, table: object, faults: list[Fault], compile_pattern: CompilePattern
) -> Rule | None:
    """The rule that `table`, at place `number` of `file`, is; None, its mistakes told to `faults`, if it has any."""
    path: Path = ("rule", number)
    if not isinstance(table, Mapping):
        faults.append(Fault(file=file, path=path, message="a rule is a table: write [[rule]] above it"))
        return None
    name = table.get("name")
    known = name if isinstance(name, str) and name.isprintable() and len(name) <= _NAME_LENGTH else ""
    loader = Loader(file, known.strip(), faults, compile_pattern)
    before = len(faults)
    if not loader.rule:
        loader.tell((*path, "name"), f"a rule needs a name: one line, at most {_NAME_LENGTH} characters")
    for key in table:
        if key not in _KEYS:
            loader.tell(
                (*path, key), f"{key!r} is no part of a rule; those are {', '.join(_KEYS)}", closest(key, _KEYS)
            )
    when = _when(loader, path, table)
    steps = _steps(loader, (*path, "then"), table.get("then"))
    captured, tables = _captured(loader, (*path, "hit"), table.get("hit", []))
    examples = {
        kind: _examples(loader, (*path, kind), some)
        for kind, some in (("hit", tables), ("miss", table.get("miss", [])))
    }
    if not examples["hit"]:
        loader.tell(path, "a rule needs an example that matches: add [[rule.hit]] with the words it needs")
    if not examples["miss"] and when.parts:
        loader.tell(path, "a rule needs an example that does not match: add [[rule.miss]] with the words it needs")
    about = table.get("about", "")
    if not isinstance(about, str):
        loader.tell((*path, "about"), "about is a sentence for the reader; write it in quotes")
    if len(faults) > before:
        return None
    return Rule(
        name=loader.rule,
        file=file,
        number=number,
        when=when,
        written=json.dumps(table["when"], sort_keys=True, default=str),
        steps=tuple(step for step in steps if step.word != "stop"),
        stop=any(step.word == "stop" and step.value for step in steps),
        hits=examples["hit"],
        misses=examples["miss"],
        captured=captured,
        about=about,
    )


def _when(loader: Loader, path: Path, table: Mapping[str, object]) -> Group:
    if "when" not in table:
        loader.tell(path, "a rule needs its conditions: add [rule.when], and leave it empty to match every mail")
        return Group(word="all", parts=())
    return _group(loader, (*path, "when"), "all", table["when"], _DEPTH)


def _group(loader: Loader, path: Path, word: str, table: object, depth: int) -> Group:
    """The conditions of one table, all of which must hold."""
    if not isinstance(table, Mapping):
        loader.tell(path, "conditions are a table: write { word = value, … }")
        return Group(word=word, parts=())
    if depth == 0:
        loader.tell(path, f"conditions lie at most {_DEPTH} deep in each other")
        return Group(word=word, parts=())
    parts = [
        part for key, value in table.items() if (part := _part(loader, (*path, key), key, value, depth)) is not None
    ]
    return Group(word=word, parts=tuple(sorted(parts, key=costly)))


def _part(loader: Loader, path: Path, key: str, value: object, depth: int) -> Node | None:
    if key == "not":
        group = _group(loader, path, "not", value, depth - 1)
        if any(clause.condition.captures for clause in clauses(group)):
            loader.tell(path, "a pattern under not captures nothing", "write (…) in place of (?P<name>…)")
        if isinstance(value, Mapping) and not value:
            loader.tell(path, "an empty table always holds, so this never does; name a condition")
        return group
    if key in GROUPS:
        return _listed(loader, path, key, value, depth - 1)
    word = CONDITIONS.get(key)
    if word is None:
        suggestion = closest(key, (*CONDITIONS, *GROUPS)) or "gatepost rules words lists them"
        if key in STEPS:
            suggestion = "it is a step: write it under then"
        loader.tell(path, f"there is no condition {key!r}", suggestion)
        return None
    try:
        condition = make(word, value, loader.compile_pattern)
    except ValueError as error:
        loader.tell(path, f"{key}: {error}", getattr(error, "suggestion", ""))
        return None
    names = texts(value) if word.type in (Type.NAME, Type.WORDS) else ()
    return Clause(word=key, wanted=_written(value), condition=condition, names=names)


def _listed(loader: Loader, path: Path, key: str, value: object, depth: int) -> Group | None:
    if not isinstance(value, list) or not value:
        loader.tell(path, f"{key} is a list of tables: [ {{ word = value }}, {{ word = value }} ]")
        return None
    groups = [_group(loader, (*path, at), "all", one, depth) for at, one in enumerate(value)]
    for at, one in enumerate(value):
        if isinstance(one, Mapping) and not one:
            loader.tell((*path, at), "an empty table always holds; name a condition")
    parts: list[Node] = [group.parts[0] if len(group.parts) == 1 else group for group in groups]
    return Group(word=key, parts=tuple(sorted(parts, key=costly)))


def costly(node: Node) -> bool:
    """Whether asking this reads text. Rules ask what costs little first."""
    if isinstance(node, Clause):
        return node.condition.costly
    return any(costly(part) for part in node.parts)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return clipped(", ".join(map(_written, value)))
    return clipped(str(value)) if value != "" else "none"


def _steps(loader: Loader, path: Path, table: object) -> tuple[Step, ...]:
    if not isinstance(table, Mapping) or not table:
        loader.tell(path, "a rule needs its steps: add [rule.then] with at least one")
        return ()
    steps = []
    for key, value in table.items():
        word = STEPS.get(key)
        if word is None:
            suggestion = "it is a condition: write it under when" if key in CONDITIONS else closest(key, STEPS)
            loader.tell((*path, key), f"there is no step {key!r}", suggestion or f"the steps are {', '.join(STEPS)}")
            continue
        try:
            steps.append(Step(word=key, value=_step_value(word, value), told=f"{key} = {_written(value)}"))
        except ValueError as error:
            loader.tell((*path, key), f"{key}: {error}", getattr(error, "suggestion", ""))
    _go_together(loader, path, {step.word: step.value for step in steps})
    return tuple(steps)


def _step_value(word: StepWord, value: object) -> str | bool | tuple[str, ...]:
    if word.type is Type.YES_NO:
        return yes_no(value)
    if word.many:
        return texts(value, empty=False)
    if not isinstance(value, str):
        raise ValueError("one text, in quotes")
    return choices(value, word.choices)[0] if word.choices else value


def _go_together(loader: Loader, path: Path, steps: Mapping[str, object]) -> None:
    """A team without its route, a quarantine without its cause, an acknowledgement of what nobody receives."""
    for word, route in (("team", Route.TEAM), ("cause", Route.QUARANTINE)):
        if steps.get("route") == route and not steps.get(word):
            loader.tell(path, f'route = "{route}" needs {word}', f'add {word} = "…"')
        if word in steps and steps.get("route") != route:
            loader.tell((*path, word), f'{word} goes with route = "{route}"', f'add route = "{route}"')
    for name in sorted(
        NOT_FOR_RULES.intersection(unflags if isinstance(unflags := steps.get("unflags"), tuple) else ())
    ):
        loader.tell((*path, "unflags"), f"{name!r} is taken off by no rule", "take it out")
    if steps.get("route") in (Route.EVENT, Route.QUARANTINE) and steps.get("acknowledge"):
        loader.tell((*path, "acknowledge"), f"a mail that goes to {steps['route']} is not acknowledged", "take it out")


_FIELDS = {field.name: field for field in fields(Seen) if field.name != "doubt"}  # The guard's; no rule sees it.


def _captured(loader: Loader, path: Path, tables: object) -> tuple[dict[int, dict[str, str]], object]:
    """The fields that each hit says it fills, by its place, and the hits without them."""
    if not isinstance(tables, list):
        return {}, tables
    captured: dict[int, dict[str, str]] = {}
    for at, table in enumerate(tables):
        fields = table.get("fields") if isinstance(table, Mapping) else None
        if fields is None:
            continue
        if not isinstance(fields, Mapping) or not all(isinstance(value, str) for value in fields.values()):
            loader.tell((*path, at, "fields"), 'fields are a table of texts: { name = "value" }')
            continue
        captured[at] = dict(fields)
    rest = [{k: v for k, v in one.items() if k != "fields"} if isinstance(one, Mapping) else one for one in tables]
    return captured, rest


def _examples(loader: Loader, path: Path, tables: object) -> tuple[Seen, ...]:
    if not isinstance(tables, list):
        loader.tell(path, f"an example is a table of a list: write [[rule.{path[-1]}]] above it")
        return ()
    made = [_example(loader, (*path, at), table) for at, table in enumerate(tables)]
    return tuple(made)


def _example(loader: Loader, path: Path, table: object) -> Seen:
    if not isinstance(table, Mapping):
        loader.tell(path, f"an example is a table: write [[rule.{path[-2]}]] above it")
        return Seen()
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in _FIELDS:
            hint = _DERIVED.get(key) or closest(key, _FIELDS) or f"an example sets {', '.join(_FIELDS)}"
            loader.tell((*path, key), f"an example cannot set {key!r}", hint)
            continue
        try:
            values[key] = _example_value(key, value)
        except ValueError as error:
            loader.tell((*path, key), f"{key}: {error}", getattr(error, "suggestion", ""))
    if values.get("ticket") == "existing":
        values = {"ticket_state": "open", **values}
    return Seen(**values)  # type: ignore[arg-type]


def _example_value(key: str, value: object) -> object:
    default = _FIELDS[key].default
    if isinstance(default, bool):
        return yes_no(value)
    if isinstance(default, int | float):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000_000:
            raise ValueError("a number from 0 to a million, without quotes")
        return value
    known = CONDITIONS[key].choices if key in CONDITIONS else ()
    if isinstance(default, tuple):
        return choices(value, known) if known else texts(value)
    if not isinstance(value, str):
        raise Suggestion("one text, in quotes")
    return choices(value, known)[0] if known else value
