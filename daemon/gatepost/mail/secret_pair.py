"""Credentials that stand as pairs, without a word for a password right before them: `admin / hunter22!`."""

import re2

from . import secret_words as words
from .secret_forms import compiled
from .secret_looks import looks_like_one, looks_strong, signed
from .secret_value import Value, length

# Without an upper bound: RE2 copies the class of all letters for each repetition, 64 times are megabytes, and no more
# than 160 characters are looked at anyway.
_NAME = r"[\pL\pN_.@+-]{2,}"
_PAIR = compiled(
    rf"^[^\n/]{{0,60}}?[\s\x{{a0}}:>(]({_NAME})(?:[ \x{{a0}}]*/[ \x{{a0}}]*|:)([^\s/:,][^\s/]{{5,63}})(?:\s|$|[,.)])"
)
_LEAD, _TAIL, _GAP = r"^[^\n/|]{0,60}?[\s\x{a0}:>(]", r"(?:\s|$|[,.)])", r"[ \x{a0}]+"
_SPACED = compiled(rf"{_LEAD}({_NAME}){_GAP}[/|]{_GAP}([^\s/|,]{{5,64}}){_TAIL}")
_CHAIN = compiled(rf"{_LEAD}{_NAME}(?:{_GAP}/{_GAP}{_NAME}){{0,2}}{_GAP}/{_GAP}([^\s/|,]{{7,64}}){_TAIL}")
_LISTED = compiled(rf"^[^\n:,]{{0,60}}:[ \x{{a0}}]*({_NAME}),[ \x{{a0}}]+([^\s/|,]{{6,64}})(?:\s|$)")
_NEXT = compiled(r"^:?[ \x{a0}]+[\"'„“«]?[ \x{a0}]?([^\s\"'“”»<]{7,64})")
_OF_CODE, _INSIDE = frozenset("()[]{}<>;\"'`/\\|:=?"), frozenset("!#$%&*+~^")
_LINES = compiled(r"^[^\n]{0,30}\n+([^\s:;|]{2,64})\n([^\s:;|/]{6,64})(?:\n|$)")
_QUOTE, _UNQUOTE = "[\"'„“”«‹‘]", "[\"'“”»›’]"
_QUOTES = frozenset("\"'„“”«»‹›‘’")
_QUOTED = compiled(
    rf"^[^\n]{{0,80}}?{_QUOTE}[ \x{{a0}}]?({_NAME})[ \x{{a0}}]?{_UNQUOTE}[,;]? (?:[\pL/&' ]{{1,30}} )?"
    rf"{_QUOTE}[ \x{{a0}}]?([^\n\"'“”»]{{4,40}}?)[ \x{{a0}}]?{_UNQUOTE}"
)


def behind_access(rest: str) -> Value | None:
    """The second of a pair behind a word for access: `admin / hunter22!`, or the two on lines of their own."""
    return _second(_PAIR, rest) or _second(_LISTED, rest, signs=True) or _second(_LINES, rest, signs=True)


def may_be_named(text: str) -> bool:
    """Whether `behind_name` can find anything in the text: most mails have no such marks, and many words for a name."""
    return any(mark in text for mark in (" / ", " | ")) or sum(map(text.count, _QUOTES)) > 3


def behind_name(rest: str) -> Value | None:
    """The second of a pair behind a word for a login or a password, where spaces or quotes keep the two apart."""
    spaced = any(mark in rest for mark in (" / ", " | "))
    quoted = sum(map(rest.count, _QUOTES)) > 3
    return (_second(_SPACED, rest) if spaced else None) or (_second(_QUOTED, rest) if quoted else None)


def behind_place(rest: str) -> Value | None:
    """The last of a row behind a server's or a database's name: `database: shop / shop_user / Sluice#Gate8`."""
    return _strong(_CHAIN, rest) if " / " in rest else None


def behind_change(rest: str) -> Value | None:
    """What something was changed to, where it looks like a password: `I've reset it to Tea-Time16`."""
    return _strong(_NEXT, rest)


def standing_out(near: str) -> Value | None:
    """A word that can hardly be but a password, wherever it stands near a word for one: `Hay!Loft22`."""
    at = 0
    for word in near.split():
        at = near.index(word, at)
        bare = word.strip("()[]\"'`“”„«»‹›‘’*_,;:.")
        if _stands_out(bare):
            start = at + word.index(bare)
            return Value(bare, start, start + len(bare))
        at += len(word)
    return None


def _stands_out(word: str) -> bool:
    """Letters and digits with a sign between them, in no form that code, addresses and pages have."""
    hashed = word.startswith("$") and "$" in word[1:10]
    if hashed or not 6 < len(word) <= 40 or any(mark in _OF_CODE for mark in word) or not looks_like_one(word):
        return False
    three = zip(word, word[1:], word[2:], strict=False)
    inside = any(mark in _INSIDE and before.isalnum() and after.isalnum() for before, mark, after in three)
    return inside and any(map(str.isdigit, word)) and any(map(str.isalpha, word))


def behind_door(rest: str) -> Value | None:
    """The second of two quoted words behind what asks for a name and a password: `"guest" and "marble"`."""
    octets = rest.encode("utf-8", "surrogatepass")
    found = _QUOTED.search(octets)
    if found is None:
        return None
    text = found.group(2).decode("utf-8", "surrogatepass")
    if text.casefold() in words.NEVER:
        return None
    start = length(octets, found.start(2))
    return Value(text, start, start + len(text))


def _second(pattern: "re2._Regexp", rest: str, *, signs: bool = False) -> Value | None:
    octets = rest.encode("utf-8", "surrogatepass")
    found = pattern.search(octets)
    if found is None:
        return None
    text = found.group(2).decode("utf-8", "surrogatepass").rstrip(".,;)")
    name = found.group(1).decode("utf-8", "surrogatepass")
    if not looks_like_one(text) or (signs and not signed(text)) or name.isdigit() or name.endswith(("http", "https")):
        return None
    start = length(octets, found.start(2))
    return Value(text, start, start + len(text))


def _strong(pattern: "re2._Regexp", rest: str) -> Value | None:
    octets = rest.encode("utf-8", "surrogatepass")
    found = pattern.search(octets)
    if found is None:
        return None
    text = found.group(1).decode("utf-8", "surrogatepass").rstrip(".,;)!")
    start = length(octets, found.start(1))
    return Value(text, start, start + len(text)) if looks_strong(text) else None
