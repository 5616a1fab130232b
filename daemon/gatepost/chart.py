"""Draws a report card as one SVG file, shares in time and ratings as bars, legible in light and dark."""

from collections.abc import Iterator
from html import escape

from .core.calendar import length_text
from .core.report_card import Card

_WIDTH, _HEIGHT = 720, 400
_STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#1f2329}.dim{fill:#5d6570;font-size:12px}.big{font-size:19px;"
    "font-weight:650}.card{fill:#fff}.well{fill:#e6e9ee}.bar{fill:#2f6f4e}.low{fill:#b3541e}"
    "@media(prefers-color-scheme:dark){text{fill:#e8eaed}.dim{fill:#a6adb8}.card{fill:#1c1f25}.well{fill:#343a45}"
    ".bar{fill:#63b58a}.low{fill:#e08a4f}}"
)
_BAR = 210


def chart(name: str, card: Card) -> str:
    """The SVG of `card` for the vendor called `name`."""
    lines = "\n".join(_lines(name, card))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(name, quote=True)}">\n<style>{_STYLE}</style>\n{lines}\n</svg>\n'
    )


def _lines(name: str, card: Card) -> Iterator[str]:
    yield f'<rect class="card" width="{_WIDTH}" height="{_HEIGHT}" rx="12"/>'
    yield _text(28, 42, name[:60], "big")
    yield _text(28, 64, f"the last {card.days} days", "dim")
    yield _text(28, 108, "Answered in time")
    for number, share in enumerate(card.shares):
        seen = "no answers" if share.percent is None else f"{share.percent:.0f} % of {share.count}"
        yield from _row(28, 122 + 30 * number, f"{share.days} days", (share.percent or 0) / 100, seen)
    mean = "none" if card.mean is None else f"{card.mean:.2f} of 5, {card.ratings} in all"
    yield _text(388, 108, f"Ratings: {mean}")
    for number, score in enumerate((5, 4, 3, 2, 1)):
        count = card.by_score[score - 1]
        yield from _row(388, 122 + 30 * number, str(score), count / max(1, card.ratings), str(count))
    for number, (what, times) in enumerate(
        (("First answer", card.first_response), ("Further answers", card.next_response))
    ):
        at = 28 + 360 * number
        yield _text(at, 312, what)
        told = f"median {length_text(times.median)}, 90 % within {length_text(times.p90)}" if times.count else "none"
        yield _text(at, 333, told, "dim")
    yield _text(28, 372, f"Overdue now: {card.overdue}")
    yield _text(388, 372, f"Complaints: {card.complaints}")


def _row(x: int, y: int, label: str, part: float, said: str) -> Iterator[str]:
    yield _text(x, y + 15, label, "dim")
    yield f'<rect class="well" x="{x + 52}" y="{y + 3}" width="{_BAR}" height="15" rx="4"/>'
    if part > 0:
        kind = "bar" if part >= 0.5 or label.isdigit() else "low"
        yield f'<rect class="{kind}" x="{x + 52}" y="{y + 3}" width="{max(4, round(_BAR * part))}" height="15" rx="4"/>'
    yield _text(x + 52 + _BAR + 8, y + 15, said, "dim")


def _text(x: int, y: int, said: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{marked}>{escape(said)}</text>'
