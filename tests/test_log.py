"""The log: one event a line, nothing that steers a terminal or forges a line, and the libraries' chatter kept out."""

import json
import logging

import pytest

from gatepost.log import printable, start_log

HOSTILE = "a\r\n2026-01-01T00:00:00.000Z info    forged: line\x1b[2J\x00\u202e"


@pytest.fixture
def log(capsys):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:], root.level = before[0], before[1]


@pytest.mark.catalogue("G08")
def test_a_hostile_value_stays_on_its_line(log):
    start_log("text")
    logging.getLogger("gatepost.test").info("mail from %s", HOSTILE)
    lines = log().splitlines()
    assert len(lines) == 1
    assert "\\r\\n2026" in lines[0]
    assert all(character.isprintable() for character in lines[0])


@pytest.mark.catalogue("G08")
def test_a_traceback_cannot_forge_a_line(log):
    start_log("text")
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("gatepost.test").exception("it failed")
    first, *rest = log().rstrip("\n").split("\n")
    assert first.endswith("test: it failed")
    assert rest
    assert all(line.startswith("  | ") for line in rest)
    assert all(character.isprintable() for line in rest for character in line)


@pytest.mark.catalogue("G08")
def test_json_is_one_object_a_line(log):
    start_log("json")
    logging.getLogger("gatepost.test").warning("mail from %s", HOSTILE)
    (line,) = log().splitlines()
    said = json.loads(line)
    assert (said["said"], said["level"], said["part"]) == (f"mail from {HOSTILE}", "warning", "gatepost.test")
    assert line.isascii()


@pytest.mark.catalogue("A27")
def test_libraries_that_print_mail_are_quiet(log):
    start_log("text", logging.DEBUG)
    logging.getLogger("mail.log").info("DATA line")
    logging.getLogger("mailparser").error("Failed decoding header part: secret")
    assert log() == ""


def test_printable_leaves_every_script_alone():
    assert printable("Grüße, こんにちは, مرحبا") == "Grüße, こんにちは, مرحبا"
