"""The Jinja environment in which letters are rendered: a sandbox whose cost is bounded too.

Jinja's own sandbox stops attribute walks but not size: `"a" * 10**9` is a gigabyte. So arithmetic on text is refused
and the output is counted while it is made; `vetting` narrows the language before that. A template gets plain dicts,
lists, strings and numbers, never an object.
"""

import textwrap
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby, islice
from typing import Any

from jinja2 import BaseLoader, StrictUndefined
from jinja2.environment import Template
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context
from markupsafe import Markup, escape

from . import catalogue

OUTPUT_CHARACTERS = 1_000_000
RENDER_SECONDS = 2.0
_PIECES_A_LOOK = 64
TEXT_WIDTH = 76

_FILTERS = frozenset(
    {"capitalize", "count", "default", "e", "escape", "first", "join", "last", "length", "list", "lower", "title"}
    | {"trim", "truncate", "upper", "urlencode"}
)
_TEXT_METHODS = frozenset(
    {"center", "expandtabs", "format", "format_map", "join", "ljust", "replace", "rjust", "translate", "zfill"}
)

_LOOP = frozenset({"first", "last", "index", "index0", "length"})


class Unbounded(SecurityError):
    """A letter, or its HTML form, grows beyond OUTPUT_CHARACTERS or RENDER_SECONDS."""


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
            extensions=["jinja2.ext.i18n"],
        )
        self.globals.clear()
        catalogue.install(self)
        self.globals["delimiter"] = delimiter
        self.filters = {name: made for name, made in self.filters.items() if name in _FILTERS}
        self.filters |= {
            "wrapped": wrapped,
            "quoted": quoted,
            "blocks": blocks,
            "broken": broken,
            "strong": strong,
            "label": label,
        }

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
        if type(obj) is LoopContext and attribute in _LOOP:  # Asked for at every line of a letter.
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


def counted(template: Template, values: Mapping[str, object], monotonic: Callable[[], float]) -> str:
    """The rendered text. Raises Unbounded beyond OUTPUT_CHARACTERS or RENDER_SECONDS, and what Jinja raises."""
    end = monotonic() + RENDER_SECONDS
    rest = template.generate(values)
    parts: list[str] = []
    size = 0
    while pieces := tuple(islice(rest, _PIECES_A_LOOK)):
        part = "".join(pieces)
        size += len(part)
        if size > OUTPUT_CHARACTERS:
            raise Unbounded(f"the letter is longer than {OUTPUT_CHARACTERS:,} characters")
        if monotonic() > end:
            raise Unbounded(f"the letter took longer than {RENDER_SECONDS:g} seconds")
        parts.append(part)
    return "".join(parts)


def wrapped(text: str, width: int = TEXT_WIDTH) -> str:
    """Each line of `text` filled to `width` columns (20 to 200); words longer than that stay whole."""
    width = min(200, max(20, width))
    return "\n".join(_filled(line, width) if len(line) > width else line for line in str(text).split("\n"))


def _filled(line: str, width: int) -> str:
    lines: list[str] = []
    room = 0
    for word in line.split(" "):
        room -= len(word) + 1
        if room < 0 or not lines:
            lines.append(word)
            room = width - len(word)
        else:
            lines[-1] += f" {word}"
    return "\n".join(lines)


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


def broken(lines: Iterable[str]) -> Markup:
    """Lines as HTML with a break between each two: one piece of output, escaped at once, however many they are."""
    return Markup(str(escape("\n".join(lines))).replace("\n", "<br>\n"))  # noqa: S704 - escaped on this line


def strong(text: object) -> Markup:
    """`text` in bold, for a sentence whose words are translated as one."""
    return Markup("<strong>{}</strong>").format(text)


@pass_context
def label(context: Context, text: str, width: int = 0, *others: str) -> str:
    """`text` as the label of a row, with its colon, filled to `width` columns (60 at most) or beyond the `others`."""
    # French sets a space before it.
    colon = "\u00a0:" if catalogue.served(str(context["language"])) == "fr" else ":"
    columns = max([width, *(len(other + colon) + 2 for other in (text, *others) if others)])
    said = text + colon
    return said if not columns else said + " " * max(1, min(60, columns) - len(said))


def _line_kind(line: str) -> str:
    if not line.strip():
        return "blank"
    return "quote" if line[0] == ">" else "code" if line.startswith(("  ", "\t")) else "text"
