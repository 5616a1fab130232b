"""Runs the daemon with one fault put in from outside, so that the crash harness can prove that it would notice.

    python faulty.py no-dedupe run -c FILE         a copy of a mail is a mail of its own
    python faulty.py two-transactions run -c FILE  a mail counts as handled before its ticket is written
    python faulty.py deadly-mail run -c FILE       a marked mail kills the reader

The program itself knows no such switch.
"""

import functools
import os
import signal
import sys

from gatepost.cli import run
from gatepost.commit import commit
from gatepost.core.letter import Arrival, Letter
from gatepost.crashpoint import crashpoint
from gatepost.desk import Desk, _Read
from gatepost.reader import __main__ as reader
from gatepost.reader.pool import ReaderPool
from gatepost.store import arrivals
from gatepost.store.arrivals import Outcome
from gatepost.store.database import Tx
from gatepost.travel import travel

MARK = b"X-Chaos: dies over this"


def no_dedupe() -> None:
    """Forget that a mail was seen before."""
    arrivals.seen = lambda *_, **__: None


def two_transactions() -> None:
    """Write the outcome first and the ticket in a transaction of its own, as if nothing could come between."""

    def count_as_handled(arrival: Arrival, tx: Tx) -> None:
        arrivals.finish(tx, arrivals.begin(tx, arrival), Outcome.OPENED, arrival.received)

    async def write_batch(self: Desk, batch: list[_Read]) -> list[int]:
        for read in batch:
            await self._db.write(functools.partial(count_as_handled, read.arrival))
        crashpoint("faulty.between")
        for read in batch:
            await self._db.write(functools.partial(open_ticket, self, read.arrival, read.letter))
        return [read.arrival.id for read in batch]

    def open_ticket(self: Desk, arrival: Arrival, letter: Letter, tx: Tx) -> None:
        now = self._clock.now()
        commit(tx, self._house, travel(tx, self._house, arrival, letter, now), arrivals.begin(tx, arrival), now)

    Desk._write_batch = write_batch


def deadly_mail() -> None:
    """Give the desk readers that die over a marked mail: this file again, in their place."""
    ReaderPool.__init__.__kwdefaults__["command"] = (sys.executable, __file__, "reader")


def be_a_reader(arguments: list[str]) -> None:
    """The reader, with a parser that takes the process with it."""
    read_soundly = reader.read_letter

    def read_letter(raw, **limits):
        if MARK in raw:
            os.kill(os.getpid(), signal.SIGSEGV)
        return read_soundly(raw, **limits)

    reader.read_letter = read_letter
    reader.main(arguments)


if __name__ == "__main__":
    fault, *rest = sys.argv[1:]
    if fault == "reader":
        be_a_reader(rest)
    else:
        {"no-dedupe": no_dedupe, "two-transactions": two_transactions, "deadly-mail": deadly_mail}[fault]()
        sys.exit(run(rest))
