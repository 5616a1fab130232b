"""Reads the values that stand in rules, of conditions and of steps alike; each mistake is a ValueError that says it."""

import difflib
from collections.abc import Iterable

_SHOWN = 80


class Suggestion(ValueError):
    """A value that cannot be, with the sentence and with what was probably meant."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def closest(word: str, known: Iterable[str]) -> str:
    """`did you mean …?` for the word nearest to `word`, or ''."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def texts(value: object, *, empty: bool = True) -> tuple[str, ...]:
    """A text or a list of texts as a tuple."""
    found = tuple(value) if isinstance(value, list) else (value,)
    if not found:
        raise ValueError("an empty list never holds; take the line out, or name a value")
    for one in found:
        if not isinstance(one, str):
            raise ValueError(f"{shown(one)} is not a text; write it in quotes")
        if not empty and not one.strip():
            raise ValueError("an empty text says nothing; take it out")
    return found


def choices(value: object, known: tuple[str, ...]) -> tuple[str, ...]:
    """One of `known` or a list of them."""
    found = texts(value)
    for one in found:
        if one not in known:
            listed = ", ".join(repr(name) for name in known)
            raise Suggestion(f"{one!r} is not one of {listed}", closest(one, known))
    return found


def yes_no(value: object) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false (both without quotes)")
    return value


def clipped(text: str) -> str:
    """`text` on one line without anything that steers a terminal, at most 80 characters of it."""
    line = " ".join(text[: 4 * _SHOWN].split())
    line = "".join(c if c.isprintable() else "\ufffd" for c in line)
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def shown(value: object) -> str:
    return clipped(repr(value))
