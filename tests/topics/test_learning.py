"""Examples are read, learned from and kept: labelled lines, training, the model file, names, corrections."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from gatepost.core.topics import Classifier
from gatepost.errors import MistakesError, PermanentError
from gatepost.topics import catalogue, labelled, model_file
from gatepost.topics.labelled import Example
from gatepost.topics.model_file import Provenance

PROVENANCE = Provenance(trained="2026-11-23T09:00:00Z", data="d", held_out="h", bar=0.9, counts={"bug": 2})


WORDS = {
    "bug": "crash crashed crashes error errors fatal log broken fault failure",
    "renewal": "renew renewal renewed renewing licence extend extension term annual prolong",
    "none": "hello thanks greetings goodbye cheers weekend morning evening regards welcome",
}


@pytest.fixture(scope="module")
def training():
    return pytest.importorskip(
        "gatepost.topics.training", reason="training needs scikit-learn: pip install gatepost[topics]"
    )


@pytest.fixture(scope="module")
def trained(training):
    return training.train(
        [
            Example(topic=topic, language="en", text=f"{word} and {other}")
            for topic, words in WORDS.items()
            for word, other in pairwise(words.split() * 2)
        ]
    )


def write(folder, name, *lines):
    (folder / "train").mkdir(parents=True, exist_ok=True)
    (folder / "train" / name).write_text("\n".join(lines))
    return folder


def test_a_line_is_one_mail_with_one_concern_or_two(tmp_path):
    write(tmp_path, "none.txt", "de: Hallo")
    write(tmp_path, "bug.txt", "# faults", "", "en: it crashes", "en+renewal: crashes, and {when} is it due?")
    found = labelled.read([write(tmp_path, "renewal.txt", "en: due: when?")], "train")
    assert [(one.text, one.topics) for one in found] == [
        ("it crashes", {"bug"}),
        ("crashes, and {when} is it due?", {"bug", "renewal"}),
        ("Hallo", set()),
        ("due: when?", {"renewal"}),
    ]
    assert labelled.counts(found) == {"bug": 2, "none": 1, "renewal": 1}
    assert labelled.digest(found) != labelled.digest([*found[:1], *found[2:]])


def test_every_line_that_is_no_example_is_named(tmp_path):
    lines = ("en: fine", "english: not fine", "nothing", "en+weather: rain", "en+none: fine", "en+bug: twice")
    write(tmp_path, "none.txt", "en: hello")
    with pytest.raises(MistakesError) as caught:
        labelled.read([write(tmp_path, "bug.txt", *lines)], "train")
    assert [mistake.line for mistake in caught.value.mistakes] == [2, 3, 4, 5, 6]
    assert "no other topic 'weather'" in str(caught.value)


def test_a_topic_with_few_examples_waits_and_holds_up_no_other():
    lines = [Example(topic="bug", language="en", text=f"crash {at}") for at in range(7)]
    both = Example(topic="bug", also="praise", language="en", text="crash, but nice")
    assert labelled.learnable([*lines, both]) == ((*lines, replace(both, also="")), {})
    praise = Example(topic="praise", language="en", text="nice")
    none = Example(topic="none", language="en", text="hm")
    assert labelled.learnable([*lines, both, praise, none]) == ((*lines, replace(both, also=""), none), {"praise": 1})
    assert labelled.learnable([*lines, praise]) == ((), {"bug": 7, "praise": 1})


def test_a_file_that_is_no_text_is_named(tmp_path):
    write(tmp_path, "bug.txt", "en: fine")
    (tmp_path / "train" / "renewal.txt").write_bytes(b"en: caf\xe9")
    with pytest.raises(MistakesError, match=r"renewal\.txt: cannot be read \(save the file as UTF-8\)"):
        labelled.read([tmp_path], "train")


def test_a_topic_is_learned(trained):
    classifier = Classifier(trained)
    assert trained.topics == ("bug", "renewal")
    assert classifier.topics("there was a crash and an error")[0].name == "bug"
    assert classifier.topics("please renew the annual licence")[0].name == "renewal"
    assert classifier.topics("good morning, and thanks") == ()
    assert all(one.slope > 0 for one in trained.calibrations)


def test_what_has_two_concerns_speaks_for_either(training):
    lines = [("bug", "", "it crashed"), ("renewal", "", "is due"), ("none", "", "hello"), ("bug", "renewal", "odd")] * 8
    model = training.train([Example(topic=one, also=two, language="en", text=text) for one, two, text in lines])
    bug, renewal, none = (model.features["odd"].adds[at] for at in range(3))
    assert bug == pytest.approx(renewal, abs=0.2) and bug > none


def test_too_little_is_refused(training):
    lines = [Example(topic=topic, language="en", text="crash") for topic in ("bug", "renewal")] * 8
    with pytest.raises(ValueError, match=r"too little .* none has fewer than 8 lines"):
        training.train(lines)
    with pytest.raises(ValueError, match="one topic only"):
        training.train([Example(topic=topic, language="en", text="crash") for topic in ("bug", "none")] * 8)


def test_the_file_gives_back_the_model_that_was_measured(trained, tmp_path):
    digest = model_file.write(tmp_path / "topics" / "model.json", trained, PROVENANCE)
    model, provenance = model_file.read(tmp_path / "topics" / "model.json")
    assert provenance == PROVENANCE and model.digest == digest
    text = "a crash, and a renewal"
    settled = Classifier(model_file.settled(trained, PROVENANCE))
    assert Classifier(model).ranked(text) == settled.ranked(text)
    for one, other in zip(settled.ranked(text), Classifier(trained).ranked(text), strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=0.03)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda text: text.replace("0.9", "0.8", 1), "hash does not fit"),
        (lambda text: text[:-40], "cannot be read"),
        (lambda text: json.dumps({**json.loads(text), "tokeniser": 99}), "another version"),
        (lambda text: "[]", "another version"),
    ],
    ids=["changed", "cut off", "newer", "no model at all"],
)
def test_a_spoilt_file_is_no_model(trained, tmp_path, spoil, why, caplog):
    path = tmp_path / "topics" / "model.json"
    model_file.write(path, trained, PROVENANCE)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(PermanentError, match=why):
        model_file.read(path)
    assert catalogue.load(tmp_path).of("a crash") == ()
    assert why in caplog.text


def test_the_operators_topics_add_to_ours_and_replace_those_of_the_same_name(tmp_path):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    for folder, text in (
        (shipped, '[shipping]\nname = { en = "Shipping", de = "Versand" }\n[returns]\nname = "Returns"\n'),
        (own, '[shipping]\nname = "Parcels"\n[bug]\nname = { en = "Fault" }\nhelp = "It broke."\n'),
    ):
        folder.mkdir()
        (folder / "topics.toml").write_text(text)
    topics = catalogue.load(shipped, own)
    assert list(topics.named) == ["shipping", "returns", "bug"]
    assert topics.name("shipping", "de") == "Parcels"
    assert topics.name("never-named", "en") == "never-named"


def test_a_topic_without_a_name_is_a_mistake(tmp_path):
    (tmp_path / "topics.toml").write_text('[bug]\nhelp = "x"\n[other]\nname = { de = "Anderes" }\n')
    with pytest.raises(MistakesError, match="2 mistakes"):
        catalogue.load(tmp_path)


@pytest.fixture
def shelf(trained, tmp_path):
    """Topics that serve without a model; where its file comes to lie, and a topic's name."""
    (tmp_path / "own" / catalogue.FOLDER).mkdir(parents=True)
    (tmp_path / "own" / catalogue.FILE).write_text('[bug]\nname = "Bug"\n[praise]\nname = "Praise"\n')
    return catalogue.Shelf(tmp_path / "shipped", tmp_path / "own")


def test_a_new_model_serves_without_a_restart(shelf, trained, tmp_path):
    assert shelf.topics.of("It crashed") == () and not shelf.poll()
    model_file.write(tmp_path / "own" / catalogue.FOLDER / model_file.NAME, trained, PROVENANCE)
    assert [shelf.poll(), shelf.poll(), shelf.poll()] == [False, True, False]
    assert shelf.topics.digest
    (tmp_path / "own" / catalogue.FILE).write_text('[bug]\nname = "Fault"\n')
    assert shelf.reload() and not shelf.reload()
    assert (shelf.topics.name("bug", "de"), list(shelf.topics.named)) == ("Fault", ["bug"])


@pytest.mark.parametrize("spoilt", ["topics.toml", "topics/model.json"])
def test_topics_that_are_broken_never_take_the_place_of_sound_ones(shelf, trained, tmp_path, spoilt, caplog):
    model_file.write(tmp_path / "own" / catalogue.FOLDER / model_file.NAME, trained, PROVENANCE)
    assert shelf.reload()
    before = shelf.topics
    (tmp_path / "own" / spoilt).write_text("broken =")
    assert [shelf.poll(), shelf.poll(), shelf.poll()] == [False, False, False]
    assert shelf.topics is before
    assert sum("topics.refused the old ones stay" in record.message for record in caplog.records) == 1
