"""Measures a model on examples that were held out: precision, recall, coverage, confusion, reliability.

A label counts at or above the bar only, as in the daemon; a text may get two, and each is right or wrong by itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..core.topics import AT_MOST, Classifier
from .labelled import NONE, Example

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One topic, or one language: how many labels its `examples` should get, how many were `given`, and `right`."""

    name: str
    examples: int
    given: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of the labels that were right; None where none was given."""
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        """The share of the labels that there should be, and are; None where there should be none."""
        return self.right / self.examples if self.examples else None

    def as_data(self) -> dict[str, object]:
        """The figures as they stand in the model file."""
        return {
            "examples": self.examples,
            "labels": self.given,
            "precision": rounded(self.precision),
            "recall": rounded(self.recall),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The judgements of one range of confidence: how many, how sure on the average, and the share that was right."""

    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All figures. `none` examples have no topic; `confusion` counts (topic, label given first)."""

    bar: float
    examples: int
    none: int
    covered: int
    topics: tuple[Figures, ...]
    languages: tuple[Figures, ...]
    confusion: Mapping[tuple[str, str], int]
    bins: tuple[Bin, ...]

    @property
    def precision(self) -> float | None:
        """The share of all labels that were right."""
        given = sum(one.given for one in self.topics)
        return sum(one.right for one in self.topics) / given if given else None

    @property
    def coverage(self) -> float | None:
        """The share of the examples with a topic that got it, or one of its two."""
        having = self.examples - self.none
        return self.covered / having if having else None

    def as_data(self) -> dict[str, object]:
        """The figures as they stand in the model file."""
        return {
            "examples": self.examples,
            "none": self.none,
            "precision": rounded(self.precision),
            "coverage": rounded(self.coverage),
            "topics": {one.name: one.as_data() for one in self.topics},
            "languages": {one.name: one.as_data() for one in self.languages},
        }


def evaluate(classifier: Classifier, examples: Sequence[Example]) -> Evaluation:
    """What the model makes of the examples. Never raises."""
    ranked = [classifier.ranked(example.text) for example in examples]
    labels = [[one.name for one in few[:AT_MOST] if one.confidence >= classifier.bar] for few in ranked]
    pairs = [(example.topics, frozenset(given)) for example, given in zip(examples, labels, strict=True)]
    spoken = sorted({example.language for example in examples})
    return Evaluation(
        bar=classifier.bar,
        examples=len(examples),
        none=sum(not wanted for wanted, _ in pairs),
        covered=sum(bool(wanted & given) for wanted, given in pairs),
        topics=tuple(
            _figures(name, [(wanted & {name}, given & {name}) for wanted, given in pairs])
            for name in classifier.model.topics
        ),
        languages=tuple(
            _figures(name, [pair for pair, one in zip(pairs, examples, strict=True) if one.language == name])
            for name in spoken
        ),
        confusion=Counter(
            (_row(example, given), given[0] if given else NONE) for example, given in zip(examples, labels, strict=True)
        ),
        bins=_bins(
            (topic.confidence, topic.name in example.topics)
            for example, few in zip(examples, ranked, strict=True)
            for topic in few
        ),
    )


def _figures(name: str, pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> Figures:
    """Counted over pairs of the labels that a text should get and those that it got."""
    return Figures(
        name=name,
        examples=sum(len(wanted) for wanted, _ in pairs),
        given=sum(len(given) for _, given in pairs),
        right=sum(len(wanted & given) for wanted, given in pairs),
    )


def _row(example: Example, given: Sequence[str]) -> str:
    """The row of an example in the confusion table: of two right topics the one that it got first."""
    return given[0] if given and given[0] in example.topics else example.topic


def rounded(share: float | None) -> float | None:
    """A share as it is reported, to a tenth of a percent."""
    return round(share, 3) if share is not None else None


def _bins(judged: Iterable[tuple[float, bool]]) -> tuple[Bin, ...]:
    found: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in judged:
        found.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    return tuple(
        Bin(
            count=len(one),
            confidence=sum(confidence for confidence, _ in one) / len(one),
            right=sum(right for _, right in one) / len(one),
        )
        for _, one in sorted(found.items())
    )
