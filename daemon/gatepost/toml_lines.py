"""Finds the line of a key in a TOML file, for messages about mistakes; it judges nothing and reads no file.

No TOML parser of Python tells positions. So the text is parsed once more by tomlkit, which keeps the layout, a marker
is put behind the item as its comment, and the newlines before the marker are counted: slow, and done for mistakes only.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Item, Table

from .errors import Mistake

_MARKER = "#\u2063gatepost-line\u2063"
_POSITION = re.compile(
    r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)
_HINTS = {
    "Invalid value": "text stands in quotes",
    r"Illegal character '\n'": "the quote that begins here does not end on this line",
    "Cannot overwrite a value": "the key stands here twice",
    "Cannot declare": "the table stands here twice",
}


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, from 1, on which the item at `path` of the TOML `text` begins, or its nearest parent that has a line.

    A path is keys and, within arrays, positions from 0. What lies in an inline table or array has the line of that; a
    missing key has the line of the table that lacks it. 0 where nothing of the path is there, or `text` is not TOML.
    """
    for length in range(len(path), 0, -1):
        line = _marked_line(text, path[:length])
        if line:
            return line
    return 0


def syntax_mistake(file: str, text: str, error: tomllib.TOMLDecodeError) -> Mistake:
    """The mistake that `error`, raised by tomllib for `text`, tells of, with its line."""
    found = _POSITION.match(str(error))
    if found is None:
        return Mistake(file=file, message=f"not TOML: {error}")
    line = int(found["line"]) if found["line"] else text.count("\n") + 1
    column = f", at column {found['column']}" if found["column"] else ", at the end of the file"
    hint = next((hint for what, hint in _HINTS.items() if found["what"].startswith(what)), "")
    return Mistake(file=file, line=line, message=f"not TOML: {found['what']}{column}", suggestion=hint)


def _marked_line(text: str, path: Sequence[str | int]) -> int:
    try:
        document = tomlkit.parse(text)
        item = _walk(document, path)
    except (TOMLKitError, KeyError, IndexError, TypeError):
        return 0
    if item is None:
        return 0
    inner = 0 if isinstance(item, Table) else item.as_string().count("\n")
    item.trivia.comment_ws, item.trivia.comment = " ", _MARKER
    before, found, _ = document.as_string().partition(_MARKER)
    return before.count("\n") + 1 - inner if found else 0


def _walk(document: Any, path: Sequence[str | int]) -> Item | None:
    """The item at `path`, or None where it has no line of its own."""
    item = document
    for key in path:
        if isinstance(item, InlineTable | Array):
            return None
        item = item[key]
    return None if isinstance(item, AoT) or not isinstance(item, Item) else item
