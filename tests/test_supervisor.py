"""The supervisor, with parts that are a few lines: restarts with growing pauses, order at the end, no orphans."""

import os
import select
import signal
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import logging, os, signal, sys, time
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
from gatepost.supervisor import Part, Supervisor

def say(*words):
    # One write for a line: print would put its words among those of the other part.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def steady(name):
    def run():
        signal.signal(signal.SIGTERM, lambda *_: (say(name, "ends"), sys.exit(0)))
        say(name, "runs", os.getpid())
        while True:
            signal.pause()
    return run

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("stubborn", "runs", os.getpid())
    while True:
        signal.pause()

{body}
"""


class Running(subprocess.Popen[bytes]):
    """A supervisor whose output is read with a time limit."""

    def __init__(self, body: str) -> None:
        program = PROGRAM.format(body=textwrap.dedent(body))
        super().__init__([sys.executable, "-c", program], stdout=subprocess.PIPE)
        self._rest = b""

    def line(self, seconds: float = 30.0) -> str:
        """The next line; raises TimeoutError where none comes, EOFError at the end."""
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.stdout], [], [], seconds)
            if not ready:
                raise TimeoutError(f"no line came; so far {self._rest!r}")
            piece = os.read(self.stdout.fileno(), 65536)
            if not piece:
                raise EOFError
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def until(self, wanted: str) -> list[str]:
        """The lines up to the first with `wanted` in it."""
        seen = [self.line()]
        while wanted not in seen[-1]:
            seen.append(self.line())
        return seen

    def rest(self) -> list[str]:
        """The lines up to the end."""
        seen = []
        while True:
            try:
                seen.append(self.line())
            except EOFError:
                return seen


TWO = "sys.exit(Supervisor([Part(name='one', run=steady('one')), Part(name='two', run=steady('two'))]).run())"


@pytest.fixture
def start():
    """Starts supervisors that are gone after the test, whatever became of it."""
    started: list[Running] = []

    def start(body: str) -> Running:
        started.append(Running(body))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def two(start):
    process = start(TWO)
    pids: dict[str, int] = {}
    while len(pids) < 2:
        name, _, pid = process.until(" runs ")[-1].split()
        pids[name] = int(pid)
    return process, pids


def test_sigterm_ends_the_parts_in_order_and_the_exit_code_is_0(two):
    process, _ = two
    process.terminate()
    assert [line for line in process.rest() if "ends" in line] == ["one ends", "two ends"]
    assert process.wait(30) == 0


def test_a_part_that_is_killed_runs_again_and_the_other_is_left_alone(two):
    process, pids = two
    os.kill(pids["one"], signal.SIGKILL)
    seen = process.until("one runs")
    assert any("part.died name=one exit=-9" in line for line in seen)
    assert not any("two" in line for line in seen)
    assert int(seen[-1].split()[2]) != pids["one"]


@pytest.mark.catalogue("M09")
def test_a_part_that_dies_at_once_is_started_with_growing_pauses(start):
    process = start("sys.exit(Supervisor([Part(name='frail', run=lambda: sys.exit(3))]).run())")
    lines = [process.until("part.died")[-1] for _ in range(3)]
    assert [float(line.rpartition("again_in=")[2]) for line in lines] == [0.1, 0.5, 1.0]


def test_a_part_that_does_not_stop_is_killed_after_its_grace_and_the_exit_code_says_so(start):
    process = start("sys.exit(Supervisor([Part(name='stubborn', run=stubborn, grace=0.3)]).run())")
    process.until("stubborn runs")
    process.terminate()
    assert any("part.killed name=stubborn" in line for line in process.rest())
    assert process.wait(30) == 1


def test_parts_do_not_outlive_a_supervisor_that_is_killed(two):
    process, _ = two
    process.kill()
    assert {"one ends", "two ends"} <= set(process.rest())
