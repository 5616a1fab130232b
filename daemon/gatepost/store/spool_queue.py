"""Who waits for the spool's next transaction: mails to be committed, and ids to be cleared. Knows no SQL.

A mail is waiting until its transaction claims it, and may be withdrawn only until then: after that nobody can say that
it will not be stored. The event loop puts in and withdraws, the spool's thread gathers, claims and settles.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

log = logging.getLogger(__name__)

BATCH_MAILS = 128
_BATCH_OCTETS = 8 * 1024 * 1024
_CLEAR_SECONDS = 0.02


class State(Enum):
    """How far a mail has come."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    WITHDRAWN = "withdrawn"


class Waiting:
    """One mail between its final dot and its commit."""

    __slots__ = ("future", "loop", "row", "state")

    def __init__(self, loop: asyncio.AbstractEventLoop, row: dict[str, Any]) -> None:
        self.loop = loop
        self.row = row
        self.state = State.WAITING
        self.future: asyncio.Future[int] = loop.create_future()

    def succeed(self, number: int) -> None:
        """In the event loop: the mail is stored."""
        if not self.future.done():
            self.future.set_result(number)

    def fail(self, error: Exception) -> None:
        """In the event loop: the mail is not stored, or nobody knows."""
        if not self.future.done():
            self.future.set_exception(error)


class Clear:
    """Ids that the desk has done with."""

    __slots__ = ("ids",)

    def __init__(self, ids: tuple[int, ...]) -> None:
        self.ids = ids


class Fold:
    """The log is to be folded into the file."""


class Stop:
    """The last thing in the queue."""


class SpoolQueue:
    """The queue of one spool. `clears` are the ids still to be deleted, `fold` whether the log is to be folded.

    Only the spool's thread touches them.
    """

    def __init__(self) -> None:
        self.clears: set[int] = set()
        self.fold = False
        self._items: queue.SimpleQueue[Waiting | Clear | Fold | Stop] = queue.SimpleQueue()
        self._claims = threading.Lock()

    def put(self, item: Waiting | Clear | Fold | Stop) -> None:
        """Stand in line."""
        self._items.put(item)

    def withdraw(self, waiting: Waiting) -> bool:
        """Take a mail back; False where its transaction already runs, or where it is settled."""
        with self._claims:
            if waiting.state is not State.WAITING or waiting.future.done():
                return False
            waiting.state = State.WITHDRAWN
            return True

    def claim(self, batch: Iterable[Waiting]) -> list[Waiting]:
        """Those of `batch` that were not withdrawn; from now on they cannot be."""
        with self._claims:
            claimed = [waiting for waiting in batch if waiting.state is State.WAITING]
            for waiting in claimed:
                waiting.state = State.CLAIMED
        return claimed

    def gather(self) -> tuple[list[Waiting], bool]:
        """Every mail that waits now, at most a batch, and whether this is the end; blocks while there is nothing."""
        batch: list[Waiting] = []
        octets = 0
        try:
            item = self._items.get(timeout=_CLEAR_SECONDS if self.clears else None)
            while True:
                if isinstance(item, Stop):
                    return batch, True
                if isinstance(item, Clear):
                    self.clears.update(item.ids)
                elif isinstance(item, Fold):
                    self.fold = True
                else:
                    batch.append(item)
                    octets += len(item.row["raw"] or b"")
                if len(batch) >= BATCH_MAILS or octets >= _BATCH_OCTETS:
                    break
                item = self._items.get_nowait()
        except queue.Empty:
            pass
        return batch, False


def in_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object) -> None:
    """Run `call` in the event loop, from the spool's thread; where the loop is gone, nobody waits for an answer."""
    try:
        loop.call_soon_threadsafe(call, *args)
    except RuntimeError:
        log.warning("spool.unanswered: its sender will ask again")
