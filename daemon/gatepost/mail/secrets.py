"""Finds credentials in the words of a mail and masks them (S1): passwords beside logins, keys, tokens, card numbers.

Time is linear in the text: one pass tells which patterns occur at all, and what is looked at around a word for a
password has a fixed length. Of harmless talk about passwords nothing is taken: a word is only a password where it
stands behind a colon beside a login, or where it looks like one.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import re2

from ..core.secret import MASK, Kind
from . import secret_words as words
from .secret_card import cards
from .secret_forms import FORMS, KEY_BEGINS, KEY_ENDS, compiled, pattern_set
from .secret_looks import is_formed, is_token
from .secret_pair import (
    behind_access,
    behind_change,
    behind_door,
    behind_name,
    behind_place,
    may_be_named,
    standing_out,
)
from .secret_table import cells_below
from .secret_value import Value, behind, is_cell, is_secret, token_behind

_MOST = 2_000
_BEFORE, _AFTER, _NEAR = 240, 160, 80
_KEY_OCTETS = 20_000


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One credential in a text: its first character, the one behind its last, and its kind. Never its words."""

    start: int
    end: int
    kind: Kind


def _alone(pattern: str) -> str:
    """`pattern` where no letter or digit touches it; an underscore or hyphen may, as in DB_PASSWORD."""
    both = {unicodedata.normalize("NFC", pattern), unicodedata.normalize("NFD", pattern)}
    return rf"(?i)(?:^|[^\pL\pN])({'|'.join(sorted(both))})(?:[^\pL\pN]|$)"


_PASSWORD = _alone(words.one_of(words.PASSWORD))
_TOKEN = _alone(words.one_of(words.TOKEN))
_ACCESS = _alone(words.one_of(words.ACCESS))
_NAMED = _alone(words.one_of((*words.LOGIN, *words.PASSWORD)))
_DOOR = _alone(words.one_of(words.DOOR))
_CHANGED = _alone(words.one_of(words.CHANGED))
_PLACED = _alone(words.one_of((*words.SERVER, *words.DATABASE)))
_DIGITS = r"[0-9][0-9 -]{11,}[0-9]"
_WORDED = (_PASSWORD, _TOKEN, _ACCESS, _DIGITS, _NAMED, _DOOR, _CHANGED, _PLACED)
_SEARCHED = (*(form.pattern for form in FORMS), KEY_BEGINS, *_WORDED)
_SET = pattern_set(_SEARCHED)
_COMPILED = tuple(compiled(pattern) for pattern in _SEARCHED)
_KEY, _PASS, _TOK, _ACC, _CARD, _NAME, _DOORS, _CHANGE, _PLACE = range(len(FORMS), len(_SEARCHED))
_PAIRS = (
    (_ACC, behind_access), (_NAME, behind_name), (_DOORS, behind_door), (_CHANGE, behind_change),
    (_PLACE, behind_place),
)  # fmt: skip
_KEY_END = compiled(KEY_ENDS)
_LOGIN = compiled(_alone(words.one_of(words.LOGIN)))
_CONTEXTS = tuple(
    (kind, compiled(_alone(words.one_of(some))))
    for kind, some in ((Kind.WORDPRESS, words.WORDPRESS), (Kind.SERVER, words.SERVER), (Kind.DATABASE, words.DATABASE))
)


def find(text: str) -> tuple[Found, ...]:
    """The credentials in `text`, in order; none overlaps another. Never raises."""
    octets = text.encode("utf-8", "surrogatepass")
    hits = frozenset(_SET.Match(octets) or ())
    if not hits:
        return ()
    if not may_be_named(text):
        hits -= {_NAME}
    view = _View(text, octets)
    found = [
        *_formed(view, hits),
        *(_keys(view) if _KEY in hits else ()),
        *(_labelled_tokens(view) if _TOK in hits else ()),
        *(_passwords(view) if _PASS in hits else ()),
        *(_columns(view) if _PASS in hits else ()),
        *(found for which in (_PASS, _ACC, _DOORS) if which in hits for found in _near(view, which)),
        *(found for which, of in _PAIRS if which in hits for found in _pairs(view, which, of)),
        *(Found(start, end, Kind.CARD) for start, end in (cards(text) if _CARD in hits else ())),
    ]
    return _apart(found)


def mask(text: str) -> tuple[str, tuple[Kind, ...]]:
    """`text` with every credential masked, and their kinds, each once."""
    found = find(text)
    if not found:
        return text, ()
    pieces, at = [], 0
    for one in found:
        pieces += [text[at : one.start], MASK]
        at = one.end
    return "".join((*pieces, text[at:])), tuple(dict.fromkeys(one.kind for one in found))


class _View:
    """A text with its octets; places in the octets become places in the text, asked for in rising order."""

    def __init__(self, text: str, octets: bytes) -> None:
        self.text, self.octets = text, octets
        self._plain = len(text) == len(octets)

    def spans(self, which: int, group: int = 1) -> Iterator[tuple[int, int]]:
        """Where pattern `which` has its group, at most so many."""
        at_octet, at = 0, 0
        for start, end in self._octet_spans(_COMPILED[which], group):
            if self._plain:
                yield start, end
                continue
            first = at + len(self.octets[at_octet:start].decode("utf-8", "surrogatepass"))
            last = first + len(self.octets[start:end].decode("utf-8", "surrogatepass"))
            at_octet, at = start, first
            yield first, last

    def _octet_spans(self, pattern: "re2._Regexp", group: int) -> Iterator[tuple[int, int]]:
        """One after the other; what stands behind the group of one may begin the next: `ck_…:cs_…`."""
        at = 0
        for _ in range(_MOST):
            match = pattern.search(self.octets, at)
            if match is None:
                return
            yield match.span(group)
            at = max(match.end(group), at + 1)


def _formed(view: _View, hits: frozenset[int]) -> Iterator[Found]:
    for which, form in enumerate(FORMS):
        if which not in hits:
            continue
        for start, end in view.spans(which):
            if not form.judged or is_formed(view.text[start:end]):
                yield Found(start, end, form.kind)


def _keys(view: _View) -> Iterator[Found]:
    """Private keys, from their first line to their last; where that is missing, to the end of their lines."""
    for start, begun in view.spans(_KEY, 0):
        rest = view.text[begun : begun + _KEY_OCTETS].encode("utf-8", "surrogatepass")
        end = _KEY_END.search(rest)
        if end is not None:
            yield Found(start, begun + len(rest[: end.end()].decode("utf-8", "surrogatepass")), Kind.PRIVATE_KEY)
            continue
        last = begun
        for line in view.text[begun : begun + _KEY_OCTETS].splitlines(keepends=True):
            if len(line.split()) > 2:
                break
            last += len(line)
        yield Found(start, last, Kind.PRIVATE_KEY)


def _labelled_tokens(view: _View) -> Iterator[Found]:
    for _, end in view.spans(_TOK):
        value = token_behind(view.text[end : end + _AFTER])
        if value is not None and is_token(value.text):
            yield Found(end + value.start, end + value.end, Kind.TOKEN)


def _passwords(view: _View) -> Iterator[Found]:
    """What stands behind a word for a password, and what `X as password` names."""
    text = view.text
    for start, end in view.spans(_PASS):
        before = text[max(0, start - _BEFORE) : start]
        value = behind(before, text[end : end + _AFTER])
        if value is None:
            continue
        at = start if value.end <= 0 else end
        login = _LOGIN.search(before.encode("utf-8", "surrogatepass")) is not None
        login = login or _logs_in(text[at + value.end : at + value.end + 80]) or _announced(before)
        if is_secret(value, login=login, before=before):
            yield Found(at + value.start, at + value.end, _kind(text, start, at + value.end))


def _columns(view: _View) -> Iterator[Found]:
    """The cells of a table's column of passwords."""
    text = view.text
    for start, end in view.spans(_PASS):
        line = text[text.rfind("\n", max(0, start - _BEFORE), start) + 1 : end + _AFTER].split("\n")[0]
        login = _LOGIN.search(line.encode("utf-8", "surrogatepass")) is not None
        for first, last in cells_below(text, start, end):
            if is_cell(text[first:last], login=login):
                yield Found(first, last, _kind(text, first, last))


def _pairs(view: _View, which: int, of: Callable[[str], Value | None]) -> Iterator[Found]:
    """`admin / hunter22!` behind a word for access."""
    text = view.text
    for start, end in view.spans(which):
        value = of(text[end : end + _AFTER])
        if value is not None:
            yield Found(end + value.start, end + value.end, _kind(text, start, end + value.end))


def _near(view: _View, which: int) -> Iterator[Found]:
    """Words that look like nothing but a password, near a word for one or for access."""
    text = view.text
    for start, end in view.spans(which):
        first, last = max(0, start - _NEAR), min(len(text), end + _NEAR)
        while first and not text[first - 1].isspace() and start - first < _AFTER:
            first -= 1
        while last < len(text) and not text[last].isspace() and last - end < _AFTER:
            last += 1
        for at, near in ((first, text[first:start]), (end, text[end:last])):
            value = standing_out(near)
            if value is not None:
                yield Found(at + value.start, at + value.end, _kind(text, start, at + value.end))


def _logs_in(following: str) -> bool:
    """Whether the next lines name a login."""
    lines = following.split("\n")[:3]
    return any(":" in line and _LOGIN.search(line.encode("utf-8", "surrogatepass")) for line in lines[1:])


def _announced(before: str) -> bool:
    """Whether a password is told by this line: `new password: …`, or its name begins the line."""
    line = before.rsplit("\n", 1)[-1].strip(" \t>*-•|`\"'")
    return not line or line.casefold().split()[-1] in words.ANNOUNCE


def _kind(text: str, start: int, end: int) -> Kind:
    """What a password opens: by its name in a file of settings, or the nearest word before it or behind it."""
    if text[max(0, start - 5) : start].casefold().endswith(words.MAILS):
        return Kind.PASSWORD
    before = text[max(0, start - _BEFORE) : end].encode("utf-8", "surrogatepass")
    after = text[end : end + _AFTER].encode("utf-8", "surrogatepass")
    nearest: tuple[int, Kind] | None = None
    for kind, pattern in _CONTEXTS:
        places = [len(before) - match.start(1) for match in pattern.finditer(before)][-1:]
        places += [match.start(1) + _BEFORE for match in pattern.finditer(after)][:1]
        for place in places:
            if nearest is None or place < nearest[0]:
                nearest = (place, kind)
    return nearest[1] if nearest is not None else Kind.PASSWORD


def _apart(found: Iterable[Found]) -> tuple[Found, ...]:
    """The finds without overlaps: of two, the one that begins first, made as long as both."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if kept and one.start < kept[-1].end:
            if one.end > kept[-1].end:
                kept[-1] = replace(kept[-1], end=one.end)
            continue
        kept.append(one)
    return tuple(kept)
