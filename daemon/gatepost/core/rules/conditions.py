"""What a condition wants, made ready to be asked of a mail: one small class per type of the vocabulary.

Each is made from the value that stands in the rule, or raises ValueError with the sentence that says why not.
Each `ask` answers whether the condition holds, and says what was seen.
"""

from collections.abc import Callable
from typing import Protocol, assert_never

from .reading import Reading
from .tokens import WordList
from .values import choices, clipped, shown, texts, yes_no
from .words import ConditionWord, Read, Type

Answer = tuple[bool, str]

_NAME_LENGTH = 30
_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


class Pattern(Protocol):
    """A compiled pattern, given by the caller: the core has no engine of its own. `names` are its named groups."""

    names: tuple[str, ...]

    def search(self, text: bytes) -> str | None:
        """What the pattern found first in `text`, or None; in time linear in the text."""

    def groups(self, text: bytes) -> dict[str, str]:
        """What the named groups found in `text`."""


CompilePattern = Callable[[str], Pattern]
"""Compiles a pattern, or raises ValueError with the sentence that says what is wrong with it."""


class Condition(Protocol):
    """A condition, ready to be asked. `costly` ones read text, and are asked after the others.

    Where it holds, what it `captures` has been noted on the reading by name.
    """

    costly: bool
    captures: tuple[str, ...]

    def ask(self, reading: Reading) -> Answer:
        """Whether it holds, and what was seen."""


def make(word: ConditionWord, value: object, compile_pattern: CompilePattern) -> Condition:
    """The condition that `word` with `value` is. Raises ValueError where the value is not of the word's type."""
    match word.type:
        case Type.CHOICE:
            return _OneOf(word.read, choices(value, word.choices))
        case Type.NAME:
            return _OneOf(word.read, texts(value))
        case Type.YES_NO:
            return _YesNo(word.read, yes_no(value))
        case Type.ADDRESS:
            return _Address(word.read, texts(value, empty=True))
        case Type.LANGUAGE:
            return _Language(word.read, texts(value))
        case Type.NUMBER:
            return _Number(word.read, value)
        case Type.FILE_NAME:
            return _Starred(word.read, texts(value), "*.log")
        case Type.CONTENT_TYPE:
            return _Starred(word.read, texts(value), "image/*")
        case Type.WORDS:
            return _Words(word.read, texts(value, empty=False))
        case Type.PATTERN:
            return _Pattern(word.read, texts(value, empty=False), compile_pattern)
        case Type.SENTENCE | Type.HELPER:
            raise AssertionError(f"{word.word}: no condition has this type")
        case _:
            assert_never(word.type)


def _values(read: Read, reading: Reading) -> tuple[str, ...]:
    value = read(reading.seen)
    return value if isinstance(value, tuple) else (str(value),)


def _said(values: tuple[str, ...]) -> str:
    return clipped(", ".join(values)) or "none"


class _OneOf:
    costly = False
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: tuple[str, ...]) -> None:
        self._read, self._wanted = read, frozenset(wanted)

    def ask(self, reading: Reading) -> Answer:
        value = self._read(reading.seen)
        if isinstance(value, tuple):
            held = not self._wanted.isdisjoint(value) if value else "" in self._wanted
            return held, _said(value)
        return value in self._wanted, str(value) or "none"


class _YesNo:
    costly = False
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: bool) -> None:
        self._read, self._wanted = read, wanted

    def ask(self, reading: Reading) -> Answer:
        value = self._read(reading.seen)
        return value is self._wanted, "yes" if value else "no"


class _Address:
    costly = False
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: tuple[str, ...]) -> None:
        for one in wanted:
            if one and (one.count("@") != 1 or one == "@" or any(c.isspace() for c in one)):
                raise ValueError(
                    f"{one!r} is no address (anna@shop.example), no domain (@shop.example), no local part (postmaster@)"
                )
        self._read, self._wanted = read, frozenset(one.casefold() for one in wanted)

    def ask(self, reading: Reading) -> Answer:
        values = _values(self._read, reading) or ("",)
        return any(self._is_wanted(value.casefold()) for value in values), _said(values)

    def _is_wanted(self, address: str) -> bool:
        local, _, domain = address.rpartition("@")
        forms = {address, f"@{domain}", f"{local or domain}@"} if address else {""}
        return not forms.isdisjoint(self._wanted)


class _Language:
    costly = False
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: tuple[str, ...]) -> None:
        self._read, self._wanted = read, frozenset(one.casefold() for one in wanted)

    def ask(self, reading: Reading) -> Answer:
        value = str(self._read(reading.seen))
        tag = value.casefold().replace("_", "-")
        return tag in self._wanted or tag.partition("-")[0] in self._wanted, value or "none"


class _Starred:
    """Whole names and, with a star, endings (`*.log`) or beginnings (`image/*`), in any case."""

    costly = False
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: tuple[str, ...], example: str) -> None:
        at_end = example.endswith("*")
        for one in wanted:
            bare = one[:-1] if at_end else one[1:]
            if "*" in one and ("*" in bare or not bare):
                raise ValueError(f"{one!r}: one star, as in {example!r}, and more than the star")
        folded = tuple(one.casefold() for one in wanted)
        starred = tuple(one.strip("*") for one in folded if "*" in one)
        self._read = read
        self._whole = frozenset(one for one in folded if "*" not in one)
        self._is_like = str.startswith if at_end else str.endswith
        self._parts = starred

    def ask(self, reading: Reading) -> Answer:
        values = _values(self._read, reading)
        return any(self._is_wanted(value.casefold()) for value in values), _said(values)

    def _is_wanted(self, name: str) -> bool:
        return name in self._whole or self._is_like(name, self._parts)


class _Number:
    costly = False
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: object) -> None:
        self._read = read
        self._sign, self._bound = _comparison(wanted)

    def ask(self, reading: Reading) -> Answer:
        value = self._read(reading.seen)
        assert isinstance(value, int | float)
        return _COMPARE[self._sign](float(value), self._bound), f"{value:g}"


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    "<": lambda value, bound: value < bound,
    "=": lambda value, bound: value == bound,
}


def _comparison(wanted: object) -> tuple[str, float]:
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return "=", float(min(wanted, 2**53))
    if isinstance(wanted, str):
        text = wanted.strip()
        sign = next((sign for sign in _COMPARE if text.startswith(sign)), "=")
        digits = text.removeprefix(sign).strip()
        if digits.replace(".", "", 1).isdecimal() and digits.isascii():
            return sign, float(digits)
    raise ValueError(f'{shown(wanted)} is neither a number nor a comparison like ">= 3"')


class _Words:
    costly = True
    captures: tuple[str, ...] = ()

    def __init__(self, read: Read, wanted: tuple[str, ...]) -> None:
        self._read, self._list = read, WordList(wanted)

    def ask(self, reading: Reading) -> Answer:
        found = self._list.find(reading.tokens(self._read))
        return (False, "none of them") if found is None else (True, found)


class _Pattern:
    costly = True

    def __init__(self, read: Read, wanted: tuple[str, ...], compile_pattern: CompilePattern) -> None:
        self._read, self._patterns = read, tuple(compile_pattern(one) for one in wanted)
        self.captures = tuple(dict.fromkeys(name for pattern in self._patterns for name in pattern.names))
        for name in self.captures:
            if len(name) > _NAME_LENGTH or not _NAME_LETTERS.issuperset(name) or not name[0].isalpha():
                raise ValueError(f"the group {name!r} names a field: small letters, digits and _, a letter first")
        for one, pattern in zip(wanted, self._patterns, strict=True):
            if pattern.search(b"") is not None and pattern.search(b"\x07") is not None:
                raise ValueError(f"{one!r} is found in every text; write + for *, or name what is looked for")

    def ask(self, reading: Reading) -> Answer:
        text = reading.encoded(self._read)
        for pattern in self._patterns:
            found = pattern.search(text)
            if found is not None:
                if pattern.names:
                    reading.captured += pattern.groups(text).items()
                return True, clipped(found) or "nothing, which the pattern allows"
        return False, "no match"
