"""The log: one event a line, nothing that steers a terminal or forges a line, and the libraries' chatter kept out."""

import ast
import asyncio
import fcntl
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import gatepost
from gatepost.errors import PermanentError
from gatepost.log import printable, start_log
from gatepost.log_words import WORDS, as_markdown, meaning

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


@pytest.mark.catalogue("K04")
async def test_a_fault_in_the_loop_is_told_without_the_call_which_holds_a_mails_bytes(log):
    """asyncio shows the call that failed with its arguments, and a task with the words of its error."""
    start_log("text")

    def data_received(data):
        raise MemoryError

    async def read():
        raise ValueError("my password is hunter2")

    loop = asyncio.get_running_loop()
    loop.call_soon(data_received, b"my password is hunter2")
    loop.call_exception_handler({"message": "Task exception was never retrieved", "future": loop.create_task(read())})
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    said = log()
    assert "loop.fault Exception in callback test_a_fault_in_the_loop" in said
    assert "loop.fault Task exception was never retrieved" in said
    assert "MemoryError" in said
    assert "hunter2" not in said


def test_printable_leaves_every_script_alone():
    assert printable("Grüße, こんにちは, مرحبا") == "Grüße, こんにちは, مرحبا"


# Every line has a word of the closed list, and says nothing of a mail.

SOURCES = Path(gatepost.__file__).parent
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def calls():
    """Every call of a logger in the program: where it stands, and its first argument."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                of = node.func.value
                if isinstance(of, ast.Name) and of.id in ("log", "_log", "logger"):
                    yield f"{path.relative_to(SOURCES)}:{node.lineno}", node.args[0]


def test_every_line_begins_with_a_listed_word_and_every_word_is_used():
    used = {"log.lost", "loop.fault"}
    for where, first in calls():
        assert isinstance(first, ast.Constant), f"{where}: a line's words are written out, and its values are arguments"
        word = first.value.split()[0].rstrip(":")
        assert meaning(word), f"{where}: {word!r} is no word of log_words.py"
        used.add(word)
    assert {word for words in WORDS.values() for word in words} - used == set()


def test_a_word_is_listed_once_and_has_a_sentence():
    words = [word for words in WORDS.values() for word in words]
    assert len(words) == len(set(words)) > 60
    assert all(meaning(word).endswith(".") for word in words)
    assert meaning("no.such") is None


def test_the_page_on_the_log_is_the_programs():
    page = (SOURCES.parents[1] / "docs" / "log.md").read_text()
    assert page.endswith("<!-- from here on written by `make docs` -->\n\n" + as_markdown())


def test_a_json_line_has_its_word(log):
    start_log("json")
    logging.getLogger("gatepost.test").info("arrival.accepted id=%d octets=%d", 7, 12)
    said = json.loads(log())
    assert (said["word"], said["said"]) == ("arrival.accepted", "arrival.accepted id=7 octets=12")


@pytest.mark.catalogue("K04")
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_words_of_an_error_that_may_be_a_mails_are_left_out(log, form):
    start_log(form)
    try:
        try:
            "hunter2 \udcff".encode("ascii")
        except UnicodeError as error:
            raise ValueError("my password is hunter2") from error
    except ValueError:
        logging.getLogger("gatepost.test").exception("arrival.failed id=%d", 1)
    said = log()
    assert "ValueError" in said and "UnicodeEncodeError" in said and "test_log.py" in said
    assert "hunter2" not in said


def test_the_words_of_the_system_and_our_own_are_kept(log):
    start_log("text")
    for error in (OSError(28, "No space left on device"), PermanentError("the key is too short", "Make another.")):
        try:
            raise error
        except (OSError, PermanentError):
            logging.getLogger("gatepost.test").exception("store.refused")
    said = log()
    assert "No space left on device" in said and "PermanentError: the key is too short" in said


# Nobody waits for the log.

TALK = """
import logging, os, sys
from gatepost.log import start_log
start_log("text")
log = logging.getLogger("gatepost.test")
for n in range(2_000):
    log.info("arrival.accepted id=%d octets=%d", n, 1)
os.write(1, b"done")
sys.stdin.read(1)
log.info("desk.stopped")
"""


@pytest.mark.catalogue("M15")
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_a_reader_that_has_stopped_holds_up_nobody_and_what_was_lost_is_counted(kind):
    if kind == "pipe":
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        ours, theirs = os.fdopen(reading, "rb"), writing
    else:
        ours, other = socket.socketpair()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs = other.detach()
    talker = subprocess.Popen(
        [sys.executable, "-c", TALK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    try:
        assert talker.stdout.read(4) == b"done"
        first = ours.read1(100_000) if kind == "pipe" else ours.recv(1_000_000)
        talker.communicate(b"x", timeout=20)
        last = ours.read() if kind == "pipe" else ours.recv(1_000_000)
    finally:
        talker.kill()
        talker.wait()
        ours.close()
    lines = (first + last).decode().splitlines()
    kept = [line for line in lines if "arrival.accepted" in line]
    lost = sum(int(line.rpartition("=")[2]) for line in lines if "log.lost" in line)
    assert 0 < len(kept) < 2_000
    assert lost == 2_000 - len(kept)
    assert lines[-1].endswith("desk.stopped")
