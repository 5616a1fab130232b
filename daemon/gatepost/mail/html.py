"""HTML mail to readable text: blocks, lists, tables, quotes and links; no styles, scripts or hidden preheaders.

A mail is not a web page: it is cut into tags and text once, from front to back, without a tree, so that neither depth
nor size nor a broken tag can make it slow or lose words. `clean HTML to show` is another job, done elsewhere.
"""

from collections.abc import Iterator, Mapping
from html import unescape

MARKUP_CHARACTERS = 524_288
_TABLES = 12
_QUOTES = 8
_LINK = 2_000

_BLOCKS = {
    "address", "article", "aside", "body", "center", "dd", "details", "dir", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "html", "legend", "li", "main", "menu", "nav", "ol", "option",
    "section", "select", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "caption",
}  # fmt: skip
_PARAGRAPHS = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre",
}  # fmt: skip
_SILENT = {
    "head", "style", "script", "title", "noscript", "template", "object", "applet", "svg", "math", "iframe", "xml",
}  # fmt: skip
_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
}  # fmt: skip
_HIDING = ("display:none", "visibility:hidden", "mso-hide:all")
_RULE = "_" * 32


def to_text(markup: str, images: Mapping[str, str] | None = None) -> str:
    """The text of `markup`, of which the first half million characters are read; `images` names files by Content-ID.

    Quoted blocks get `> ` before their lines, links their address behind them where it differs, pictures that came
    with the mail their file name in brackets where they stand.
    """
    markup = markup[:MARKUP_CHARACTERS]
    text = _Writer(images or {}).write(markup)
    if not text and markup:
        text = _Writer(images or {}, hide=False).write(markup)
    return text


def tokens(markup: str) -> Iterator[tuple[str, str]]:
    """The text runs ('', text) and tags ('name' or '/name', attributes) of `markup`, comments and the like left out."""
    at, length = 0, len(markup)
    no_comment_end = False
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
            name, _, rest = _named(markup[start + 1 : end])
            yield name, rest
            at = end + 1
        else:
            yield "", "<"
            at = start + 1


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


def _named(inside: str) -> tuple[str, str, str]:
    """A tag's name in lower case ('/name' when it closes), and its attributes as written."""
    end = 1 if inside.startswith("/") else 0
    while end < len(inside) and not inside[end].isspace() and inside[end] not in "/>":
        end += 1
    return inside[:end].lower().rpartition(":")[2].replace("/", "", 0), "", inside[end:]


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


class _Row:
    """One open table row: the cells written so far, each as its lines."""

    def __init__(self) -> None:
        self.cells: list[list[str]] = [[]]


class _Writer:
    """Writes lines as the tags say; its state is what is open: quotes, lists, table rows, a link, hidden subtrees."""

    def __init__(self, images: Mapping[str, str], hide: bool = True) -> None:
        self._images = images
        self._hide = hide
        self._lines: list[str] = []
        self._line: list[str] = []
        self._space = False
        self._blank = False
        self._pre = 0
        self._lists: list[int] = []
        self._quotes: list[bool] = []
        self._depth = 0
        self._rows: list[tuple[int, list[int]]] = []
        self._link: tuple[str, int] | None = None
        self._skip: tuple[str, int] | None = None
        self._indent = ""

    def write(self, markup: str) -> str:
        """The text of `markup`."""
        for name, rest in tokens(markup):
            if self._skip is not None:
                self._skipped(name, rest)
            elif not name:
                self._text(rest)
            elif name[0] == "/":
                self._close(name[1:])
            else:
                self._open(name, rest)
        self._end_link()
        self._break()
        return "\n".join(self._lines).strip("\n")

    def _skipped(self, name: str, rest: str) -> None:
        """Inside something silent: count its own kind until it closes. A body tag ends a head that was never closed."""
        assert self._skip is not None
        kind, depth = self._skip
        if name == kind and not rest.endswith("/"):
            self._skip = (kind, depth + 1) if kind not in ("style", "script", "title", "head") else self._skip
        elif name == "/" + kind:
            self._skip = (kind, depth - 1) if depth > 1 else None
        elif kind == "head" and name == "body":
            self._skip = None

    def _text(self, text: str) -> None:
        text = unescape(text).replace("\xa0", " ").replace("\xad", "").replace("\u200b", "").replace("\ufeff", "")
        if self._pre:
            self._preformatted(text)
            return
        words = text.split()
        if not words:
            self._space = self._space or bool(text)
            return
        if (self._space or text[0].isspace()) and self._line:
            self._line.append(" ")
        self._start()
        self._line.append(" ".join(words))
        self._space = text[-1].isspace()

    def _preformatted(self, text: str) -> None:
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8).split("\n")
        self._start() if first else None
        self._line.append(first)
        for line in others:
            self._end_line(keep=True)
            self._line.append(line)

    def _start(self) -> None:
        """Before the first word of a line: the blank line that is owed, the list item's mark."""
        if self._line:
            return
        if self._blank and self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._prefix().rstrip())
        self._blank = False
        if self._indent:
            self._line.append(self._indent)
            self._indent = ""

    def _prefix(self) -> str:
        return "> " * min(self._depth, _QUOTES)

    def _end_line(self, *, keep: bool = False) -> None:
        line = "".join(self._line).rstrip()
        self._line = []
        self._space = False
        if line.strip() or keep:
            self._lines.append((self._prefix() + line).rstrip())

    def _break(self) -> None:
        if self._line:
            self._end_line()
        self._space = False

    def _paragraph(self) -> None:
        self._break()
        self._blank = True

    def _open(self, name: str, rest: str) -> None:
        if name in _SILENT:
            self._skip = None if rest.endswith("/") and name != "script" else (name, 1)
        elif self._hide and name not in _VOID and _hidden(rest):
            self._skip = (name, 1)
        elif name == "br":
            self._end_line(keep=True)
        elif name == "a":
            self._end_link()
            self._link = (attribute(rest, "href"), len(self._line))
        elif name == "img":
            self._image(rest)
        elif name == "hr":
            self._break()
            self._lines.append(self._prefix() + _RULE)
        elif name in _PARAGRAPHS:
            self._open_paragraph(name, rest)
        elif name == "li":
            self._open_item()
        elif name in ("ul", "ol"):
            self._break()
            self._lists.append(0 if name == "ol" else -1)
        elif name in ("tr", "td", "th"):
            self._open_cell(name)
        elif name in _BLOCKS:
            self._break()

    def _open_paragraph(self, name: str, rest: str) -> None:
        self._paragraph()
        if name == "blockquote":
            self._quotes.append(_is_quote(rest))
            self._depth += self._quotes[-1]
        elif name == "pre":
            self._pre += 1

    def _close(self, name: str) -> None:
        if name == "a":
            self._end_link()
        elif name in _PARAGRAPHS:
            self._paragraph()
            if name == "blockquote" and self._quotes:
                self._depth -= self._quotes.pop()
            elif name == "pre" and self._pre:
                self._pre -= 1
        elif name in ("ul", "ol"):
            self._break()
            if self._lists:
                self._lists.pop()
        elif name == "tr":
            self._close_row()
        elif name in ("td", "th"):
            self._close_cell()
        elif name == "table":
            self._close_row()
            self._break()
        elif name in _BLOCKS:
            self._break()

    def _open_item(self) -> None:
        self._break()
        depth = "  " * min(max(len(self._lists) - 1, 0), 8)
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            self._indent = f"{depth}{self._lists[-1]}. "
        else:
            self._indent = f"{depth}- "

    def _open_cell(self, name: str) -> None:
        if name == "tr":
            self._break()
            if len(self._rows) < _TABLES:
                self._rows.append((len(self._lines), []))
            return
        self._break()
        if self._rows:
            self._rows[-1][1].append(len(self._lines))

    def _close_cell(self) -> None:
        self._break()

    def _close_row(self) -> None:
        """A row whose cells are one line each is written as one line; anything else keeps its lines."""
        self._break()
        if not self._rows:
            return
        start, cells = self._rows.pop()
        written = len(self._lines) - start
        if 1 < written <= len(cells) and _single(cells, len(self._lines)) and all(self._lines[start:]):
            prefix = self._prefix()
            row = [line.removeprefix(prefix) for line in self._lines[start:]]
            del self._lines[start:]
            self._lines.append(prefix + "\t".join(row))

    def _end_link(self) -> None:
        """Write a link's address behind its words, unless the words already say it."""
        if self._link is None:
            return
        (address, begun), self._link = self._link, None
        shown = "".join(self._line[begun:]).strip()
        plain = address.removeprefix("mailto:").split("?")[0] if address.startswith("mailto:") else address
        if not address.lower().startswith(("http://", "https://", "mailto:", "ftp://")) or len(address) > _LINK:
            return
        bare = plain.split("://")[-1].removeprefix("www.").rstrip("/").lower()
        if shown and bare and bare not in shown.lower():
            self._line.append(f" ({plain})")

    def _image(self, rest: str) -> None:
        """A picture that came with the mail keeps its place; others are decoration or tracking."""
        source = attribute(rest, "src")
        if not source.lower().startswith("cid:"):
            return
        name = self._images.get(source[4:].strip("<>")) or attribute(rest, "alt")
        if name:
            self._text(f" [{name}] ")


def _single(cells: list[int], end: int) -> bool:
    """Whether no cell wrote more than one line."""
    return all(stop - start <= 1 for start, stop in zip(cells, [*cells[1:], end], strict=True))


def _hidden(rest: str) -> bool:
    if "hid" not in rest and "none" not in rest and "HID" not in rest and "NONE" not in rest:
        return False
    style = "".join(attribute(rest, "style").lower().split())
    return any(mark in style for mark in _HIDING)


def _is_quote(rest: str) -> bool:
    """Whether a blockquote quotes: many programs use it to indent, with a margin and no line beside it."""
    lower = rest.lower()
    if any(mark in lower for mark in ("cite", "quote", "border-left")):
        return True
    return "margin" not in lower
