"""Plain values as text for people: instants, tables, and indented outlines; nothing here reads or decides."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from .core import Millis
from .log import printable

# Also in the full-width forms, which spreadsheets take for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def instant(at: Millis | None) -> str:
    """An instant as people read it, in UTC; '-' for none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def counted(count: int, thing: str) -> str:
    """'1 mail', '2 mails'."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Rows under a head, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def csv_line(cells: Iterable[str]) -> str:
    """A line of CSV (RFC 4180); what a spreadsheet would take for a formula is marked as text (G07).

    Where a country's spreadsheet parts cells at semicolons, a cell begins behind each of ours too.
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([";".join(map(_as_text, cell.split(";"))) for cell in cells])
    return out.getvalue()


def _as_text(part: str) -> str:
    return f"'{part}" if part.lstrip(" ").startswith(_FORMULA) else part


def outline(value: Any, indent: str = "") -> Iterator[str]:
    """`value` as an indented outline; empty parts are left out."""
    items = value.items() if isinstance(value, dict) else (("", one) for one in value)
    for name, one in items:
        if one in ("", [], {}, None):
            continue
        if isinstance(one, dict | list):
            if name:
                yield f"{indent}{name}"
            yield from outline(one, indent + ("  " if name or isinstance(one, list) else ""))
        else:
            yield f"{indent}{name + ': ' if name else '· '}{printable(str(one))}"
