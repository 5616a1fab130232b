"""The manual that is made of the program is up to date, and shells and man can read what is made for them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.cli import COMMANDS, run

ROOT = Path(__file__).parents[1]
MAN = ROOT / "packaging" / "man"


def test_what_the_program_knows_is_what_is_written():
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "docs.py", "check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_has_a_page_and_a_section():
    pages = {path.stem for path in MAN.glob("*.1")}
    assert pages == {"gatepost", *(f"gatepost-{name}" for name in COMMANDS)}
    reference = (ROOT / "docs" / "commandline.md").read_text()
    assert all(f"\n## gatepost {name}\n" in reference for name in COMMANDS)


@pytest.mark.real("groff")
def test_man_reads_every_page_without_a_warning():
    pages = sorted(MAN.iterdir())
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-w", "all", "-W", "break", "-z", *pages],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-c", MAN / "gatepost-backup.1"], capture_output=True, text=True, check=True
    ).stdout
    shown = re.sub(".\b", "", shown)  # Bold is written twice.
    assert "gatepost-backup - Back the data folder up" in " ".join(shown.split())
    assert "--keep N" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_one_that_its_shell_accepts(shell, capsys):
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_GATEPOST_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("gatepost back", {"backup"}),
        ("gatepost outbox ", {"list", "show", "retry", "drop"}),
        ("gatepost status --w", {"--watch"}),
    ],
)
def test_bash_is_offered_what_fits(words, offered):
    gatepost = [sys.executable, "-m", "gatepost"]
    asked = {
        "_GATEPOST_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1),
    }  # fmt: skip
    done = subprocess.run(gatepost, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    assert {line.partition(",")[2] for line in done.stdout.split()} >= offered
