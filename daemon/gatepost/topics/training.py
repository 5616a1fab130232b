"""Trains a model with scikit-learn: TF-IDF of words and letters, a linear model, calibrated on what it has not seen.

The extra `topics` brings scikit-learn; only the commands import this module. The features are made by the functions
that the daemon uses, so the two cannot drift apart. The same examples give the same model.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from ..core.topics import Calibration, Feature, Model, features, leads, units
from .labelled import LEAST, NONE, Example

Array = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]
"""Told after each step: what is being done, how many steps of it are done, of how many."""

UNKNOWN = 2.0
_FOLDS = LEAST
_STRENGTH = 30.0
_TURNS = 500
_COMMON = 2


def train(examples: Sequence[Example], progress: Progress = lambda what, done, of: None) -> Model:
    """A model of every topic that has examples. Raises ValueError where there are too few to learn from."""
    topics = _topics(examples)
    texts = [_Text(example.text) for example in examples]
    progress("words", 1, 1)
    ahead = np.zeros((len(examples), len(topics)))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(texts, [example.topic for example in examples])
    for fold, (rest, held) in enumerate(folds):
        measure = _Measure(texts[at] for at in rest)
        weights, biases = _fit(measure.rows(texts[at] for at in rest), [examples[at] for at in rest], topics)
        scores = measure.rows(texts[at] for at in held) @ weights + biases
        ahead[held] = [leads(row) for row in scores.tolist()]
        progress("folds", fold + 1, _FOLDS)
    measure = _Measure(texts)
    weights, biases = _fit(measure.rows(texts), examples, topics)
    progress("model", 1, 1)
    return Model(
        topics=topics,
        features=measure.features(weights),
        biases=tuple(round(float(bias), 4) for bias in biases),
        calibrations=tuple(
            _calibrate(ahead[:, at], [topic in example.topics for example in examples])
            for at, topic in enumerate(topics)
        ),
        unknown=UNKNOWN,
    )


def _topics(examples: Sequence[Example]) -> tuple[str, ...]:
    """The topics that can be learned; each needs one example at least in every part that is measured with."""
    counts = {topic: sum(example.topic == topic for example in examples) for topic in {one.topic for one in examples}}
    topics = tuple(sorted(counts.keys() - {NONE}))
    few = [topic for topic in (*topics, NONE) if counts.get(topic, 0) < _FOLDS]
    if few or len(topics) < 2:
        what = f"{', '.join(few)} has fewer than {_FOLDS}" if few else "there is one topic only"
        raise ValueError(f"there is too little to learn from: {what} lines")
    return topics


class _Text:
    """The words of one text and its features, taken apart once."""

    def __init__(self, text: str) -> None:
        self.units = units(text)
        self.features = [name for unit in self.units for name in features(unit)]


class _Measure:
    """TF-IDF over the features of some texts; each row has the length that `Classifier` gives to a mail."""

    def __init__(self, texts: Iterable[_Text]) -> None:
        self._tfidf = TfidfVectorizer(analyzer=lambda text: text.features, min_df=_COMMON, norm=None)
        self._tfidf.fit(texts)
        self._tfidf.idf_ = np.round(self._tfidf.idf_, 1)

    def rows(self, texts: Iterable[_Text]) -> Any:
        """A sparse matrix, a row for each text."""
        texts = list(texts)
        found = self._tfidf.transform(texts)
        known = self._tfidf.vocabulary_
        unknown = np.array([sum(" " not in unit and unit not in known for unit in text.units) for text in texts])
        square = found @ self._tfidf.idf_ + UNKNOWN**2 * unknown
        return sparse.diags(1.0 / np.sqrt(np.maximum(square, 1.0))) @ found

    def features(self, weights: Array) -> dict[str, Feature]:
        """What the model knows of each feature."""
        idf = self._tfidf.idf_.tolist()
        adds = (weights * self._tfidf.idf_[:, np.newaxis]).tolist()
        return {
            name: Feature(idf=idf[at], adds=tuple(adds[at])) for name, at in sorted(self._tfidf.vocabulary_.items())
        }


def _fit(rows: Any, examples: Sequence[Example], topics: tuple[str, ...]) -> tuple[Array, Array]:
    """Logistic regression over the topics and none: the weight of each feature, and the biases.

    A text with two concerns counts half for either.
    """
    labels = [(at, label) for at, example in enumerate(examples) for label in sorted(example.topics) or [NONE]]
    halves = [1.0 / max(len(examples[at].topics), 1) for at, _ in labels]
    model = LogisticRegression(C=_STRENGTH, max_iter=_TURNS)
    model.fit(rows[[at for at, _ in labels]], [label for _, label in labels], sample_weight=halves)
    order = [list(model.classes_).index(label) for label in (*topics, NONE)]
    return model.coef_[order].T, model.intercept_[order]


def _calibrate(ahead: Array, right: Sequence[bool]) -> Calibration:
    """Platt's slope and offset from the leads of texts that were not learned from (Platt 1999)."""
    model = LogisticRegression(C=1e6).fit(ahead.reshape(-1, 1), np.array(right))
    return Calibration(slope=round(float(model.coef_[0, 0]), 4), offset=round(float(model.intercept_[0]), 4))
