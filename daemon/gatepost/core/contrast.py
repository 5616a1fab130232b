"""Whether text of one colour can be read on another: the contrast of WCAG 2.2 (1.4.3, 1.4.11), and what has it.

Colours are written `#rrggbb`.
"""

from collections.abc import Iterable
from functools import lru_cache

TEXT = 4.5
"""The least contrast of text on its ground (level AA)."""

SHAPE = 3.0
"""The least contrast of what must be seen, but is no text."""

_STEPS = 64
_BLACK, _WHITE = "#000000", "#ffffff"


def ratio(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=256)
def ink(ground: str) -> str:
    """Black or white, whichever is read better on `ground`: 4.58 at least, whatever the ground."""
    return max((_WHITE, _BLACK), key=lambda colour: ratio(colour, ground))


def least(colour: str, grounds: Iterable[str]) -> float:
    """The contrast of `colour` on the worst of `grounds`."""
    return min(ratio(colour, ground) for ground in grounds)


def nearest(colour: str, grounds: tuple[str, ...], wanted: float) -> str:
    """The first colour from `colour` towards black or white that has the contrast on all of `grounds`."""
    towards = max((_BLACK, _WHITE), key=lambda end: least(end, grounds))
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, towards, step / _STEPS)
        if least(mixed, grounds) >= wanted:
            return mixed
    return towards


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2): sRGB made linear."""
    red, green, blue = (part / 255 for part in _parts(colour))

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
