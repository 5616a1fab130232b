"""Whether a name or a domain is written so that it can be taken for another: scripts mixed in a word (C23).

A rough form of the restriction levels of Unicode TS 39: Latin beside Cyrillic, Greek, Armenian or Cherokee in one word,
or characters that nobody sees. A word that is wholly of one script is never one, whichever script that is.
"""

import unicodedata

_ALIKE = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
_CHARACTERS = 1_000


def confusable(text: str) -> bool:
    """Whether any word of `text` (its first thousand characters) mixes Latin with a script that looks like it."""
    if text.isascii():
        return False
    # A domain comes in its ASCII form where DNS wants it so; what people see is the other one.
    words = text[:_CHARACTERS].replace(".", " ").replace("-", " ").replace("@", " ").split()
    return any(_mixed(word) or _hidden(word) for word in words)


def _mixed(word: str) -> bool:
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in word if character.isalpha()}
    return "LATIN" in scripts and not scripts.isdisjoint(_ALIKE)


def _hidden(word: str) -> bool:
    """Characters without width, which no script needs inside of a word; the reader has taken tag characters out."""
    return any(character in "\u200b\u2060\ufeff" for character in word)
