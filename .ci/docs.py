"""Writes anew what the documentation says and the program knows: `make docs`.

    .ci/docs.py write    writes every such file
    .ci/docs.py check    names those that are out of date; exit code 1 where there is one

A file is written whole, or from its mark on: what stands above the mark is written by hand.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import manual

from gatepost import log_words
from gatepost.config import example
from gatepost.core import commands
from gatepost.core.rules import reference

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MARK = "<!-- from here on written by `make docs` -->\n\n"


def files() -> Iterator[tuple[Path, str]]:
    """Every file with the text that it should have."""
    yield ROOT / "config.example.toml", example.example()
    yield DOCS / "config.md", _below(DOCS / "config.md", MARK, example.reference())
    yield DOCS / "rules.md", _below(DOCS / "rules.md", "### Conditions\n", reference.as_markdown(), keeps_mark=False)
    yield DOCS / "commands.md", _below(DOCS / "commands.md", MARK, commands.as_markdown())
    yield DOCS / "log.md", _below(DOCS / "log.md", MARK, log_words.as_markdown())
    yield DOCS / "commandline.md", _below(DOCS / "commandline.md", MARK, manual.as_markdown())
    yield DOCS / "errors.md", _below(DOCS / "errors.md", MARK, manual.errors(ROOT / "daemon" / "gatepost"))
    for name, text in manual.man_pages().items():
        yield ROOT / "packaging" / "man" / name, text


def stale() -> list[Path]:
    """The files that do not say what the program says, and man pages of what is no more."""
    wanted = dict(files())
    written = {path: path.read_text(encoding="utf-8") if path.exists() else "" for path in wanted}
    gone = [path for path in (ROOT / "packaging" / "man").glob("*.*") if path not in wanted]
    return [*(path for path, text in wanted.items() if written[path] != text), *gone]


def write() -> None:
    """Write them all."""
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in stale():
        path.unlink()


def _below(path: Path, mark: str, text: str, *, keeps_mark: bool = True) -> str:
    above = path.read_text(encoding="utf-8").partition(mark)[0] if path.exists() else ""
    return above + (mark if keeps_mark else "") + text


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write()
    else:
        left = stale()
        for path in left:
            print(f"{path.relative_to(ROOT)} is out of date: make docs")
        sys.exit(1 if left else 0)
