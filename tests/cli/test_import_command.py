"""`gatepost import` on the command line: the table of what happened, the exit codes, the lock."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gatepost.cli import run

EXAMPLES = Path(__file__).parents[2] / "examples" / "marketplace"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text((EXAMPLES / "config.toml").read_text())
    return path


def importing(config, kind, file, *options):
    return run(["import", kind, str(file), "-c", str(config), *options])


def test_the_examples_go_in_one_after_the_other(config, capsys):
    for kind in ("vendors", "products", "customers", "subscriptions"):
        assert importing(config, kind, EXAMPLES / f"{kind}.csv") == 0
    out, err = capsys.readouterr()
    assert "new              6" in out and "16 rows are in." in out and err == ""
    assert (config.parent / "data").stat().st_mode & 0o777 == 0o700
    assert (config.parent / "data" / "desk.sqlite3").stat().st_mode & 0o777 == 0o600


def test_refused_rows_are_named_and_the_exit_code_says_so(config, tmp_path, capsys):
    table = tmp_path / "vendors.csv"
    table.write_text("slug,name,support_address\ngood,Good,a@good.example\nbad,Bad,support@orchard.example\n")
    assert importing(config, "vendors", table) == 65
    out, err = capsys.readouterr()
    assert "row 3, support_address: support@orchard.example lies in our own domain: a loop" in err
    assert "nothing was written" in out
    assert importing(config, "vendors", table, "--partial") == 65
    assert "1 row is in; 1 refused." in capsys.readouterr().out


def test_a_dry_run_says_that_it_was_one(config, capsys):
    assert importing(config, "vendors", EXAMPLES / "vendors.csv", "--dry-run") == 0
    assert "a dry run; nothing was written" in capsys.readouterr().out


def test_a_wrong_column_is_a_mistake_in_the_file(config, tmp_path, capsys):
    table = tmp_path / "vendors.csv"
    table.write_text("slug,nam,support_address\n")
    assert importing(config, "vendors", table) == 65
    assert "did you mean name?" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root can hand a folder to another user")
def test_root_leaves_no_file_of_its_own_in_another_users_folder():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        data, config = folder / "data", folder / "config.toml"
        config.write_text((EXAMPLES / "config.toml").read_text())
        data.mkdir()
        os.chown(data, 65534, 65534)
        command = [
            sys.executable,
            "-m",
            "gatepost",
            "import",
            "vendors",
            str(EXAMPLES / "vendors.csv"),
            "-c",
            str(config),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert {path.stat().st_uid for path in data.rglob("*")} == {65534}
