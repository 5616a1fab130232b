"""One rule, loaded: its conditions as a tree, its steps as values, its examples. It decides nothing."""

from dataclasses import dataclass
from typing import TypeAlias

from .conditions import Condition
from .seen import Seen

Path: TypeAlias = tuple[str | int, ...]


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

    `names` are the value's own texts where it names something that may or may not exist.
    """

    word: str
    wanted: str
    condition: Condition
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Conditions together: `all` must hold, `any` one must hold, `not` all must not hold. Cheap ones come first."""

    word: str
    parts: "tuple[Node, ...]"


Node: TypeAlias = Clause | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: the field of the verdict (or `stop`), its value, and the sentence of the trace."""

    word: str
    value: str | bool | tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `when` is an `all` group; without parts it holds for every mail. `number` is its place in `file`."""

    name: str
    file: str
    number: int
    when: Group
    steps: tuple[Step, ...]
    stop: bool
    hits: tuple[Seen, ...]
    misses: tuple[Seen, ...]
    about: str = ""

    @property
    def unconditional(self) -> bool:
        """Whether it holds for every mail."""
        return not self.when.parts
