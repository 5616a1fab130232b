"""`gatepost audit`: who did what, whether the log is whole, and a CSV that no spreadsheet runs."""

import csv
import io
import sqlite3

import pytest

from gatepost.audit_heads import head_of
from gatepost.cli import run
from gatepost.clock import Clock
from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.audit import Act, Action, ActorKind, Head, Who
from gatepost.keys import audit_key
from gatepost.parts import open_database
from gatepost.store import audit
from gatepost.store.audit import AuditLog

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
VERA = Who(kind=ActorKind.STAFF, name="vera")
ADA = Who(kind=ActorKind.CUSTOMER, name="ada@teashop.example", party=7)


@pytest.fixture
def place(tmp_path):
    """A config with a data folder whose log has three rows, one of them old; its path and its database."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    config = load(path)
    config.data.mkdir(mode=0o700)
    log, now = AuditLog(audit_key(config.data)), Clock().now()
    db = open_database(config)
    for at, act in (
        (now - 40 * DAY, Act(actor=VERA, action=Action.STAFF_SIGNED_IN)),
        (now - DAY, Act(actor=VERA, action=Action.TICKET_WRITTEN, object="ticket 1001", on_behalf_of=ADA, grant=3)),
        (now, Act(actor=Who(kind=ActorKind.OPERATOR, name="=cmd|' /C calc'!A0"), action=Action.IMPORTED)),
    ):
        db.write_now(lambda tx, act=act, at=at: log.write(tx, act, at))
    head = db.read_now(audit.head)
    db.close()
    return path, config.data / "desk.sqlite3", f"{head.id}:{head.mac}"


def test_a_whole_log_is_said_to_be_whole(place, capsys):
    path, _, head = place
    assert run(["audit", "verify", "-c", str(path)]) == 0
    assert "3 rows are as they were written" in capsys.readouterr().out
    assert run(["audit", "verify", "-c", str(path), "--head", head]) == 0
    assert "1 heads noted outside agree" in capsys.readouterr().out


@pytest.mark.catalogue("J15")
@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE audit SET object = 'ticket 1' WHERE id = 2", 2),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("DELETE FROM audit WHERE id = 3", 3),
    ],
)
def test_what_was_done_behind_its_back_is_named_by_row(place, capsys, sql, row):
    path, file, head = place
    with sqlite3.connect(file) as intruder:
        intruder.executescript(f"DROP TRIGGER audit_kept; DROP TRIGGER audit_whole; {sql};")
    intruder.close()
    assert run(["audit", "verify", "-c", str(path), "--head", head]) == 65
    assert capsys.readouterr().out.startswith(f"row {row}: ")


def test_a_head_from_the_file_of_heads_counts_and_a_line_that_is_none_is_named(place, capsys):
    path, file, head = place
    noted = file.parent / "audit-heads"
    noted.write_text(f"2026-11-29T18:00:00Z {head}\n")
    assert run(["audit", "verify", "-c", str(path)]) == 0
    assert "1 heads" in capsys.readouterr().out
    noted.write_text("who knows\n")
    assert run(["audit", "verify", "-c", str(path)]) == 70
    assert "audit-heads:1: no head" in capsys.readouterr().err
    noted.unlink()
    assert run(["audit", "verify", "-c", str(path), "--head", "7:abc"]) == 70
    assert "is no head" in capsys.readouterr().err


def test_without_its_key_it_is_neither_verified_nor_given_a_new_one(place, capsys):
    path, file, _ = place
    (file.parent / "keys" / "audit").unlink()
    assert run(["audit", "verify", "-c", str(path)]) == 70
    assert "keys/audit cannot be read" in capsys.readouterr().err
    assert not (file.parent / "keys" / "audit").exists()


def listed(capsys, path, *options):
    assert run(["audit", "export", "-c", str(path), *options]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert head[0] == "id"
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_rows_are_chosen_by_person_action_object_and_time(place, capsys):
    path, _, _ = place

    def ids(*options):
        return [row["id"] for row in listed(capsys, path, *options)]

    assert ids() == ["3", "2", "1"]
    assert ids("--person", "ada@teashop.example") == ["2"]
    assert ids("--actor", "vera") == ["2", "1"]
    assert ids("--action", "staff.signed-in") == ["1"]
    assert ids("--object", "ticket 1001") == ["2"]
    assert ids("--since", "30d") == ["3", "2"]
    assert run(["audit", "list", "-c", str(path), "--actor", "vera", "--limit", "1"]) == 0
    out = capsys.readouterr().out
    assert "ticket.written" in out and "signed-in" not in out
    assert run(["audit", "list", "-c", str(path), "--since", "soon"]) == 64


@pytest.mark.catalogue("G07")
def test_no_cell_of_the_csv_is_a_formula(place, capsys, tmp_path):
    path, _, _ = place
    assert listed(capsys, path, "--action", "marketplace.imported")[0]["actor"] == "'=cmd|' /C calc'!A0"
    assert run(["audit", "export", "-c", str(path), "-o", str(tmp_path / "log.csv")]) == 0
    assert (tmp_path / "log.csv").read_bytes().count(b"\n") == 4


@pytest.mark.parametrize("text", ["", "12", "²:" + "a" * 64, "x:" + "a" * 64, "12:" + "g" * 64, "12:" + "a" * 63])
def test_what_is_no_head_is_none(text):
    assert head_of(text) is None


def test_a_head_is_read_as_it_is_written():
    assert head_of("12:" + "a" * 64 + "\n") == Head(id=12, mac="a" * 64)
