"""The shipped model: trained from the shipped examples, as good as it says, and no heavier than it may be."""

import tomllib
from collections import Counter
from itertools import combinations

import pytest

from gatepost import shipped
from gatepost.core.rules.tokens import tokenise
from gatepost.core.topics import BAR, Classifier
from gatepost.topics import catalogue, labelled, model_file
from gatepost.topics.evaluation import evaluate

FOLDER = shipped.folder("rules") / "topics"
TEN = {
    "checkout", "order-changes", "order-status", "prices-and-discounts", "product-details", "product-interest",
    "returns", "shipping", "store-information", "wholesale",
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped_model():
    return model_file.read(FOLDER / "model.json")


@pytest.fixture(scope="module")
def found(shipped_model):
    return evaluate(Classifier(shipped_model[0], bar=BAR), labelled.read([FOLDER], "held-out"))


def test_the_ten_topics_have_names_and_examples(shipped_model):
    named = tomllib.loads((shipped.folder("rules") / "topics.toml").read_text())
    assert set(named) == set(shipped_model[0].topics) == TEN
    assert all(
        {"en", "de", "fr", "it", "pl", "es", "vi", "nl"} <= set(entry["name"]) and entry["help"]
        for entry in named.values()
    )


def test_it_was_trained_from_the_shipped_examples(shipped_model):
    _, provenance = shipped_model
    learned = labelled.read([FOLDER], "train")
    assert provenance.data == labelled.digest(learned)
    assert provenance.held_out == labelled.digest(labelled.read([FOLDER], "held-out"))
    assert provenance.counts == labelled.counts(learned)


def test_every_topic_has_its_examples_in_every_language():
    learned, held_out = (labelled.read([FOLDER], part) for part in ("train", "held-out"))
    for examples, least in ((learned, 100), (held_out, 40)):
        assert set(labelled.counts(examples)) == TEN | {"none"} and min(labelled.counts(examples).values()) >= least
        assert any(example.also for example in examples)
    languages = {"en", "de", "fr", "it", "pl", "es", "vi", "nl"}
    spoken = {(example.topic, example.language) for example in learned}
    assert not [(topic, one) for topic in TEN | {"none"} for one in languages if (topic, one) not in spoken]
    assert languages <= {example.language for example in held_out}


def test_it_is_as_good_as_it_says(shipped_model, found):
    assert found.as_data() == shipped_model[1].figures
    assert found.precision >= 0.95
    assert found.coverage > 0.5
    assert all(one.precision >= 0.9 for one in found.topics)


def test_confidence_means_what_it_says(found):
    surest = found.bins[-1]
    assert surest.count > 200 and surest.right >= surest.confidence - 0.03


def test_no_example_is_a_variant_of_another():
    """Nothing is filled up by swapping words, and nothing held out is much like what was learned from."""
    runs = [
        (example, frozenset(words[at : at + 3] for at in range(max(len(words) - 2, 1))))
        for part in ("train", "held-out")
        for example in labelled.read([FOLDER], part)
        for words in [tuple(tokenise(example.text))]
    ]
    holders = {}
    for number, (_, found) in enumerate(runs):
        for run in found:
            holders.setdefault(run, []).append(number)
    shared = Counter(pair for numbers in holders.values() for pair in combinations(numbers, 2))
    alike = [
        (runs[one][0].text, runs[other][0].text)
        for (one, other), common in shared.items()
        if common / len(runs[one][1] | runs[other][1]) > 0.45
    ]
    assert len(runs) > 2_000 and alike == []


def test_the_file_is_small():
    assert (FOLDER / "model.json").stat().st_size < 1024 * 1024


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Where is my parcel? The tracking number shows nothing.", "shipping"),
        ("Ich möchte mein Geld zurück, bitte erstatten Sie den Kaufpreis.", "returns"),
        ("We are a reseller and need 300 licences, what are your dealer prices?", "wholesale"),
        ("My credit card is declined at the checkout", "checkout"),
    ],
)
def test_plain_questions_get_their_topic(text, topic):
    topics = catalogue.load(shipped.folder("rules"))
    assert [one.name for one in topics.of(text)] == [topic]


def test_what_has_no_topic_gets_none():
    topics = catalogue.load(shipped.folder("rules"))
    for text in ("", "Thanks, bye", "After the update the plugin crashes with a fatal error", "asdf qwer"):
        assert topics.of(text) == ()
