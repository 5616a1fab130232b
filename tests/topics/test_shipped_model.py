"""The shipped model: trained from the shipped examples, as good as it says, and no heavier than it may be."""

import tomllib
from collections import Counter

import pytest

from gatepost import shipped
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
    assert all({"en", "de"} <= set(entry["name"]) and entry["help"] for entry in named.values())


def test_it_was_trained_from_the_shipped_examples(shipped_model):
    _, provenance = shipped_model
    learned = labelled.read([FOLDER], "train")
    assert provenance.data == labelled.digest(learned)
    assert provenance.held_out == labelled.digest(labelled.read([FOLDER], "held-out"))
    assert provenance.counts == labelled.counts(learned)
    assert min(labelled.counts(learned).values()) >= 100
    assert len({example.language for example in learned}) >= 8


def test_it_is_as_good_as_it_says(shipped_model, found):
    assert found.as_data() == shipped_model[1].figures
    assert found.precision >= 0.95
    assert found.coverage > 0.5


def test_confidence_means_what_it_says(found):
    surest = found.bins[-1]
    assert surest.count > 200 and surest.right >= surest.confidence - 0.03


def test_nothing_held_out_was_learned_from():
    learned, held = labelled.read([FOLDER], "train"), labelled.read([FOLDER], "held-out")
    groups = {example.group.partition(" ")[2] for example in learned}
    assert groups.isdisjoint(example.group.partition(" ")[2] for example in held)
    texts = Counter(example.text for example in learned)
    assert not [example.text for example in held if example.text in texts]


def test_no_sentence_of_five_words_is_in_both_parts():
    """The parts must differ in their wording, or the figures would flatter: few five-word runs may be in both."""

    def runs(part):
        found = set()
        for example in labelled.read([FOLDER], part):
            bare = example.group.partition(" ")[2].split()
            found |= {" ".join(bare[at : at + 5]).lower() for at in range(len(bare) - 4)}
        return found

    held = runs("held-out")
    assert len(held & runs("train")) / len(held) < 0.02


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
