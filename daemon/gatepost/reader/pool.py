"""The desk's side of the readers: a few children, one mail each at a time, killed and replaced when they overrun.

A mail that kills its reader costs one try of that mail and nothing else. The pool leaves alone what becomes of such a
mail; it says why the reader died.
"""

import asyncio
import contextlib
import json
import logging
import math
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from ..core.letter import Letter
from ..errors import TemporaryError
from ..mail.parse import LIMITS, HostileMail, ReadLimits
from . import frame
from .__main__ import EXIT_OUT_OF_MEMORY

FIRST_BACKOFF_SECONDS = 0.1
LAST_BACKOFF_SECONDS = 5.0
READY_SECONDS = 60.0
_BUFFER = 1_048_576
_PIECE = 65_536
_ENDING_SECONDS = 10.0
_log = logging.getLogger("gatepost.reader")


class Death(StrEnum):
    """Why a reader died over a mail; a closed list."""

    TIMEOUT = "timeout"
    OOM = "oom"
    CPU = "cpu"
    CRASH = "crash"


class ReaderDied(TemporaryError):
    """The reader died over this mail. Temporary: another try may end otherwise; tries are counted by the caller."""

    def __init__(self, cause: Death) -> None:
        super().__init__(f"the reader died over this mail: {cause.value}")
        self.cause = cause


class ReaderPool:
    """`count` readers with limits in seconds and octets. Children start when first needed, or at `start`."""

    def __init__(
        self,
        *,
        count: int = 1,
        cpu_seconds: float = 10.0,
        wall_seconds: float = 30.0,
        memory_octets: int = 536_870_912,
        limits: ReadLimits = LIMITS,
        command: Sequence[str] = (sys.executable, "-P", "-m", "gatepost.reader"),
    ) -> None:
        self._wall = wall_seconds
        arguments = (str(math.ceil(cpu_seconds)), str(memory_octets), json.dumps(asdict(limits)))
        self._readers = [_Reader((*command, *arguments)) for _ in range(count)]
        self._idle: asyncio.LifoQueue[_Reader] = asyncio.LifoQueue()
        for reader in self._readers:
            self._idle.put_nowait(reader)

    async def start(self) -> None:
        """Start every child now, so that the first mail need not wait for imports."""
        for reader in self._readers:
            await reader.ensure()

    async def read(self, raw: bytes) -> Letter:
        """The letter of `raw`. Raises HostileMail for a mail beyond a limit, ReaderDied where the reader died."""
        reader = await self._idle.get()
        try:
            return await reader.read(raw, self._wall)
        finally:
            self._idle.put_nowait(reader)

    async def close(self) -> None:
        """End every child and wait until it is gone."""
        for reader in self._readers:
            await reader.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children that live."""
        return tuple(reader.pid for reader in self._readers if reader.pid)


class _Reader:
    """One child and its deaths in a row. It is used by one task at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._deaths = 0

    @property
    def pid(self) -> int:
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    async def ensure(self) -> asyncio.subprocess.Process:
        """The living child, ready to read. A dead one is replaced, later each time it dies before it has read anything.

        No mail is to blame for a child that does not even get ready: another one is started, as often as it takes.
        """
        while self._process is None or self._process.returncode is not None:
            if self._deaths:
                await asyncio.sleep(min(FIRST_BACKOFF_SECONDS * 2 ** (self._deaths - 1), LAST_BACKOFF_SECONDS))
            await self._start()
        return self._process

    async def _start(self) -> None:
        """One attempt at a new child; it is kept if it says that it is ready, and ended otherwise."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_bare_environment(),
            limit=_BUFFER,
        )
        ready = False
        try:
            ready = await _gets_ready(process)
        finally:
            if not ready:
                await self._kill(process)
        if ready:
            self._process = process
        else:
            self._deaths += 1
            _log.error("reader.not_ready exit=%s deaths=%d", process.returncode, self._deaths)

    async def read(self, raw: bytes, wall: float) -> Letter:
        process = await self.ensure()
        settled = False
        try:
            async with asyncio.timeout(wall):
                head, contents = await _converse(process, raw)
            letter = frame.to_letter(head, contents)
            settled, self._deaths = True, 0
            return letter
        except TimeoutError:
            await self._kill(process)
            raise ReaderDied(Death.TIMEOUT) from None
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, KeyError) as error:
            raise ReaderDied(await self._cause(process, error)) from error
        except MemoryError as error:
            # Ours, not the reader's; the mail is what needs it, so this is a try of it like any other.
            raise ReaderDied(Death.OOM) from error
        except HostileMail:
            settled, self._deaths = True, 0
            raise
        finally:
            if not settled:
                self._deaths += 1
                await self._kill(process)

    async def _cause(self, process: asyncio.subprocess.Process, error: Exception) -> Death:
        """Why the pipe broke: what the child's end says, or a crash where it lives on but talks nonsense."""
        if isinstance(error, ValueError | KeyError):
            return Death.CRASH
        code = await _end_of(process)
        if code == -signal.SIGXCPU:
            return Death.CPU
        return Death.OOM if code in (EXIT_OUT_OF_MEMORY, -signal.SIGKILL) else Death.CRASH

    async def _kill(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.kill()
        await _end_of(process)
        if process is self._process:
            self._process = None

    async def end(self) -> None:
        if self._process is not None:
            await self._kill(self._process)


async def _end_of(process: asyncio.subprocess.Process) -> int | None:
    """The exit code of a child that ends; None where it does not, or where its pipe stays open.

    What it still says is read and thrown away: asyncio tells of an end only once the pipe has been read to its own, and
    a child that babbles would have us wait for ever.
    """
    assert process.stdout is not None
    with contextlib.suppress(TimeoutError, MemoryError):
        async with asyncio.timeout(_ENDING_SECONDS):
            while await process.stdout.read(_PIECE):
                pass
            await process.wait()
    return process.returncode


async def _gets_ready(process: asyncio.subprocess.Process) -> bool:
    """Whether the child says so in time; what it loads does not depend on any mail."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await process.stdout.read(1) == frame.READY
    except TimeoutError:
        return False


async def _converse(process: asyncio.subprocess.Process, raw: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """One mail in, one frame out."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(frame.length(len(raw)))
    # In pieces: whatever the pipe does not take at once is copied, and a mail may be large.
    for at in range(0, len(raw), _PIECE):
        process.stdin.write(memoryview(raw)[at : at + _PIECE])
        await process.stdin.drain()
    octets = int.from_bytes(await process.stdout.readexactly(frame.LENGTH_OCTETS), "big")
    if octets > frame.HEAD_OCTETS:
        raise ValueError("the head of the frame is too large")
    head = frame.opened(await process.stdout.readexactly(octets))
    sizes = frame.sizes(head)
    if sum(sizes) > frame.HEAD_OCTETS:
        raise ValueError("the files of the frame are too large")
    return head, [await process.stdout.readexactly(size) for size in sizes]


def _bare_environment() -> dict[str, str]:
    """What a child needs to find Python's modules, and no secret of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "HOME") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
