"""docs/rules.md says what the code does: its tables are the vocabulary's, its examples load and keep their promises."""

import re
from pathlib import Path

import click

from gatepost.cli.rules import rules
from gatepost.core.rules import reference
from gatepost.core.rules.examples import Known
from gatepost.rulebook import examine

DOC = Path(__file__).parent.parent / "docs" / "rules.md"


def test_the_tables_are_those_of_the_code():
    text = DOC.read_text(encoding="utf-8")
    assert text.endswith(f"\n\n{reference.as_markdown()}"), "run: make docs"


def test_each_rule_shown_is_a_rule():
    blocks = re.findall(r"```toml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        findings = examine({"50-doc.toml": block.encode()}, Known(teams=frozenset({"sales"})))
        assert findings.mistakes == []


def test_each_command_shown_exists():
    shown = set(re.findall(r"^gatepost rules ([\w-]+)", DOC.read_text(encoding="utf-8"), re.MULTILINE))
    assert shown == set(rules.list_commands(click.Context(rules)))
