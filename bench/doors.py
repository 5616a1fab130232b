"""The rows of the gate: how fast mail is accepted, and how soon each 250 comes, against stock aiosmtpd and Postfix."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import postfix
from .figures import Row, Sample
from .processes import Server, busy, finish, gatepost, generate, generating, scratch, server

# Mails that nobody waits for at the other end: the gate's rows have no desk.
_NOBODY = 9


@dataclass(frozen=True)
class Load:
    """One cell: its name, how many mails of which size over how many connections; `share` of them in a quick run."""

    name: str
    connections: int
    count: int
    octets: int = 4096
    fresh: bool = False


_ACCEPT = (
    Load("accept 4 KB c1", 1, 800),
    Load("accept 4 KB c8", 8, 2_000),
    Load("accept 4 KB c32", 32, 3_000),
    Load("accept 4 KB c64", 64, 3_000),
    Load("accept new connections", 8, 800, fresh=True),
    Load("accept 50 KB", 8, 600, 50_000),
    Load("accept 5 MB", 2, 12, 5_000_000),
)


def accept(reps: int, quick: bool) -> Iterator[Row]:
    """Durable acceptance by the gate alone; base and peer in turn."""
    with scratch() as folder, server("aiosmtpd") as base, gatepost(Path(folder), _NOBODY, only="gate") as gate:
        for load in _ACCEPT[1:3] if quick else _ACCEPT:
            count = load.count // 4 if quick else load.count
            row = Row(load.name, "mails/s", base_name="aiosmtpd")
            before = gate.count("SELECT count(*) FROM arrival", "spool.sqlite3")
            for _ in range(reps):
                row.base.append(_rate(base, load, count))
                row.ours.append(_rate(gate, load, count))
            there = gate.count("SELECT count(*) FROM arrival", "spool.sqlite3") - before
            if there != reps * count:
                raise RuntimeError(f"{load.name}: {reps * count} mails were acknowledged, {there} are in the spool")
            yield row


def peers(reps: int, quick: bool) -> Iterator[Row]:
    """The same against a Postfix of our own, which also queues on the disk before its 250."""
    loads = _ACCEPT[2:3] if quick else _ACCEPT[2:]
    if reason := postfix.absent():
        yield from (Row(f"{load.name} / Postfix", "mails/s", skipped=reason) for load in loads)
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(scratch()))
        gate = stack.enter_context(gatepost(folder, _NOBODY, only="gate"))
        port = stack.enter_context(postfix.postfix(folder / "postfix"))
        for load in loads:
            count = load.count // 4 if quick else load.count
            row = Row(f"{load.name} / Postfix", "mails/s", base_name="Postfix")
            for _ in range(reps):
                row.base.append(_measured(lambda load=load, count=count: _sent(port, load, count), count))  # type: ignore[misc]
                row.ours.append(_rate(gate, load, count))
            yield row


def slow_disk(reps: int, quick: bool) -> Iterator[Row]:
    """4 ms added to each sync of the gate, by strace; the base needs no disk."""
    import shutil  # noqa: PLC0415

    if shutil.which("strace") is None:
        yield Row("accept, slow disk c32", "mails/s", skipped="strace is not installed (apt-get install strace)")
        return
    wrap = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "--seccomp-bpf",
            "-e", "inject=fdatasync,fsync:delay_exit=4000")  # fmt: skip
    load = Load("accept, slow disk c32", 32, 500 if quick else 2_000)
    row = Row(load.name, "mails/s", base_name="aiosmtpd")
    with (
        scratch() as folder,
        server("aiosmtpd") as base,
        gatepost(Path(folder), _NOBODY, only="gate", wrap=wrap) as gate,
    ):
        for _ in range(reps):
            row.base.append(_rate(base, load, load.count))
            row.ours.append(_rate(gate, load, load.count))
    yield row


def latency(reps: int, quick: bool) -> Iterator[Row]:
    """From the last octet to the 250 at 150 mails a second, with everything on behind the gate."""
    row = Row("latency at 150/s (p50)", "ms", base_name="aiosmtpd")
    count = 300 if quick else 1_500
    with (
        scratch() as folder,
        server("aiosmtpd") as base,
        server("sink") as sink,
        gatepost(Path(folder), sink.port) as house,
    ):
        for turn in range(reps):
            for server_, into in ((base, row.base), (house, row.ours)):
                into.append(_waited(server_, count, turn))
    yield row


def blocking(reps: int, quick: bool) -> Iterator[Row]:
    """4 KB mails while two senders push 5 MB each, again and again."""
    row = Row("blocking by 5 MB (p50)", "ms", base_name="aiosmtpd")
    count = 100 if quick else 400
    with scratch() as folder, server("aiosmtpd") as base, gatepost(Path(folder), _NOBODY, only="gate") as gate:
        for turn in range(reps):
            for server_, into in ((base, row.base), (gate, row.ours)):
                heavy = generating(server_.port, connections=2, count=count // 10, octets=5_000_000, run=f"h{turn}")
                time.sleep(0.5)
                into.append(_waited(server_, count, turn, rate=40.0))
                finish(heavy)
    yield row


def _waited(server_: Server, count: int, turn: int, rate: float = 150.0) -> Sample:
    figures: dict[str, Any] = {}

    def send() -> dict[str, Any]:
        figures.update(generate(server_.port, connections=8, count=count, rate=rate, run=f"w{turn}"))
        return figures

    sample = _measured(send, count, server_)
    sample.value = sample.p50
    return sample


def _rate(server_: Server, load: Load, count: int) -> Sample:
    return _measured(lambda: _sent(server_.port, load, count), count, server_)


def _sent(port: int, load: Load, count: int) -> dict[str, Any]:
    options = {"connections": load.connections, "count": count, "octets": load.octets, "fresh": load.fresh}
    figures = generate(port, run=f"{time.monotonic_ns():x}", **options)
    if figures["acknowledged"] != count:
        raise RuntimeError(f"{load.name}: {count} mails were sent and {figures['acknowledged']} acknowledged")
    return figures


def _measured(send: Callable[[], dict[str, Any]], count: int, server_: Server | None = None) -> Sample:
    """The rate of what `send` does, and what it cost; what neither the server nor the generator used, others did."""
    began, ours, everybody = time.perf_counter(), server_.cpu() if server_ else 0.0, busy()
    figures = send()
    elapsed = time.perf_counter() - began
    spent = server_.cpu() - ours if server_ else 0.0
    others = max(0.0, busy() - everybody - spent - figures["cpu"]) / elapsed if server_ else 0.0
    latencies = figures["latencies"]
    return Sample(
        value=figures["acknowledged"] / figures["seconds"],
        cpu_ms=1000 * spent / count,
        p50=latencies[len(latencies) // 2] / 1000,
        p99=latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)] / 1000,
        others=others,
    )
