"""`gatepost mail read`: one JSON object a line, exit codes that a script can use, no config and no daemon."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost import cli

MAIL = (
    b"From: =?utf-8?q?J=C3=B6rg?= <j@shop.example>\nTo: support@market.example, Team <t@x.example>\nCc: c@x.example\n"
    b"Subject: Hello\nMessage-ID: <3@shop.example>\nReferences: <1@a.example> <2@a.example>\nPrecedence: list\n"
    b"List-Id: <l.x.example>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nNew words.\n\nOn Monday a@b.example wrote:\n> old words\n> and more\n--b\n"
    b"Content-Type: text/csv; name=a.csv\n\n1,2\n--b--\n"
)


def read(*arguments, capsys):
    code = cli.run(["mail", "read", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, [json.loads(line) for line in captured.out.splitlines()], captured.err


@pytest.fixture
def mail(tmp_path):
    path = tmp_path / "one.eml"
    path.write_bytes(MAIL)
    return path


def test_a_mail_is_one_json_object(mail, capsys):
    code, (shown,), _ = read(mail, capsys=capsys)
    assert code == 0
    assert shown == {
        "from": {"name": "Jörg", "address": "j@shop.example"},
        "to": [{"name": "", "address": "support@market.example"}, {"name": "Team", "address": "t@x.example"}],
        "cc": [{"name": "", "address": "c@x.example"}],
        "subject": "Hello",
        "message_id": "<3@shop.example>",
        "references": ["<1@a.example>", "<2@a.example>"],
        "text": "New words.\n\nOn Monday a@b.example wrote:\n> old words\n> and more",
        "reply_text": "New words.",
        "attachments": [
            {"filename": "a.csv", "content_type": "text/csv", "size": 3, "sha256": hashlib.sha256(b"1,2").hexdigest()}
        ],
        "auto": "list",
        "troubles": ["date_missing"],
    }


def test_headers_are_printed_when_asked_for(mail, capsys):
    _, (shown,), _ = read("--headers", mail, capsys=capsys)
    assert ["precedence", "list"] in shown["headers"]


@pytest.mark.parametrize(
    ("raw", "auto"),
    [
        (b"From: a@b.example\nSubject: Hello\n\nIt is broken, please help.", "human"),
        (b"From: a@b.example\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.", "auto-reply"),
        (b"From: MAILER-DAEMON@b.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n\n<x@y.example>: 550 5.1.1 no such user", "bounce"),
    ],
)  # fmt: skip
def test_who_wrote_it_is_told(raw, auto, tmp_path, capsys):
    (tmp_path / "mail").write_bytes(raw)
    assert read(tmp_path / "mail", capsys=capsys)[1][0]["auto"] == auto


def test_a_mail_without_author_has_null_there(tmp_path, capsys):
    (tmp_path / "mail").write_bytes(b"Subject: x\n\ny")
    assert read(tmp_path / "mail", capsys=capsys)[1][0]["from"] is None


def test_a_hostile_mail_and_a_missing_file_leave_the_others_printed(mail, tmp_path, capsys):
    (tmp_path / "bomb").write_bytes(b"X-Y: z\n" * 100_000)
    code, shown, said = read(tmp_path / "bomb", mail, capsys=capsys)
    assert (code, len(shown)) == (65, 1)
    assert "header_bomb" in said
    assert len(said.splitlines()) == 1
    code, shown, said = read(tmp_path / "none", mail, capsys=capsys)
    assert (code, len(shown)) == (66, 1)
    assert "none" in said


def test_no_file_is_a_usage_error(capsys):
    assert read(capsys=capsys)[0] == 64


def test_it_reads_standard_input_and_imports_no_daemon(mail, tmp_path):
    code = (
        "import sys, gatepost.cli; code = gatepost.cli.run(['mail', 'read', '-']); "
        "print(sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=MAIL, capture_output=True, check=True, timeout=60, cwd=tmp_path
    )
    assert json.loads(ran.stdout)["subject"] == "Hello"
    for heavy in (b"'pydantic'", b"'asyncio'", b"'sqlite3'", b"'starlette'", b"'lxml'", b"'gatepost.config'"):
        assert heavy not in ran.stderr
    assert list(Path(tmp_path).iterdir()) == [mail]


def test_it_prints_utf_8_whatever_the_terminal_is_set_to(mail, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "gatepost", "mail", "read", str(mail)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert "Jörg" in ran.stdout.decode("utf-8")
