"""`gatepost quarantine`: what staff see of a held mail, and their word for it, with no daemon running."""

import pytest

from gatepost.cli import run
from gatepost.config import find, load
from gatepost.core.letter import Arrival, Envelope
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.store import tickets

CONFIG = """
[gatepost]
hostname = "mail.market.example"
staff = "leads@office.example"
data = "{data}"
[reply_address]
keys = {{ 1 = {{ file = "{data}/key" }} }}
[delivery]
smarthost = "127.0.0.1:2526"
[authentication]
mode = "trusted-hop"
authserv_id = "mx.market.example"
[team.triage]
name = "Support"
address = "triage@office.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
"""
NOW = 1_793_610_000_000


def say(*headers, to, body):
    lines = [
        *headers,
        "From: Jane <jane@shop.example>",
        f"To: {to}",
        "Subject: It broke",
        f"Message-ID: <{abs(hash(body))}@x>",
    ]
    return "\r\n".join([*lines, "", body, ""]).encode()


@pytest.fixture
def config(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    key = data / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(data=data))
    loaded = load(find(str(path)), secrets=False)
    house, db = build_house(loaded), open_database(loaded)
    proved = "Authentication-Results: mx.market.example; dmarc=pass header.from=shop.example"
    try:
        for number, (headers, body) in enumerate([((proved,), "It broke."), ((), "\x1b[2JStill.")], start=1):
            to = "support@market.example" if number == 1 else house.reply_address(house.brands["market"], _first(db))
            raw = say(*headers, to=to, body=body)
            arrival = Arrival(
                id=number, received=NOW, envelope=Envelope(mail_from="jane@shop.example", recipients=(to,)), raw=raw
            )
            db.write_now(lambda tx, a=arrival, r=raw: handle(tx, house, a, read_letter(r), NOW))
    finally:
        db.close()
    return str(path)


def _first(db):
    return db.read_now(lambda tx: tickets.participants(tx, 1001))[0]


def test_a_held_mail_is_listed_shown_and_released(config, capfd):
    assert run(["quarantine", "list", "-c", config]) == 0
    listed = capfd.readouterr().out
    assert "11 sender_unverified" in listed and "jane@shop.example" in listed and "1001" in listed
    assert run(["quarantine", "show", "1", "-c", config]) == 0
    shown = capfd.readouterr().out
    assert "a reply whose sender is not proved" in shown and "no trusted Authentication-Results" in shown
    assert "Still." in shown and "\x1b" not in shown
    assert run(["quarantine", "show", "1", "--raw", "--reason", "to look at it", "-c", config]) == 0
    assert "\x1b[2JStill.\r\n" in capfd.readouterr().out.replace("\n", "\r\n").replace("\r\r", "\r")
    assert run(["quarantine", "release", "1", "-c", config]) == 0
    assert "continued ticket 1001" in capfd.readouterr().out
    assert run(["quarantine", "release", "1", "-c", config]) == 0
    assert run(["quarantine", "list", "-c", config]) == 0
    assert "Nothing is in quarantine." in capfd.readouterr().out
    assert run(["trace", "1001", "-c", config]) == 0
    assert "from sender_unverified: released by " in capfd.readouterr().out


def test_a_held_mail_is_forgotten_with_its_reason(config, capfd):
    assert run(["quarantine", "forget", "1", "--reason", "spam", "-c", config]) == 0
    assert run(["quarantine", "show", "1", "-c", config]) == 0
    shown = capfd.readouterr().out
    assert "forgotten" in shown and "spam" in shown and "Still." not in shown
    assert run(["quarantine", "release", "1", "-c", config]) == 70


def test_what_is_not_there_is_told(config, capfd):
    assert run(["quarantine", "show", "9", "-c", config]) == 70
    assert "gatepost quarantine list" in capfd.readouterr().err
