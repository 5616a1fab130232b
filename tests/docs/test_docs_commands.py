"""docs/commands.md has the table of the commands as the program has it."""

from pathlib import Path

from gatepost.core.commands import as_markdown

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_table_of_commands_is_the_programs():
    assert PAGE.read_text(encoding="utf-8").endswith(f"<!-- from here on written by `make docs` -->\n\n{as_markdown()}")
