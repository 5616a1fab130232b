"""Writes an evaluation for people: tables by topic and by language, and the confusions."""

from collections.abc import Iterator, Sequence

from ..outline import table
from .evaluation import Evaluation, Figures
from .labelled import NONE


def lines(found: Evaluation) -> Iterator[str]:
    """The report, line by line."""
    yield _figures("topic", found.topics)
    yield ""
    yield _figures("language", found.languages)
    yield ""
    yield f"{found.examples} held-out examples, {found.none} of them of no topic; bar {found.bar:.2f}:"
    yield f"precision {percent(found.precision)}, coverage {percent(found.coverage)}"
    yield ""
    yield _confusions(found)


def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is none."""
    return f"{share * 100:.1f} %" if share is not None else "-"


def _figures(what: str, figures: Sequence[Figures]) -> str:
    head = (what, "wanted", "given", "right", "precision", "recall")
    return table(
        head,
        [
            (one.name, str(one.examples), str(one.given), str(one.right), percent(one.precision), percent(one.recall))
            for one in figures
        ],
    )


def _confusions(found: Evaluation) -> str:
    """The confusion table: a row for each topic, a column for each label that was given first."""
    names = [*(one.name for one in found.topics), NONE]
    shorts = {name: chr(ord("a") + at) for at, name in enumerate(names[:-1])} | {NONE: "-"}
    head = ("", "wanted \\ given", *shorts.values())
    rows = [
        (shorts[wanted], wanted, *(str(found.confusion.get((wanted, given), "") or ".") for given in names))
        for wanted in names
    ]
    return table(head, rows)
