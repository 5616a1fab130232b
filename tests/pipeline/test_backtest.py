"""Stored mail decided again: what would change and which rules never hit, from what was kept; and nothing is written."""

import hashlib
import json
from pathlib import Path

import pytest

from gatepost.cli import run
from gatepost.core.letter import Door
from gatepost.core.rules import words
from gatepost.core.rules.kept import VERSION, unknown, unpack
from gatepost.mail.parse import read_letter
from gatepost.pipeline import run_again
from gatepost.store import arrivals, decisions, quarantine, whole_way
from gatepost.travel import travel

JANE, EDDIE = "Jane Roe <jane@customer.example>", "Eddie <eddie@customer.example>"
CONFIG = """
[gatepost]
data = "."
hostname = "mail.orchard.example"
rules = "rules"
staff = "staff@staff.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@staff.example"
[team.billing]
name = "Billing"
address = "billing@staff.example"
[brand.orchard]
name = "Orchard"
support = ["support@orchard.example"]
"""
PRINTERS = """
[[rule]]
name = "printers to the team"
when = {{ words = "printer", ticket = "new" }}
then = {{ {then}, stop = true }}
[[rule.hit]]
text = "My printer is on fire."
[[rule.miss]]
text = "The labels are empty."
"""
BEHIND = """
[[rule]]
name = "printers of Jane"
when = { words = "printer", sender = "jane@customer.example" }
then = { flags = "jane" }
[[rule.hit]]
sender = "jane@customer.example"
text = "My printer is on fire."
standing = "none"
party = "stranger"
trust = "unconfirmed"
[[rule.miss]]
text = "The labels are empty."
"""


@pytest.fixture
def history(market, compose_mail, tmp_path: Path, reply_to):
    """Six mails: four about labels of which two name the printer, an answer with a command, and a program's."""
    (tmp_path / "config.toml").write_text(CONFIG)
    for folder in ("rules", "working"):
        (tmp_path / folder).mkdir()
    for number in (1, 2):
        market.arrive(compose_mail(JANE, f"Shipping Labels {number}", "The printer prints nothing."))
    market.arrive(compose_mail(JANE, "Shipping Labels", "The labels are empty."))
    market.arrive(compose_mail(EDDIE, "Shipping Labels", "The printer prints nothing."))
    vendor = market.sent("ticket")[0]
    market.arrive(reply_to(vendor, "Acme <tickets@acme.example>", "#note\nThe printer again."), vendor.reply_to)
    market.arrive(
        compose_mail("Robot <robot@elsewhere.example>", "Report", "All well", "Auto-Submitted: auto-generated")
    )
    return market


def backtest(tmp_path: Path, *options: str) -> int:
    return run(["rules", "backtest", "-c", str(tmp_path / "config.toml"), "--since", "2026-10-01", *options])


def written(tmp_path: Path) -> list[str]:
    """What is written in the database; the index of readers beside it is no part of that."""
    files = [path for path in sorted(tmp_path.glob("desk.sqlite3*")) if not path.name.endswith("-shm")]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


@pytest.mark.catalogue("H12")
def test_the_rules_that_decided_change_nothing(history, tmp_path: Path, capsys) -> None:
    assert backtest(tmp_path, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["mails"], said["moved"], said["changes"], said["left_out"]) == (6, 0, [], 0)
    assert said["hits"]["the vendor answers"] == 3


@pytest.mark.catalogue("H12")
def test_what_would_go_elsewhere_is_counted_with_samples_and_nothing_is_written(
    history, tmp_path: Path, capsys
) -> None:
    (tmp_path / "working" / "45-printers.toml").write_text(PRINTERS.format(then='route = "team", team = "billing"'))
    before = written(tmp_path)
    sent = len(history.sent())
    assert backtest(tmp_path, "--rules", str(tmp_path / "working")) == 1
    said = capsys.readouterr().out
    assert "6 mails since 2026-10-01" in said and "2 mails would go elsewhere." in said
    line = next(line for line in said.splitlines() if "team billing" in line)
    assert line.split()[:2] == ["2", "vendor"]
    assert "the vendor answers → printers to the team" in line
    assert "ticket 1001 Shipping Labels 1; ticket 1002 Shipping Labels 2" in line
    # Eddie's mail stays with billing, by another rule and with another acknowledgement.
    assert "Going to the same place, but otherwise:" in said and "acknowledgement-expired" in said
    assert written(tmp_path) == before
    assert len(history.sent()) == sent


@pytest.mark.catalogue("H12", "H10")
def test_rules_that_never_hit_are_told_apart(history, tmp_path: Path, capsys) -> None:
    (tmp_path / "working" / "45-printers.toml").write_text(PRINTERS.format(then='route = "vendor"'))
    (tmp_path / "working" / "85-behind.toml").write_text(BEHIND)
    assert backtest(tmp_path, "--rules", str(tmp_path / "working"), "--json") == 1  # Eddie's would go to the vendor.
    idle = {one["rule"]: one for one in json.loads(capsys.readouterr().out)["idle"]}
    assert idle["printers of Jane"] == {
        "file": "85-behind.toml", "rule": "printers of Jane", "would_hit": 2, "stopped_by": "printers to the team",
    }  # fmt: skip
    assert (idle["vendor gone"]["would_hit"], "printers to the team" in idle) == (0, False)
    assert backtest(tmp_path, "--rules", str(tmp_path / "working")) == 1
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if "printers of Jane" in line)
    assert line.split()[:2] == ["2", "85-behind.toml"] and line.endswith("printers to the team")
    assert "  80-vendor.toml: vendor gone, vendor away without a substitute" in said
    assert "everything else" not in said


def test_mail_before_the_day_is_left_alone(history, tmp_path: Path, capsys) -> None:
    assert run(["rules", "backtest", "-c", str(tmp_path / "config.toml"), "--since", "2027-01-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mails"] == 0
    assert run(["rules", "backtest", "-c", str(tmp_path / "config.toml"), "--since", "2027-01-01"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("0 mails since 2027-01-01") and "Dead" not in said and "elsewhere" not in said


def test_copies_and_what_no_rule_kept_back_are_no_decisions_of_rules(history, compose_mail, tmp_path, capsys) -> None:
    history.arrive(compose_mail(JANE, "Shipping Labels", "The labels are empty."))  # A copy of the third mail.
    acknowledgement = history.sent("acknowledgement")[0]
    history.arrive(compose_mail("Foe <foe@elsewhere.example>", "Re", "Close it!"), acknowledgement.reply_to)
    assert history.outcomes[-2:] == ["duplicate", "quarantined"]
    assert backtest(tmp_path, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["mails"], said["left_out"], said["moved"]) == (7, 1, 0)


@pytest.mark.parametrize("since", ["30", "x", "2026-13-01", "30m", ""])
def test_another_form_of_since_is_refused(history, tmp_path: Path, since: str, capsys) -> None:
    assert run(["rules", "backtest", "-c", str(tmp_path / "config.toml"), "--since", since]) == 64
    assert "nor a day like 2026-11-01" in capsys.readouterr().err


def test_broken_rules_decide_nothing(history, tmp_path: Path, capsys) -> None:
    (tmp_path / "working" / "45.toml").write_text("[[rule]]")
    assert backtest(tmp_path, "--rules", str(tmp_path / "working")) == 78
    assert f"{tmp_path}/working/45.toml:1" in capsys.readouterr().err


OFFICE = """
[[rule]]
name = "printers at night"
when = {{ {when} }}
then = {{ route = "team", team = "billing", stop = true }}
[[rule.hit]]
text = "My printer is on fire."
office_open = false
ticket = "new"
[[rule.miss]]
text = "The labels are empty."
office_open = true
"""


def grown_old(history) -> None:
    """The decisions as an older program kept them: it had no opening hours."""

    def age(tx) -> None:
        for row in tx.rows("SELECT arrival, said FROM decision"):
            said = json.loads(row["said"])
            del said["version"], said["seen"]["office_open"]
            tx.run("UPDATE decision SET said = :said WHERE arrival = :id", said=json.dumps(said), id=row["arrival"])

    history.db.write_now(age)


@pytest.mark.parametrize(
    ("when", "undecided", "moved"),
    [
        ('words = "printer", ticket = "new", office_open = false', 3, 0),
        ('words = "printer", ticket = "new", any = [{ office_open = false }, { days_left = 0 }]', 3, 0),
        ('words = "printer", ticket = "new", not = { office_open = true }', 3, 0),
        ('words = "fire", office_open = false', 0, 0),
        ('words = "printer", ticket = "new", any = [{ office_open = false }, { words = "printer" }]', 0, 2),
        ('words = "printer", ticket = "new", not = { office_open = true, words = "toner" }', 0, 2),
    ],
    ids=["hangs on it", "any hangs on it", "not hangs on it", "misses anyway", "any holds anyway", "not holds anyway"],
)
def test_what_was_not_kept_then_is_never_guessed(history, tmp_path: Path, capsys, when, undecided, moved) -> None:
    (tmp_path / "working" / "05-office.toml").write_text(OFFICE.format(when=when))
    grown_old(history)
    backtest(tmp_path, "--rules", str(tmp_path / "working"), "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["mails"], said["left_out"], said["undecided"]["mails"]) == (6 - undecided, 0, undecided)
    assert said["moved"] == moved
    backtest(tmp_path, "--rules", str(tmp_path / "working"))
    told = capsys.readouterr().out
    asked = f"days_left ({undecided}), " * ("days_left" in when) + f"office_open ({undecided})"
    line = f"{undecided} more cannot be decided by these rules, which ask what was not kept when they came: {asked}\n"
    assert (line in told) is bool(undecided)


def test_a_ticket_explained_says_what_was_not_kept(history, tmp_path: Path, capsys) -> None:
    grown_old(history)
    assert run(["rules", "explain", "-c", str(tmp_path / "config.toml"), "--ticket", "1001"]) == 0
    assert "\nnot kept     days_left, office_open: " in capsys.readouterr().out


def test_every_word_that_came_later_is_a_word_of_the_rules_and_is_kept_now(history) -> None:
    later = unknown(0)
    assert later == {"days_left", "office_open"} and not unknown(VERSION)
    assert later <= words.CONDITIONS.keys()
    kept = history.rows("SELECT said FROM decision")
    assert {json.loads(row["said"])["version"] for row in kept} == {VERSION}


# ── What is kept of a decision ───────────────────────────────────────────────────────────────────────────────────────


def test_what_the_rules_saw_is_kept_whole_and_the_words_once(history) -> None:
    def read(tx):
        for row in tx.rows("SELECT * FROM arrival ORDER BY id"):
            arrival = arrivals.as_arrival(tx, row)
            trip = travel(tx, history.house, arrival, read_letter(arrival.raw), history.now)
            said = arrivals.decision(tx, row["id"])
            message = tx.row("SELECT * FROM message WHERE id = :id", id=row["message"] or 0)
            text = (message["reply_text"] or message["text"]) if message else ""
            again = unpack(said["seen"], subject=message["subject"] if message else "", text=text)
            yield again, trip.seen, "text" in said["seen"], message

    read_all = history.db.read_now(lambda tx: list(read(tx)))
    assert len(read_all) == 6
    for again, seen, keeps_words, message in read_all:
        assert again == seen
        assert keeps_words is (message is None or seen.text.startswith("#"))


def test_the_misses_are_made_again_when_somebody_asks(history) -> None:
    def read(tx):
        for row in tx.rows("SELECT id FROM arrival ORDER BY id"):
            arrival = arrivals.as_arrival(tx, tx.row("SELECT * FROM arrival WHERE id = :id", id=row["id"]))
            trip = travel(tx, history.house, arrival, read_letter(arrival.raw), history.now)
            yield trip.verdict.trail, decisions.trail(tx, row["id"]), arrivals.decision(tx, row["id"])

    for judged, told, said in history.db.read_now(lambda tx: list(read(tx))):
        assert told == judged
        assert any(not trace.hit for trace in told)
        assert all(trace["hit"] for trace in said["verdict"]["trail"])
    way = history.db.read_now(lambda tx: whole_way.of_ticket(tx, 1001))
    assert any(line.startswith("miss 40-marketplace.toml: refund question (") for line in way["arrivals"][0]["rules"])


def test_misses_are_told_by_the_rules_that_served_then(history, compose_mail, tmp_path: Path) -> None:
    served = history.db.read_now(lambda tx: decisions.trail(tx, 1))
    (tmp_path / "rules" / "05-printers.toml").write_text(PRINTERS.format(then='route = "vendor"'))
    assert history.house.rulebook.reload().changed
    for number in (7, 8, 9):
        history.arrive(compose_mail(JANE, f"Shipping Labels {number}", "The printer is on fire."))
    assert history.db.read_now(lambda tx: decisions.trail(tx, 1)) == served
    later = history.db.read_now(lambda tx: decisions.trail(tx, 7))
    assert [trace.rule for trace in later] == ["printers to the team"]
    assert history.rows("SELECT count(*) AS books FROM rule_book")[0]["books"] == 2


def test_a_decision_of_which_the_rules_are_gone_still_tells_its_hits(history) -> None:
    history.db.write_now(lambda tx: tx.run("DELETE FROM rule_book"))
    told = history.db.read_now(lambda tx: decisions.trail(tx, 1))
    assert [trace.rule for trace in told if trace.hit] == ["the vendor answers"] and len(told) == 1


def test_an_imported_mail_is_decided_again_as_well(history, compose_mail, tmp_path: Path, capsys) -> None:
    history.arrive(compose_mail(JANE, "Shipping Labels, long ago", "The printer?"), door=Door.IMPORT)
    assert backtest(tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["mails"] == 7


def test_a_mail_released_from_quarantine_is_not_sent_back_there(market, compose_mail, tmp_path: Path, capsys) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules").mkdir()
    spam = PRINTERS.format(then='route = "quarantine", cause = "spam"')
    (tmp_path / "rules" / "05-spam.toml").write_text(spam)
    assert market.house.rulebook.reload().changed
    assert market.arrive(compose_mail(JANE, "Shipping Labels", "My printer!")) == "quarantined"

    def release(tx):
        quarantine.release(tx, 1, "staff")
        raw = arrivals.raw(tx, 1)
        return run_again(tx, market.house, 1, read_letter(raw), market.now)

    assert market.db.write_now(release) == "opened"
    assert backtest(tmp_path, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["mails"], said["moved"]) == (1, 0)


def test_a_ticket_is_explained_by_the_rules_of_now(history, tmp_path: Path, capsys) -> None:
    config = ("-c", str(tmp_path / "config.toml"), "--ticket")
    assert run(["rules", "explain", *config, "1001"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ticket       1001: Shipping Labels 1\nthen         as now\nroute        vendor")
    (tmp_path / "rules" / "45-printers.toml").write_text(PRINTERS.format(then='route = "team", team = "billing"'))
    assert run(["rules", "explain", *config, "1001", "--all"]) == 0
    said = capsys.readouterr().out
    assert (
        "then         vendor, by rule 'the vendor answers'\nroute        team billing, by rule 'printers to the" in said
    )
    assert run(["rules", "explain", *config, "1001", "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert (both["then"]["route"], both["verdict"]["team"]) == ("vendor", "billing")
    assert run(["rules", "explain", *config, "77"]) == 70
    assert "there is no ticket 77" in capsys.readouterr().err
    assert run(["rules", "explain", "-c", str(tmp_path / "config.toml")]) == 64
