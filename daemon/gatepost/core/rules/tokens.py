"""Words of a text in every script, and whether a list of words and phrases is found among them.

Letters are compared in any case and any Unicode spelling (NFKC, case-folded); what is neither letter, digit nor mark
separates words. Scripts that put no spaces between words have one token per character, so a word there is a phrase.
"""

import unicodedata
from collections.abc import Iterable
from functools import cached_property

TEXT_LIMIT = 256 * 1024
"""Characters of a text that are looked at; what follows is not (H03)."""

_TOKEN_LIMIT = 64
_CLASSES_LIMIT = 20_000
_UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA ", "THAI ", "LAO ", "KHMER ", "MYANMAR ", "BOPOMOFO ")


class _Classes(dict[int, str]):
    """What each character becomes: itself, a space, nothing, or itself between spaces. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        made = self._classify(chr(code))
        if len(self) < _CLASSES_LIMIT:
            self[code] = made
        return made

    @staticmethod
    def _classify(character: str) -> str:
        category = unicodedata.category(character)
        if category == "Cf":  # Soft hyphens and zero-width spaces are seen by nobody, so they split no word.
            return ""
        if category[0] not in "LNM":
            return " "
        if unicodedata.name(character, "").startswith(_UNSPACED):
            return f" {character} "
        return character


_CLASSES = _Classes()
_ASCII = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def tokenise(text: str) -> list[str]:
    """The words of `text`, folded, in order. Linear in the text, of which at most TEXT_LIMIT characters are read."""
    text = text[:TEXT_LIMIT]
    if text.isascii():
        words = text.encode("ascii").translate(_ASCII).decode("ascii").split()
        long = max(map(len, words), default=0) > _TOKEN_LIMIT
        return [word[:_TOKEN_LIMIT] for word in words] if long else words
    tokens = text.translate(_CLASSES).split()
    # Normalising sorts runs of marks, in time quadratic in their length: therefore each word is cut first.
    folded = unicodedata.normalize("NFKC", " ".join(token[:_TOKEN_LIMIT] for token in tokens)).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_CLASSES).split()


class Tokens:
    """The words of one text, ready for many word lists."""

    def __init__(self, text: str) -> None:
        self._list = tokenise(text)
        self.distinct = frozenset(self._list)
        self._starts: dict[int, frozenset[str]] = {}

    @cached_property
    def joined(self) -> str:
        """All the words in order, each between single spaces."""
        return f" {' '.join(self._list)} "

    def starts(self, length: int) -> frozenset[str]:
        """The first `length` letters of every word that has as many."""
        found = self._starts.get(length)
        if found is None:
            found = frozenset(token[:length] for token in self.distinct if len(token) >= length)
            self._starts[length] = found
        return found


class WordList:
    """Words, phrases (`money back`) and beginnings (`refund*`) of which one is to be found in a text."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises ValueError for an entry without any letter or digit, or with a star before its end."""
        self._words: dict[str, str] = {}
        self._starts: dict[int, dict[str, str]] = {}
        self._phrases: list[tuple[str, str, str]] = []
        for entry in entries:
            self._add(entry)
        self._word_set = frozenset(self._words)
        self._start_sets = tuple((length, frozenset(starts)) for length, starts in self._starts.items())

    def _add(self, entry: str) -> None:
        tokens, beginning = tokenise(entry), entry.endswith("*")
        if not tokens:
            raise ValueError(f"{entry!r} has no letter or digit in it")
        if "*" in entry[:-1]:
            raise ValueError(f"{entry!r}: a star stands at the end only, for every word that begins so")
        if len(tokens) > 1:
            self._phrases.append((tokens[0], f" {' '.join(tokens)}{'' if beginning else ' '}", entry))
        elif beginning:
            self._starts.setdefault(len(tokens[0]), {})[tokens[0]] = entry
        else:
            self._words[tokens[0]] = entry

    def find(self, tokens: Tokens) -> str | None:
        """The entry that is found in the text, or None."""
        distinct = tokens.distinct
        if not self._word_set.isdisjoint(distinct):
            return next(entry for word, entry in self._words.items() if word in distinct)
        for length, starts in self._start_sets:
            found = tokens.starts(length)
            if not starts.isdisjoint(found):
                return next(entry for start, entry in self._starts[length].items() if start in found)
        for first, phrase, entry in self._phrases:
            if first in distinct and phrase in tokens.joined:
                return entry
        return None
