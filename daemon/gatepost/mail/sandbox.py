"""The Jinja environment in which letters are rendered: a sandbox whose cost is bounded too.

Jinja's own sandbox stops attribute walks but not size: `"a" * 10**9` is a gigabyte. So the language is narrowed where a
template is loaded (a closed list of constructs and filters, loops at most two deep), arithmetic on text is refused, and
the output is counted while it is made. A template gets plain dicts, lists, strings and numbers, never an object.
"""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

OUTPUT_CHARACTERS = 1_000_000
RENDER_SECONDS = 2.0
LOOP_DEPTH = 2
_PIECES_A_LOOK = 64
TEXT_WIDTH = 76

_FILTERS = frozenset(
    {"capitalize", "count", "default", "e", "escape", "first", "join", "last", "length", "list", "lower", "title"}
    | {"trim", "truncate", "upper", "urlencode"}
)
_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.If, nodes.For, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Add, nodes.Sub, nodes.Concat, nodes.Include, nodes.Extends, nodes.Block, nodes.Call,
    nodes.Keyword,
)  # fmt: skip
_TEXT_METHODS = frozenset(
    {"center", "expandtabs", "format", "format_map", "join", "ljust", "replace", "rjust", "translate", "zfill"}
)


class LetterEnvironment(ImmutableSandboxedEnvironment):
    """An environment for the letters that `loader` gives: StrictUndefined, HTML escaped by file name, no globals."""

    intercepted_binops = frozenset({"+", "-", "*", "**", "/", "//", "%"})

    def __init__(self, loader: BaseLoader, delimiter: Callable[[str], str]) -> None:
        super().__init__(
            loader=loader,
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.globals.clear()
        self.globals["delimiter"] = delimiter
        self.filters = {name: made for name, made in self.filters.items() if name in _FILTERS}
        self.filters |= {"wrapped": wrapped, "quoted": quoted, "blocks": blocks}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Plus and minus of numbers; anything else could build text or numbers without end."""
        if operator in "+-" and isinstance(left, int) and isinstance(right, int):
            return super().call_binop(context, operator, left, right)
        raise SecurityError(f"a letter may not compute with {operator}")

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """No method of text that could build text of any width."""
        return attr not in _TEXT_METHODS and super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A dict's key goes before its method, so that `files.items` is what the caller meant by it."""
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def vet(self, tree: nodes.Template, name: str) -> None:
        """Raise TemplateSyntaxError for the first construct that letters do not know."""
        for node, loops in _walk(tree, 0):
            if not isinstance(node, _NODES):
                raise TemplateSyntaxError(f"letters know no {type(node).__name__.lower()}", node.lineno, name)
            if loops > LOOP_DEPTH or (isinstance(node, nodes.For) and node.recursive):
                raise TemplateSyntaxError(f"loops stand at most {LOOP_DEPTH} deep", node.lineno, name)
            if isinstance(node, nodes.Filter) and node.name not in self.filters:
                raise TemplateSyntaxError(f"letters know no filter {node.name}", node.lineno, name)
            if isinstance(node, nodes.Include | nodes.Extends):
                self._vet_reference(node, loops, name)
            if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name in _CALLS):
                raise TemplateSyntaxError("letters call nothing", node.lineno, name)

    @staticmethod
    def _vet_reference(node: nodes.Include | nodes.Extends, loops: int, name: str) -> None:
        if loops or not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            raise TemplateSyntaxError("a letter includes files by their plain names, outside loops", node.lineno, name)


_CALLS = frozenset({"delimiter", "super"})


def counted(template: Template, values: Mapping[str, object], monotonic: Callable[[], float]) -> str:
    """The rendered text. Raises SecurityError beyond OUTPUT_CHARACTERS or RENDER_SECONDS, and what Jinja raises."""
    end = monotonic() + RENDER_SECONDS
    pieces: list[str] = []
    size = 0
    for piece in template.generate(values):
        size += len(piece)
        if size > OUTPUT_CHARACTERS:
            raise SecurityError(f"the letter is longer than {OUTPUT_CHARACTERS:,} characters")
        if not len(pieces) % _PIECES_A_LOOK and monotonic() > end:
            raise SecurityError(f"the letter took longer than {RENDER_SECONDS:g} seconds")
        pieces.append(piece)
    return "".join(pieces)


def wrapped(text: str, width: int = TEXT_WIDTH) -> str:
    """Each line of `text` filled to `width` columns (20 to 200); words longer than that stay whole."""
    width = min(200, max(20, width))
    lines = str(text).split("\n")
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if len(line) > width else line
        for line in lines
    )


def quoted(text: str, mark: str = "> ") -> str:
    """Each line of `text` behind a quotation mark; an empty one gets the mark without its space."""
    mark = mark[:8]
    return "\n".join((mark + line).rstrip() if not line else mark + line for line in str(text).split("\n"))


def blocks(text: str) -> list[dict[str, object]]:
    """`text` as blocks of lines for a letter to set: each of `kind` text, quote (behind `>`) or code (indented)."""
    found: list[dict[str, object]] = []
    for kind, group in groupby(str(text).split("\n"), _line_kind):
        if kind == "blank":
            continue
        lines = list(group)
        if kind == "quote":
            lines = [line[2:] if line.startswith("> ") else line[1:] for line in lines]
        elif kind == "code":
            lines = textwrap.dedent("\n".join(line.expandtabs(4) for line in lines)).split("\n")
        found.append({"kind": kind, "lines": lines})
    return found


def _line_kind(line: str) -> str:
    if not line.strip():
        return "blank"
    return "quote" if line[0] == ">" else "code" if line.startswith(("  ", "\t")) else "text"


def _walk(node: nodes.Node, loops: int) -> Iterator[tuple[nodes.Node, int]]:
    loops += isinstance(node, nodes.For)
    yield node, loops
    for child in node.iter_child_nodes():
        yield from _walk(child, loops)
