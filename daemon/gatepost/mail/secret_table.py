"""Passwords in tables: the cells below one whose whole words are a word for a password, in whatever separates cells."""

from collections.abc import Iterator

_SEPARATORS = ("|", "\t", ";", ",")
_OCTETS, _ROWS, _CELLS = 8_000, 200, 40
_AROUND = " \t\r\u00a0*_`\"'"


def cells_below(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the cells stand below the word at `start`, where it is the head of a column; else nothing."""
    first = text.rfind("\n", max(0, start - _OCTETS), start) + 1
    last = text.find("\n", end, end + _OCTETS)
    if last < 0:
        return
    head = text[first:last]
    separator = max(_SEPARATORS, key=head.count)
    column = _column(head, separator, start - first)
    above = text[max(0, first - _OCTETS) : max(0, first - 1)].rpartition("\n")[2]
    if column is not None and above.count(separator) != head.count(separator):
        yield from _below(text, last + 1, separator, column, head.count(separator))


def _column(head: str, separator: str, at: int) -> int | None:
    """Which cell of the head is nothing but the word at `at`."""
    if not 1 <= head.count(separator) <= _CELLS:
        return None
    for number, (start, end) in enumerate(_cells(head, separator)):
        if start <= at < end:
            word = head[start:end]
            short = len(word.split()) <= 2 and not any(mark in word for mark in ".:=?!([<$")
            return number if short and at - start <= 12 else None
    return None


def _below(text: str, at: int, separator: str, column: int, count: int) -> Iterator[tuple[int, int]]:
    for _ in range(_ROWS):
        end = text.find("\n", at, at + _OCTETS)
        line = text[at : end if end >= 0 else min(len(text), at + _OCTETS)]
        if line.count(separator) != count:
            return
        start, stop = _cells(line, separator)[column]
        if start < stop:
            yield at + start, at + stop
        if end < 0:
            return
        at = end + 1


def _cells(line: str, separator: str) -> list[tuple[int, int]]:
    """Each cell of a line, without what stands around its words."""
    cells, at = [], 0
    for piece in line.split(separator):
        bare = piece.strip(_AROUND)
        start = at + (piece.index(bare) if bare else 0)
        cells.append((start, start + len(bare)))
        at += len(piece) + len(separator)
    return cells
