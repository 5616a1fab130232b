"""Cuts HTML into tags and text once, from front to back, without a tree; comments and declarations fall away.

Linear whatever is unclosed, unquoted or nested. It knows no tag but those whose content is no markup.
"""

from collections.abc import Iterator
from html import unescape

_RAW = {"script", "style", "title", "textarea", "xmp"}


def tokens(markup: str) -> Iterator[tuple[str, str]]:
    """The text runs ('', text) and tags ('name' or '/name', attributes) of `markup`, comments and the like left out."""
    at, length = 0, len(markup)
    no_comment_end = False
    endless: set[str] = set()
    while at < length:
        start = markup.find("<", at)
        if start < 0:
            yield "", markup[at:]
            return
        if start > at:
            yield "", markup[at:start]
        following = markup[start + 1 : start + 2]
        if following in ("!", "?"):
            if markup.startswith("<!--", start) and not no_comment_end:
                end = markup.find("-->", start + 4)
                no_comment_end = end < 0
                at = end + 3 if end >= 0 else _after(markup, start)
            else:
                at = _after(markup, start)
        elif following.isalpha() or following == "/":
            end = _tag_end(markup, start + 1)
            name, rest = _named(markup[start + 1 : end])
            at = end + 1
            if name in _RAW and name not in endless:
                close = _raw_end(markup, at, name)
                if close < 0:
                    endless.add(name)
                    continue
                yield name, rest
                yield "", markup[at:close]
                at = close
            elif name not in endless:
                yield name, rest
        else:
            yield "", "<"
            at = start + 1


def _raw_end(markup: str, at: int, name: str) -> int:
    """Where the end tag of a raw text element begins, or -1: nothing inside it is a tag (HTML 13.1.2)."""
    found = [markup.find("</" + form, at) for form in (name, name.upper(), name.capitalize())]
    return min((place for place in found if place >= 0), default=-1)


def _after(markup: str, start: int) -> int:
    end = markup.find(">", start)
    return end + 1 if end >= 0 else len(markup)


def _tag_end(markup: str, at: int) -> int:
    """Where the tag that began before `at` ends: at a '>' outside quotes, near enough to be its own."""
    limit = min(len(markup), at + 20_000)
    end = markup.find(">", at, limit)
    if end < 0:
        return _broken_end(markup, at, limit)
    while True:
        inside = markup[at:end]
        if '="' not in inside and "='" not in inside:
            return end
        opened = _open_quote(inside)
        if not opened:
            return end
        close = markup.find(opened, end, limit)
        following = markup.find(">", close, limit) if close >= 0 else -1
        if following < 0:
            return end
        if following - at > 8_000:
            return end
        at_next = following
        if at_next == end:
            return end
        end = at_next


def _broken_end(markup: str, at: int, limit: int) -> int:
    """A tag that never ends: it ends before the next one, or where it began."""
    following = markup.find("<", at, limit)
    return following - 1 if following >= 0 else limit


def _open_quote(inside: str) -> str:
    """The quote that is open at the end of a tag's text, or ''."""
    quote = ""
    before = ""
    for character in inside:
        if quote:
            if character == quote:
                quote = ""
        elif character in "\"'" and before == "=":
            quote = character
        if not character.isspace():
            before = character
    return quote


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
