"""Reads the rule files, shipped and the operator's, and keeps one checked set of rules that changes all at once.

A set that has any mistake never serves: the old one stays. What rules mean is said in core.rules.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .changes import Changes
from .config import Config
from .core.rules.book import Book, load
from .core.rules.examples import Known, failed_examples, unknown_names
from .core.rules.lint import lint, lint_words
from .core.rules.rule import Fault
from .errors import Mistake, MistakesError
from .patterns import compile_pattern
from .toml_lines import line_of, syntax_mistake

TOPICS = "topics.toml"
"""The one TOML file beside the rules that holds none: it names the topics."""

_READS = 10
_FILE_LIMIT = 1024 * 1024

Contents = dict[str, bytes | str]
"""The files' bytes by name; a text in their place says why a file cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadResult:
    """What a reload did. `changed` is whether another set serves now; `error` is why the old one stays."""

    changed: bool
    digest: str
    rules: int
    error: MistakesError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What there is to say of a set of rules. `book` is None where the files cannot be read as rules at all."""

    book: Book | None
    mistakes: list[Mistake]
    warnings: list[Mistake]

    def sound(self, refusal: str) -> Book:
        """The book, if it may serve. Raises MistakesError, beginning with `refusal`, if there is any mistake."""
        if self.book is None or self.mistakes:
            raise MistakesError(refusal, self.mistakes)
        return self.book


class Rulebook:
    """The rules that serve. `shipped` comes with us; a file of the same name in `own` replaces it."""

    def __init__(self, shipped: Path, own: Path | None = None, *, known: Known | None = None) -> None:
        """Raises MistakesError with every mistake where the files cannot serve: then there is no old set to keep."""
        self._shipped, self._own, self._known = shipped, own, known or Known()
        self._changes = Changes(lambda: paths(shipped, own).values())
        self._book = examine_folders(shipped, own, self._known).sound("the rules")

    @property
    def book(self) -> Book:
        """The set that serves now. Take it once for a mail: the next look may give another."""
        return self._book

    def reload(self) -> ReloadResult:
        """Read and check the files, and let them serve if nothing is wrong. Never raises for a broken file."""
        self._changes.taken()
        try:
            book = examine_folders(self._shipped, self._own, self._known).sound("the old rules stay")
        except MistakesError as error:
            return self._result(False, error)
        changed = book.digest != self._book.digest
        if changed:
            self._book = book
        return self._result(changed)

    def poll(self) -> ReloadResult | None:
        """Look whether files have changed; reload at the second look that sees the same change. None: nothing new."""
        return self.reload() if self._changes.settled() else None

    def _result(self, changed: bool, error: MistakesError | None = None) -> ReloadResult:
        return ReloadResult(changed=changed, digest=self._book.digest, rules=len(self._book.rules), error=error)


def paths(shipped: Path, own: Path | None) -> dict[str, Path]:
    """The rule files by name, in name order; the operator's file stands for the shipped one of the same name."""
    found: dict[str, Path] = {}
    for folder in (shipped, own):
        if folder is not None and folder.is_dir():
            found.update(
                {path.name: path for path in folder.glob("*.toml") if path.name[0] != "." and path.name != TOPICS}
            )
    return dict(sorted(found.items()))


def read_stable(shipped: Path, own: Path | None) -> Contents:
    """The files by name, read until two readings agree, so that none is caught while it is being written (H09).

    A file that changes at every reading is told of in place of its bytes.
    """
    before = _read(shipped, own)
    for _ in range(_READS):
        after = _read(shipped, own)
        if after == before:
            return after
        changing = [name for name in after if after[name] != before.get(name)]
        before = after
    return {**before, **dict.fromkeys(changing, "keeps changing while it is read")}


def examine_folders(shipped: Path, own: Path | None, known: Known, *, words: bool = False) -> Findings:
    """What is to be said of the files of both folders, with `words` also of words that are there in vain.

    Mistakes name the whole path: else a shipped file and one of the operator's would look alike.
    """
    files = read_stable(shipped, own)
    places = {name: str(path) for name, path in paths(shipped, own).items()}
    findings = examine(files, known, words=words)
    return replace(
        findings,
        mistakes=[replace(mistake, file=places.get(mistake.file, mistake.file)) for mistake in findings.mistakes],
        warnings=[replace(warning, file=places.get(warning.file, warning.file)) for warning in findings.warnings],
    )


def examine(files: Mapping[str, bytes | str], known: Known, *, words: bool = False) -> Findings:
    """Everything that is wrong, or looks wrong, with the files, by name; with the book if it may serve."""
    texts: dict[str, str] = {}
    tables: dict[str, dict[str, object]] = {}
    mistakes: list[Mistake] = []
    for name, content in files.items():
        mistake = _parse(name, content, texts, tables)
        if mistake is not None:
            mistakes.append(mistake)
    loaded = load(tables, compile_pattern)
    if mistakes or isinstance(loaded, list):
        faults = loaded if isinstance(loaded, list) else []
        return Findings(book=None, mistakes=[*mistakes, *(_mistake(fault, texts) for fault in faults)], warnings=[])
    faults = [*failed_examples(loaded), *unknown_names(loaded, known), *lint(loaded)]
    faults += lint_words(loaded) if words else []
    mistakes += [_mistake(fault, texts) for fault in faults if not fault.warning]
    warnings = [_mistake(fault, texts) for fault in faults if fault.warning]
    return Findings(book=loaded, mistakes=mistakes, warnings=warnings)


def known_names(config: Config, letters: Iterable[str]) -> Known:
    """The names that rules may use: teams and brands of the config, and the `letters` that there are."""
    staff = {name for slug, member in config.members().items() for name in (slug, member.address)}
    return Known(
        teams=frozenset(config.team),
        brands=frozenset(config.brand),
        templates=frozenset(letters),
        staff=frozenset(staff),
    )


def _read(shipped: Path, own: Path | None) -> Contents:
    content: Contents = {}
    for name, path in paths(shipped, own).items():
        try:
            with path.open("rb") as file:
                content[name] = file.read(_FILE_LIMIT + 1)
        except FileNotFoundError:  # Taken away between the listing and now; the next reading will not list it.
            continue
        except OSError as error:
            content[name] = f"cannot be read: {error.strerror or error}"
    return content


def _parse(
    name: str, content: bytes | str, texts: dict[str, str], tables: dict[str, dict[str, object]]
) -> Mistake | None:
    if isinstance(content, str):
        return Mistake(file=name, message=content)
    if len(content) > _FILE_LIMIT:
        return Mistake(file=name, message=f"larger than {_FILE_LIMIT} octets", suggestion="split it into several files")
    try:
        text = content.decode("utf-8")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Mistake(file=name, line=line, message="not UTF-8", suggestion="save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        return syntax_mistake(name, text, error)
    except RecursionError:
        return Mistake(file=name, message="tables lie too deep in each other")
    texts[name], tables[name] = text, table
    return None


def _mistake(fault: Fault, texts: Mapping[str, str]) -> Mistake:
    return Mistake(
        file=fault.file,
        line=line_of(texts.get(fault.file, ""), fault.path),
        key=f"rule {fault.rule!r}" if fault.rule else "",
        message=fault.message,
        suggestion=fault.suggestion,
    )
