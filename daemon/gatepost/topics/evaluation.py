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
    """What became of one topic: how many `examples` it has, how many labels were given, how many of them `right`."""

    topic: str
    examples: int
    given: int
    right: int

    @property
    def precision(self) -> float | None:
        """The share of the labels that were right; None where none was given."""
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        """The share of the examples that got the label; None where there are none."""
        return self.right / self.examples if self.examples else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The judgements of one range of confidence: how many, how sure on the average, and the share that was right."""

    count: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All figures. `confusion` counts (topic, label given first); `lines` is the number of groups of examples."""

    bar: float
    examples: int
    lines: int
    topics: tuple[Figures, ...]
    confusion: Mapping[tuple[str, str], int]
    bins: tuple[Bin, ...]

    @property
    def precision(self) -> float | None:
        """The share of all labels that were right."""
        given = sum(one.given for one in self.topics)
        return sum(one.right for one in self.topics) / given if given else None

    @property
    def coverage(self) -> float | None:
        """The share of the examples with a topic that got it."""
        examples = sum(one.examples for one in self.topics)
        return sum(one.right for one in self.topics) / examples if examples else None

    def as_data(self) -> dict[str, object]:
        """The figures as they stand in the model file."""
        return {
            "examples": self.examples,
            "lines": self.lines,
            "precision": rounded(self.precision),
            "coverage": rounded(self.coverage),
            "topics": {
                one.topic: {
                    "examples": one.examples,
                    "labels": one.given,
                    "precision": rounded(one.precision),
                    "recall": rounded(one.recall),
                }
                for one in self.topics
            },
        }


def evaluate(classifier: Classifier, examples: Sequence[Example]) -> Evaluation:
    """What the model makes of the examples. Never raises."""
    given: Counter[str] = Counter()
    right: Counter[str] = Counter()
    confusion: Counter[tuple[str, str]] = Counter()
    judged: list[tuple[float, bool]] = []
    for example in examples:
        ranked = classifier.ranked(example.text)
        labels = [one.name for one in ranked[:AT_MOST] if one.confidence >= classifier.bar]
        given.update(labels)
        right.update(name for name in labels if name == example.topic)
        confusion[example.topic, labels[0] if labels else NONE] += 1
        judged += [(one.confidence, one.name == example.topic) for one in ranked]
    wanted = Counter(example.topic for example in examples)
    return Evaluation(
        bar=classifier.bar,
        examples=len(examples),
        lines=len({example.group for example in examples}),
        topics=tuple(
            Figures(topic=name, examples=wanted[name], given=given[name], right=right[name])
            for name in classifier.model.topics
        ),
        confusion=dict(confusion),
        bins=_bins(judged),
    )


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
