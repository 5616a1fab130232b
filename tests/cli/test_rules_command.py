"""`gatepost rules check` and `gatepost rules words`, as they are typed."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost import cli, shipped
from gatepost.core.rules.words import CONDITIONS, STEPS
from gatepost.lock import DataLock
from gatepost.rulebook import Rulebook

GOOD = """
[[rule]]
name = "wholesale"
when = { words = "wholesale" }
then = { route = "team", team = "sales" }

[[rule.hit]]
text = "wholesale"

[[rule.miss]]
text = "retail"
"""

CONFIG = """
[gatepost]
data = "data"
hostname = "mx.market.example"
rules = "rules"
staff = "staff@market.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@desk.example"
[team.billing]
name = "Billing"
address = "billing@desk.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a config, in which the commands run."""
    monkeypatch.delenv("GATEPOST_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_shipped_rules_are_well(capsys):
    assert cli.run(["rules", "check"]) == 0
    printed = capsys.readouterr().out
    assert "the vendor answers" in printed
    assert printed.strip().endswith("all well")


def test_the_operators_rules_are_checked_with_ours(own: Path, capsys):
    (own / "35-wholesale.toml").write_text(GOOD)
    assert cli.run(["rules", "check", "--rules", str(own)]) == 0
    assert "team sales" in capsys.readouterr().out


def test_a_failing_example_ends_with_1_and_its_line(own: Path, capsys):
    (own / "35-wholesale.toml").write_text(GOOD.replace('text = "retail"', 'text = "Wholesale!"'))
    assert cli.run(["rules", "check", "--rules", str(own)]) == 1
    assert "35-wholesale.toml:10: rule 'wholesale': this example of a miss is a hit" in capsys.readouterr().out


def test_a_rule_that_is_never_asked_ends_with_1(own: Path, capsys):
    (own / "99-z.toml").write_text(GOOD)
    assert cli.run(["rules", "check", "--rules", str(own)]) == 1
    printed = capsys.readouterr().out
    assert (
        f"warning  {own}/99-z.toml:2: rule 'wholesale': never asked: 'everything else' in 99-fallback.toml" in printed
    )
    assert printed.strip().endswith("1 warning")


def test_words_in_vain_are_warned_of(own: Path, capsys):
    (own / "45-wholesale.toml").write_text(GOOD.replace('"wholesale" }\n', '["wholesale", "wholesale prices"] }\n'))
    assert cli.run(["rules", "check", "--rules", str(own)]) == 1
    assert "'wholesale prices' is never needed, since 'wholesale' finds all that it finds" in capsys.readouterr().out


def test_what_cannot_be_read_ends_with_78(own: Path, capsys):
    (own / "35-wholesale.toml").write_text(GOOD.replace("words", "wrods"))
    assert cli.run(["rules", "check", "--rules", str(own)]) == 78
    assert "35-wholesale.toml:4: rule 'wholesale': there is no condition 'wrods'" in capsys.readouterr().err


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A config in the folder where the commands run; its data folder."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (tmp_path / "config.toml").write_text(CONFIG)
    return data


def test_with_a_config_the_teams_are_known(own: Path, configured: Path, capsys):
    (own / "35-wholesale.toml").write_text(GOOD)
    assert cli.run(["rules", "check"]) == 1
    by_name = capsys.readouterr().out
    assert cli.run(["rules", "check", "-c", str(configured.parent / "config.toml")]) == 1
    assert by_name == capsys.readouterr().out
    assert "35-wholesale.toml:5: rule 'wholesale': there is no team 'sales'" in by_name


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The SIGHUPs that this process gets, as the daemon would."""
    signals: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _: signals.append(number))
    yield signals
    signal.signal(signal.SIGHUP, before)


def test_reload_checks_the_rules_and_tells_the_daemon(own: Path, configured: Path, told: list[int], capsys):
    with DataLock(configured):
        assert cli.run(["rules", "reload"]) == 0
        assert told == [signal.SIGHUP]
        shipped_rules = len(Rulebook(shipped.folder("rules")).book.rules)
        assert f"process {os.getpid()} was told to read {shipped_rules} rules" in capsys.readouterr().out
        (own / "35-wholesale.toml").write_text(GOOD.replace("words", "wrods"))
        assert cli.run(["rules", "reload"]) == 78
        assert "the daemon was told nothing" in capsys.readouterr().err
    assert told == [signal.SIGHUP]


def test_reload_without_a_daemon_says_so(own: Path, configured: Path, told: list[int], capsys):
    assert cli.run(["rules", "reload"]) == 70
    assert "no gatepost runs on" in capsys.readouterr().err
    assert told == []


def test_check_as_json(own: Path, capsys):
    (own / "35-wholesale.toml").write_text(GOOD)
    assert cli.run(["rules", "check", "--rules", str(own), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"file": "35-wholesale.toml", "rule": "wholesale", "goes_to": "team sales", "hits": 1, "misses": 1} in shown[
        "rules"
    ]
    assert (shown["mistakes"], shown["warnings"]) == ([], [])


def test_words_are_printed_as_text_markdown_and_json(capsys):
    for options in ([], ["--markdown"], ["--json"]):
        assert cli.run(["rules", "words", *options]) == 0
        printed = capsys.readouterr().out
        assert all(word in printed for word in (*CONDITIONS, *STEPS))
    assert len(json.loads(printed)["conditions"]) == len(CONDITIONS)
