"""`gatepost calendar show` reads a vendor from the desk's database while nothing else runs, and draws what it has."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatepost import cli
from gatepost.cli import calendar as command
from gatepost.clock import FixedClock
from gatepost.core.party import Away, Hours, Vendor
from gatepost.store import parties
from gatepost.store.database import Database
from gatepost.store.glance import DESK_FILE
from gatepost.store.schema import migrate

NOW = round(datetime(2026, 11, 23, 11, tzinfo=UTC).timestamp() * 1000)
DOCS = Path(__file__).parents[2] / "docs" / "clock.md"
CONFIG = """\
[gatepost]
data = "data"
hostname = "mail.market.example"
staff = "staff@market.example"

[authentication]
authserv_id = "mail.market.example"

[team.triage]
name = "Triage"
address = "triage@market.example"

[brand.market]
name = "Extension Market"
support = ["support@market.example"]
zone = "Europe/Berlin"
country = "DE"
"""
ACME = Vendor(
    id=0,
    slug="acme",
    name="Acme Widgets",
    support_address="help@acme.example",
    hours=Hours(zone="Europe/Warsaw", country="PL", open_dates=("2026-11-14 10:00-13:00",)),
    away=Away(starts=NOW + 24 * 3_600_000, ends=NOW + 85 * 3_600_000),
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config whose data folder holds two vendors; the clock stands at Monday 23 November 2026, noon in Warsaw."""
    data, file = tmp_path / "data", tmp_path / "config.toml"
    data.mkdir()
    file.write_text(CONFIG)
    database = Database(f"sqlite:///{data / DESK_FILE}", prepare=migrate)
    database.write_now(lambda tx: parties.put_vendor(tx, ACME))
    sleepy = Vendor(id=0, slug="sleepy", name="Sleepy", support_address="help@sleepy.example", hours=Hours(weekdays=()))
    database.write_now(lambda tx: parties.put_vendor(tx, sleepy))
    database.close()
    monkeypatch.setattr(command, "Clock", lambda: FixedClock(NOW))
    return file


def run(config: Path, *arguments: str) -> int:
    return cli.run(["calendar", "show", "-c", str(config), *arguments])


def test_this_month_of_a_vendor_is_the_picture_in_the_docs(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "acme") == 0
    printed = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
    assert f"$ gatepost calendar show acme\n{printed}\n" in DOCS.read_text(encoding="utf-8")


def test_another_month(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "acme", "--month", "2027-05") == 0
    printed = capsys.readouterr().out
    assert "May 2027" in printed
    assert "Święto Narodowe Trzeciego Maja" in printed
    assert "[" not in printed.split("[ ]", maxsplit=1)[0]


def test_a_brand_has_the_hours_of_the_marketplace(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "market", "--brand", "--month", "2026-12") == 0
    printed = capsys.readouterr().out
    assert "market: Extension Market\nEurope/Berlin · Mon–Fri 09:00–17:00 · public holidays of DE" in printed
    assert "Fri 25  public holiday Erster Weihnachtstag" in printed


def test_hours_that_never_open_are_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "sleepy") == 0
    printed = capsys.readouterr().out
    assert "0 working days, 0 s open" in printed
    assert "plain days of 24 hours" in printed


def test_an_absence_that_leaves_the_clock_running_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    away = Away(starts=NOW, ends=NOW + 24 * 3_600_000, clock_stops=False)
    database = Database(f"sqlite:///{config.parent / 'data' / DESK_FILE}", prepare=migrate)
    database.write_now(lambda tx: parties.put_vendor(tx, replace(ACME, away=away)))
    database.close()
    assert run(config, "acme") == 0
    printed = capsys.readouterr().out
    assert "away Mon 23 Nov 2026 12:00 – Tue 24 Nov 2026 12:00, while the clock runs on" in printed
    assert "~" not in printed.replace("~  away", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["acne"], "there is no vendor 'acne'; did you mean acme?"),
        (["nobody"], "known: acme, sleepy"),
        (["markt", "--brand"], "there is no brand 'markt'; did you mean market?"),
        (["acme", "--month", "May"], "--month"),
    ],
)
def test_what_does_not_exist_is_a_usage_error(
    config: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, *arguments) == cli.EX_USAGE
    assert words in capsys.readouterr().err


def test_without_a_database_it_says_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "data" / DESK_FILE).unlink()
    assert run(config, "acme") != 0
    assert "Start gatepost once" in capsys.readouterr().err
    assert not (config.parent / "data" / DESK_FILE).exists()


def test_a_database_that_is_none_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "data" / DESK_FILE).write_bytes(b"no database, but long enough for its head" * 9)
    assert run(config, "acme") != 0
    assert "cannot be read" in capsys.readouterr().err
