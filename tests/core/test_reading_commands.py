"""The first lines of a mail: which are commands, which are text, and what cannot be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.command_words import _FAULT, _SAID, Said
from gatepost.core.commands import TABLE, Fault, Name, Rank, Refused, allowed, below, read_orders


def names(text, rank=Rank.STAFF):
    orders = read_orders(text, rank)
    return None if orders is None else ([one.name.value for one in orders.commands], orders.rest)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("#close", (["close"], "")),
        ("#close\nDone.", (["close"], "Done.")),
        ("\n\n#CLOSE\n\n#Topic  billing\n\nHello\n#open", (["close", "topic"], "Hello\n#open")),
        ("#product tax-pro\r\nBest,\r\nJo", (["product"], "Best,\r\nJo")),
        ("Hello\n#close", None),
        ("#1001 is the ticket", None),
        ("# A heading\n#close", None),
        ("##- Reply above this line -##", None),
        ("", None),
    ],
)
def test_the_top_lines_are_commands_until_the_first_that_is_none(text, read):
    assert names(text) == read


@pytest.mark.parametrize(
    ("line", "rank", "fault", "hint"),
    [
        ("#clsoe", Rank.VENDOR, Fault.UNKNOWN, "#close"),
        ("#frobnicate", Rank.VENDOR, Fault.UNKNOWN, ""),
        ("#assign me", Rank.VENDOR, Fault.NOT_YOURS, ""),
        ("#product", Rank.VENDOR, Fault.WORDS, "#product SLUG"),
        ("#link a b c d", Rank.STAFF, Fault.WORDS, "#link SLUG [SLUG [SLUG]]"),
        ("#close", Rank.COLLABORATOR, Fault.NOT_YOURS, ""),
    ],
)
def test_a_line_that_cannot_be_obeyed_says_why(line, rank, fault, hint):
    assert read_orders(f"{line}\ntext", rank).given == (Refused(written=line, fault=fault, hint=hint),)


def test_what_goes_on_is_the_text_below_the_same_commands_or_nothing_at_all():
    orders = read_orders("#close\n#topic tax\n\nDone.", Rank.STAFF)
    assert below("#close\n\n#topic tax\n\nDone.\n> quoted", orders) == "Done.\n> quoted"
    assert below("A preface\n#close\n#topic tax\nDone.", orders) is None
    assert below("#close", orders) is None


def test_too_many_commands_are_refused():
    orders = read_orders("#close\n" * 21, Rank.STAFF)
    assert orders.given[-1].fault is Fault.TOO_MANY


@given(st.text(alphabet="#close \n\r\tabcü-", max_size=200), st.sampled_from(Rank))
def test_any_text_is_read_and_the_rest_begins_with_no_command(text, rank):
    orders = read_orders(text, rank)
    if orders is not None:
        first = orders.rest.split("\n")[0].strip()
        assert not re.fullmatch(r"#[A-Za-z]\w*([ \t:].*)?", first)
        assert orders.rest in text


def test_every_command_has_help_and_somebody_who_may_give_it():
    assert list(TABLE) == list(Name)
    for entry in TABLE.values():
        assert entry.help.endswith(".")
        assert entry.who
    assert {entry.name for entry in allowed(Rank.COLLABORATOR)} == {Name.NOTE, Name.UNCOPY, Name.HELP}


def test_everything_that_can_become_of_a_command_has_its_sentence():
    assert list(_SAID) == list(Said)
    assert list(_FAULT) == list(Fault)
