"""Each file of bad/ is refused with the sentences that stand beside it, all of them at once, with their lines."""

from pathlib import Path

import pytest

from gatepost.core.rules.examples import Known
from gatepost.rulebook import examine

BAD = Path(__file__).parent / "bad"
KNOWN = Known(
    teams=frozenset({"billing", "triage"}),
    brands=frozenset({"market"}),
    vendors=frozenset({"label-smiths"}),
    templates=frozenset({"acknowledgement"}),
    staff=frozenset({"ann"}),
    topics=frozenset({"shipping", "returns"}),
)


@pytest.mark.catalogue("H02", "H11")
@pytest.mark.parametrize("path", sorted(BAD.glob("*.toml")), ids=lambda path: path.stem)
def test_a_bad_file_is_refused_with_its_sentences(path: Path) -> None:
    findings = examine({path.name: path.read_bytes()}, KNOWN)
    told = "".join(f"{mistake}\n" for mistake in (*findings.mistakes, *findings.warnings))
    assert told == path.with_suffix(".expect").read_text(encoding="utf-8")
    assert told != ""


def test_each_expectation_has_its_file() -> None:
    assert {path.stem for path in BAD.glob("*.expect")} == {path.stem for path in BAD.glob("*.toml")}
    assert len(list(BAD.glob("*.toml"))) >= 15
