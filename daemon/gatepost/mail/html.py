"""HTML mail to readable text: blocks, lists, tables, quotes and links; no styles, scripts or hidden preheaders.

A mail is not a web page: it is cut into tags and text once, from front to back, without a tree, so that neither depth
nor size nor a broken tag can make it slow or lose words. `clean HTML to show` is another job, done elsewhere.
"""

from collections.abc import Mapping
from html import unescape

from .markup import attribute, tokens

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
    "style", "script", "title", "template", "object", "applet", "svg", "math", "iframe", "xml",
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


class _Writer:
    """Writes lines as the tags say; its state is what is open: quotes, lists, table rows, a link, hidden subtrees."""

    def __init__(self, images: Mapping[str, str], hide: bool = True) -> None:
        self._images = images
        self._hide = hide
        self._lines: list[str] = []
        self._line: list[str] = []
        self._space = False
        self._blank: str | None = None
        self._pre = 0
        self._lists: list[int] = []
        self._quotes: list[bool] = []
        self._depth = 0
        self._tables = 0
        self._rows: list[tuple[int, int, list[int]]] = []
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
        """Inside something silent: count its own kind until it closes."""
        assert self._skip is not None
        kind, depth = self._skip
        if name == kind and not rest.endswith("/"):
            self._skip = (kind, depth + 1)
        elif name == "/" + kind:
            self._skip = (kind, depth - 1) if depth > 1 else None

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
        self._pay_blank()
        if self._indent:
            self._line.append(self._indent)
            self._indent = ""

    def _pay_blank(self) -> None:
        """Write the blank line that is owed, quoted no deeper than the lines above and below it."""
        if self._blank is not None and self._lines and self._lines[-1].strip("> "):
            self._lines.append(min(self._blank, self._prefix(), key=len).rstrip())
        self._blank = None

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
        if self._blank is None or len(self._prefix()) < len(self._blank):
            self._blank = self._prefix()

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
            self._pay_blank()
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
        elif name == "table":
            self._break()
            self._tables += 1
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
            self._break()
        elif name == "table":
            self._close_rows(self._tables)
            self._tables = max(self._tables - 1, 0)
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
        self._break()
        if name == "tr":
            self._close_rows(self._tables)
            if len(self._rows) < _TABLES:
                self._pay_blank()
                self._rows.append((self._tables, len(self._lines), []))
        elif self._rows:
            self._rows[-1][2].append(len(self._lines))

    def _close_rows(self, tables: int) -> None:
        """Close the rows that are open in the tables of this depth and deeper."""
        while self._rows and self._rows[-1][0] >= tables:
            self._close_row()

    def _close_row(self) -> None:
        """A row whose cells have a line each at most is written as one line; any other keeps its lines."""
        self._break()
        if not self._rows:
            return
        _, start, cells = self._rows.pop()
        if not cells:
            return
        ends = [*cells[1:], len(self._lines)]
        written = [_words_of(self._lines[begin:end]) for begin, end in zip(cells, ends, strict=True)]
        if cells[0] == start and len(cells) > 1 and all(len(lines) <= 1 for lines in written):
            prefix = self._prefix()
            # An empty cell between others keeps its place, so that columns stay columns.
            row = "\t".join(lines[0].removeprefix(prefix) if lines else "" for lines in written).strip("\t")
            if row:
                self._lines[start:] = [prefix + row]
                self._blank = None

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


def _words_of(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip("> ")][:2]


def _hidden(rest: str) -> bool:
    """Whether the reader of the mail cannot see the element: what nobody has seen must not count as said."""
    lower = rest.lower()
    if "hid" not in lower and "none" not in lower:
        return False
    style = "".join(attribute(rest, "style").lower().split())
    # A size of 0 hides nothing: programs that build mails put it around whole columns, which set their own again.
    if any(mark in style for mark in _HIDING):
        return True
    bare = " ".join(lower.replace("'", '"').split('"')[::2]).split()
    return any(word.partition("=")[0] == "hidden" for word in bare)


def _is_quote(rest: str) -> bool:
    """Whether a blockquote quotes: many programs use it to indent, with a margin and no line beside it."""
    lower = rest.lower()
    if any(mark in lower for mark in ("cite", "quote", "border-left")):
        return True
    return "margin" not in lower
