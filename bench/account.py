"""`python -m bench account`: who uses the CPU of a mail's whole trip: each process, each thread, in steady state.

CPU time and not the clock: what others do on the machine meanwhile changes it little, so two states of the code can be
compared on a busy one. The base's CPU for a mail stands beside it, measured in the same minutes.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .processes import Server, family, gatepost, generate, scratch, server
from .trips import through

_NAMES = Path(__file__).with_name("named")
_PATH = os.pathsep.join(filter(None, (str(_NAMES), os.environ.get("PYTHONPATH"))))
# Threads of a pool are one item.
_NUMBERS = "0123456789_"


@dataclass(frozen=True, slots=True)
class Item:
    """The CPU milliseconds for one mail of a thread of a process."""

    process: str
    thread: str
    ms: float


def account(count: int, turns: int) -> Iterator[Item]:
    """The items of the whole trip, the median turn of each; `aiosmtpd` is the base, which only accepts."""
    rounds: list[Mapping[tuple[str, str], float]] = []
    os.environ["PYTHONPATH"] = _PATH
    with (
        scratch() as folder,
        server("sink") as sink,
        server("aiosmtpd") as base,
        gatepost(Path(folder), sink.port) as house,
    ):
        through(house, sink, max(count // 4, 50), 2, run="warm")
        for turn in range(turns):
            spent = base.cpu()
            generate(base.port, connections=8, count=count, run=f"b{turn}")
            spent = base.cpu() - spent
            before = _spent(house)
            through(house, sink, count, 2, run=f"t{turn}")
            after = _spent(house)
            used = {key: (after[key] - before[key]) / count for key in after}
            rounds.append({**used, ("aiosmtpd", "main"): 1000 * spent / count})
    for key in sorted(rounds[-1]):
        values = sorted(one.get(key, 0.0) for one in rounds)
        yield Item(*key, values[len(values) // 2])


def table(items: list[Item]) -> str:
    """The account as text: the processes, the threads of each, and all of ours together."""
    ours = [item for item in items if item.process != "aiosmtpd"]
    lines = [f"{'process':<12} {'thread':<16} {'CPU ms a mail':>14}"]
    for process in dict.fromkeys(item.process for item in (*ours, *items)):
        mine = sorted((item for item in items if item.process == process), key=lambda item: -item.ms)
        lines += [f"{process:<12} {item.thread:<16} {item.ms:>14.3f}" for item in mine if item.ms >= 0.005]
        if len(mine) > 1:
            lines.append(f"{process:<12} {'together':<16} {sum(item.ms for item in mine):>14.3f}")
    lines.append(f"{'all of ours':<29} {sum(item.ms for item in ours):>14.3f}")
    return "\n".join(lines)


def _spent(house: Server) -> Mapping[tuple[str, str], float]:
    """Milliseconds of CPU by process and thread, since each began."""
    spent: dict[tuple[str, str], float] = defaultdict(float)
    for pid in family(house.process.pid):
        process = _process(pid, house.process.pid)
        for task in Path(f"/proc/{pid}/task").iterdir():
            name = "main" if task.name == str(pid) else (task / "comm").read_text().strip().rstrip(_NUMBERS)
            # proc(5), schedstat: the first field is the time on a CPU, in nanoseconds.
            spent[process, name] += int((task / "schedstat").read_text().split()[0]) / 1e6
    return spent


def _process(pid: int, supervisor: int) -> str:
    """Which of our processes this is, by the files that it has open."""
    if pid == supervisor:
        return "supervisor"
    files = {Path(os.readlink(link)).name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    if "desk.sqlite3" in files:
        return "desk"
    return "gate" if "spool.sqlite3" in files else "reader"
