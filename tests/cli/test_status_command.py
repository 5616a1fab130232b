"""`gatepost status`: one screen, by a glance at which one knows whether all is well; and the same as JSON."""

import json
import os

import pytest

from gatepost.cli import run
from gatepost.clock import Clock
from gatepost.config import find, load
from gatepost.core import DAY, HOUR, SECOND
from gatepost.lock import DataLock
from gatepost.parts import open_database
from gatepost.store import alarms, arrivals, breakers, mailboxes, vitals

CONFIG = """
[gatepost]
hostname = "mail.market.example"
staff = "leads@office.example"
data = "{data}"
[team.triage]
name = "Support"
address = "triage@office.example"
[team.billing]
name = "Billing"
address = "billing@office.example"
[authentication]
mode = "off"
[brand.market]
name = "Market"
support = ["support@market.example"]
privacy = "https://market.example/privacy"
data_use = "https://market.example/data-use"
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "data").mkdir(mode=0o700)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(data=tmp_path / "data"))
    open_database(load(find(str(path)), secrets=False)).close()
    return str(path)


@pytest.fixture
def desk(config):
    """Write into the desk's database while no desk runs."""
    database = open_database(load(find(config), secrets=False))
    yield database.write_now
    database.close()


def screen(config, capsys, *more):
    code = run(["status", "-c", config, *more])
    return code, capsys.readouterr().out


def test_without_a_daemon_it_says_so_and_what_to_do(config, capsys):
    code, out = screen(config, capsys)
    assert code == 1
    first, second, *rest = out.splitlines()
    assert first.endswith("look at this")
    assert second.endswith("(is gatepost running with this data folder?)")
    said = {line[:16].strip(): line[17:] for line in rest}
    assert (said["quarantine"], said["outbox"], said["tickets"]) == ("0", "-", "0 open, 0 closed")
    assert said["desk"] == "does not run"


@pytest.fixture
def running(config, desk, monkeypatch, tmp_path):
    """A desk that holds its lock and has just looked around, and a gate that answers."""

    async def gate(_):
        return {"accepted": 7, "connections": 2}

    monkeypatch.setattr("gatepost.health.overview.ask_status", gate)
    now = Clock().now()
    desk(lambda tx: vitals.keep(tx, {"troubles": []}, now - 5 * SECOND))
    with DataLock(tmp_path / "data"):
        yield now


def test_all_is_well_on_one_screen(config, running, capsys):
    code, out = screen(config, capsys)
    assert code == 0
    assert out.splitlines()[0].endswith("all is well")
    assert "7 mails accepted, 2 connections now" in out
    assert f"process {os.getpid()}, looked around" in out
    assert len(out.splitlines()) <= 24
    assert max(map(len, out.splitlines())) <= 140


def test_what_is_wrong_comes_first_and_what_waits_has_its_reason(config, desk, running, capsys):
    trouble = {"what": "The disk is nearly full", "why": "1 MB are free", "advice": "Make room.", "unhealthy": True}
    desk(lambda tx: vitals.keep(tx, {"troubles": [trouble]}, running))
    desk(lambda tx: alarms.raise_(tx, "disk", "", "1 MB are free", running - HOUR))
    desk(lambda tx: mailboxes.failing(tx, "support", "NO bad\x1b[2J password", running - HOUR))
    desk(lambda tx: breakers.open_(tx, "bot@loop.example", "it answers itself", running, running + DAY))
    code, out = screen(config, capsys)
    assert code == 1
    assert out.splitlines()[1] == "  ! The disk is nearly full: 1 MB are free. Make room."
    assert "alarm            disk since" in out
    assert "imap support     looked through never, fails since" in out
    assert "\\x1b" in out and "\x1b" not in out
    assert "no automatic mail to bot@loop.example: it answers itself" in out


def test_automatic_mail_is_counted_and_so_is_what_was_kept_back(config, desk, running, capsys):
    for ago in (1, 2, 25):
        desk(lambda tx, ago=ago: arrivals.automatic_sent(tx, address="a@b.example", ticket=1, now=running - ago * HOUR))
    desk(arrivals.kept_back)
    _, out = screen(config, capsys)
    assert "automatic mail   2 in 24 hours, 1 kept back by caps and breakers in all" in out


def test_a_desk_that_has_stopped_looking_is_told(config, desk, running, capsys):
    desk(lambda tx: vitals.keep(tx, {"troubles": []}, running - HOUR))
    code, out = screen(config, capsys)
    assert (code, "the desk does not look around" in out) == (1, True)


def test_as_json_and_again_and_again(config, running, capsys):
    code, out = screen(config, capsys, "--json")
    said = json.loads(out)
    assert (code, said["verdict"], said["stored"]["figures"]["quarantine"]) == (0, "well", 0)
    _, out = screen(config, capsys, "--json", "--watch", "0.2", "--times", "3")
    assert len(out.splitlines()) == 3
    _, out = screen(config, capsys, "--watch", "0.2", "--times", "2")
    assert (out.count("gatepost on"), "\x1b" in out) == (2, False)
    # Without a number: another option may follow.
    assert run(["status", "--watch", "-c", config, "--times", "1"]) == 0
    assert capsys.readouterr().out.count("gatepost on") == 1
