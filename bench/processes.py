"""Processes of a measurement: started on free ports, weighed by the CPU they use, ended by their own ids."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from gatepost.store.connection import open_reader
from gatepost.store.database import Database, Tx

from .house import build
from .mails import VARIETY

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")

_MANY = """commands = 1000000
junk_commands = 1000000
connections_per_address = 200"""


@dataclass
class Server:
    """A server of ours on a loopback port, in a session of its own."""

    process: "subprocess.Popen[str]"
    port: int
    data: Path | None = None
    greeted_after: float = 0.0

    def cpu(self) -> float:
        """Seconds of CPU that it and everything it has started have used."""
        return sum(_cpu(pid) for pid in family(self.process.pid))

    def memory(self) -> int:
        """Octets of memory that are its own or shared in its share (PSS), all its processes together."""
        return sum(_memory(pid) for pid in family(self.process.pid))

    def count(self, sql: str, file: str = "desk.sqlite3") -> int:
        """One number out of its database."""
        assert self.data is not None
        connection = open_reader(self.data / file)
        try:
            return int(connection.execute(sql).fetchone()[0])
        finally:
            connection.close()

    def taken(self) -> int:
        """How many mails a sink has taken."""
        stdin, stdout = _pipe(self.process.stdin), _pipe(self.process.stdout)
        stdin.write("\n")
        stdin.flush()
        return int(stdout.readline())


@contextlib.contextmanager
def server(kind: str) -> Iterator[Server]:
    """One of bench.servers."""
    with _started([sys.executable, "-m", "bench.servers", kind], cwd=ROOT) as process:
        yield Server(process, int(_pipe(process.stdout).readline()))


@contextlib.contextmanager
def gatepost(
    folder: Path,
    smarthost: int,
    *,
    only: str = "",
    more: str = "",
    wrap: Sequence[str] = (),
    prepare: Callable[[Tx], None] = lambda _: None,
) -> Iterator[Server]:
    """The daemon as a user starts it, or the gate alone, with a small marketplace; ready when this returns."""
    built = build(folder, smarthost, customers=VARIETY, smtp=_MANY, limits=more)
    with contextlib.closing(Database(f"sqlite:///{built.data / 'desk.sqlite3'}")) as database:
        database.write_now(prepare)
    command = [*wrap, sys.executable, "-m", "gatepost", "run", "-c", str(built.config)]
    if only:
        command += ["--only", only]
    began = time.perf_counter()
    with (folder / "log").open("ab") as log, _started(command, stderr=log) as process:
        wait_for(built.port)
        greeted_after = time.perf_counter() - began
        if only != "gate":
            _until((built.data / "run" / "desk.ready").exists, 60)
        yield Server(process, built.port, built.data, greeted_after)


def generate(port: int, **options: object) -> dict[str, Any]:
    """Run the generator to its end; its figures."""
    return finish(generating(port, **options))


def generating(port: int, **options: object) -> "subprocess.Popen[str]":
    """The generator at work."""
    arguments = [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items() if value]
    return subprocess.Popen(
        [sys.executable, "-m", "bench.generator", f"--port={port}", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Its figures, as soon as it has ended."""
    said, _ = process.communicate()
    figures: dict[str, Any] = json.loads(said)
    if figures["refused"]:
        raise RuntimeError(f"the server refused: {figures['refused']}")
    return figures


def wait_for(port: int, seconds: float = 60.0) -> None:
    """Until somebody greets on the port."""

    def greets() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as talk:
            return talk.recv(3) == b"220"
        return False

    _until(greets, seconds)


def family(pid: int) -> list[int]:
    """A process and all that it and they have started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text(encoding="ascii").split()):
                found += family(child)
    return found


def busy() -> float:
    """Seconds of CPU that anybody on this machine has used since it started."""
    first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq = map(int, first[:7])
    return (user + nice + system + irq + softirq) / _TICKS


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """A folder for one measurement, on the disk that TMPDIR names."""
    return tempfile.TemporaryDirectory(prefix="gatepost-bench-", ignore_cleanup_errors=True)


def _until(true: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("a server did not get ready")
        time.sleep(0.02)


@contextlib.contextmanager
def _started(command: Sequence[str], stderr: IO[bytes] | None = None, cwd: Path | None = None) -> Any:
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _cpu(pid: int) -> float:
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    # utime, stime, and those of children that have been waited for (proc(5): fields 14 to 17).
    return sum(map(int, said[11:15])) / _TICKS


def _memory(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
