"""A process in which everything is imported already, and which forks for each job: a fault costs no start of Python.

It reads a job as a line of JSON, prints the child's process id, waits for a line, lets the child go, and prints its exit
code. Between the two lines the child stands still, so that a tracer can be set on it and counts from the job's first call.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from gatepost.cli import run
from gatepost.clock import Clock
from gatepost.clockwork import Clockwork
from gatepost.config import Config, load
from gatepost.core.letter import Arrival, Envelope, Letter
from gatepost.house import House
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.store.upgrade import upgrade


def _upgrade(data: str) -> int:
    upgrade(Path(data))
    return 0


def _backup(into: str, config: str) -> int:
    return run(["backup", into, "-c", config])


def _keep_promises(config: str) -> int:
    """What has come due, as the desk's clockwork does it."""
    loaded, house = _house(config)
    with closing(open_database(loaded)) as db:
        work = Clockwork(house=house, db=db, clock=Clock(), wake_delivery=lambda: None, per_minute=100_000)
        asyncio.run(work.look())
    return 0


def _handle(config: str, sender: str, mail: str) -> int:
    """One accepted mail through the pipeline, in one transaction, as the desk does it."""
    (loaded, house), (arrival, letter), now = _house(config), _mail(sender, mail), Clock().now()
    with closing(open_database(loaded)) as db:
        db.write_now(lambda tx: handle(tx, house, arrival, letter, now))
    return 0


@cache
def _house(config: str) -> tuple[Config, House]:
    loaded = load(Path(config))
    return loaded, build_house(loaded)


@cache
def _mail(sender: str, mail: str) -> tuple[Arrival, Letter]:
    raw = Path(mail).read_bytes()
    envelope = Envelope(mail_from=sender, recipients=("support@orchard.example",))
    return Arrival(id=1, received=Clock().now(), envelope=envelope, raw=raw), read_letter(raw)


def _prepare(job: str, words: list[str]) -> None:
    """What the fault is not about is done once, before the fork."""
    if job in ("handle", "promises"):
        _house(words[0])
    if job == "handle":
        _mail(words[1], words[2])


JOBS: dict[str, Callable[..., int]] = {
    "upgrade": _upgrade,
    "backup": _backup,
    "handle": _handle,
    "promises": _keep_promises,
}


def _child(gate: int, job: str, words: list[str]) -> None:
    code = 70
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.read(gate, 1)
        code = JOBS[job](*words)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    for line in sys.stdin:
        job, *words = json.loads(line)
        _prepare(job, words)
        gate, key = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(key)
            _child(gate, job, words)
        os.close(gate)
        print(child, flush=True)
        sys.stdin.readline()
        os.close(key)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
