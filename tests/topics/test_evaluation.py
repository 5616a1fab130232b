"""What a model makes of held-out examples is counted by topic, by language and by range of confidence."""

from gatepost.core.topics import Classifier, Model, Topic
from gatepost.topics import report
from gatepost.topics.evaluation import evaluate
from gatepost.topics.labelled import Example

SAYS = {
    "lost": (("shipping", 0.95), ("returns", 0.2)),
    "both": (("returns", 0.93), ("shipping", 0.92)),
    "odd": (("returns", 0.91), ("shipping", 0.1)),
    "hm": (("shipping", 0.6), ("returns", 0.3)),
}


class Told(Classifier):
    """A classifier that says of each text what it was told to say."""

    def __init__(self) -> None:
        super().__init__(Model(topics=("returns", "shipping"), features={}, biases=(0.0,) * 3, calibrations=()))

    def ranked(self, text: str) -> tuple[Topic, ...]:
        return tuple(Topic(name=name, confidence=sure) for name, sure in SAYS[text])


def one(text: str, topic: str, language: str = "en", also: str = "") -> Example:
    return Example(topic=topic, also=also, language=language, text=text)


FOUND = evaluate(
    Told(),
    [
        one("lost", "shipping"),
        one("both", "shipping", "de", also="returns"),
        one("odd", "none", "de"),
        one("hm", "returns"),
        one("lost", "returns", also="shipping"),
    ],
)


def test_either_of_two_concerns_is_right_and_counts_as_covered_once() -> None:
    assert (FOUND.examples, FOUND.none, FOUND.covered) == (5, 1, 3)
    assert FOUND.coverage == 3 / 4
    returns, shipping = FOUND.topics
    assert (returns.examples, returns.given, returns.right) == (3, 2, 1)
    assert (shipping.examples, shipping.given, shipping.right) == (3, 3, 3)
    assert FOUND.precision == 4 / 5


def test_languages_have_their_own_figures() -> None:
    german, english = FOUND.languages
    assert (german.name, german.examples, german.given, german.right) == ("de", 2, 3, 2)
    assert (english.name, english.examples, english.given, english.right) == ("en", 4, 2, 2)
    assert "de        2       3      2      66.7 %     100.0 %" in "\n".join(report.lines(FOUND))


def test_confusions_are_told_by_the_label_that_was_given_first() -> None:
    assert FOUND.confusion == {
        ("shipping", "shipping"): 2,  # One of them was filed under returns, and shipping is right for it too.
        ("returns", "returns"): 1,
        ("none", "returns"): 1,
        ("returns", "none"): 1,
    }


def test_ranges_of_confidence_tell_how_often_they_were_right() -> None:
    surest = FOUND.bins[-1]
    assert (surest.count, surest.right) == (5, 4 / 5) and 0.91 < surest.confidence < 0.95
    assert sum(found.count for found in FOUND.bins) == 10
