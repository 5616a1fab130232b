"""The contrast of two colours, by the figures of WCAG; what is written on a brand's colour can always be read."""

import itertools

import pytest

from gatepost.core.contrast import TEXT, ink, least, nearest, ratio


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59), ("#ff0000", "#ffffff", 4.0),
        ("#949494", "#ffffff", 3.03), ("#ffff00", "#000000", 19.56),
    ],
)  # fmt: skip
def test_the_ratio_is_that_of_wcag(one, other, wanted):
    assert ratio(one, other) == ratio(other, one) == pytest.approx(wanted, abs=0.01)


def test_what_stands_on_a_colour_can_be_read_whatever_the_colour():
    shades = ("00", "33", "66", "80", "99", "cc", "ff")
    for red, green, blue in itertools.product(shades, repeat=3):
        ground = f"#{red}{green}{blue}"
        assert ratio(ink(ground), ground) >= TEXT


@pytest.mark.parametrize("colour", ["#ff8800", "#ffff00", "#9dbdff", "#ffffff", "#1d4fc4", "#777777"])
@pytest.mark.parametrize("grounds", [("#ffffff", "#f3f4f6"), ("#131519", "#1c1f25")])
def test_the_colour_that_is_suggested_has_the_contrast(colour, grounds):
    near = nearest(colour, grounds, TEXT)
    assert least(near, grounds) >= TEXT
    assert near == colour or least(colour, grounds) < TEXT
