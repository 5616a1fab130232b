"""Writes an evaluation for people: a table a topic, the confusions, and the reliability plot as SVG."""

from collections.abc import Iterator

from ..outline import table
from .evaluation import Evaluation
from .labelled import NONE

_SIDE, _EDGE = 360, 45


def lines(found: Evaluation) -> Iterator[str]:
    """The report, line by line."""
    head = ("topic", "examples", "labels", "right", "precision", "recall")
    rows: list[tuple[str, ...]] = [
        (one.topic, str(one.examples), str(one.given), str(one.right), percent(one.precision), percent(one.recall))
        for one in found.topics
    ]
    yield table(head, rows)
    yield ""
    yield f"{found.examples} held-out examples from {found.lines} lines, bar {found.bar:.2f}:"
    yield f"precision {percent(found.precision)}, coverage {percent(found.coverage)}"
    yield ""
    yield from _confusions(found)


def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is none."""
    return f"{share * 100:.1f} %" if share is not None else "-"


def _confusions(found: Evaluation) -> Iterator[str]:
    """The confusion table: a row for each topic, a column for each label that was given first."""
    names = [*(one.topic for one in found.topics), NONE]
    shorts = {name: chr(ord("a") + at) for at, name in enumerate(names[:-1])} | {NONE: "-"}
    head = ("", "wanted \\ given", *shorts.values())
    rows = [
        (shorts[wanted], wanted, *(str(found.confusion.get((wanted, given), "") or ".") for given in names))
        for wanted in names
    ]
    yield table(head, rows)


def reliability(found: Evaluation) -> str:
    """The reliability plot as SVG: how sure the model was, and how often right. On the line it is well calibrated."""
    whole = _SIDE + 2 * _EDGE
    total = sum(one.count for one in found.bins) or 1
    dots = "".join(
        f'<circle cx="{_x(one.confidence):.1f}" cy="{_y(one.right):.1f}" r="{3 + 12 * (one.count / total) ** 0.5:.1f}" '
        f'fill="#3858e9" fill-opacity="0.6"><title>{one.count} judgements, {one.confidence:.2f} sure, '
        f"{one.right:.2f} right</title></circle>"
        for one in found.bins
    )
    marks = "".join(
        f'<text x="{_x(at / 5):.0f}" y="{whole - 25}" text-anchor="middle">{at / 5:.1f}</text>'
        f'<text x="{_EDGE - 8}" y="{_y(at / 5) + 4:.0f}" text-anchor="end">{at / 5:.1f}</text>'
        for at in range(6)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" '
        f'font-family="sans-serif" font-size="11">'
        f'<rect width="{whole}" height="{whole}" fill="#fff"/>'
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>'
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="#999" stroke-dasharray="4 4"/>'
        f'<path d="M{_x(found.bar):.1f} {_y(0)}V{_y(1)}" stroke="#c33"/>{dots}{marks}'
        f'<text x="{whole / 2}" y="{whole - 8}" text-anchor="middle">confidence</text>'
        f'<text x="14" y="{whole / 2}" text-anchor="middle" transform="rotate(-90 14 {whole / 2})">'
        f"share that was right</text>"
        f'<text x="{whole / 2}" y="24" text-anchor="middle" font-size="13">{found.examples} held-out examples: '
        f"precision {percent(found.precision)} at {found.bar:.2f}, coverage {percent(found.coverage)}</text></svg>\n"
    )


def _x(share: float) -> float:
    return _EDGE + share * _SIDE


def _y(share: float) -> float:
    return _EDGE + (1 - share) * _SIDE
