"""Says what a mail is about: applies a trained linear model to its words; at most two topics, none below the bar.

How a model is trained is said in gatepost.topics, how it is stored in topics.model_file. The words of a mail are its
distinct words and pairs of neighbours; a word also counts by its runs of three to five letters, so that a misspelling
or an inflection of a known word is still known.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .rules.tokens import tokenise

TEXT_LIMIT = 4_000
"""Characters of a mail that are looked at: what a mail is about is said at its beginning."""

WORDS_LIMIT = 200
"""Words of those that are looked at."""

TOKENISER = 1
"""Changes with `units` or `features`: a model trained with another version is not applied."""

AT_MOST = 2
BAR = 0.90

_CACHED = 20_000
_NOTHING = 1e-12
_SHORTEST, _LONGEST = 3, 5
_ZEROS = str.maketrans("0123456789", "0000000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What the model knows of one feature: how rare it is (`idf`, 1 and more), and what it adds to each score.

    What it adds, to those of the topics and to that of none, is its weight times `idf`.
    """

    idf: float
    adds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How a lead becomes a probability for one topic: 1 / (1 + exp(-(slope * lead + offset))), as Platt has it."""

    slope: float
    offset: float

    def probability(self, lead: float) -> float:
        """The probability of a lead, between 0 and 1."""
        power = max(-60.0, min(60.0, self.slope * lead + self.offset))
        return 1.0 / (1.0 + math.exp(-power))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained model: topics in the order of all its tuples; features and biases have one more, for none of them.

    `unknown` is the weight of a word that it never saw.
    """

    topics: tuple[str, ...]
    features: Mapping[str, Feature]
    biases: tuple[float, ...]
    calibrations: tuple[Calibration, ...]
    unknown: float = 0.0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic with its calibrated probability."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One word or pair of words of a mail, and how much it spoke for a topic, or against it below 0."""

    words: str
    weight: float


def units(text: str) -> list[str]:
    """The distinct words of the beginning of a text, and the distinct pairs of neighbours; every digit is a 0."""
    words = " ".join(tokenise(text[:TEXT_LIMIT])[:WORDS_LIMIT]).translate(_ZEROS).split()
    return [*dict.fromkeys(words), *dict.fromkeys(map(" ".join, pairwise(words)))]


def without(text: str, names: Iterable[str]) -> str:
    """The words of the beginning of a text, without those that make up one of these names."""
    words = f" {'  '.join(tokenise(text[:TEXT_LIMIT]))} "
    for name in names:
        phrase = f" {'  '.join(tokenise(name))} "
        words = words.replace(phrase, " ") if phrase.strip() else words
    return " ".join(words.split())


def features(unit: str) -> Iterator[str]:
    """What one unit is known by: itself, and for a single word its runs of letters, marked at both its ends."""
    yield unit
    if " " in unit:
        return
    marked = f"_{unit}_"
    for length in range(_SHORTEST, min(_LONGEST, len(marked) - 1) + 1):
        for start in range(len(marked) - length + 1):
            yield f"#{marked[start : start + length]}"


def leads(scores: Sequence[float]) -> tuple[float, ...]:
    """How far each topic is ahead of all the rest together: the logarithm of its odds, going by the scores alone.

    The last score, that of none, is only among the rest. A topic that is likely next to a likelier one is not ahead.
    """
    highest = max(scores)
    shares = [math.exp(score - highest) for score in scores]
    whole = sum(shares)
    return tuple(
        score - highest - math.log(max(whole - share, _NOTHING))
        for score, share in zip(scores[:-1], shares, strict=False)
    )


_Part = tuple[float, tuple[float, ...] | None]
"""What a unit brings: the square of its length, and its weights for each topic and none (None where all are 0)."""


class Classifier:
    """A model at work. It remembers what ordinary words weigh, which makes a mail cost well under a millisecond."""

    def __init__(self, model: Model, *, bar: float = BAR) -> None:
        self.model = model
        self.bar = bar
        self._parts: dict[str, _Part] = {}

    def topics(self, text: str) -> tuple[Topic, ...]:
        """At most two topics of a text that reach the bar, best first. Never raises; linear in the text."""
        return tuple(topic for topic in self.ranked(text)[:AT_MOST] if topic.confidence >= self.bar)

    def ranked(self, text: str) -> tuple[Topic, ...]:
        """Every topic with its confidence, best first; topics of equal confidence in the order of the model."""
        ahead = leads(self.scores(units(text)))
        found = [
            Topic(name=name, confidence=calibration.probability(lead))
            for name, calibration, lead in zip(self.model.topics, self.model.calibrations, ahead, strict=True)
        ]
        return tuple(sorted(found, key=lambda topic: -topic.confidence))

    def scores(self, found: Iterable[str]) -> tuple[float, ...]:
        """The score of each topic for these units, and last that of none."""
        square, rows = 0.0, []
        parts, known_as = self._parts, self.model.features.get
        for unit in found:
            if " " in unit:  # Most pairs are new with each mail, and one look says all of them.
                pair = known_as(unit)
                if pair is not None:
                    square += pair.idf**2
                    rows.append(pair.adds)
                continue
            length, row = parts.get(unit) or self._part(unit)
            square += length
            if row is not None:
                rows.append(row)
        if not rows:
            return self.model.biases
        norm = math.sqrt(square)
        return tuple(
            sum(column) / norm + bias for column, bias in zip(zip(*rows, strict=True), self.model.biases, strict=True)
        )

    def explain(self, text: str, topic: str, limit: int = 8) -> tuple[Weighed, ...]:
        """The words that weighed most for or against a topic, the heaviest first. Raises ValueError for no topic."""
        column = self.model.topics.index(topic)
        parts = [(unit, self._part(unit)) for unit in units(text)]
        norm = math.sqrt(sum(length for _, (length, _) in parts)) or 1.0
        weighed = [Weighed(words=unit, weight=row[column] / norm) for unit, (_, row) in parts if row is not None]
        return tuple(sorted(weighed, key=lambda one: -abs(one.weight))[:limit])

    def _part(self, unit: str) -> _Part:
        part = self._parts.get(unit)
        if part is None:
            part = self._weigh(unit)
            if len(self._parts) < _CACHED:
                self._parts[unit] = part
        return part

    def _weigh(self, unit: str) -> _Part:
        known_as = self.model.features.get
        if " " in unit:
            pair = known_as(unit)
            return (pair.idf**2, pair.adds) if pair is not None else (0.0, None)
        known = [found for found in map(known_as, features(unit)) if found is not None]
        square = sum(feature.idf**2 for feature in known)
        if unit not in self.model.features:
            square += self.model.unknown**2
        if not known:
            return square, None
        return square, tuple(map(sum, zip(*(feature.adds for feature in known), strict=True)))
