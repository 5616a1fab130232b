"""`gatepost import-mail imap:NAME/FOLDER`: the past of an IMAP folder, in which nothing is changed."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bench.imap_folders import Folder
from bench.imap_server import Rule, changed, cut, drop, say

from gatepost.cli import run
from gatepost.ingress import imap_wire

EXAMPLE = Path(__file__).parents[2] / "examples" / "marketplace" / "config.toml"
DAY = datetime(2025, 3, 1, 10, tzinfo=UTC)


def written(number, *, cites=None):
    head = [
        f"From: person{number if cites is None else cites}@customer.example",
        "To: support@orchard.example",
        f"Subject: {'Re: ' if cites is not None else ''}question {number if cites is None else cites}",
        f"Message-ID: <{number}@old.example>",
        *([f"In-Reply-To: <{cites}@old.example>"] if cites is not None else []),
    ]
    return "\r\n".join([*head, "", f"Words of {number}", ""]).encode()


@pytest.fixture
def place(tmp_path, server):
    """The config with a mailbox [imap.old], and a folder Done with five mails of three threads."""
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    config = tmp_path / "config.toml"
    section = f'server = "127.0.0.1:{server.port}"\ntls = "none"\nusername = "support"\nread_seconds = 0.5\n'
    config.write_text(EXAMPLE.read_text() + f'\n[imap.old]\n{section}password = {{ file = "password" }}\n')
    server.folders["Done"] = Folder(validity=5)
    mails = [written(0), written(1), written(2, cites=0), written(3, cites=1), written(4)]
    for number, raw in enumerate(mails):
        server.add(raw, folder="Done", at=DAY + timedelta(days=number))
    return config


def importing(config, *arguments):
    return run(["import-mail", *arguments, "-c", str(config)])


def rows(config, sql):
    connection = sqlite3.connect(f"file:{config.parent / 'data' / 'desk.sqlite3'}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_folder_becomes_closed_tickets_and_stays_as_it_was(place, server, capsys):
    before = server.raws("Done")
    assert importing(place, "imap:old/Done") == 0
    assert "5 mails are in; nothing was sent to anybody." in capsys.readouterr().out
    first = int(DAY.timestamp() * 1000)
    assert rows(place, "SELECT state, filed, last_activity FROM ticket ORDER BY number") == [
        ("closed", first, first + 2 * 86_400_000),
        ("closed", first + 86_400_000, first + 3 * 86_400_000),
        ("closed", first + 4 * 86_400_000, first + 4 * 86_400_000),
    ]
    assert rows(place, "SELECT count(*) FROM outbox") == rows(place, "SELECT count(*) FROM deadline") == [(0,)]
    assert rows(place, "SELECT DISTINCT peer FROM arrival") == [("past:imap:old/Done:5",)]
    assert server.raws("Done") == before and not any(mail.flags for mail in server.folders["Done"].mails)
    verbs = {" ".join(line.split()[: 1 + line.startswith("UID")]) for line in server.commands()}
    assert verbs == {"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"}


@pytest.mark.parametrize("options", [[], ["--resume"]])
def test_the_same_folder_again_changes_nothing(place, server, capsys, options):
    importing(place, "imap:old/Done")
    bodies = len([line for line in server.commands("UID FETCH") if "BODY" in line])
    assert importing(place, "imap:old/Done", *options) == 0
    assert "taken before       5" in capsys.readouterr().out
    assert rows(place, "SELECT count(*) FROM arrival") == [(5,)]
    again = len([line for line in server.commands("UID FETCH") if "BODY" in line]) - bodies
    assert again == (0 if options else 1)


def test_a_dry_run_fetches_no_mail(place, server, capsys):
    assert importing(place, "imap:old/Done", "--dry-run", "--before", "2025-03-03") == 0
    assert "A dry run: 2 mails would be taken." in capsys.readouterr().out
    assert not any("BODY" in line for line in server.commands())
    assert not (place.parent / "data").exists()


def test_the_folder_into_which_new_mail_comes_needs_a_last_day(place, server, capsys):
    server.add(written(10), at=DAY)
    server.add(written(11))
    assert importing(place, "imap:old") == 64
    assert "would be filed as past, unanswered" in capsys.readouterr().err
    assert importing(place, "imap:old", "--before", "2025-03-02") == 0
    assert rows(place, "SELECT subject FROM ticket") == [("question 10",)]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("imap:odl/Done", "did you mean imap:old?"),
        ("imap:nothing", "there are: old"),
        ("imap:old/Nowhere", "the folder Nowhere cannot be opened"),
    ],
)
def test_mistakes_are_told(place, capsys, what, said):
    assert importing(place, what, "--before", "2025-03-02") in (64, 70)
    assert said in capsys.readouterr().err


def test_a_wrong_password_is_tried_once(place, server, capsys):
    server.passwords.clear()
    assert importing(place, "imap:old/Done") == 70
    assert "refused to sign us in" in capsys.readouterr().err
    assert len(server.commands("LOGIN")) == 1


@pytest.mark.parametrize("fault", [drop, cut(150), say(b"%TAG% NO later\r\n")], ids=["drop", "cut", "no"])
@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH 1,2,3,4,5 (RFC", "UID FETCH 1,2,3,4,5 (BODY"])
def test_a_connection_that_ends_is_opened_again(place, server, command, fault):
    server.scripts = [[Rule(command, fault)], [Rule(command, fault)]]
    assert importing(place, "imap:old/Done") == 0
    assert rows(place, "SELECT count(*) FROM message") == [(5,)]


def test_a_server_that_trickles_is_cut_and_asked_again(place, server, monkeypatch):
    monkeypatch.setattr(imap_wire, "_COMMAND_SECONDS", 2.0)
    over = threading.Event()

    def trickle(talk, answer):
        for octet in answer() + b"." * 10_000:
            talk.send(bytes([octet]))
            if over.wait(0.05):
                break

    server.scripts = [[Rule("UID SEARCH", trickle)]]
    try:
        assert importing(place, "imap:old/Done") == 0
    finally:
        over.set()
    assert rows(place, "SELECT count(*) FROM message") == [(5,)] and len(server.heard) >= 2


def test_one_mail_that_the_server_cannot_give_is_left_out_and_counted(place, server, capsys):
    server.scripts = [
        [Rule("UID FETCH 1,2,3,4,5 (BODY", drop), Rule("UID FETCH 3 (BODY", drop)] for _ in range(20)
    ]  # fmt: skip
    assert importing(place, "imap:old/Done") == 0
    out = capsys.readouterr().out
    assert "gone               1" in out and "4 mails are in" in out


def test_a_server_that_stays_away_ends_the_import_and_resume_goes_on(place, server, capsys):
    server.scripts = [[Rule("UID FETCH 1,2,3,4,5 (BODY", changed(lambda answer: answer[: len(answer) // 2])), *(
        Rule("UID FETCH", drop) for _ in range(9))] for _ in range(3)] + [[Rule("LOGIN", drop)] for _ in range(20)]  # fmt: skip
    assert importing(place, "imap:old/Done") == 75
    assert "Go on later with --resume" in capsys.readouterr().err
    server.scripts = []
    assert importing(place, "imap:old/Done", "--resume") == 0
    assert rows(place, "SELECT count(*) FROM message") == [(5,)]


def test_a_folder_that_is_numbered_anew_meanwhile_ends_the_import(place, server, capsys):
    server.scripts = [[Rule("UID FETCH 1,2,3,4,5 (BODY", drop)]]

    def renumbered(talk, answer):
        server.rebuild(6, "Done")
        drop(talk, answer)

    server.scripts = [[Rule("UID FETCH 1,2,3,4,5 (BODY", renumbered)]]
    assert importing(place, "imap:old/Done") == 70
    assert "numbered anew" in capsys.readouterr().err
    assert importing(place, "imap:old/Done") == 0
    assert rows(place, "SELECT count(*) FROM message") == [(5,)]


def test_what_the_mailbox_has_fetched_before_is_one_message_with_both_ways(place, server, capsys):
    importing(place, "imap:old/Done")
    server.folders["Copy"] = Folder(validity=9)
    for number, raw in enumerate(server.raws("Done")):
        server.add(b"X-Spam-Status: No\r\n" + raw, folder="Copy", at=DAY + timedelta(days=number))
    importing(place, "imap:old/Copy")
    assert "duplicate          5" in capsys.readouterr().out
    assert rows(place, "SELECT count(*) FROM message") == [(5,)]
    assert run(["ticket", "show", "1001", "-c", str(place)]) == 0
    assert "one mail, which came by import past:imap:old/Done:5, import past:imap:old/Copy:9" in capsys.readouterr().out
