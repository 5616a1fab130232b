"""One set of rules, loaded and ordered; it decides nothing (judge does) and reads no files (rulebook does)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from .conditions import CompilePattern
from .load import load_rule
from .rule import Fault, Rule
from .values import closest


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The rules in the order in which they are asked. `digest` is the same for files that say the same.

    `text` is all that the files say, as JSON: what a book can be made of once more.
    """

    rules: tuple[Rule, ...]
    digest: str
    text: str = field(default="", repr=False, compare=False)


def load(files: Mapping[str, Mapping[str, object]], compile_pattern: CompilePattern) -> Book | list[Fault]:
    """The book that the files make, by name, or every mistake in them. Never raises.

    `files` maps a file's name to its TOML: layout and comments do not count. `compile_pattern` raises ValueError for a
    pattern that it does not know.
    """
    faults: list[Fault] = []
    rules: list[Rule] = []
    for file in sorted(files):
        rules += _rules_of(file, files[file], faults, compile_pattern)
    faults += _named_twice(rules)
    if faults:
        return faults
    # The order of keys does not count, but a trace tells the conditions in the order in which they stand.
    digest = hashlib.sha256(json.dumps(dict(files), default=str, sort_keys=True).encode("ascii")).hexdigest()
    return Book(rules=tuple(rules), digest=digest, text=json.dumps(dict(files), default=str))


def _rules_of(
    file: str, content: Mapping[str, object], faults: list[Fault], compile_pattern: CompilePattern
) -> list[Rule]:
    for key in content:
        if key != "rule":
            suggestion = closest(key, ("rule",)) or "rules are written as [[rule]]"
            faults.append(
                Fault(file=file, path=(key,), message=f"{key!r} is no part of a rule file", suggestion=suggestion)
            )
    tables = content.get("rule")
    if not isinstance(tables, list):
        message = "a rule file holds [[rule]] tables; one that is meant to be empty says rule = []"
        faults.append(Fault(file=file, path=("rule",), message=message))
        return []
    loaded = [load_rule(file, number, table, faults, compile_pattern) for number, table in enumerate(tables)]
    return [rule for rule in loaded if rule is not None]


def _named_twice(rules: list[Rule]) -> list[Fault]:
    first: dict[str, Rule] = {}
    faults = []
    for rule in rules:
        other = first.setdefault(rule.name, rule)
        if other is not rule:
            message = f"another rule has this name, in {other.file}; names are unique, since traces cite them"
            faults.append(Fault(file=rule.file, path=("rule", rule.number, "name"), rule=rule.name, message=message))
    return faults
