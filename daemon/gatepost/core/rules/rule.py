"""One rule, loaded: its conditions as a tree, its steps as values, its examples. It decides nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .. import verdict
from .conditions import Condition
from .seen import Seen

Path: TypeAlias = tuple[str | int, ...]

_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake in a rule file: which item (`path`), of which rule, what is wrong, and what to write instead.

    A `warning` is no reason to refuse the file.
    """

    file: str
    path: Path = ()
    rule: str = ""
    message: str
    suggestion: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One condition as it stands in a rule: the word, its value as written, and the question.

    `names` are the value's own texts where it names something that may or may not exist, or words to be found.
    """

    word: str
    wanted: str
    condition: Condition
    names: tuple[str, ...] = ()
    _told: dict[tuple[bool, str], verdict.Condition] = field(default_factory=dict, compare=False, repr=False)

    def told(self, held: bool, saw: str, depth: int) -> verdict.Condition:
        """The line of the trace. A clause lies at one depth only, and mostly sees what an earlier mail showed it."""
        line = self._told.get((held, saw))
        if line is None:
            line = verdict.Condition(word=self.word, wanted=self.wanted, seen=saw, held=held, depth=depth)
            if len(self._told) < _KEPT and not (held and self.condition.costly):
                self._told[held, saw] = line
        return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Conditions together: `all` must hold, `any` one must hold, `not` all must not hold. Cheap ones come first."""

    word: str
    parts: "tuple[Node, ...]"


Node: TypeAlias = Clause | Group


def clauses(node: Node) -> Iterator[Clause]:
    """The conditions of a node, from all its groups."""
    if isinstance(node, Clause):
        yield node
        return
    for part in node.parts:
        yield from clauses(part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the field of the verdict (or `stop`), its value, and the sentence of the trace."""

    word: str
    value: str | bool | tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `when` is an `all` group; without parts it holds for every mail. `number` is its place in `file`.

    `written` is the conditions as text: rules that say the same have the same. `captured` are the fields that a hit
    must fill, by its place among the hits, where that is said.
    """

    name: str
    file: str
    number: int
    when: Group
    written: str
    steps: tuple[Step, ...]
    stop: bool
    hits: tuple[Seen, ...]
    misses: tuple[Seen, ...]
    captured: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    about: str = ""
    _missed: list[verdict.RuleTrace] = field(default_factory=list, compare=False, repr=False)

    def trace(self, hit: bool, asked: list[verdict.Condition]) -> verdict.RuleTrace:
        """The rule's part of a trail. Most rules miss mail after mail for the same reason, so the last miss is kept."""
        conditions = tuple(asked)
        if hit:
            steps = (*(step.told for step in self.steps), *(("stop",) if self.stop else ()))
            return verdict.RuleTrace(rule=self.name, file=self.file, hit=True, conditions=conditions, steps=steps)
        kept = self._missed[0] if self._missed else None
        if kept is None or kept.conditions != conditions:
            kept = verdict.RuleTrace(rule=self.name, file=self.file, hit=False, conditions=conditions)
            self._missed[:] = [kept]
        return kept

    @property
    def unconditional(self) -> bool:
        """Whether it holds for every mail."""
        return not self.when.parts
