"""Rule files are read together, replaced by name, and never serve broken, half-written or half-changed."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from gatepost.core.rules.examples import Known
from gatepost.core.rules.judge import judge
from gatepost.core.rules.seen import Seen
from gatepost.core.verdict import Route
from gatepost.errors import MistakesError
from gatepost.rulebook import Rulebook, examine, known_names, paths, read_stable

RULE = """
[[rule]]
name = "{name}"
when = {{ words = "{word}" }}
then = {{ route = "{route}", stop = true }}

[[rule.hit]]
text = "{word}"

[[rule.miss]]
text = "nothing of it"
"""


def rule(name: str, word: str = "one", route: str = "vendor") -> str:
    return RULE.format(name=name, word=word, route=route)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "10-first.toml").write_text(rule("first"))
    (folder / "20-second.toml").write_text(rule("second", "two", "event"))
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def names(book: Rulebook) -> list[str]:
    return [rule.name for rule in book.book.rules]


def test_files_are_read_in_the_order_of_their_names(shipped: Path, own: Path) -> None:
    (own / "15-between.toml").write_text(rule("between", "three"))
    assert names(Rulebook(shipped, own)) == ["first", "between", "second"]


def test_the_operators_file_stands_for_the_shipped_one_of_its_name(shipped: Path, own: Path) -> None:
    (own / "10-first.toml").write_text(rule("my own"))
    assert names(Rulebook(shipped, own)) == ["my own", "second"]


def test_a_file_is_switched_off_by_an_empty_list(shipped: Path, own: Path) -> None:
    (own / "10-first.toml").write_text("rule = []")
    assert names(Rulebook(shipped, own)) == ["second"]


@pytest.mark.parametrize("folder", [None, Path("/nonexistent/rules")])
def test_an_operator_without_rules_has_the_shipped_ones(shipped: Path, folder: Path | None) -> None:
    assert names(Rulebook(shipped, folder)) == ["first", "second"]


def test_hidden_files_and_editors_copies_are_no_rules(shipped: Path, own: Path) -> None:
    for name in (".10-first.toml", "10-first.toml~", "10-first.toml.bak", ".#30.toml", "30.toml.swp"):
        (own / name).write_text("broken = ")
    assert names(Rulebook(shipped, own)) == ["first", "second"]
    assert list(paths(shipped, own)) == ["10-first.toml", "20-second.toml"]


def test_a_start_with_broken_rules_is_refused_with_every_mistake(shipped: Path, own: Path) -> None:
    (own / "30-a.toml").write_text("broken =")
    (own / "40-b.toml").write_text(rule("b", route="vendr"))
    with pytest.raises(MistakesError) as caught:
        Rulebook(shipped, own)
    assert [(mistake.file, mistake.line) for mistake in caught.value.mistakes] == [
        (str(own / "30-a.toml"), 1),
        (str(own / "40-b.toml"), 5),
    ]


@pytest.mark.catalogue("H08", "H11")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[[rule]\n", 1, "not TOML"),
        (rule("new", route="vendr"), 5, "did you mean 'vendor'?"),
        (rule("second"), 3, "another rule has this name"),
        (rule("new").replace('text = "one"', 'text = "two"'), 7, "this example of a hit is a miss"),
        (rule("new").replace("words", "worsd"), 4, "did you mean 'words'?"),
        ("", 0, "rule = []"),
    ],
)
def test_a_broken_file_keeps_the_old_rules_and_says_where(
    shipped: Path, own: Path, text: str, line: int, words: str
) -> None:
    book = Rulebook(shipped, own)
    before = book.book
    (own / "15-new.toml").write_text(text)
    result = book.reload()
    assert (result.changed, result.digest, result.rules) == (False, before.digest, 2)
    assert result.error is not None and words in str(result.error)
    first = result.error.mistakes[0]
    assert (first.line, first.file) in {(line, str(own / "15-new.toml")), (3, str(shipped / "20-second.toml"))}
    assert book.book is before
    (own / "15-new.toml").write_text(rule("new", "three"))
    assert book.reload().changed
    assert names(book) == ["first", "new", "second"]


def test_an_unreadable_entry_keeps_the_old_rules(shipped: Path, own: Path) -> None:
    book = Rulebook(shipped, own)
    (own / "15-folder.toml").mkdir()
    result = book.reload()
    assert result.error is not None and "15-folder.toml: cannot be read: Is a directory" in str(result.error)
    assert names(book) == ["first", "second"]


def test_not_utf8_too_large_and_too_deep_are_mistakes(shipped: Path, own: Path) -> None:
    (own / "30.toml").write_bytes(b"# gr\xfc\xdfe\n")
    (own / "31.toml").write_bytes(b"#" * (1024 * 1024 + 1))
    (own / "32.toml").write_bytes(b"rule = " + b"[" * 5_000 + b"]" * 5_000)
    with pytest.raises(MistakesError) as caught:
        Rulebook(shipped, own)
    told = [mistake.message for mistake in caught.value.mistakes]
    assert told[:2] == ["not UTF-8", "larger than 1048576 octets"]
    assert caught.value.mistakes[2].file == str(own / "32.toml")


def test_a_reload_of_the_same_rules_changes_nothing(shipped: Path, own: Path) -> None:
    book = Rulebook(shipped, own)
    before = book.book
    (shipped / "10-first.toml").write_text("# A comment more.\n" + rule("first"))
    result = book.reload()
    assert (result.changed, result.error) == (False, None)
    assert book.book is before


def test_an_acknowledgement_that_does_not_exist_is_a_mistake_where_letters_are_known(shipped: Path, own: Path) -> None:
    (own / "30.toml").write_text(rule("third", "three", 'team", team = "biling", acknowledge = "acknowledgment'))
    known = Known(templates=frozenset({"acknowledgement"}))
    assert names(Rulebook(shipped, own)) == ["first", "second", "third"]
    with pytest.raises(MistakesError, match="did you mean 'acknowledgement'"):
        Rulebook(shipped, own, known=known)


def test_a_team_that_does_not_exist_is_only_warned_of_for_triage_takes_its_mail(shipped: Path, own: Path) -> None:
    (own / "30.toml").write_text(rule("third", "three", 'team", team = "biling'))
    known = Known(teams=frozenset({"billing"}))
    assert names(Rulebook(shipped, own, known=known)) == ["first", "second", "third"]
    findings = examine(read_stable(shipped, own), known)
    assert [warning.suggestion for warning in findings.warnings][:1] == ["did you mean 'billing'?"]


def test_poll_reloads_what_has_stopped_changing(shipped: Path, own: Path) -> None:
    book = Rulebook(shipped, own)
    assert book.poll() is None
    file = own / "15-new.toml"
    file.write_text(rule("new", "three"))
    assert book.poll() is None
    result = book.poll()
    assert result is not None and result.changed
    assert book.poll() is None
    file.unlink()
    assert [book.poll() is None, book.poll() is None] == [True, False]
    assert names(book) == ["first", "second"]


@pytest.mark.catalogue("H09")
def test_a_file_that_is_still_being_written_waits_though_its_half_is_sound(shipped: Path, own: Path) -> None:
    book = Rulebook(shipped, own)
    file = own / "15-new.toml"
    with file.open("w") as writing:
        for number, name in enumerate(("a", "b", "c")):
            writing.write(rule(name, f"word{number}"))
            writing.flush()
            os.utime(file, ns=(0, number))
            assert book.poll() is None
            assert names(book) == ["first", "second"]
    result = book.poll()
    assert result is not None and result.changed
    assert names(book) == ["first", "a", "b", "c", "second"]


def test_a_broken_file_is_told_once_and_again_when_it_changes(shipped: Path, own: Path) -> None:
    book = Rulebook(shipped, own)
    (own / "15-new.toml").write_text("broken =")
    told = [book.poll() for _ in range(5)]
    assert [result is not None for result in told] == [False, True, False, False, False]
    assert told[1] is not None and told[1].error is not None


@pytest.mark.catalogue("H08", "H09")
def test_a_thousand_reloads_beside_a_writer_never_serve_anything_else(shipped: Path, own: Path) -> None:
    """Half of what the writer leaves is broken, and every write passes through an empty and a half file."""
    file = own / "10-first.toml"
    sound = [rule("to the vendor"), rule("to triage", route="triage")]
    digests = set()
    for text in sound:
        file.write_text(text)
        digests.add(Rulebook(shipped, own).book.digest)
    book, done = Rulebook(shipped, own), threading.Event()

    def write() -> None:
        turn = 0
        while not done.is_set():
            text = sound[turn % 2] if turn % 4 < 2 else sound[turn % 2][: 11 + turn % 90]
            with file.open("w") as writing:
                writing.write(text[: len(text) // 2])
                writing.flush()
                writing.write(text[len(text) // 2 :])
            turn += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = Seen(text="one")
        for _ in range(1_000):
            book.reload()
            assert book.book.digest in digests
            assert judge(book.book, seen).route in (Route.VENDOR, Route.TRIAGE)
            assert judge(book.book, seen).by in ("to the vendor", "to triage")
    finally:
        done.set()
        writer.join()


def test_a_stable_reading_is_the_files_as_they_are(shipped: Path) -> None:
    assert read_stable(shipped, None) == {path.name: path.read_bytes() for path in shipped.iterdir()}


def test_a_file_that_changes_at_every_reading_is_not_taken(shipped: Path, own: Path) -> None:
    class Restless(type(own)):  # type: ignore[misc]
        """A folder in which one file is another one at every look."""

        def glob(self, pattern: str):
            file = own / "15-new.toml"
            file.write_text(rule(f"number {os.urandom(4).hex()}", "three"))
            return iter([file])

    book = Rulebook(shipped, own)
    book._own = Restless(own)
    result = book.reload()
    assert result.error is not None
    assert "15-new.toml: keeps changing while it is read" in str(result.error)
    assert names(book) == ["first", "second"]


def test_the_names_that_rules_may_use_come_from_config_and_letters() -> None:
    ann = SimpleNamespace(address="ann@market.example")
    configured = SimpleNamespace(team={"billing": None}, brand={"market": None}, members=lambda: {"ann": ann})
    known = known_names(configured, ["acknowledgement", "answer"])  # type: ignore[arg-type]
    assert known == Known(
        teams=frozenset({"billing"}),
        brands=frozenset({"market"}),
        templates=frozenset({"acknowledgement", "answer"}),
        staff=frozenset({"ann", "ann@market.example"}),
    )
