"""The one module that knows which engine runs an operator's patterns: google-re2, whose time is linear in the text.

Python's own `re` never sees mail text: `(a+)+$` on forty letters takes it longer than a connection lasts.
"""

from typing import Protocol

import re2


class Pattern(Protocol):
    """A compiled pattern."""

    names: tuple[str, ...]

    def search(self, text: bytes) -> str | None:
        """What the pattern found first in `text` (UTF-8), or None. '' is a find: a pattern may match nothing at all."""

    def groups(self, text: bytes) -> dict[str, str]:
        """What its named groups found in `text`, as far as they took part in the match."""


class _Re2Pattern:
    __slots__ = ("_compiled", "names")

    def __init__(self, compiled: re2._Regexp) -> None:
        self._compiled = compiled
        self.names: tuple[str, ...] = tuple(sorted(compiled.groupindex))

    def search(self, text: bytes) -> str | None:
        found = self._compiled.search(text)
        return None if found is None else found.group(0).decode("utf-8", "replace")

    def groups(self, text: bytes) -> dict[str, str]:
        found = self._compiled.search(text)
        named = found.groupdict() if found is not None else {}
        return {name: octets.decode("utf-8", "replace") for name, octets in named.items() if octets is not None}


def compile_pattern(pattern: str) -> Pattern:
    r"""`pattern` in RE2's syntax, case-insensitive, over Unicode text; `.` does not match a line's end.

    Raises ValueError with RE2's own sentence for what it does not know, such as look-around,
    back references, and repeats over 1000. `\w`, `\d`, `\s` and `\b` are ASCII there: write
    `[\pL\pN_]` for letters and digits of every script.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return _Re2Pattern(re2.compile(pattern, options))
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown reason"
        sentence = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(sentence) from error
