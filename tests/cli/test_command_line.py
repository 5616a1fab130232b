"""The command line's frame: lazy commands, exit codes, errors with their hints."""

import subprocess
import sys

import click
import pytest

from gatepost import cli
from gatepost.errors import Mistake, MistakesError, PermanentError, TemporaryError


def raising(error: Exception) -> click.Command:
    @click.command()
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (TemporaryError("the database is locked", "try again"), 75, ["the database is locked", "try again"]),
        (
            MistakesError("config.toml", [Mistake(file="config.toml", line=3, message="odd")]),
            78,
            ["config.toml:3", "odd"],
        ),
        (PermanentError("broken"), 70, ["broken"]),
        (click.UsageError("which?"), 64, ["which?"]),
    ],
)
def test_an_error_ends_with_its_words_and_its_code(error, code, words, monkeypatch, capsys):
    monkeypatch.setitem(cli.gatepost.commands, "fail", raising(error))
    assert cli.run(["fail"]) == code
    printed = capsys.readouterr().err
    assert all(word in printed for word in words)


def test_an_error_may_bring_its_own_exit_code(monkeypatch):
    error = PermanentError("no such file")
    error.exit_code = 66
    monkeypatch.setitem(cli.gatepost.commands, "fail", raising(error))
    assert cli.run(["fail"]) == 66


def test_every_command_of_the_table_can_be_imported():
    context = click.Context(cli.gatepost)
    assert cli.COMMANDS
    for name in cli.COMMANDS:
        assert cli.gatepost.get_command(context, name) is not None


def test_an_unknown_command_is_a_usage_error(capsys):
    assert cli.run(["nonsense"]) == 64
    assert "nonsense" in capsys.readouterr().err


def test_the_module_runs_as_a_program_and_imports_no_daemon():
    code = "import sys, gatepost.cli; gatepost.cli.run(['mail', '--help']); print(sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    for heavy in ("pydantic", "asyncio", "sqlite3", "starlette", "aiosmtpd"):
        assert f"'{heavy}'" not in ran.stdout
    ran = subprocess.run(
        [sys.executable, "-m", "gatepost", "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0
    assert "gatepost" in ran.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stauts"], "Did you mean 'status'?"),
        (["quarantine", "relase"], "Did you mean 'release'"),
        (["tickets", "--limit", "0"], "--limit"),
        (["outbox", "list", "--limit", "-4"], "--limit"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(words, said, capsys):
    assert cli.run(words) == 64
    assert said in capsys.readouterr().err
