"""The running daemon takes new rules by command, by signal and by itself, and keeps the old ones where they are broken."""

import itertools
import json
import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gatepost import shipped
from gatepost.rulebook import Rulebook
from gatepost.store.connection import open_reader

CONFIG = """\
[gatepost]
data = "data"
hostname = "mail.market.example"
staff = "staff@market.example"
rules = "rules"

[smtp]
listen = ["127.0.0.1:0"]

[page]
listen = "127.0.0.1:0"

[delivery]
smarthost = "127.0.0.1:1"
tls = "none"

[authentication]
mode = "off"

[team.triage]
name = "Triage"
address = "triage@desk.example"

[team.billing]
name = "Billing"
address = "billing@desk.example"

[brand.market]
name = "Extension Market"
support = ["support@market.example"]
"""
RULE = """\
[[rule]]
name = "{name}"
when = {{ words = "wholesale" }}
then = {{ flags = "wholesale" }}

[[rule.hit]]
text = "wholesale"

[[rule.miss]]
text = "retail"
"""


class Daemon:
    """`gatepost run` in a folder; its log is read line by line, and a watchdog ends it after some seconds."""

    def __init__(self, folder: Path, seconds: float = 120.0) -> None:
        self.folder = folder
        self.handled = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gatepost", "run", "-c", "config.toml"],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._watchdog = threading.Timer(seconds, self.process.kill)
        self._watchdog.start()

    def until(self, words: str) -> str:
        """The next line of the log with `words` in it."""
        assert self.process.stderr is not None
        passed = []
        for line in self.process.stderr:
            self.handled += "arrival.handled" in line
            if words in line:
                return line
            passed.append(line)
        raise AssertionError(f"the daemon ended without {words!r}:\n{''.join(passed[-40:])}")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stderr is not None
        self.process.stderr.read()
        code = self.process.wait()
        self._watchdog.cancel()
        self.process.stderr.close()
        return code


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    running = Daemon(tmp_path)
    try:
        running.until("desk.ready")
        yield running
    finally:
        assert running.end() == 0


@pytest.mark.catalogue("H08")
def test_rules_are_read_by_command_by_signal_and_by_themselves(daemon: Daemon) -> None:
    own = daemon.folder / "rules"
    (own / "35-wholesale.toml").write_text(RULE.format(name="by command"))
    command = [sys.executable, "-m", "gatepost", "rules", "reload", "-c", "config.toml"]
    told = subprocess.run(command, cwd=daemon.folder, capture_output=True, text=True, check=True)
    count = 1 + len(Rulebook(shipped.folder("rules")).book.rules)
    assert f"process {daemon.process.pid} was told to read {count} rules" in told.stdout
    assert f"rules={count}" in daemon.until("rules.reloaded")

    (own / "35-wholesale.toml").write_text(RULE.format(name="by signal").replace("words", "wrods"))
    os.kill(daemon.process.pid, signal.SIGHUP)
    refused = daemon.until("rules.refused")
    assert "35-wholesale.toml:3: rule 'by signal': there is no condition 'wrods' (did you mean 'words'?)" in refused

    (own / "35-wholesale.toml").write_text(RULE.format(name="by itself"))
    assert f"rules={count}" in daemon.until("rules.reloaded")


LOADED = """\
[[rule]]
name = "load {number}"
when = {{ words = "wholesale", ticket = "new" }}
then = {{ route = "team", team = "billing", stop = true }}

[[rule.hit]]
text = "wholesale {number}"

[[rule.miss]]
text = "retail"
"""
BREAKS = (
    lambda text: text.replace("words", "wrods"),
    lambda text: text.replace('"team"', '"teem"'),
    lambda text: text.replace('text = "retail"', 'text = "wholesale"'),
    lambda text: text[: text.index("then")],
)


class Sender(threading.Thread):
    """Sends two mails for each reload, one of them about wholesale, beside whatever is done meanwhile."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(name=name)
        self.port, self.sent, self.refused = port, 0, ""
        self.turns = threading.Semaphore(0)
        self.enough = False

    def run(self) -> None:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as door:
                for number in itertools.count():
                    self.turns.acquire()
                    if self.enough:
                        return
                    about = "wholesale" if number % 2 else "retail"
                    door.sendmail(f"{self.name}@client.example", "support@market.example", self.mail(about, number))
                    self.sent += 1
        except (OSError, smtplib.SMTPException) as error:
            self.refused = repr(error)

    def mail(self, about: str, number: int) -> str:
        return (
            f"From: {self.name}@client.example\r\nTo: support@market.example\r\nSubject: {about} {number}\r\n"
            f"Message-ID: <{self.name}.{number}@client.example>\r\n\r\nHello.\r\n"
        )


def stop(senders: list[Sender]) -> None:
    """Let them end, and wait for it."""
    for sender in senders:
        sender.enough = True
        sender.turns.release()
        sender.join()


def reload_under_load(folder: Path, reloads: int, seconds: float) -> None:
    """Reload so often, every second time something broken, while two senders send; each mail goes where it should."""
    own = folder / "rules"
    own.mkdir()
    (folder / "config.toml").write_text(f"{CONFIG}\n[limits]\nautomatic_per_minute = 1000000\n")
    file = own / "05-load.toml"
    file.write_text(LOADED.format(number=0))
    daemon = Daemon(folder, seconds)
    senders: list[Sender] = []
    try:
        daemon.until("desk.ready")
        port = int(json.loads((folder / "data" / "run" / "listening.json").read_text())[0].rpartition(":")[2])
        senders = [Sender(port, name) for name in ("ann", "bob")]
        for sender in senders:
            sender.start()
        for number in range(1, reloads + 1):
            text = LOADED.format(number=number)
            if number % 2:
                file.write_text(BREAKS[number // 2 % len(BREAKS)](text))
                expected = f"rule 'load {number}'"
            else:
                file.write_text(text)
                expected = f"digest={Rulebook(shipped.folder('rules'), own).book.digest[:12]}"
            for sender in senders:
                sender.turns.release(2)
            os.kill(daemon.process.pid, signal.SIGHUP)
            daemon.until(expected)
        stop(senders)
        assert [sender.refused for sender in senders] == ["", ""]
        while daemon.handled < sum(sender.sent for sender in senders):
            daemon.until("arrival.handled")
    finally:
        stop(senders)
        assert daemon.end() == 0
    with closing(open_reader(folder / "data" / "desk.sqlite3")) as connection:
        rows = connection.execute("SELECT subject, route, team FROM ticket").fetchall()
    assert len(rows) == sum(sender.sent for sender in senders) > 10
    ways = {(subject.split()[0], route, team) for subject, route, team in rows}
    assert ways == {("wholesale", "team", "billing"), ("retail", "triage", "")}


@pytest.mark.catalogue("H08", "H09")
def test_no_mail_is_misrouted_or_refused_while_rules_are_reloaded_half_of_them_broken(tmp_path: Path) -> None:
    reload_under_load(tmp_path, 12, 240.0)


@pytest.mark.chaos
@pytest.mark.catalogue("H08", "H09")
def test_a_thousand_reloads_under_load(tmp_path: Path) -> None:
    reload_under_load(tmp_path, 1_000, 900.0)
