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

from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.party import Customer, Hours, Product, Standing, Subscription, Vendor
from gatepost.lock import prepare_data_folder
from gatepost.store import parties
from gatepost.store.connection import open_reader
from gatepost.store.database import Database, Tx
from gatepost.store.schema import migrate

from .mails import VARIETY

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """
[gatepost]
data = "data"
hostname = "mail.orchard.example"
staff = "staff@staff.example"
[page]
listen = "127.0.0.1:0"
[smtp]
listen = ["127.0.0.1:{port}"]
commands = 1000000
junk_commands = 1000000
connections_per_address = 200
[delivery]
smarthost = "127.0.0.1:{smarthost}"
tls = "none"
[authentication]
mode = "off"
[limits]
automatic_per_address_day = 1000000
automatic_per_domain_hour = 1000000
automatic_per_minute = 1000000
breaker_per_address = 1000000
breaker_per_domain = 1000000
breaker_floor = 1000000
[team.triage]
name = "Marketplace support"
address = "triage@staff.example"
[brand.orchard]
name = "Orchard Extensions"
support = ["support@orchard.example"]
privacy = "https://orchard.example/privacy"
data_use = "https://orchard.example/data"
portal = "https://my.orchard.example"
"""


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
    wrap: Sequence[str] = (),
    prepare: Callable[[Tx], None] = lambda _: None,
) -> Iterator[Server]:
    """The daemon as a user starts it, or the gate alone, with a small marketplace; ready when this returns."""
    port = free_port()
    config = folder / "config.toml"
    config.write_text(CONFIG.format(port=port, smarthost=smarthost), encoding="utf-8")
    data = load(config).data
    prepare_data_folder(data)
    database = Database(f"sqlite:///{data / 'desk.sqlite3'}", prepare=migrate)
    database.write_now(lambda tx: fill(tx, VARIETY))
    database.write_now(prepare)
    database.close()
    command = [*wrap, sys.executable, "-m", "gatepost", "run", "-c", str(config)]
    if only:
        command += ["--only", only]
    began = time.perf_counter()
    with (folder / "log").open("ab") as log, _started(command, stderr=log) as process:
        wait_for(port)
        greeted_after = time.perf_counter() - began
        if only != "gate":
            _until((data / "run" / "desk.ready").exists, 60)
        yield Server(process, port, data, greeted_after)


def fill(tx: Tx, customers: int) -> None:
    """One vendor, one product, and customers with active subscriptions."""
    now = int(time.time() * 1000)
    vendor, _ = parties.put_vendor(
        tx, Vendor(id=0, slug="acme", name="Acme", support_address="tickets@acme.example", hours=Hours(zone="UTC"))
    )
    product, _ = parties.put_product(tx, Product(id=0, slug="labels", name="Shipping Labels", vendor_id=vendor))
    for number in range(customers):
        customer, _ = parties.put_customer(
            tx,
            Customer(id=0, address=f"jane{number}@customer.example", name=f"Jane {number}", language="en", zone="UTC"),
        )
        parties.put_subscription(
            tx,
            Subscription(
                id=0,
                customer_id=customer,
                product_id=product,
                status=Standing.ACTIVE,
                starts=now - 30 * DAY,
                ends=now + 300 * DAY,
                reference=f"S-{number}",
            ),
        )


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


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
