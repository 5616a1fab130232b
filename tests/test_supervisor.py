"""The supervisor, with parts that are a few lines: restarts with growing pauses, order at the end, no orphans."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import logging, os, signal, sys, time
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
from gatepost.supervisor import Part, Supervisor

def steady(name):
    def run():
        signal.signal(signal.SIGTERM, lambda *_: (print(name, "ends", flush=True), sys.exit(0)))
        print(name, "runs", os.getpid(), flush=True)
        while True:
            signal.pause()
    return run

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("stubborn runs", os.getpid(), flush=True)
    while True:
        signal.pause()

{body}
"""


def start(body: str) -> subprocess.Popen[str]:
    program = PROGRAM.format(body=textwrap.dedent(body))
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def lines_until(process: subprocess.Popen[str], wanted: str) -> list[str]:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line.rstrip("\n"))
        if wanted in line:
            return seen
    raise AssertionError(f"{wanted!r} never came: {seen}")


TWO = "sys.exit(Supervisor([Part(name='one', run=steady('one')), Part(name='two', run=steady('two'))]).run())"


@pytest.fixture
def two():
    process = start(TWO)
    seen = []
    while not (any("one runs" in line for line in seen) and any("two runs" in line for line in seen)):
        seen += lines_until(process, "runs")
    pids = {line.split()[0]: int(line.split()[2]) for line in seen if " runs " in line}
    yield process, pids
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def test_sigterm_ends_the_parts_in_order_and_the_exit_code_is_0(two):
    process, _ = two
    process.terminate()
    said = [line for line in process.stdout.read().splitlines() if "ends" in line]
    assert said == ["one ends", "two ends"]
    assert process.wait(10) == 0


def test_a_part_that_is_killed_runs_again_and_the_other_is_left_alone(two):
    process, pids = two
    os.kill(pids["one"], signal.SIGKILL)
    seen = lines_until(process, "one runs")
    assert any("part.died name=one exit=-9" in line for line in seen)
    assert not any("two" in line for line in seen)
    assert int(seen[-1].split()[2]) != pids["one"]


@pytest.mark.catalogue("M09")
def test_a_part_that_dies_at_once_is_started_with_growing_pauses():
    process = start("sys.exit(Supervisor([Part(name='frail', run=lambda: sys.exit(3))]).run())")
    pauses: list[float] = []
    while len(pauses) < 3:
        line = lines_until(process, "part.died")[-1]
        assert "exit=" in line
        pauses.append(float(line.rpartition("again_in=")[2]))
    process.terminate()
    process.communicate(timeout=20)
    assert pauses == [0.1, 0.5, 1.0]


def test_a_part_that_does_not_stop_is_killed_after_its_grace_and_the_exit_code_says_so():
    process = start("sys.exit(Supervisor([Part(name='stubborn', run=stubborn, grace=0.3)]).run())")
    lines_until(process, "stubborn runs")
    process.terminate()
    said, _ = process.communicate(timeout=20)
    assert "part.killed name=stubborn" in said
    assert process.returncode == 1


def test_parts_do_not_outlive_a_supervisor_that_is_killed(two):
    process, _ = two
    process.kill()
    said = process.stdout.read()
    assert {"one ends", "two ends"} <= set(said.splitlines())
