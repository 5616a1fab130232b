"""Trains a model: one linear classifier a topic against all the rest, calibrated on examples that it has not seen.

Needs numpy, which the extra `topics` brings; only the commands import this module. No chance is involved: the same
examples give the same model.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ..core.topics import Calibration, Feature, Model, features, units
from .labelled import NONE, Example

Array = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]
"""Told after each step: what is being done, how many steps of it are done, of how many."""

UNKNOWN = 4.0
_FOLDS = 8
_PENALTY = 0.1
_ROUNDS = 150
_COMMON = 2
_ROUNDING = 127.0


def train(examples: Sequence[Example], progress: Progress = lambda what, done, of: None) -> Model:
    """A model of every topic that has examples. Raises ValueError for fewer than two topics, or ten groups."""
    topics = tuple(sorted({example.topic for example in examples} - {NONE}))
    if len(topics) < 2 or len({example.group for example in examples}) < 10:
        raise ValueError("there is too little to learn from: examples of two topics are needed, and ten lines in all")
    seen = [units(example.text) for example in examples]
    progress("words", 1, 1)
    names, idf = _vocabulary(examples, seen)
    matrix = _matrix(seen, names, idf)
    alike = matrix @ matrix.T
    wanted = np.array([[example.topic == topic for topic in topics] for example in examples], dtype=np.float64)
    folds = _folds(examples)
    unseen = np.zeros_like(wanted)
    for fold in range(_FOLDS):
        rest, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        strengths, biases = _fit(alike[np.ix_(rest, rest)], wanted[rest])
        unseen[held] = alike[np.ix_(held, rest)] @ strengths + biases
        progress("folds", fold + 1, _FOLDS)
    strengths, biases = _fit(alike, wanted)
    progress("model", 1, 1)
    return Model(
        topics=topics,
        features=_features(names, idf, matrix.T @ strengths),
        biases=tuple(round(float(bias), 4) for bias in biases),
        calibrations=tuple(_calibrate(unseen[:, at], wanted[:, at]) for at in range(len(topics))),
        unknown=UNKNOWN,
    )


def _vocabulary(examples: Sequence[Example], seen: Sequence[list[str]]) -> tuple[dict[str, int], Array]:
    """The features of more than one group, each with its column, and how rare they are among the groups."""
    groups: dict[str, set[str]] = {}
    for example, found in zip(examples, seen, strict=True):
        groups.setdefault(example.group, set()).update(name for unit in found for name in features(unit))
    counts = Counter(name for found in groups.values() for name in found)
    names = sorted(name for name, count in counts.items() if count >= _COMMON)
    rarity = [round(1.0 + math.log((1 + len(groups)) / (1 + counts[name])), 1) for name in names]
    return {name: at for at, name in enumerate(names)}, np.array(rarity)


def _matrix(seen: Sequence[list[str]], names: dict[str, int], idf: Array) -> Array:
    """A row of length 1 for each example, measured exactly as Classifier measures a mail."""
    matrix = np.zeros((len(seen), len(names)))
    for row, found in enumerate(seen):
        square = 0.0
        for unit in found:
            columns = [names[name] for name in features(unit) if name in names]
            for column in columns:
                matrix[row, column] += idf[column]
            square += float(sum(idf[column] ** 2 for column in columns))
            if unit not in names and " " not in unit:
                square += UNKNOWN**2
        matrix[row] /= math.sqrt(square) or 1.0
    return matrix


def _folds(examples: Sequence[Example]) -> npt.NDArray[np.intp]:
    """The fold of each example: groups are dealt out in turn, topic by topic."""
    groups = {group: at % _FOLDS for at, group in enumerate(dict.fromkeys(example.group for example in examples))}
    return np.array([groups[example.group] for example in examples], dtype=np.intp)


def _fit(alike: Array, wanted: Array) -> tuple[Array, Array]:
    """Logistic regression by Nesterov's accelerated gradient: the weight of each example, and the biases."""
    weights, biases = np.zeros_like(wanted), np.zeros(wanted.shape[1])
    ahead, ahead_biases = weights, biases
    step = 1.0 / (0.25 * (float(np.linalg.norm(alike, 2)) + len(alike)) + _PENALTY)
    for turn in range(_ROUNDS):
        wrong = 1.0 / (1.0 + np.exp(-(alike @ ahead + ahead_biases))) - wanted
        after, after_biases = ahead - step * (wrong + _PENALTY * ahead), ahead_biases - step * wrong.sum(axis=0)
        push = turn / (turn + 3.0)
        ahead, ahead_biases = after + push * (after - weights), after_biases + push * (after_biases - biases)
        weights, biases = after, after_biases
    return weights, biases


def _features(names: dict[str, int], idf: Array, weights: Array) -> dict[str, Feature]:
    """The features, with weights that fit into a byte each."""
    scale = float(np.abs(weights).max()) / _ROUNDING
    rounded = np.round(weights / scale) * scale
    return {
        name: Feature(idf=float(idf[at]), weights=tuple(float(weight) for weight in rounded[at]))
        for name, at in names.items()
    }


def _calibrate(scores: Array, wanted: Array) -> Calibration:
    """Platt's slope and offset by Newton's method, with his softened targets (Platt 1999, 2.2)."""
    positive, negative = float(wanted.sum()), float(len(wanted) - wanted.sum())
    target = np.where(wanted > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))
    both = np.column_stack([scores, np.ones_like(scores)])
    found = np.array([1.0, 0.0])
    for _ in range(100):
        probable = 1.0 / (1.0 + np.exp(-np.clip(both @ found, -60, 60)))
        slopes = both.T @ (probable - target)
        bends = (both * (probable * (1 - probable))[:, None]).T @ both + 1e-6 * np.eye(2)
        change = np.linalg.solve(bends, slopes)
        found = found - np.clip(change, -2.0, 2.0)
        if float(np.abs(change).max()) < 1e-9:
            break
    return Calibration(slope=round(float(found[0]), 4), offset=round(float(found[1]), 4))
