"""docs/letters.md names every figure, filter and letter that there is, and none that there is not."""

import re
from pathlib import Path

from gatepost.mail.sandbox import LetterEnvironment
from gatepost.mail.templates import Letters
from gatepost.mail.vetting import FIGURES

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs" / "letters.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`[^|]*) \| ([^|]*) \|$", re.MULTILINE)


def test_every_figure_is_explained_and_no_other():
    table = DOC[DOC.index("| figure |") :]
    assert {name for row in ROW.findall(table) for name in re.findall(r"`(\w+)`", row[0])} == FIGURES


def test_every_letter_is_listed_and_no_other():
    table = DOC[DOC.index("| audience |") : DOC.index("They speak English")]
    listed = {
        f"{audience.strip('`')}/{name}"
        for audience, names in ROW.findall(table)
        for name in re.findall(r"`([\w-]+)`", names)
    }
    assert {name for name, _ in Letters(None, ROOT / "templates" / "mail").all()} == listed


def test_every_filter_is_named():
    environment = LetterEnvironment(None, str)
    named = set(re.findall(r"`(\w+)`", DOC[DOC.index("The language is Jinja's") : DOC.index("| figure |")]))
    assert set(environment.filters) - {"e", "count"} <= named
