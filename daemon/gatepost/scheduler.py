"""The alarm clock: APScheduler calls the named looks at their intervals, and decides nothing.

What is due stands in tables. A look that comes late is made once; one that is still running is not made twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

_log = logging.getLogger("gatepost.scheduler")
Look = Callable[[], Awaitable[object]]


class Scheduler:
    """Calls each look every so many seconds, in the running event loop."""

    def __init__(self) -> None:
        # A misfire grace of None: a loop that stalled for a second must not skip the look that was due meanwhile.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_listener(_tell, EVENT_JOB_ERROR)
        self._running: set[asyncio.Task[Any]] = set()

    def every(self, seconds: float, name: str, look: Look) -> None:
        """Call `look` every `seconds`, first after that time."""
        self._scheduler.add_job(self._remembered, "interval", args=(look,), seconds=seconds, id=name)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    async def close(self, grace: float) -> None:
        """Start no further look, and wait up to `grace` seconds for those under way.

        The scheduler's own shutdown cancels what runs, whatever it is told; so it comes last.
        """
        self._scheduler.pause()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        self._scheduler.shutdown(wait=False)

    async def _remembered(self, look: Look) -> None:
        task = asyncio.ensure_future(look())
        self._running.add(task)
        try:
            await task
        finally:
            self._running.discard(task)


def _tell(event: JobExecutionEvent) -> None:
    _log.error("look.failed name=%s", event.job_id, exc_info=event.exception)
