"""Draws how often the model was right for how sure it was, as PNG. Pillow comes with the extra `topics`."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .evaluation import Evaluation
from .report import percent

_SIDE, _EDGE = 440, 70
_FINE = 3
"""The plot is drawn so many times larger and made smaller then, which smooths its edges."""
_INK, _PALE, _BAR, _DOT = "#222222", "#b8b8b8", "#c03030", "#3858e9"


def draw(found: Evaluation, path: Path) -> None:
    """Write the plot. A dot is a range of confidence, the larger the more judgements; on the line it is as it says."""
    whole = _SIDE + 2 * _EDGE
    picture = Image.new("RGB", (whole * _FINE, whole * _FINE), "white")
    pen = ImageDraw.Draw(picture)
    _axes(pen)
    _line(pen, (0.0, 0.0), (1.0, 1.0), _PALE)
    _line(pen, (found.bar, 0.0), (found.bar, 1.0), _BAR)
    _text(pen, (_x(found.bar) - 6, _y(0.03)), f"bar {found.bar:.2f}", 12, anchor="rm", fill=_BAR)
    total = sum(one.count for one in found.bins) or 1
    for one in found.bins:
        _dot(pen, one.confidence, one.right, 3 + 9 * (one.count / total) ** 0.5)
    _text(pen, (whole / 2, 24), f"Precision {percent(found.precision)} at {found.bar:.2f}", 17)
    said = f"coverage {percent(found.coverage)}; {found.examples} held-out examples"
    _text(pen, (whole / 2, 48), said, 13)
    _text(pen, (whole / 2, whole - 18), "how sure the model was", 14)
    _sideways(picture, "how often it was right")
    picture.resize((whole, whole), Image.Resampling.LANCZOS).save(path, format="PNG", optimize=True)


def _axes(pen: ImageDraw.ImageDraw) -> None:
    corners = (_x(0.0), _y(1.0), _x(1.0), _y(0.0))
    pen.rectangle(tuple(at * _FINE for at in corners), outline=_PALE, width=_FINE)
    for fifth in range(6):
        share = fifth / 5
        _text(pen, (_x(share), _y(0.0) + 20), f"{share:.1f}", 12)
        _text(pen, (_x(0.0) - 14, _y(share)), f"{share:.1f}", 12, anchor="rm")


def _dot(pen: ImageDraw.ImageDraw, confidence: float, right: float, radius: float) -> None:
    across, down = _x(confidence), _y(right)
    box = (across - radius, down - radius, across + radius, down + radius)
    pen.ellipse(tuple(at * _FINE for at in box), fill=_DOT, outline="white", width=_FINE)


def _line(pen: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float], fill: str) -> None:
    ends = [(_x(across) * _FINE, _y(up) * _FINE) for across, up in (start, end)]
    pen.line(ends, fill=fill, width=2 * _FINE)


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, *, anchor: str = "mm", fill: str = _INK
) -> None:
    place = (at[0] * _FINE, at[1] * _FINE)
    pen.text(place, text, font=ImageFont.load_default(size * _FINE), anchor=anchor, fill=fill)


def _sideways(picture: Image.Image, text: str) -> None:
    """The title of the axis that goes up, along its side."""
    strip = Image.new("RGB", (_SIDE * _FINE, 24 * _FINE), "white")
    _text(ImageDraw.Draw(strip), (_SIDE / 2, 12), text, 14)
    picture.paste(strip.rotate(90, expand=True), (6 * _FINE, _EDGE * _FINE))


def _x(share: float) -> float:
    return _EDGE + share * _SIDE


def _y(share: float) -> float:
    return _EDGE + (1 - share) * _SIDE
