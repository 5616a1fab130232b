"""`gatepost staff`: who works here, and the way back in for who has lost their authenticator."""

import pytest

from gatepost.cli import run
from gatepost.config import load
from gatepost.keys import audit_key
from gatepost.parts import open_database
from gatepost.store import audit, sessions, staff_tables
from gatepost.store.audit import AuditLog
from gatepost.store.sessions import Kind, Session

CONFIG = """
[gatepost]
data = "data"
hostname = "mail.market.example"
staff = "staff@office.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@office.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
"""
VERA = """
[staff.vera]
name = "Vera Lind"
address = "vera@office.example"
roles = ["lead"]
"""


@pytest.fixture
def place(tmp_path):
    """A config with Vera in it, who has an authenticator and is signed in; its path and a look into the database."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + VERA)
    config = load(path)
    config.data.mkdir(mode=0o700)
    db = open_database(config)

    def enrolled(tx):
        staff_tables.enrol(tx, "vera", b"sealed", 7, 1_790_000_000_000)
        sessions.open_(tx, Session(id=0, kind=Kind.STAFF, staff="vera", started=1, expires=1 << 50), "secret")

    db.write_now(enrolled)
    db.close()

    def look(read):
        db = open_database(config)
        try:
            return db.read_now(read)
        finally:
            db.close()

    return path, config, look


def test_the_list_names_roles_and_authenticators(place, capsys):
    path, _, _ = place
    assert run(["staff", "list", "-c", str(path)]) == 0
    out = capsys.readouterr().out
    assert "vera@office.example" in out and "lead" in out and "2026-09-21" in out


def test_a_reset_ends_sessions_takes_the_authenticator_and_is_on_record(place, capsys):
    path, config, look = place
    assert run(["staff", "reset-totp", "vera", "-c", str(path)]) == 0
    assert "signed out" in capsys.readouterr().out
    assert look(lambda tx: staff_tables.secret_of(tx, "vera")) is None
    assert look(lambda tx: sessions.find(tx, "secret", Kind.STAFF, 2)) is None
    assert look(AuditLog(audit_key(config.data)).verify) is None
    (row,) = look(lambda tx: list(audit.entries(tx)))
    assert (row.actor.kind, row.action, row.object) == ("operator", "staff.totp-reset", "staff vera")
    assert run(["staff", "reset-totp", "vera", "-c", str(path)]) == 0
    assert "no authenticator yet" in capsys.readouterr().out


def test_who_is_locked_out_is_listed_and_let_in(place, capsys):
    path, config, look = place
    assert run(["staff", "unlock", "vera", "-c", str(path)]) == 0
    assert "vera is not locked out" in capsys.readouterr().out
    look_at = 4_000_000_000_000
    db = open_database(config)
    db.write_now(lambda tx: [staff_tables.missed(tx, "vera", look_at) for _ in range(5)])
    db.close()
    assert run(["staff", "list", "-c", str(path)]) == 0
    assert "2096-10-02 07:21:40" in capsys.readouterr().out
    assert run(["staff", "unlock", "vera", "-c", str(path)]) == 0
    assert "forgotten" in capsys.readouterr().out
    assert look(lambda tx: staff_tables.shut(tx, "vera")) == 0
    (row,) = look(lambda tx: list(audit.entries(tx)))
    assert (row.actor.kind, row.action, row.object) == ("operator", "staff.unlocked", "staff vera")


def test_who_does_not_work_here_is_named_with_those_who_do(place, capsys):
    path, _, _ = place
    assert run(["staff", "reset-totp", "eve", "-c", str(path)]) == 70
    assert "There are: vera." in capsys.readouterr().err


def test_without_staff_the_list_says_how_to_begin(tmp_path, capsys):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    assert run(["staff", "list", "-c", str(path)]) == 0
    assert "[staff.NAME]" in capsys.readouterr().out
