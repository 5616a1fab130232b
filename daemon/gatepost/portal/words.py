"""Makes HTML of people's words: escaped, with plain links, and with the words of a search marked. Linear in the text.

Nothing of a sender's HTML is shown, only the text that was read from it (G01, G02).
"""

import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_SCHEME = "http"
_STARTS = ("http://", "https://")
_ENDS = frozenset("<>\"'`{}|\\^\u201c\u201d\u2018\u2019\u00ab\u00bb")
_TRAILING = ".,;:!?)]*_~"
_LONGEST_LINK = 2_000
_AROUND = 70
_LOOKED_THROUGH = 20_000


def shown(text: str) -> Markup:
    """The text with its links made to be followed; a link says whole where it leads."""
    pieces: list[str] = []
    done = 0
    for start, end in _links(text):
        pieces += (escape(text[done:start]), _anchor(text[start:end]))
        done = end
    pieces.append(escape(text[done:]))
    return Markup("").join(pieces)


def _links(text: str) -> Iterator[tuple[int, int]]:
    """Where the links of a text begin and end."""
    at = 0
    lowered = text.lower() if len(text.lower()) == len(text) else text
    while True:
        # One search for both, or a text full of the one would be looked through for the other from each of its places.
        start = end = lowered.find(_SCHEME, at)
        if start < 0:
            return
        if not lowered.startswith(_STARTS, start):
            at = start + len(_SCHEME)
            continue
        while end < len(text) and end - start < _LONGEST_LINK and not text[end].isspace() and text[end] not in _ENDS:
            end += 1
        while end > start and text[end - 1] in _TRAILING:
            end -= 1
        yield start, end
        at = max(end, start + len(_STARTS[0]))


def _anchor(url: str) -> Markup:
    """A link whose text is its target; a host in other letters than a-z is shown in the form that DNS sees (G04)."""
    host = _host(url)
    if not host:
        return escape(url)
    link = Markup('<a href="{}" rel="noopener noreferrer nofollow ugc">{}</a>').format(url, url)
    return link if host.isascii() and "xn--" not in host else link + f" ({_ascii(host)})"


def _host(url: str) -> str:
    """The host of a link that may be followed; '' for one that hides it behind a user name, or has none."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "" if "@" not in parts.netloc else ""
    except ValueError:
        return ""


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return "?"


def words_of(question: str) -> tuple[str, ...]:
    """The words of a search, at most eight; letters and digits of any script count, everything else parts them."""
    said = "".join(character if character.isalnum() else " " for character in _plain(question[:200]))
    return tuple(dict.fromkeys(said.split()))[:8]


def holds(text: str, words: Sequence[str]) -> bool:
    """Whether every word begins one of the text. Many long texts are asked: no step of it goes letter by letter."""
    plain = _plain(text)
    return all(_begins(plain, word) >= 0 for word in words)


def marked(text: str, words: Sequence[str], *, around: bool = False) -> Markup:
    """The text with the words marked; with `around`, only the line about the first of them, on one line."""
    place = _first(text, words) if around else -1
    if place >= 0:
        start, end = max(0, place - _AROUND), min(len(text), place + 3 * _AROUND)
        before, after = "… " if start else "", " …" if end < len(text) else ""
        return before + marked(" ".join(text[start:end].split()), words) + after
    if around:
        return escape(" ".join(text[: 3 * _AROUND].split()))
    pieces: list[Markup] = []
    done = 0
    for start, end in _hits(text, words):
        pieces += (escape(text[done:start]), Markup("<mark>{}</mark>").format(text[start:end]))
        done = end
    return Markup("").join((*pieces, escape(text[done:])))


def _first(text: str, words: Sequence[str]) -> int:
    """The first place at which one of the words begins a word of the text; -1 where none does, or not early enough."""
    plain = _plain(text)
    if len(plain) == len(text):
        return min((place for word in words if (place := _begins(plain, word)) >= 0), default=-1)
    return next((start for start, _ in _hits(text[:_LOOKED_THROUGH], words)), -1)


def _begins(plain: str, word: str) -> int:
    """The first place at which `word` begins a word of `plain`, -1 for none."""
    place = plain.find(word)
    while place > 0 and plain[place - 1].isalnum():
        place = plain.find(word, place + 1)
    return place


def _hits(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Each word of the text that one of the words begins: its place and its end."""
    at = 0
    while at < len(text):
        if not text[at].isalnum():
            at += 1
            continue
        end = at
        while end < len(text) and (text[end].isalnum() or unicodedata.combining(text[end])):
            end += 1
        plain = _plain(text[at:end])
        if any(plain.startswith(word) for word in words):
            yield at, end
        at = end


def _plain(text: str) -> str:
    """Without case and accents, as the index has it."""
    if text.isascii():
        return text.lower()
    return "".join(
        character
        for character in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(character)
    )
