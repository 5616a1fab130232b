"""Reads the labelled examples: files of lines `language: text`, one file a topic, in train/ and in held-out/.

A line is one mail. `en+shipping: …` is a mail with a second concern: either topic is right for it. Which examples are
held out says their folder alone.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..errors import Mistake, MistakesError

NONE = "none"
"""The file of examples that have none of the topics."""

LEAST = 8
"""Examples without which a topic is not learned: it needs one for every part of them that is measured with."""

Part = Literal["train", "held-out"]

_LINE = re.compile(r"(?P<language>[a-z]{2})(?:\+(?P<also>[\w-]+))?: (?P<text>\S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text with its topic, `none` for none, and a second one where it has two."""

    topic: str
    also: str = ""
    language: str
    text: str

    @property
    def topics(self) -> frozenset[str]:
        """Every label that is right for the text."""
        return frozenset({self.topic, self.also} - {NONE, ""})


def read(folders: Iterable[Path], part: Part) -> tuple[Example, ...]:
    """The examples of one part from all folders, in a fixed order. Raises MistakesError for lines that are none."""
    paths = files(folders, part)
    known = {path.stem for path in paths}
    mistakes: list[Mistake] = []
    examples = [example for path in paths for example in _of_file(path, known, mistakes)]
    if mistakes:
        raise MistakesError("the labelled examples", mistakes)
    return tuple(examples)


def files(folders: Iterable[Path], part: Part) -> tuple[Path, ...]:
    """The files of one part, folder by folder, in name order."""
    return tuple(path for folder in folders for path in sorted((folder / part).glob("*.txt")))


def digest(examples: Iterable[Example]) -> str:
    """A hash of what the examples say: it names the data that a model was trained from."""
    lines = sorted(f"{one.topic}\t{one.also}\t{one.language}\t{one.text}" for one in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def counts(examples: Iterable[Example]) -> dict[str, int]:
    """How many examples each topic has."""
    return dict(sorted(Counter(example.topic for example in examples).items()))


def learnable(examples: Iterable[Example]) -> tuple[tuple[Example, ...], dict[str, int]]:
    """The examples of topics that have enough of them, and how many the others have, which wait for more."""
    examples = tuple(examples)
    have = counts(examples)
    few = {topic: count for topic, count in have.items() if count < LEAST and topic != NONE}
    enough = have.keys() - few.keys()
    kept = (one if one.also in enough else replace(one, also="") for one in examples if one.topic in enough)
    return tuple(kept), few


def _of_file(path: Path, known: set[str], mistakes: list[Mistake]) -> Iterator[Example]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = "save the file as UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or ""
        mistakes.append(Mistake(file=str(path), message="cannot be read", suggestion=why))
        return
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        also = (found["also"] or "") if found is not None else ""
        if found is None or (also and also not in known - {NONE, path.stem}):
            message = f"there is no other topic {also!r} with examples" if also else "no example"
            fix = "en: the words of a mail"
            mistakes.append(Mistake(file=str(path), line=number, message=message, suggestion=fix))
            continue
        yield Example(topic=path.stem, also=also, language=found["language"], text=found["text"])
