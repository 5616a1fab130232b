"""The past of a folder on a real Dovecot: by thousands, dry, cut off, killed half-way, with a bar and little memory."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dovecot_server import NOBODY, Account

from gatepost.config import load
from gatepost.parts import open_database

pytestmark = pytest.mark.real("dovecot", "openssl")
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "marketplace" / "config.toml"
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
PATIENCE = 300.0
MEASURED = """
import json, resource, sys
from gatepost.cli import run
code = run(sys.argv[1:])
print(json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]), file=sys.stderr)
"""


def old_mail(number):
    came = FIRST + timedelta(minutes=10 * number)
    # Each tenth mail answers the one before it.
    cites = f"In-Reply-To: <{number - 1}@old.example>\r\n" if number % 10 == 9 else ""
    person, subject = (number - 1, f"Re: question {number - 1}") if cites else (number, f"question {number}")
    head = f"Return-Path: <p{person}@customer.example>\r\nFrom: p{person}@customer.example\r\nTo: support@orchard.example\r\n"
    head += f"Subject: {subject}\r\nMessage-ID: <{number}@old.example>\r\nDate: {came:%a, %d %b %Y %H:%M:%S} +0000\r\n{cites}"
    return came, f"{head}\r\nwords of {number}\r\n".encode()


@pytest.fixture
def archive(dovecot, tmp_path):
    """Makes a folder with so many old mails; the config that names its mailbox, and an account that looks into it."""
    made = []

    def make(name, count):
        folder = dovecot[2] / "mail" / "support" / "Maildir" / f".{name}"
        made.append(folder)
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True)
        for number in range(count):
            came, raw = old_mail(number)
            path = folder / "cur" / f"{int(came.timestamp())}.M{number}.old:2,"
            path.write_bytes(raw)
            os.utime(path, (came.timestamp(), came.timestamp()))
            os.chown(path, NOBODY, NOBODY)
        for path in (dovecot[2] / "mail" / "support", folder.parent, folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        (tmp_path / "password").write_text("secret\n")
        (tmp_path / "password").chmod(0o600)
        config = tmp_path / f"{name}.toml"
        section = f'server = "127.0.0.1:{dovecot[0]}"\ntls = "none"\nusername = "support"\npassword = {{ file = "password" }}\n'
        text = EXAMPLE.read_text().replace('data = "data"', f'data = "data-{name}"')
        config.write_text(f"{text}\n[imap.old]\n{section}")
        return config

    yield make
    for folder in made:
        shutil.rmtree(folder)


def command(config, name, *options):
    return ["import-mail", f"imap:old/{name}", *options, "-c", str(config)]


def imported(config, name, *options, **environment):
    return subprocess.run(
        [sys.executable, "-m", "gatepost", *command(config, name, *options)],
        capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=PATIENCE,
    )  # fmt: skip


def counted(config):
    with closing(open_database(load(config, secrets=False))) as db:
        tables = ("message", "arrival", "ticket", "outbox", "deadline", "waiting")
        return {name: db.read_now(lambda tx, name=name: tx.value(f"SELECT count(*) FROM {name}")) for name in tables}


def all_of(count):
    return {"message": count, "arrival": count, "ticket": count - count // 10, "outbox": 0, "deadline": 0, "waiting": 0}


def flags(dovecot, name):
    account = Account(dovecot[0])
    try:
        account.imap.select(name, readonly=True)
        return {line.partition(b"FLAGS ")[2] for line in account.imap.fetch("1:*", "(FLAGS)")[1]}
    finally:
        account.imap.logout()


def test_an_import_that_is_killed_goes_on_where_it_stopped_and_the_folder_stays_as_it_was(archive, dovecot):
    config = archive("Killed", 420)
    dry = imported(config, "Killed", "--dry-run", "--before", "2020-01-03")
    assert dry.returncode == 0 and "A dry run: 288 mails would be taken." in dry.stdout, dry.stderr
    for hits in (3, 7):
        done = imported(config, "Killed", "--resume", GATEPOST_CRASH=f"store.committed:{hits}")
        assert done.returncode == -signal.SIGKILL
    done = imported(config, "Killed", "--resume")
    assert done.returncode == 0, done.stderr
    assert "nothing was sent to anybody" in done.stdout and counted(config) == all_of(420)
    assert not any(b"Seen" in each or b"Deleted" in each or b"Gatepost" in each for each in flags(dovecot, "Killed"))


def test_the_cut_off_and_the_bar(archive):
    config = archive("Cut", 250)
    ours, theirs = pty.openpty()
    seen = bytearray()

    def read():
        try:
            while octets := os.read(ours, 65_536):
                seen.extend(octets)
        except OSError:
            return

    reader = threading.Thread(target=read)
    reader.start()
    done = subprocess.run(
        [sys.executable, "-m", "gatepost", *command(config, "Cut", "--before", "2020-01-02")],
        stdout=subprocess.PIPE, stderr=theirs, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    os.close(theirs)
    reader.join(PATIENCE)
    os.close(ours)
    assert done.returncode == 0 and "too new          106" in done.stdout
    assert counted(config) == all_of(144)
    assert b"Taking imap:old/Cut" in seen and b"144/144" in seen


def peak(config, name):
    """The most memory that an import took, in kilobytes."""
    asked = [sys.executable, "-c", MEASURED, *command(config, name)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    code, kilobytes = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return kilobytes


@pytest.mark.chaos
def test_fifty_thousand_mails_cost_no_more_memory_than_two_thousand(archive):
    small, large = archive("Small", 2_000), archive("Large", 50_000)
    few, many = peak(small, "Small"), peak(large, "Large")
    assert many - few < 40_000, (few, many)
    assert counted(large) == all_of(50_000)
