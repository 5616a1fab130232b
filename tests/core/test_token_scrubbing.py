"""Tokens are found and taken out wherever they stand in a text, and nothing else is (I8)."""

from time import process_time

import pytest

from gatepost.core.reply_address import Keys, Purpose, Token, find, scrub, sign

KEYS = Keys(current=1, secrets={1: b"k" * 32, 2: b"m" * 32})
TOKEN = sign(KEYS, Purpose.REPLY, 42, 1)
OTHER = sign(KEYS, Purpose.REPLY, 42, 2)
MEANT = Token(purpose=Purpose.REPLY, ticket=42, participant=1, key_id=1)


@pytest.mark.catalogue("D07", "D15")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""), ("support+", "@market.example"), ("<", ".1@market.example>"), ("mailto:support%2B", "@market.example?subject=x"),
        ("reply", ""), ("", "x"), ("é", "é"), ("a" * 39, ""), ("b" * 150 + " ", " c"), ("b" * 300, ""), ("b" * 80, ""), ("8", "9"), ("\n", "\n"),
    ],
)  # fmt: skip
def test_a_token_is_found_and_taken_out_in_either_case(before, after):
    for token in (TOKEN, TOKEN.upper()):
        assert find(KEYS, before + token + after) == (MEANT,)
        assert scrub(KEYS, before + token + after, ()) == f"{before}…{after}"


@pytest.mark.catalogue("D15")
def test_only_foreign_tokens_are_taken_out():
    text = f"{TOKEN} and {OTHER}, {TOKEN}{OTHER}"
    assert scrub(KEYS, text, [MEANT]) == f"{TOKEN} and …, {TOKEN}…"
    assert find(KEYS, text) == (MEANT, *find(KEYS, OTHER)) * 2


def test_what_is_no_token_stays():
    for text in (
        "",
        "a" * 40,
        TOKEN[:-1],
        TOKEN[:-1] + ("a" if TOKEN[-1] != "a" else "b"),
        TOKEN[:20] + " " + TOKEN[20:],
        "x" * 5_000,
    ):
        assert scrub(KEYS, text, ()) == text and find(KEYS, text) == ()


@pytest.mark.parametrize("unit", ["a", TOKEN, TOKEN + " ", "a" * 39 + " ", "a" * 119 + " ", "ab "])
def test_scrubbing_costs_no_more_than_the_text_is_long(unit):
    def cost(count: int) -> float:
        text = unit * (count // len(unit))
        start = process_time()
        scrub(KEYS, text, ())
        return process_time() - start

    cost(1_000)
    costs = [min(cost(n * 5_000) for _ in range(2)) for n in (1, 2, 4, 8)]
    assert costs[3] <= 16 * costs[0] + 0.02
