"""The real daemon in a folder of its own: started as a user starts it, found part by part, killed without mercy."""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.house import build, free_port

STARTING_SECONDS = 60.0

DELIVERY = """backoff_minutes = [1]
command_seconds = 10.0
data_seconds = 10.0"""

MAILBOX = """
[imap.support]
server = "127.0.0.1:{port}"
tls = "none"
username = "support"
password = {{ file = "password" }}
idle_seconds = 5.0
read_seconds = 5.0
since = "ever"
"""


class DaemonUnderTest:
    """One data folder and whoever serves it at the moment. `command` stands in front of `run -c FILE`."""

    def __init__(
        self,
        folder: Path,
        smarthost: int,
        *,
        command: Sequence[str] = (sys.executable, "-m", "gatepost"),
        limits: str = "",
        imap: int = 0,
    ) -> None:
        self.folder = folder
        self.lmtp = free_port()
        smtp = f'idle_seconds = 20.0\n[lmtp]\nlisten = ["127.0.0.1:{self.lmtp}"]'
        built = build(folder, smarthost, customers=1, smtp=smtp, delivery=DELIVERY, limits=limits)
        self.data, self.port, self._config = built.data, built.port, built.config
        if imap:
            (folder / "password").write_text("secret\n")
            (folder / "password").chmod(0o600)
            self._config.write_text(
                self._config.read_text(encoding="utf-8") + MAILBOX.format(port=imap), encoding="utf-8"
            )
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"
        self._log.touch()
        self._read = 0
        self._parts: dict[int, str] = {}
        self.deaths = 0

    @property
    def runs(self) -> bool:
        """Whether the supervisor lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, crash: str = "", **environment: str) -> None:
        """Start it, in a session of its own so that all of it can be killed at once. Does not wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "run", "-c", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "GATEPOST_CRASH": crash, **environment},
            )

    async def ready(self) -> None:
        """Wait until it takes connections and its desk is at work."""
        async with asyncio.timeout(STARTING_SECONDS):
            while not self.pids("reader"):
                if not self.runs:
                    raise AssertionError(f"the daemon did not start:\n{self.log()[-2000:]}")
                await asyncio.sleep(0.02)

    def pids(self, part: str) -> list[int]:
        """The processes of a part that live: `gate`, `desk`, `reader` or `supervisor`."""
        process = self._process
        if process is None or process.poll() is not None:
            return []
        if part == "supervisor":
            return [process.pid]
        self.look()
        names = self._parts
        children = _children(process.pid)
        if part != "reader":
            return [pid for pid in children if names.get(pid) == part]
        return [reader for pid in children if names.get(pid) == "desk" for reader in _children(pid)]

    def kill(self, part: str) -> bool:
        """SIGKILL to one process of the part; False if there is none at the moment."""
        for pid in self.pids(part)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def kill_all(self) -> None:
        """SIGKILL to everything at once, as a machine without power does, and wait until it is gone."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        _wait_for_the_end_of(self._process.pid)

    def command(self, *words: str) -> "subprocess.Popen[bytes]":
        """Another command of the program on this config, begun."""
        return subprocess.Popen(
            [sys.executable, "-m", "gatepost", *words, "-c", str(self._config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    async def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 45.0) -> int:
        """Ask it to stop; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return await asyncio.to_thread(self._process.wait, seconds)

    def log(self) -> str:
        """Everything it has said."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def look(self) -> None:
        """Read on in the log: which part is which process, and how many were found dead by SIGKILL (`deaths`)."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            if "part.started name=" in line:
                said = dict(word.split("=", 1) for word in line.split() if "=" in word)
                self._parts[int(said["pid"])] = said["name"]
            self.deaths += "part.died" in line and "exit=-9" in line


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text(encoding="ascii").split())
    return found


def _wait_for_the_end_of(group: int) -> None:
    """Until no process of the group runs: the next daemon must not meet the lock of the last one."""
    while living := _ends_of(group):
        try:
            for end in living:
                if not select.select([end], [], [], STARTING_SECONDS)[0]:
                    raise AssertionError(f"processes of group {group} live on after SIGKILL")
        finally:
            for end in living:
                os.close(end)


def _ends_of(group: int) -> list[int]:
    """A descriptor for each process of the group, readable when it has ended; none for those that have."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(os.pidfd_open(int(stat.parent.name)))
    return found
