"""Reads a table that a person exported, CSV or JSON, into rows of text; what the columns mean is not its business."""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from ..errors import Mistake, MistakesError

_FILE_OCTETS = 256 * 1024 * 1024
_CELL_CHARACTERS = 10_000
_DELIMITERS = ",;\t"


class TableError(MistakesError):
    """A file that is no table of the kind that was asked for: every mistake at once."""

    exit_code = os.EX_DATAERR


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts (the head is row 1), or its place in a JSON list from 1."""

    number: int
    cells: dict[str, str]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a table may have, and those that it must have."""

    known: Sequence[str]
    required: Sequence[str]


def read_table(path: Path, columns: Columns, form: str = "") -> list[Row]:
    """The rows of the file; `form` is csv or json, '' goes by the file's name.

    Only columns that the file has are in a row, so that an absent column is not an empty one. Raises TableError for
    a file that is no such table: unreadable, not UTF-8, an unknown column, a required one missing.
    """
    form = form or path.suffix.lower().removeprefix(".")
    if form not in ("csv", "json"):
        raise _mistakes(path, "is neither .csv nor .json by its name", "say which it is: --format csv or --format json")
    text = _text(path)
    return list(_json_rows(path, text, columns) if form == "json" else _csv_rows(path, text, columns))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _FILE_OCTETS:
            raise _mistakes(path, "is larger than 256 MB", "split it")
        octets = path.read_bytes()
    except OSError as error:
        raise _mistakes(path, f"cannot be read: {error.strerror}") from error
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _mistakes(path, "is UTF-16", "save it as UTF-8, in Excel as “CSV UTF-8”")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise _mistakes(path, "not UTF-8", "save it as UTF-8, in Excel as “CSV UTF-8”", line) from error


def _csv_rows(path: Path, text: str, columns: Columns) -> Iterator[Row]:
    head_line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head_line.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        head = [_column(cell) for cell in next(reader, [])]
        _check_head(path, head, columns)
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                yield _csv_row(number, head, cells)
    except csv.Error as error:
        raise _mistakes(path, f"not CSV: {error}", "is a quote left open?", reader.line_num) from error


def _csv_row(number: int, head: list[str], cells: list[str]) -> Row:
    trouble = ""
    if len(cells) > len(head):
        trouble = f"{len(cells)} cells, but there are {len(head)} columns; a cell that holds the separator needs quotes"
    padded = cells + [""] * (len(head) - len(cells))
    named = {name: cell.strip() for name, cell in zip(head, padded, strict=False)}
    return Row(number, named, trouble or _too_long(named))


def _json_rows(path: Path, text: str, columns: Columns) -> Iterator[Row]:
    try:
        table = json.loads(text)
    except ValueError as error:
        raise _mistakes(path, f"not JSON: {error}", line=getattr(error, "lineno", 0)) from error
    except RecursionError as error:
        raise _mistakes(path, "not a table: its lists are nested without end") from error
    if not isinstance(table, list) or not all(isinstance(entry, dict) for entry in table):
        raise _mistakes(path, "is not a list of objects", 'write it like [{"slug": "…", "name": "…"}, …]')
    names = dict.fromkeys(_column(name) for entry in table for name in entry)
    _check_head(path, [*names], columns)
    for number, entry in enumerate(table, 1):
        cells = {_column(name): _cell(_column(name), value) for name, value in entry.items()}
        odd = [name for name, cell in cells.items() if cell is None]
        trouble = f"{odd[0]} is neither text nor a number nor a list of texts" if odd else ""
        named = {name: cell or "" for name, cell in cells.items()}
        yield Row(number, named, trouble or _too_long(named))


def _cell(name: str, value: Any) -> str | None:
    """A JSON value as a cell of CSV would hold it; None for what no cell can hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ("|" if name == "aliases" else " ").join(value)
    return str(value).strip() if isinstance(value, str | int) else None


def _too_long(cells: dict[str, str]) -> str:
    names = [name for name, cell in cells.items() if len(cell) > _CELL_CHARACTERS]
    return f"{names[0]} has more than {_CELL_CHARACTERS} characters" if names else ""


def _column(text: str) -> str:
    return "_".join(text.strip().lower().replace("-", " ").split())


def _check_head(path: Path, head: list[str], columns: Columns) -> None:
    """Every mistake in the names of the columns, at once."""
    mistakes = []
    for name in dict.fromkeys(head):
        if head.count(name) > 1:
            mistakes.append(Mistake(file=str(path), line=1, key=name, message="this column stands here twice"))
        if name not in columns.known:
            near = get_close_matches(name, columns.known, n=1)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(columns.known)
            mistakes.append(Mistake(file=str(path), line=1, key=name, message="no such column", suggestion=hint))
    mistakes += [
        Mistake(file=str(path), line=1, key=name, message="this column is missing")
        for name in columns.required
        if name not in head
    ]
    if mistakes:
        raise TableError(str(path), mistakes)


def _mistakes(path: Path, message: str, suggestion: str = "", line: int = 0) -> TableError:
    return TableError(str(path), [Mistake(file=str(path), line=line, message=message, suggestion=suggestion)])
