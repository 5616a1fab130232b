"""Examples are read, learned from and kept: labelled lines, training, the model file, names, corrections."""

import json

import pytest

from gatepost.core.topics import Classifier
from gatepost.errors import MistakesError, PermanentError
from gatepost.topics import catalogue, labelled, model_file
from gatepost.topics.labelled import Example
from gatepost.topics.model_file import Provenance

PROVENANCE = Provenance(trained="2026-11-23T09:00:00Z", data="d", held_out="h", bar=0.9, counts={"bug": 2})


@pytest.fixture(scope="module")
def trained():
    training = pytest.importorskip(
        "gatepost.topics.training", reason="training needs numpy: pip install gatepost[topics]"
    )
    lines = {
        "bug": (
            "it crashes",
            "a crash again",
            "crashed with an error",
            "the error log",
            "fatal error crash",
            "an error",
        ),
        "renewal": (
            "renew my licence",
            "renewal is due",
            "how to renew",
            "renewal price",
            "renewed twice",
            "to renew it",
        ),
        "none": ("hello there", "good day", "thanks a lot", "hello again", "thanks for the hello", "good thanks"),
    }
    examples = [
        Example(topic=topic, language="en", text=text, group=f"{topic} {text}")
        for topic in lines
        for text in lines[topic]
    ]
    return training.train(examples)


def write(folder, name, *lines):
    (folder / "train").mkdir(parents=True, exist_ok=True)
    (folder / "train" / name).write_text("\n".join(lines))
    return folder


def test_a_line_is_one_group_of_wordings(tmp_path):
    found = labelled.read(
        [write(tmp_path, "bug.txt", "# faults", "", "en: it {crashes|hangs} after {start|login}")], "train"
    )
    assert len(found) == 3 and len({example.group for example in found}) == 1
    assert found[0].topic == "bug" and "{" not in "".join(example.text for example in found)
    assert found == labelled.read([tmp_path], "train")


def test_every_line_that_is_no_example_is_named(tmp_path):
    folder = write(tmp_path, "bug.txt", "en: fine", "english: not fine", "nothing")
    with pytest.raises(MistakesError, match=r"2 mistakes[^$]*bug\.txt:2[^$]*bug\.txt:3"):
        labelled.read([folder], "train")


def test_a_topic_is_learned(trained):
    classifier = Classifier(trained)
    assert trained.topics == ("bug", "renewal")
    assert classifier.ranked("there was a crash and an error")[0].name == "bug"
    assert classifier.ranked("I want to renew")[0].name == "renewal"
    assert all(one.slope > 0 for one in trained.calibrations)


def test_too_little_is_refused():
    training = pytest.importorskip(
        "gatepost.topics.training", reason="training needs numpy: pip install gatepost[topics]"
    )
    with pytest.raises(ValueError, match="too little"):
        training.train([Example(topic="bug", language="en", text="crash", group="1")])


def test_the_file_gives_back_the_model_that_was_measured(trained, tmp_path):
    digest = model_file.write(tmp_path / "topics" / "model.json", trained, PROVENANCE)
    model, provenance = model_file.read(tmp_path / "topics" / "model.json")
    assert provenance == PROVENANCE and model.digest == digest
    text = "a crash, and a renewal"
    settled = Classifier(model_file.settled(trained, PROVENANCE))
    assert Classifier(model).ranked(text) == settled.ranked(text)
    for one, other in zip(settled.ranked(text), Classifier(trained).ranked(text), strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=0.01)


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
