"""What somebody wrote, as HTML of ours: pictures where they stood, rows of cells as a table, the rest as `words` says.

The text was read from a mail, of whose own HTML nothing is shown (G02): a picture stands there as its name in brackets,
a row of a table as a line with tabs. Linear in the text.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from markupsafe import Markup

from ..words import shown

_LONGEST_NAME = 300
_MOST_CELLS = 12


class Pictures:
    """The pictures that came within a message, each to be shown once where the text names it; `left` are the others."""

    def __init__(self, files: Iterable[Mapping[str, str]]) -> None:
        self._files = list(files)
        self._named: dict[str, deque[int]] = {}
        for place, file in enumerate(self._files):
            self._named.setdefault(file["name"], deque()).append(place)
        self._taken: set[int] = set()

    @property
    def left(self) -> list[Mapping[str, str]]:
        """Those that stood nowhere."""
        return [file for place, file in enumerate(self._files) if place not in self._taken]

    def placed(self, text: str) -> Iterator[Markup]:
        """The pieces of a text, with a picture for each name in brackets that is one's."""
        done = at = 0
        while self._named and (at := text.find("[", at)) >= 0:
            end = text.find("]", at, at + _LONGEST_NAME)
            waiting = self._named.get(text[at + 1 : end]) if end > 0 else None
            if waiting:
                place = waiting.popleft()
                self._taken.add(place)
                # Lines end around a picture by themselves.
                yield shown(text[done:at].rstrip(" \n"))
                yield _PICTURE.format(
                    self._files[place]["link"], self._files[place]["link"], self._files[place]["name"]
                )
                done = end + 1
                while text.startswith((" ", "\n"), done):
                    done += 1
            at += 1
        yield shown(text[done:])


_PICTURE = Markup('<a class="picture" href="{}"><img src="{}" alt="{}" loading="lazy"></a>')


def written(text: str, pictures: Pictures) -> Markup:
    """The text as HTML."""
    pieces: list[Markup] = []
    after_words = False
    for cells, lines in groupby(text.split("\n"), key=_cells):
        block = list(lines)
        table = cells > 0 and len(block) > 1
        if table:
            pieces.append(_table(block, pictures))
        else:
            lines_ = "\n".join(block)
            pieces += pictures.placed(("\n" + lines_) if after_words else lines_.lstrip("\n"))
        after_words = not table
    return Markup("").join(pieces)


def _cells(line: str) -> int:
    """How many cells a line has, 0 where it is no row: code is indented by tabs, and so begins with one."""
    count = line.count("\t") + 1
    return count if 1 < count <= _MOST_CELLS and not line.startswith(("\t", ">")) else 0


def _table(lines: list[str], pictures: Pictures) -> Markup:
    rows = [
        Markup("").join(
            Markup("<td>{}</td>").format(Markup("").join(pictures.placed(cell))) for cell in line.split("\t")
        )
        for line in lines
    ]
    body = Markup("").join(Markup("<tr>{}</tr>").format(row) for row in rows)
    return Markup('<table class="cells">{}</table>').format(body)
