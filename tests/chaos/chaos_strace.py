"""strace on a living process: which writes and syncs it makes, and what becomes of it when one of them fails or kills.

`injected` is for the parts of the daemon, `Workshop` for jobs of a few milliseconds of which every single call is tried.
"""

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

FAULTS = ("error=EIO", "error=ENOSPC", "error=EROFS", "signal=KILL")
# Every call by which a file changes or comes to be on the disk. (Sockets and pipes are written by others.)
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "unlink")
ATTACH_SECONDS = 30.0
JOB_SECONDS = 120.0


def strace(pid: int, said: Path, *words: str) -> list[str]:
    """The command that traces the process with all its threads."""
    return [shutil.which("strace") or "strace", "-f", "-qq", "-p", str(pid), "-o", str(said), *words]


def injection(call: str, fault: str, when: int) -> list[str]:
    """The words that let the `when`-th such call of a thread meet the fault."""
    return ["-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}"]


def _traced_by(pid: int, tracer: int) -> bool:
    """Whether the tracer is set on every thread of the process."""
    tasks = [task / "status" for task in Path(f"/proc/{pid}/task").iterdir()]
    return bool(tasks) and all(f"TracerPid:\t{tracer}\n" in task.read_text(encoding="ascii") for task in tasks)


@contextlib.asynccontextmanager
async def injected(pid: int, call: str, fault: str, when: int, said: Path):
    """strace on a living process, which lets the `when`-th `call` fail; ready when this begins."""
    async with traced(pid, said, *injection(call, fault, when)):
        yield


@contextlib.asynccontextmanager
async def traced(pid: int, said: Path, *words: str):
    """strace on a living process, ready when this begins."""
    tracer = await asyncio.create_subprocess_exec(*strace(pid, said, *words), stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(ATTACH_SECONDS):
            while not _traced_by(pid, tracer.pid):
                if tracer.returncode is not None:
                    pytest.skip("strace may not trace here (ptrace is forbidden)")
                await asyncio.sleep(0.01)
        yield
    finally:
        # Not asked but killed: a strace whose process died by its own injection may wait for it for ever.
        with contextlib.suppress(ProcessLookupError):
            tracer.kill()
        await tracer.wait()


class Workshop:
    """Jobs that fork off a warm process (`workshop.py`), each under a fault, or only looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("workshop.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
        )  # fmt: skip

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def under(self, call: str, fault: str, when: int, job: str, *words: object) -> int:
        """The exit code of the job whose `when`-th `call` meets the fault; negative for a signal."""
        return self._traced(self._folder / "injected", injection(call, fault, when), job, words)

    def run(self, job: str, *words: object) -> int:
        """The exit code of the job, left alone."""
        self._say(json.dumps([job, *map(str, words)]))
        self._hear()
        self._say("go")
        return int(self._hear())

    def calls(self, job: str, *words: object) -> list[tuple[str, int]]:
        """Which calls of the job differ from their neighbours."""
        said = self._folder / "calls"
        assert self._traced(said, ["-e", f"trace={','.join(CALLS)}"], job, words) == 0
        return distinct(said)

    def _traced(self, said: Path, words: list[str], job: str, arguments: tuple[object, ...]) -> int:
        self._say(json.dumps([job, *map(str, arguments)]))
        child = int(self._hear())
        tracer = subprocess.Popen(strace(child, said, *words), stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + ATTACH_SECONDS
            while not _traced_by(child, tracer.pid):
                if tracer.poll() is not None:
                    pytest.skip("strace may not trace here (ptrace is forbidden)")
                assert time.monotonic() < end, "strace does not attach"
                time.sleep(0.002)
            self._say("go")
            code = int(self._hear())
            tracer.wait(JOB_SECONDS)
            return code
        finally:
            tracer.kill()
            tracer.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")

    def _hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the workshop has closed"
        return line


_CALL = re.compile(r"^(\d+) +([a-z0-9]+)\(")


def read_calls(said: Path) -> Iterator[tuple[int, str]]:
    """Thread and name of each call that strace has written down, in their order."""
    for line in said.read_text(encoding="utf-8", errors="replace").splitlines():
        if hit := _CALL.match(line):
            yield int(hit[1]), hit[2]


def most_calls(said: Path) -> Counter[str]:
    """How often each call was made by the thread that made it most often: that is how strace counts."""
    counted = Counter(read_calls(said))
    most: Counter[str] = Counter()
    for (_, call), count in counted.items():
        most[call] = max(most[call], count)
    return most


def distinct(said: Path) -> list[tuple[str, int]]:
    """Which calls to try of a long list: the first two, the middle two and the last two of a run that no sync divides.

    A transaction writes dozens of frames alike, a head and a page each; what differs is how much of it is there.
    """
    numbers: dict[tuple[int, str], int] = defaultdict(int)
    runs: dict[tuple[int, str], list[list[int]]] = defaultdict(lambda: [[]])
    for thread, call in read_calls(said):
        key = thread, call
        numbers[key] += 1
        runs[key][-1].append(numbers[key])
        if call in ("fdatasync", "fsync"):
            for (other, _), lists in runs.items():
                if other == thread:
                    lists.append([])
    chosen = set()
    for (_, call), lists in runs.items():
        for run in lists:
            middle = len(run) // 2
            chosen |= {(call, number) for number in (*run[:2], *run[max(0, middle - 1) : middle + 1], *run[-2:])}
    return sorted(chosen)
