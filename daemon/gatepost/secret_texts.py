"""The labelled texts of rules/secrets, and how well the detector of credentials does on them: precision and recall.

A text is one line: its language, a colon, the text with `\\n` for a line's end and each secret as {{kind|value}}. A
find is right where it covers the secret, takes at most two characters more, and names its kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .core.secret import Kind
from .errors import PermanentError
from .mail.secrets import Found, find
from .outline import table

FOLDER = "secrets"
TUNING, HELD_OUT = ("tuning.txt",), ("held-out.txt", "customers.txt")
_SLACK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One text, with the secrets that stand in it; none for harmless talk."""

    file: str
    line: int
    language: str
    text: str
    secrets: tuple[Found, ...]


@dataclass(slots=True)
class Score:
    """How often one kind was found rightly, wrongly, and not at all."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of what was found that is a secret of this kind; 1 where nothing was found."""
        found = self.right + self.wrong
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        """The share of the secrets of this kind that was found; 1 where there are none."""
        there = self.right + self.missed
        return self.right / there if there else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The scores by kind and in all, how many of the texts are harmless, and a sentence for each mistake."""

    kinds: dict[Kind, Score]
    whole: Score
    texts: int
    harmless: int
    mistakes: tuple[str, ...]


def read(path: Path) -> Iterator[Labelled]:
    """The texts of one file. Raises PermanentError with file and line for a text that is not in the form."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise PermanentError(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            language, found, text = line.partition(": ")
            if not found or not language.isalpha():
                raise PermanentError(f"{path}, line {number}: no language before the text", "Write it like en: text")
            yield _labelled(path, number, language, text.replace("\\n", "\n").replace("¦", ""))


def _labelled(path: Path, number: int, language: str, marked: str) -> Labelled:
    text, secrets = "", []
    pieces = marked.split("{{")
    for at, piece in enumerate(pieces):
        if at == 0:
            text += piece
            continue
        inside, closed, after = piece.partition("}}")
        kind, barred, value = inside.partition("|")
        if not closed or not barred or kind not in set(Kind):
            kinds = ", ".join(Kind)
            raise PermanentError(f"{path}, line {number}: a secret is {{{{kind|value}}}}", f"The kinds are: {kinds}.")
        secrets.append(Found(len(text), len(text) + len(value), Kind(kind)))
        text += value + after
    return Labelled(file=path.name, line=number, language=language, text=text, secrets=tuple(secrets))


def evaluate(texts: Iterator[Labelled]) -> Evaluation:
    """How the detector does on these texts."""
    kinds = {kind: Score() for kind in Kind}
    whole, mistakes, count, harmless = Score(), [], 0, 0
    for one in texts:
        count += 1
        harmless += not one.secrets
        found = list(find(one.text))
        where = f"{one.file}:{one.line} [{one.language}]"
        for secret in one.secrets:
            hit = next((each for each in found if _right(each, secret)), None)
            if hit is None:
                kinds[secret.kind].missed += 1
                mistakes.append(f"{where} missed {secret.kind.value}: {one.text[secret.start : secret.end]}")
            else:
                found.remove(hit)
                kinds[secret.kind].right += 1
        for each in found:
            kinds[each.kind].wrong += 1
            mistakes.append(f"{where} is no {each.kind.value}: {one.text[each.start : each.end]}")
    for score in kinds.values():
        whole.right, whole.wrong = whole.right + score.right, whole.wrong + score.wrong
        whole.missed += score.missed
    return Evaluation(kinds=kinds, whole=whole, texts=count, harmless=harmless, mistakes=tuple(mistakes))


def _right(found: Found, secret: Found) -> bool:
    covers = found.start <= secret.start and found.end >= secret.end
    return covers and found.kind is secret.kind and found.end - found.start <= secret.end - secret.start + _SLACK


def lines(found: Evaluation) -> Iterator[str]:
    """The report, line by line."""
    rows = [_row(kind.value, score) for kind, score in found.kinds.items()]
    yield table(("kind", "right", "wrong", "missed", "precision", "recall"), [*rows, _row("all", found.whole)])
    yield f"{found.texts} texts, {found.harmless} of them harmless."


def _row(name: str, score: Score) -> tuple[str, ...]:
    shares = (f"{share * 100:.1f} %" for share in (score.precision, score.recall))
    return (name, str(score.right), str(score.wrong), str(score.missed), *shares)
