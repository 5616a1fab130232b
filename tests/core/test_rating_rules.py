"""Who is asked for a rating, and what a second answer changes."""

import pytest

from gatepost.core import DAY
from gatepost.core.rating import COMMENT_CAP, Recorded, record, why_not

ASKABLE = {"flags": (), "topics": (), "address": "c@x.example", "unsubscribed": False}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"flags": ("overdue",), "topics": ("bug",)}, ""),
        ({"flags": ("spam",)}, "the ticket is spam"),
        ({"flags": ("overdue", "duplicate")}, "the ticket is a duplicate"),
        ({"flags": ("imported",)}, "the ticket was imported"),
        ({"flags": ("erased",)}, "the customer was erased"),
        ({"address": ""}, "the customer was erased"),
        ({"topics": ("Refund",)}, "the ticket is about a refund"),
        ({"unsubscribed": True}, "the customer wants no requests for ratings"),
    ],
)
def test_who_may_not_be_asked(change, said):
    assert why_not(**(ASKABLE | change)) == said


def test_the_first_answer_counts_and_may_be_changed_for_two_weeks():
    first, said = record(None, ticket=1, score=2, comment=" Slow. ", now=100)
    assert (first.score, first.comment, first.at, said) == (2, "Slow.", 100, Recorded.FIRST)
    second, said = record(first, ticket=1, score=4, comment="", now=100 + 14 * DAY)
    assert (second.score, second.comment, second.at, second.changed, said) == (
        4, "", 100, 100 + 14 * DAY, Recorded.CHANGED,
    )  # fmt: skip
    third, said = record(second, ticket=1, score=1, comment="", now=101 + 14 * DAY)
    assert (third, said) == (second, Recorded.CLOSED)


def test_a_comment_is_cut_and_a_score_that_does_not_exist_refused():
    rating, _ = record(None, ticket=1, score=5, comment="x" * 9_999, now=0)
    assert len(rating.comment) == COMMENT_CAP
    for score in (0, 6, -1):
        with pytest.raises(ValueError, match="1 to 5"):
            record(None, ticket=1, score=score, comment="", now=0)
