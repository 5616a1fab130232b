"""Samples, rows and the table: medians with their range, ratios to the base, CPU, disturbance, bars met or missed."""

import json
import statistics
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# Others may use this much of one CPU before a row counts as noisy.
NOISY = 0.5


@dataclass
class Sample:
    """One measurement: the figure itself, CPU milliseconds and latencies (ms) per mail, CPUs that others used."""

    value: float
    cpu_ms: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    others: float = 0.0


@dataclass
class Row:
    """One line of the table: ours against a base, measured in turn. `unit` of both; less is better for times."""

    name: str
    unit: str
    ours: list[Sample] = field(default_factory=list)
    base: list[Sample] = field(default_factory=list)
    base_name: str = "base"
    skipped: str = ""

    @property
    def figure(self) -> float:
        """The median."""
        return statistics.median(sample.value for sample in self.ours)

    @property
    def ratio(self) -> float:
        """Ours to the base, the median of the pairs: what disturbed a pair disturbed both of it."""
        pairs = [ours.value / base.value for ours, base in zip(self.ours, self.base, strict=False) if base.value]
        return statistics.median(pairs) if pairs else 0.0

    @property
    def others(self) -> float:
        """How much of a CPU others used meanwhile, at worst."""
        return max((sample.others for sample in (*self.ours, *self.base)), default=0.0)


def verdict(row: Row, goals: dict[str, dict[str, float]]) -> tuple[str, bool]:
    """Met or missed, with the bar, and whether a ratio was missed. Bars on absolute figures only warn."""
    goal = goals.get(row.name, {})
    words, missed = [], False
    if "ratio" in goal and row.base:
        met = row.ratio >= goal["ratio"]
        missed = missed or not met
        words.append(f"{'met' if met else 'MISSED'} (≥ {goal['ratio']:g} ×)")
    if "ratio_at_most" in goal and row.base:
        met = row.ratio <= goal["ratio_at_most"]
        missed = missed or not met
        words.append(f"{'met' if met else 'MISSED'} (≤ {goal['ratio_at_most']:g} ×)")
    if "at_most" in goal:
        words.append(f"{'met' if row.figure <= goal['at_most'] else 'over'} (≤ {goal['at_most']:g} {row.unit})")
    if "p99_at_most" in goal:
        p99 = statistics.median(sample.p99 for sample in row.ours)
        words.append(f"p99 {'met' if p99 <= goal['p99_at_most'] else 'over'} (≤ {goal['p99_at_most']:g} ms)")
    return ", ".join(words), missed


def read_goals(path: Path | None) -> dict[str, dict[str, float]]:
    """The bars by row name; none without a file."""
    return tomllib.loads(path.read_text(encoding="utf-8")) if path is not None else {}


def heading() -> str:
    """The head of the table."""
    return (
        f"{'row':<28} {'figure':>24} {'unit':<8} {'base':>9} {'ratio':>6} {'CPU ms':>7} "
        f"{'p50':>7} {'p99':>7} {'others':>6}  bar"
    )


def line(row: Row, goals: dict[str, dict[str, float]]) -> str:
    """One row, as text."""
    if row.skipped:
        return f"{row.name:<28} skipped: {row.skipped}"
    values = [sample.value for sample in row.ours]
    spread = f"{row.figure:,.4g} [{min(values):,.4g}..{max(values):,.4g}]"
    base = statistics.median(sample.value for sample in row.base) if row.base else 0.0
    noisy = "NOISY " if row.others > NOISY else ""
    return (
        f"{row.name:<28} {spread:>24} {row.unit:<8} {_or_dash(base, ',.4g'):>9} {_or_dash(row.ratio, '.2f'):>6} "
        f"{_or_dash(_median(row.ours, 'cpu_ms'), '.2f'):>7} {_or_dash(_median(row.ours, 'p50'), '.1f'):>7} "
        f"{_or_dash(_median(row.ours, 'p99'), '.1f'):>7} {row.others:>6.1f}  {noisy}{verdict(row, goals)[0]}"
    ).rstrip()


def write_json(path: Path, rows: Iterable[Row]) -> None:
    """Every sample, for comparing runs."""
    said: list[dict[str, Any]] = [asdict(row) for row in rows]
    path.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _median(samples: list[Sample], name: str) -> float:
    return float(statistics.median(getattr(sample, name) for sample in samples))


def _or_dash(value: float, form: str) -> str:
    return format(value, form) if value else "–"
