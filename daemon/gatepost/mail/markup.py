"""Cuts HTML into tags and text once, from front to back, without a tree; comments and declarations fall away.

Linear whatever is unclosed, unquoted or nested. It knows no tag but those whose content is no markup.
"""

from collections.abc import Iterator
from html import unescape

_TAG_CHARACTERS = 20_000
_VALUES_CHARACTERS = 8_000
_RAW = {"script", "style", "title", "textarea", "xmp"}


def tokens(markup: str) -> Iterator[tuple[str, str]]:
    """The text runs ('', text) and tags ('name' or '/name', attributes) of `markup`, comments and the like left out."""
    at, length = 0, len(markup)
    marks = _Marks(markup)
    while at < length:
        start = markup.find("<", at)
        if start < 0:
            yield "", markup[at:]
            return
        if start > at:
            yield "", markup[at:start]
        following = markup[start + 1 : start + 2]
        if following in ("!", "?"):
            comment = marks.following("-->", start + 4) if markup.startswith("<!--", start) else -1
            at = comment + 3 if comment >= 0 else _after(markup, start)
        elif following.isalpha() or following == "/":
            end = _tag_end(markup, start + 1)
            name, rest = _named(markup[start + 1 : end])
            at = end + 1
            close = marks.end_tag(name, at) if name in _RAW else at
            if close >= 0:
                yield name, rest
                if close > at:
                    yield "", markup[at:close]
                    at = close
        else:
            yield "", "<"
            at = start + 1


class _Marks:
    """Where marks stand next, remembered, so that looking for one that is far away or missing is done once."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._places: dict[str, int] = {}

    def following(self, mark: str, at: int) -> int:
        """The first place of `mark` from `at` on, or -1; `at` never goes back."""
        place = self._places.get(mark, 0)
        if 0 <= place < at or mark not in self._places:
            place = self._places[mark] = self._markup.find(mark, at)
        return place

    def end_tag(self, name: str, at: int) -> int:
        """Where the end tag of a raw text element begins, or -1: nothing inside it is a tag (HTML 13.1.2)."""
        found = [self.following("</" + form, at) for form in (name, name.upper(), name.capitalize())]
        return min((place for place in found if place >= 0), default=-1)


def _after(markup: str, start: int) -> int:
    end = markup.find(">", start)
    return end + 1 if end >= 0 else len(markup)


def _tag_end(markup: str, at: int) -> int:
    """Where the tag that began before `at` ends: at a '>' outside quoted values, near enough to be its own."""
    limit = min(len(markup), at + _TAG_CHARACTERS)
    place = at
    end = markup.find(">", at, limit)
    while end >= 0:
        opened = [markup.find(mark, place, end) for mark in ('="', "='")]
        quote = min((found for found in opened if found >= 0), default=-1)
        if quote < 0:
            return end
        close = markup.find(markup[quote + 1], quote + 2, min(limit, at + _VALUES_CHARACTERS))
        if close < 0:
            return end
        place = close + 1
        if end < place:
            end = markup.find(">", place, limit)
    # A tag that never ends: it ends before the next one.
    following = markup.find("<", at, limit)
    return following - 1 if following >= 0 else limit


def _named(inside: str) -> tuple[str, str]:
    """A tag's name in lower case ('/name' when it closes), and its attributes as written; `o:p` keeps its colon."""
    end = 1 if inside.startswith("/") else 0
    while end < len(inside) and not inside[end].isspace() and inside[end] not in "/>":
        end += 1
    return inside[:end].lower(), inside[end:]


def attribute(rest: str, name: str) -> str:
    """One attribute of a tag, '' where it has none; quotes and entities undone."""
    lower = rest.lower()
    at = lower.find(name)
    while at >= 0:
        before = lower[at - 1 : at] if at else " "
        after = lower[at + len(name) :].lstrip()
        if before in " \t\r\n\"'/" and after.startswith("="):
            value = rest[len(rest) - len(after) + 1 :].lstrip()
            if value[:1] in ('"', "'"):
                return unescape(value[1:].partition(value[0])[0]).strip()
            return unescape(value.split(None, 1)[0].rstrip("/")) if value.split() else ""
        at = lower.find(name, at + len(name))
    return ""
