"""Sockets that a service manager has opened for us: by hand-made file numbers, and by systemd's own program."""

import json
import os
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.errors import PermanentError
from gatepost.ingress.sockets import inherited, open_listener

PROGRAM = """
import os, json
from gatepost.ingress.sockets import inherited
doors = inherited(os.environ, os.getpid())
print(json.dumps([{door: [s.getsockname()[1] for s in some] for door, some in doors.items()},
    sorted(name for name in os.environ if name.startswith("LISTEN_")),
    [os.get_inheritable(s.fileno()) for some in doors.values() for s in some]]))
"""
CONFIG = """
[gatepost]
data = "data"
hostname = "mx.market.example"
staff = "staff@office.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@office.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
privacy = "https://market.example/privacy"
data_use = "https://market.example/data-use"
"""


def started_with(sockets, names):
    """What the program sees: the sockets at the file numbers from 3 on, as sd_listen_fds(3) has it."""
    numbers = [os.dup(each.fileno()) for each in sockets]
    script = "import os, sys\n" + "".join(
        f"os.dup2({old}, {new}, inheritable=True)\n" for new, old in enumerate(numbers, start=3)
    )
    script += f"os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='{len(sockets)}'{names})\n" + PROGRAM
    try:
        done = subprocess.run(
            [sys.executable, "-c", script], pass_fds=numbers, capture_output=True, text=True, check=True
        )
    finally:
        for number in numbers:
            os.close(number)
    return json.loads(done.stdout)


def test_sockets_go_to_the_doors_that_they_are_named_for_and_the_environment_is_cleaned():
    sockets = [open_listener("127.0.0.1:0") for _ in range(3)]
    ports = [each.getsockname()[1] for each in sockets]
    doors, left, inheritable = started_with(sockets, ", LISTEN_FDNAMES='smtp:lmtp:smtp'")
    assert doors == {"smtp": [ports[0], ports[2]], "lmtp": [ports[1]]}
    assert left == []
    assert inheritable == [False] * 3
    unnamed, _, _ = started_with(sockets[:1], "")
    assert unnamed == {"smtp": [ports[0]]}
    for each in sockets:
        each.close()


def test_sockets_meant_for_another_process_are_not_ours():
    said = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}
    assert inherited(said, 2) == {}
    assert said == {}


def test_a_name_that_we_do_not_know_is_told(monkeypatch):
    pair = socket.socketpair()
    number = os.dup(pair[0].fileno())
    monkeypatch.setattr("gatepost.ingress.sockets._FIRST_LEFT", number)
    with pytest.raises(PermanentError, match="named 'imap'") as refused:
        inherited({"LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "imap"}, 7)
    assert "FileDescriptorName=" in refused.value.hint
    for each in pair:
        each.close()


@pytest.mark.real("systemd-socket-activate")
def test_systemd_starts_the_daemon_with_its_sockets(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    ports = []
    for _ in range(2):
        with open_listener("127.0.0.1:0") as free:
            ports.append(free.getsockname()[1])
    command = [
        "systemd-socket-activate",
        "-l",
        f"127.0.0.1:{ports[0]}",
        "-l",
        f"127.0.0.1:{ports[1]}",
        "--fdname=smtp:lmtp",
    ]
    command += [
        "-E",
        "PYTHONPATH",
        sys.executable,
        "-m",
        "gatepost",
        "run",
        "--only",
        "gate",
        "-c",
        str(tmp_path / "config.toml"),
    ]
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stderr=log, env={**os.environ, "PYTHONPATH": _package()}, cwd=tmp_path)
    try:
        # The first connection makes systemd start the program; it waits in the backlog until the door is open.
        with _connected(smtplib.SMTP, ports[0], daemon) as smtp:
            assert smtp.sendmail("ada@customer.example", ["support@market.example"], "Subject: x\r\n\r\nx\r\n") == {}
        with _connected(smtplib.LMTP, ports[1], daemon) as lmtp:
            assert lmtp.sendmail("ada@customer.example", ["support@market.example"], "Subject: y\r\n\r\ny\r\n") == {}
    finally:
        daemon.terminate()
        assert daemon.wait(20) == 0, (tmp_path / "log").read_text()


def _connected(kind, port, daemon):
    for _ in range(10_000):
        try:
            return kind("127.0.0.1", port, timeout=20)
        except ConnectionRefusedError:
            assert daemon.poll() is None
    raise AssertionError("systemd-socket-activate does not listen")


def _package():
    return str(Path(__file__).parents[2] / "daemon")
