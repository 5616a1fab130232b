"""Secrets in our own links are taken out of what people write; everything else stays as it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.own_links import without_secrets

HOSTS = ("my.orchard.example",)
SIGNED = "WzE3OTUsMTAwMSwxXQ.wW3fTj9sV2kq0m4uYp8xE1aB6cD7gH5nR_-zQ"
RANDOM = "k7Q" * 14 + "x"


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        (f"https://my.orchard.example/rate/{SIGNED}/5", "https://my.orchard.example/rate/…/5"),
        (f"> <https://MY.Orchard.example/leave/{SIGNED}>", "> <https://MY.Orchard.example/leave/…>"),
        (f"(https://my.orchard.example/sign-in/{RANDOM})", "(https://my.orchard.example/sign-in/…)"),
        (
            f"https://safe.example/?url=https%3A%2F%2Fmy.orchard.example%2Frate%2F{SIGNED}&data=1",
            "https://safe.example/?url=https%3A%2F%2Fmy.orchard.example%2Frate%2F…&data=1",
        ),
        (
            f"my.orchard.example/vendor/{SIGNED}/tickets/7 my.orchard.example/view/{RANDOM}",
            "my.orchard.example/vendor/…/tickets/7 my.orchard.example/view/…",
        ),
        (f"https://my.orchard.example/rate/{SIGNED}\nnext", "https://my.orchard.example/rate/…\nnext"),
    ],
)
def test_the_secret_goes_and_the_link_stays_readable(said, stays):
    assert without_secrets(said, HOSTS) == stays


@pytest.mark.parametrize(
    "said",
    [
        "https://my.orchard.example/tickets/1001?state=open#end",
        f"https://code.example/blob/{RANDOM}",
        f"my.orchard.example then {RANDOM}",
        "İ my.orchard.example/",
        "my.orchard.example",
    ],
)
def test_everything_else_stays(said):
    assert without_secrets(said, HOSTS) == said


@given(st.text(alphabet="aA/%2F. my.orchard.example", max_size=300), st.text(max_size=40))
def test_any_text_is_taken_and_what_is_outside_of_links_stays(text, tail):
    cut = without_secrets(f"{text} {tail}", HOSTS)
    assert cut.endswith(tail) or "my.orchard.example" in tail
    assert without_secrets(cut, HOSTS) == cut


def test_a_megabyte_of_hosts_is_quick():
    text = "my.orchard.example/" * 50_000
    before = time.process_time()
    assert without_secrets(text, HOSTS) == text
    assert time.process_time() - before < 2
