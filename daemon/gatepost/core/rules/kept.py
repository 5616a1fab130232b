"""What the rules saw of a mail and what they said of it, as plain data to be kept, and back again.

With it a mail can be decided once more, by the rules of then or of now, without its bytes.
"""

from collections.abc import Mapping
from dataclasses import fields

from ..verdict import Route, Verdict
from .seen import Seen

VERSION = 2
"""Goes up with every word that `Seen` gains, which is then named in `_LATER`: what was kept before does not hold it."""

_LATER = {"days_left": 2, "office_open": 2}
_WORDS = ("subject", "text")
_DEFAULTS = Seen()
_EMPTY = {field.name: type(getattr(_DEFAULTS, field.name))() for field in fields(Seen)}
_LISTS = frozenset(name for name, empty in _EMPTY.items() if isinstance(empty, tuple))
_SAID = tuple(field.name for field in fields(Verdict) if field.name not in ("route", "trail"))


def pack(seen: Seen, *, words: bool = True) -> dict[str, object]:
    """What was seen, without what was empty; without `words` also without subject and text, which lie elsewhere."""
    return {
        name: value
        for name, empty in _EMPTY.items()
        if (value := getattr(seen, name)) != empty and (words or name not in _WORDS)
    }


def unpack(kept: Mapping[str, object], *, subject: str = "", text: str = "") -> Seen:
    """What was seen; `subject` and `text` stand in where they were kept elsewhere. A word that is no more is left."""
    values = {"subject": subject, "text": text, **kept}
    return Seen(
        **{
            name: tuple(values[name]) if name in _LISTS and name in values else values.get(name, empty)  # type: ignore[arg-type]
            for name, empty in _EMPTY.items()
        }
    )


def unknown(version: int) -> frozenset[str]:
    """The words that were not yet kept by a program of that version (0 where it named none)."""
    return frozenset(name for name, since in _LATER.items() if version < since)


def verdict_of(said: Mapping[str, object]) -> Verdict:
    """The verdict that was kept, without its trail."""
    values = {name: said[name] for name in _SAID if name in said}
    values = {name: _frozen(value) for name, value in values.items()}
    return Verdict(route=Route(str(said["route"])), **values)  # type: ignore[arg-type]


def _frozen(value: object) -> object:
    """A list of JSON as the tuple that it was."""
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
