"""When the circuit breaker opens: a table of what went to and fro."""

import pytest

from gatepost.core.breaker import EVERYBODY, Bounds, Traffic, pairs, trips

BOUNDS = Bounds(address=4, domain=20, floor=200, ratio=2.0)


@pytest.mark.parametrize(
    ("pair", "out", "heard", "opens"),
    [
        ("a@x.example", 3, 90, False),
        ("a@x.example", 90, 3, False),
        ("a@x.example", 4, 4, True),
        ("@x.example", 19, 50, False),
        ("@x.example", 20, 20, True),
        (EVERYBODY, 199, 0, False),
        (EVERYBODY, 200, 100, False),
        (EVERYBODY, 201, 100, True),
        (EVERYBODY, 5_000, 5_000, False),
    ],
)
def test_a_breaker_opens_where_each_answers_the_other(pair, out, heard, opens):
    assert bool(trips(pair, Traffic(out=out, heard=heard), BOUNDS)) is opens


def test_an_address_belongs_to_three_pairs():
    assert pairs("Jane@X.example") == ("jane@x.example", "@x.example", EVERYBODY)
