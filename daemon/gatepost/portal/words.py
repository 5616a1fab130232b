"""Makes HTML of people's words: escaped, with plain links, and with the words of a search marked. Linear in the text.

Nothing of a sender's HTML is shown, only the text that was read from it (G01, G02).
"""

import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_STARTS = ("http://", "https://")
_ENDS = frozenset("<>\"'`{}|\\^\u201c\u201d\u2018\u2019\u00ab\u00bb")
_TRAILING = ".,;:!?)]*_~"
_LONGEST_LINK = 2_000
_AROUND = 70


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
        found = [place for start in _STARTS if (place := lowered.find(start, at)) >= 0]
        if not found:
            return
        start = end = min(found)
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
    """Whether every word begins one of the text."""
    spans = dict.fromkeys(words, False)
    for _, _, word in _hits(text, words):
        spans[word] = True
    return all(spans.values())


def marked(text: str, words: Sequence[str], *, around: bool = False) -> Markup:
    """The text with the words marked; with `around`, only the line about the first of them, on one line."""
    hits = list(_hits(text, words))
    if around and hits:
        start, end = max(0, hits[0][0] - _AROUND), min(len(text), hits[0][1] + 2 * _AROUND)
        before, after = "… " if start else "", " …" if end < len(text) else ""
        return before + marked(" ".join(text[start:end].split()), words) + after
    if around:
        return escape(" ".join(text[: 3 * _AROUND].split()))
    pieces: list[Markup] = []
    done = 0
    for start, end, _ in hits:
        pieces += (escape(text[done:start]), Markup("<mark>{}</mark>").format(text[start:end]))
        done = end
    return Markup("").join((*pieces, escape(text[done:])))


def _hits(text: str, words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Each place at which one of the words begins a word of the text, and ends, with that word."""
    at = 0
    while at < len(text):
        if not text[at].isalnum():
            at += 1
            continue
        end = at
        while end < len(text) and (text[end].isalnum() or unicodedata.combining(text[end])):
            end += 1
        plain = _plain(text[at:end])
        fitting = max((word for word in words if plain.startswith(word)), key=len, default=None)
        if fitting is not None:
            yield at, end, fitting
        at = end


def _plain(text: str) -> str:
    """Without case and accents, as the index has it."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(character)
    )
