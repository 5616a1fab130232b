"""Reads the labelled examples: files of lines `language: text`, one file a topic, in train/ and in held-out/.

A line with alternatives in braces stands for several wordings of one example; they form one group, and a group is never
divided between what is learned from and what is measured with. Which examples are held out says their folder alone.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import Mistake, MistakesError

NONE = "none"
"""The file of examples that have none of the topics."""

Part = Literal["train", "held-out"]

_LINE = re.compile(r"(?P<language>[a-z]{2}): (?P<text>\S.*)")
_CHOICE = re.compile(r"\{([^{}]*)\}")
_WORDINGS: Mapping[Part, int] = {"train": 3, "held-out": 2}

# What people write around a question; the two parts share none of it.
_DRESSES: Mapping[Part, Mapping[str, tuple[tuple[str, str], ...]]] = {
    "train": {
        "en": (
            ("Hello,", "Kind regards, Anna"), ("Hi there!", "Thanks, Tom"), ("Dear team,", "Best, J. Miller"),
            ("Good morning.", "Thank you for your help."), ("hey", "thx"),
            ("To whom it may concern:", "Sincerely, R. Cole"),
        ),
        "de": (("Hallo,", "Viele Grüße, Jan"), ("Sehr geehrte Damen und Herren,", "Mit freundlichen Grüßen, K. Braun")),
        "fr": (("Bonjour,", "Cordialement, Luc"), ("Bonsoir,", "Merci d'avance")),
        "es": (("Hola:", "Un saludo, Marta"), ("Buenos días,", "Gracias de antemano")),
        "it": (("Buongiorno,", "Cordiali saluti, Paolo"), ("Salve,", "Grazie")),
        "pl": (("Dzień dobry,", "Pozdrawiam, Ewa"), ("Witam,", "Z góry dziękuję")),
        "nl": (("Hallo,", "Met vriendelijke groet, Bas"), ("Beste,", "Alvast bedankt")),
        "pt": (("Olá,", "Cumprimentos, Rui"), ("Bom dia,", "Obrigado")),
    },
    "held-out": {
        "en": (
            ("Greetings,", "Cheers, Priya"), ("Sir or Madam,", "Yours faithfully, D. Hughes"),
            ("Hello everyone, I hope you are well.", "Looking forward to your answer, M. Okafor"),
            ("Quick question for you guys.", "Many thanks in advance, Lena"),
        ),
        "de": (("Guten Tag,", "Besten Dank und Gruß, Sabine"), ("Liebes Team,", "Schöne Grüße aus Graz")),
        "fr": (("Madame, Monsieur,", "Bien à vous, Chloé"),),
        "es": (("Estimados señores:", "Atentamente, Diego"),),
        "it": (("Gentile assistenza,", "Distinti saluti, Carla"),),
        "pl": (("Szanowni Państwo,", "Z poważaniem, Marek"),),
        "nl": (("Goedendag,", "Hartelijke groeten, Femke"),),
        "pt": (("Boa tarde,", "Com os melhores cumprimentos, Inês"),),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text with its topic, `none` for none. Examples of one `group` are wordings of one line."""

    topic: str
    language: str
    text: str
    group: str


def read(folders: Iterable[Path], part: Part) -> tuple[Example, ...]:
    """The examples of one part from all folders, in a fixed order. Raises MistakesError for lines that are none."""
    mistakes: list[Mistake] = []
    examples = [example for path in files(folders, part) for example in _of_file(path, part, mistakes)]
    if mistakes:
        raise MistakesError("the labelled examples", mistakes)
    return tuple(examples)


def files(folders: Iterable[Path], part: Part) -> tuple[Path, ...]:
    """The files of one part, folder by folder, in name order."""
    return tuple(path for folder in folders for path in sorted((folder / part).glob("*.txt")))


def digest(examples: Iterable[Example]) -> str:
    """A hash of what the examples say: it names the data that a model was trained from."""
    lines = sorted(f"{example.topic}\t{example.language}\t{example.text}" for example in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def counts(examples: Iterable[Example]) -> dict[str, int]:
    """How many examples each topic has."""
    return dict(sorted(Counter(example.topic for example in examples).items()))


def wordings(text: str, language: str, part: Part) -> list[str]:
    """The wordings of one line: bare, with a greeting, and for learning also with a close and a slip of the pen."""
    found: list[str] = []
    for number in range(_WORDINGS[part]):
        bare = _choose(text, number)
        opening, close = _pick(_DRESSES[part].get(language, _DRESSES[part]["en"]), f"{text} {number}")
        match number:
            case 0:
                found.append(bare)
            case 1:
                found.append(f"{opening} {bare}" if part == "train" else f"{opening}\n\n{bare}\n\n{close}")
            case _:
                found.append(f"{opening}\n\n{_slip(bare)}\n\n{close}")
    return found


def _of_file(path: Path, part: Part, mistakes: list[Mistake]) -> Iterator[Example]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            message = "no example"
            mistakes.append(Mistake(file=str(path), line=number, message=message, suggestion="en: the words of a mail"))
            continue
        language, group = found["language"], f"{path.stem} {found['text']}"
        for text in wordings(found["text"], language, part):
            yield Example(topic=path.stem, language=language, text=text, group=group)


def _choose(text: str, number: int) -> str:
    """The text with one alternative of each brace; the number turns through them."""
    at = 0

    def chosen(match: re.Match[str]) -> str:
        nonlocal at
        at += 1
        options = match[1].split("|")
        return options[(_number(f"{text} {at}") + number) % len(options)]

    return _CHOICE.sub(chosen, text)


def _slip(text: str) -> str:
    """The text with one letter lost from one of its longer words."""
    words = text.split(" ")
    longer = [at for at, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if longer:
        at = longer[_number(text) % len(longer)]
        word, lost = words[at], 1 + _number(text + " letter") % (len(words[at]) - 2)
        words[at] = word[:lost] + word[lost + 1 :]
    return " ".join(words)


def _pick(options: tuple[tuple[str, str], ...], seed: str) -> tuple[str, str]:
    return options[_number(seed) % len(options)]


def _number(seed: str) -> int:
    """A number made of a text, the same on every machine: the choice is fixed, not left to chance."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
