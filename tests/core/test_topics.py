"""The model at work: at most two topics, none below the bar, the heaviest words named, cost linear in the text."""

import math
import time

import pytest

from gatepost.core.topics import WORDS_LIMIT, Calibration, Classifier, Feature, Model, features, leads, units, without

MODEL = Model(
    topics=("shipping", "returns", "wholesale"),
    features={
        "parcel": Feature(idf=2.0, adds=(10.0, 6.0, 0.0, 0.0)),
        "refund": Feature(idf=2.0, adds=(-2.0, 12.0, 0.0, 0.0)),
        "#parc": Feature(idf=1.0, adds=(2.0, 0.0, 0.0, 0.0)),
        "money back": Feature(idf=3.0, adds=(0.0, 12.0, 0.0, 0.0)),
    },
    biases=(-2.0, -2.0, 1.0, -1.0),
    calibrations=(Calibration(slope=1.0, offset=5.0),) * 2 + (Calibration(slope=0.1, offset=2.5),),
    unknown=1.0,
)


def test_best_first_and_at_most_two_although_three_reach_the_bar():
    classifier = Classifier(MODEL, bar=0.9)
    assert [t.name for t in classifier.topics("refund for the parcel")] == ["returns", "shipping"]
    assert sum(t.confidence >= 0.9 for t in classifier.ranked("refund for the parcel")) == 3
    assert len(classifier.topics("parcel refund")) == 2


@pytest.mark.parametrize(("bar", "names"), [(0.9, ["wholesale"]), (0.96, [])])
def test_none_below_the_bar(bar, names):
    assert [t.name for t in Classifier(MODEL, bar=bar).topics("something else entirely")] == names


def test_a_topic_is_as_sure_as_it_is_ahead_of_all_the_rest():
    ahead = leads((3.0, 1.0, 1.0, 1.0))
    assert ahead[0] == pytest.approx(2.0 - math.log(3)) and ahead[1] == ahead[2] < -2.0
    assert leads((0.0, 0.0)) == (0.0,), "as likely as none of the topics"
    assert leads((1e6, 0.0, -1e6)) == pytest.approx((27.6, -1e6), abs=0.1)


def test_a_misspelt_word_still_counts_by_its_letters():
    shipping = Classifier(MODEL).scores(units("parcell"))[0]
    assert MODEL.biases[0] < shipping < Classifier(MODEL).scores(units("parcel"))[0]


def test_unknown_words_make_it_less_sure():
    sure = Classifier(MODEL).scores(units("refund"))[1]
    assert Classifier(MODEL).scores(units("refund blah bleh bluh"))[1] < sure


def test_the_words_that_weighed_most_are_named_with_their_sign():
    weighed = Classifier(MODEL).explain("Money back, a refund for my parcel", "shipping")
    assert [(one.words, one.weight > 0) for one in weighed] == [
        ("parcel", True),
        ("refund", False),
        ("money back", False),
    ]


@pytest.mark.parametrize("text", ["", "\x00", "?!", "\ud83d", "字" * 10_000, "a" * 100_000, "́" * 5_000])
def test_any_text_is_borne(text):
    assert all(0 <= topic.confidence <= 1 for topic in Classifier(MODEL).ranked(text))


def test_digits_are_alike_and_words_stand_once():
    assert units("Order 4711, order 9923!") == ["order", "0000", "order 0000", "0000 order"]
    assert list(features("ab")) == ["ab", "#_ab", "#ab_"]
    assert list(features("a b")) == ["a b"]


def test_the_names_of_a_product_are_left_out():
    text = "CHECKOUT COMPOSER: the checkout composer hangs, composers of checkouts"
    assert without(text, ("Checkout Composer", "composers", "!", "")) == "the hangs of checkouts"
    assert without("shop shop shop", ("Shop",)) == ""
    assert without("My words", ()) == "my words"


def test_the_cost_of_a_mail_is_bounded():
    words = " ".join(f"word{at}" for at in range(100_000))
    assert len(units(words)) < 2 * WORDS_LIMIT
    classifier, costs = Classifier(MODEL), []
    for size in (10_000, 20_000, 40_000, 80_000):
        start = time.process_time()
        for _ in range(20):
            classifier.ranked(words[:size])
        costs.append(time.process_time() - start)
    assert costs[3] < 8 * costs[0] + 0.05
