"""The running daemon takes new rules by command, by signal and by itself, and keeps the old ones where they are broken."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost import shipped
from gatepost.rulebook import Rulebook

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
    """`gatepost run` in a folder; its log is read line by line, and a watchdog ends it after half a minute."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gatepost", "run", "-c", "config.toml"],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._watchdog = threading.Timer(30.0, self.process.kill)
        self._watchdog.start()

    def until(self, words: str) -> str:
        """The next line of the log with `words` in it."""
        assert self.process.stderr is not None
        passed = []
        for line in self.process.stderr:
            if words in line:
                return line
            passed.append(line)
        raise AssertionError(f"the daemon ended without {words!r}:\n{''.join(passed)}")

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
