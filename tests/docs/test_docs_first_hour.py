"""What the page on the first hour shows is what happens: its config loads, its tables go in, its output is the output."""

import re
from pathlib import Path

import pytest

from gatepost.cli import run

PAGE = (Path(__file__).parents[2] / "docs" / "first-hour.md").read_text()


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the page's files in it."""
    (config,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    # Ports of its own: the usual ones may be in use here.
    assert "[smtp]" not in config and "[page]" not in config
    free = "".join(
        f"[{section}]\nlisten = {port}\n" for section, port in (("smtp", '["127.0.0.1:0"]'), ("page", '"127.0.0.1:0"'))
    )
    assert 'data = "/var/lib/gatepost"' in config
    (tmp_path / "config.toml").write_text(config.replace('"/var/lib/gatepost"', '"data"') + free)
    tables = re.findall(r"`(\w+\.csv)`:\n\n```csv\n(.*?)```", PAGE, re.DOTALL)
    for name, rows in tables:
        (tmp_path / name).write_text(rows)
    assert len(tables) == 4
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown():
    """Every command that the page runs, with the lines that it shows below it."""
    for block in re.findall(r"```\n(\$ .*?)```", PAGE, re.DOTALL):
        for part in block.split("$ ")[1:]:
            command, *lines = part.strip().split("\n")
            yield command, lines


def test_every_command_prints_the_lines_that_the_page_shows(desk, capsys):
    commands = list(shown())
    assert len(commands) == 5
    for command, lines in commands:
        assert run([*command.split()[1:], "-c", "config.toml"]) == 0
        out = capsys.readouterr().out
        printed = out.splitlines()
        assert all(line in printed for line in lines), f"{command} says otherwise:\n{out}"


@pytest.mark.parametrize("page", ["first-hour.md", "service.md", "operating.md"])
def test_systemds_tools_are_given_whole_paths(page):
    """A relative path is to them the name of a file in their own folders, which is not there."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text()
    given = re.findall(r"^systemd-(?:sysusers|tmpfiles --create) (\S+)", text, re.MULTILINE)
    assert given or page == "operating.md"
    assert all(path.startswith(("$PWD/", "/")) for path in given)
