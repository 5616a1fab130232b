"""The demo's folder: the example marketplace with free ports filled in, its parties imported, its clock."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .. import shipped
from ..clock import Clock
from ..config import Config, load
from ..core import Millis
from ..core.audit import operator
from ..errors import PermanentError, TemporaryError
from ..ingress import marketplace
from ..ingress.marketplace import COLUMNS, Import, Kind
from ..ingress.table_file import read_table
from ..keys import audit_key
from ..parts import open_database
from ..store.audit import AuditLog

_KINDS = (Kind.VENDORS, Kind.PRODUCTS, Kind.CUSTOMERS, Kind.SUBSCRIPTIONS, Kind.ORDERS)
_START_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder in which the demo's daemon lives."""

    folder: Path

    @property
    def config_file(self) -> Path:
        """The config of the demo's daemon."""
        return self.folder / "config.toml"

    @property
    def clock_file(self) -> Path:
        """The file that says by how many milliseconds the demo's clock is ahead."""
        return self.folder / "clock-offset"

    @property
    def clock(self) -> Clock:
        """The demo's clock."""
        return Clock(self.clock_file)

    def config(self) -> Config:
        """The config as it stands."""
        return load(self.config_file)

    def push(self, by: Millis) -> Millis:
        """Move the clock forward; by how much it is ahead now."""
        ahead = self.ahead() + by
        waiting = self.clock_file.with_suffix(".new")
        waiting.write_text(str(ahead), encoding="ascii")
        waiting.replace(self.clock_file)
        return ahead

    def ahead(self) -> Millis:
        """By how much the clock is ahead."""
        return int(self.clock_file.read_text(encoding="ascii")) if self.clock_file.exists() else 0


def prepare(folder: Path, *, smarthost_port: int, smtp_port: int, portal_url: str, portal_port: int = 0) -> Place:
    """Lay out a fresh demo in `folder`: config and rules to play with, and the example marketplace imported."""
    place = Place(folder=folder)
    for name in ("data", "clock-offset", "config.toml"):
        _remove(folder / name)
    for name in ("rules", "templates"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    example = (shipped.folder("examples") / "marketplace" / "config.toml").read_text(encoding="utf-8")
    place.config_file.write_text(
        _with_ports(example, smarthost_port, smtp_port, portal_url, portal_port), encoding="utf-8"
    )
    config = place.config()
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    audit, now = AuditLog(audit_key(config.data)), place.clock.now()
    with closing(open_database(config)) as db:
        for kind in _KINDS:
            rows = read_table(shipped.folder("examples") / "marketplace" / f"{kind}.csv", COLUMNS[kind])
            note = marketplace.noted(audit, kind, operator("demo"), now)
            marketplace.run(db, Import(kind=kind, rows=rows), config, note)
    return place


def _with_ports(example: str, smarthost_port: int, smtp_port: int, portal_url: str, portal_port: int) -> str:
    """The example's config with the demo's ports in it; everything else stays what a reader finds in the example."""
    ports = f"""
[smtp]
listen = ["127.0.0.1:{smtp_port}"]

[page]
listen = "127.0.0.1:{portal_port}"
plain_http = true

[delivery]
smarthost = "127.0.0.1:{smarthost_port}"
tls = "none"
connections_per_destination = 2

[authentication]"""
    # A brand is known by its host: the second one gets the other name of this machine.
    first, *others = example.replace("\n[authentication]", ports, 1).split("\nprivacy =")
    urls = (portal_url, *(portal_url.replace("127.0.0.1", "localhost") for _ in others[1:]))
    return first + "".join(f'\nportal = "{url}"\nprivacy ={rest}' for url, rest in zip(urls, others, strict=True))


class Daemon:
    """The daemon of a place, as a process of its own."""

    def __init__(self, place: Place, *, log: Path | None = None) -> None:
        self._place = place
        self._listening = place.config().data / "run" / "listening.json"
        self._desk = self._listening.with_name("desk.ready")
        for left_behind in (self._listening, self._desk):
            left_behind.unlink(missing_ok=True)
        package = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH", ""))))
        command = [sys.executable, "-m", "gatepost", "run", "-c", str(place.config_file)]
        command += ["--clock-file", str(place.clock_file)]
        self.log = log or place.folder / "daemon.log"
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stderr=output, stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )  # fmt: skip

    def wait_until_open(self) -> tuple[str, int]:
        """Host and port at which it takes mail, once the desk works too.

        Raises PermanentError with the end of the daemon's log where it does not start.
        """
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            if (found := self._endpoint()) is not None and self._desk.exists() and _greets(found):
                return found
            time.sleep(0.02)
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
        raise PermanentError("the daemon did not start", "It said:\n  " + "\n  ".join(said))

    def stop(self) -> int:
        """End it and wait; its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise TemporaryError("the daemon did not stop within 40 seconds and was killed") from None

    def _endpoint(self) -> tuple[str, int] | None:
        try:
            host, _, port = json.loads(self._listening.read_text(encoding="utf-8"))[0].rpartition(":")
        except (FileNotFoundError, ValueError, IndexError):
            return None
        return host, int(port)


def _greets(endpoint: tuple[str, int]) -> bool:
    """Whether somebody says 220 there."""
    try:
        with socket.create_connection(endpoint, timeout=2) as connection:
            return connection.recv(512).startswith(b"220")
    except OSError:
        return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
