"""Mail archives on disk: what lies in a maildir, an mbox file, a folder of .eml files, and the bytes of each mail.

An archive is looked through once for dates, so that its mails can be taken in the order in which they came, and read a
second time, mail by mail: never more than one is in memory.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from ..core import Millis
from ..errors import PermanentError
from ..mail.header import split
from . import mbox
from .found_mail import came
from .mbox import Dialect, Span

_HEAD = 65_536
_MAILDIR = ("new", "cur")


class Format(StrEnum):
    """How an archive keeps its mails."""

    MAILDIR = "maildir"
    MBOX = "mbox"
    EML = "eml"


@dataclass(frozen=True, slots=True)
class Item:
    """One mail of an archive: when it came (0 where nothing says it), where it lies, its octets."""

    received: Millis
    path: str
    start: int
    size: int

    @property
    def position(self) -> str:
        """The place under which the store remembers it; flags in a maildir's names change, and do not count."""
        name = self.path.rpartition(":2,")[0] or self.path
        return f"{name}@{self.start}" if self.start else name


class Archive:
    """An archive on disk. `items` looks through it, `read` gives the bytes of a mail. PermanentError where none is."""

    def __init__(self, path: Path, form: Format | None = None, dialect: Dialect | None = None) -> None:
        self.path = path.resolve()
        self.form = form or _form_of(self.path)
        self.stable = True
        self._dialect = dialect
        self._guessed: dict[str, Dialect] = {}
        if not self.path.exists():
            raise PermanentError(f"there is no archive {path}", "Name a maildir, an mbox file or a folder.")

    @property
    def label(self) -> str:
        """The name that people see."""
        return self.path.name

    @property
    def source(self) -> str:
        """The name under which the store remembers what was taken."""
        return f"{self.form.value}:{self.path}"

    def items(self) -> Iterator[Item]:
        """Every mail, in the order of the disk."""
        match self.form:
            case Format.MBOX:
                for file in self._files():
                    yield from self._in_mbox(file)
            case Format.MAILDIR | Format.EML:
                for file in self._files():
                    if (found := self._looked_at(file)) is not None:
                        yield found

    def several(self, items: Sequence[Item]) -> Iterator[tuple[Item, bytes | None]]:
        """The mails with their bytes; None where one has gone meanwhile."""
        for item in items:
            try:
                yield item, self.read(item)
            except OSError:
                yield item, None

    def close(self) -> None:
        """Nothing is kept open."""

    def read(self, item: Item) -> bytes:
        """The bytes of a mail as it was. Raises OSError where it has gone meanwhile."""
        with self._file(item).open("rb") as file:
            file.seek(item.start)
            octets = file.read(item.size)
        return mbox.plain(octets, self._guessed[item.path]) if self.form is Format.MBOX else octets

    def _looked_at(self, file: Path) -> Item | None:
        """One mail that is a file; None where it has gone meanwhile."""
        try:
            if not file.exists():
                # A mail program moves what it has seen from new to cur (maildir(5)), and we were just before it.
                file = self._file(Item(0, self._name(file), 0, 0))
            with file.open("rb") as opened:
                head, size = opened.read(_HEAD), os.fstat(opened.fileno()).st_size
            return Item(_when(head, file), self._name(file), 0, size)
        except FileNotFoundError:
            return None

    def _files(self) -> Iterator[Path]:
        if self.path.is_file():
            yield self.path
            return
        yield from (each for each in self._named() if self._is_ours(each))

    def _is_ours(self, path: Path) -> bool:
        """Whether a file is one of the archive: no folder, no pipe that would be waited for, and no link out of it."""
        return (path.is_file() and path.resolve().is_relative_to(self.path)) or not os.path.lexists(path)

    def _named(self) -> Iterator[Path]:
        match self.form:
            case Format.MAILDIR:
                for folder in (self.path, *sorted(each for each in self.path.glob(".*") if each.is_dir())):
                    for name in _MAILDIR:
                        yield from sorted((folder / name).glob("[!.]*"))
            case Format.EML:
                yield from sorted(each for each in self.path.rglob("*") if each.suffix.lower() == ".eml")
            case Format.MBOX:
                yield from sorted(each for each in self.path.rglob("*") if self._is_ours(each) and _is_mbox(each))

    def _in_mbox(self, path: Path) -> Iterator[Item]:
        name = self._name(path)
        with path.open("rb") as file:
            self._guessed[name] = self._dialect or mbox.guess(file)
            for span in mbox.spans(file, self._dialect):
                back = file.tell()
                head = _at(file, span)
                file.seek(back)
                yield Item(_when(head, path), name, span.start, span.end - span.start)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.path)) if path != self.path else path.name

    def _file(self, item: Item) -> Path:
        if self.path.is_file():
            return self.path
        exact = self.path / item.path
        if self.form is Format.MAILDIR and not exact.exists():
            # A mail program has set a flag meanwhile, or has moved the mail from new to cur (maildir(5)).
            unique = exact.name.partition(":")[0]
            for folder in _MAILDIR:
                for found in (exact.parents[1] / folder).glob(f"{unique}*"):
                    return found
        return exact


def _at(file: BinaryIO, span: Span) -> bytes:
    file.seek(span.start)
    return file.read(min(_HEAD, span.end - span.start))


def _when(head: bytes, path: Path) -> Millis:
    """When the mail came: the topmost Received, else Date, else the file's own time."""
    at = came(split(head, most=500))
    return at if at is not None else int(path.stat().st_mtime * 1000)


def _form_of(path: Path) -> Format:
    if path.is_dir():
        if any((path / name).is_dir() for name in _MAILDIR):
            return Format.MAILDIR
        return Format.EML if any(each.suffix.lower() == ".eml" for each in path.rglob("*")) else Format.MBOX
    return Format.EML if path.suffix.lower() == ".eml" else Format.MBOX


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "
