"""The real daemon in a folder of its own: started as a user starts it, found part by part, killed without mercy."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.party import Customer, Hours, Product, Standing, Subscription, Vendor
from gatepost.lock import prepare_data_folder
from gatepost.store import parties
from gatepost.store.database import Database
from gatepost.store.schema import migrate

STARTING_SECONDS = 20.0

CONFIG = """
[gatepost]
data = "data"
hostname = "mail.orchard.example"
staff = "staff@staff.example"
[page]
listen = "127.0.0.1:0"
[smtp]
listen = ["127.0.0.1:{port}"]
idle_seconds = 20.0
[delivery]
smarthost = "127.0.0.1:{smarthost}"
tls = "none"
backoff_minutes = [1]
command_seconds = 10.0
data_seconds = 10.0
[authentication]
mode = "off"
[limits]
automatic_per_address_day = 1000000
automatic_per_domain_hour = 1000000
automatic_per_minute = 1000000
breaker_per_address = 1000000
breaker_per_domain = 1000000
breaker_floor = 1000000
{limits}
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


class DaemonUnderTest:
    """One data folder and whoever serves it at the moment. `command` stands in front of `run -c FILE`."""

    def __init__(
        self,
        folder: Path,
        smarthost: int,
        *,
        command: Sequence[str] = (sys.executable, "-m", "gatepost"),
        limits: str = "",
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _free_port()
        self._command = tuple(command)
        self._config = folder / "config.toml"
        self._config.write_text(CONFIG.format(port=self.port, smarthost=smarthost, limits=limits), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"
        self._log.touch()
        self._read = 0
        self._parts: dict[int, str] = {}
        self.deaths = 0
        prepare_data_folder(self.data)
        load(self._config)
        database = Database(f"sqlite:///{self.data / 'desk.sqlite3'}", prepare=migrate)
        database.write_now(_marketplace)
        database.close()

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
    """Until no process of the group is left: the next daemon must not meet the lock of the last one."""
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)
    raise AssertionError(f"processes of group {group} live on after SIGKILL")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _marketplace(tx) -> None:  # type: ignore[no-untyped-def]
    """One vendor with one product, and a customer with an active subscription."""
    now = int(time.time() * 1000)
    vendor, _ = parties.put_vendor(
        tx, Vendor(id=0, slug="acme", name="Acme", support_address="tickets@acme.example", hours=Hours(zone="UTC"))
    )
    product, _ = parties.put_product(tx, Product(id=0, slug="labels", name="Shipping Labels", vendor_id=vendor))
    customer, _ = parties.put_customer(
        tx, Customer(id=0, address="jane@customer.example", name="Jane Roe", language="en", zone="UTC")
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
            reference="S-1",
        ),
    )
