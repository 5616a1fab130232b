"""Starts the processes, restarts what dies with growing pauses, and stops them in order.

Each process is forked from this small one, which has no threads, opens no database and parses nothing. It holds the
listening sockets, so that connections wait in the backlog while the gate is away. A process that outlives the
supervisor ends by itself: it holds one end of a pipe, and the other end closes with the supervisor.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .clock import Clock
from .core import Millis
from .health.standing import Standing
from .notify import notify

_log = logging.getLogger("gatepost.supervisor")
_WATCHED = frozenset({signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
_STEADY = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process: its name in the log, what it runs, how many seconds it may take to stop, whether it reloads."""

    name: str
    run: Callable[[], None]
    grace: float = 15.0
    reloads: bool = False


@dataclass(slots=True)
class _Child:
    part: Part
    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    again: float = field(default=0.0)
    all_deaths: int = 0
    exit: int = 0
    died: Millis | None = None


class Supervisor:
    """Watches the parts, in the order in which they are to be started and stopped.

    `tell` hears how the parts stand whenever that changes.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        monotonic: Callable[[], float] = Clock.monotonic,
        *,
        now: Callable[[], Millis] = lambda: 0,
        tell: Callable[[Mapping[str, Standing]], None] = lambda _: None,
    ) -> None:
        self._children = [_Child(part) for part in parts]
        self._monotonic = monotonic
        self._now = now
        self._told = tell
        self._lifeline, self._far_end = os.pipe()
        self._stopping = False

    def run(self) -> int:
        """Start everything and watch until SIGTERM or SIGINT; the exit code. SIGHUP goes to the parts that reload."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        for child in self._children:
            self._start(child)
        while True:
            told = signal.sigtimedwait(_WATCHED, self._until_next_start())
            self._bury()
            self._start_again()
            if told is None or told.si_signo == signal.SIGCHLD:
                continue
            if told.si_signo == signal.SIGHUP:
                self._tell(signal.SIGHUP, [child for child in self._children if child.part.reloads])
                continue
            _log.info("supervisor.stopping signal=%s", signal.Signals(told.si_signo).name)
            return self._stop()

    def _start(self, child: _Child) -> None:
        pid = os.fork()
        if pid == 0:
            self._become(child.part)
        child.pid, child.started = pid, self._monotonic()
        _log.info("part.started name=%s pid=%d", child.part.name, pid)
        self._tell_standing()

    def _become(self, part: Part) -> None:
        """In the new process: forget the supervisor's signals, hold on to its life, run, and never return."""
        code = 1
        try:
            for number in _WATCHED:
                signal.signal(number, signal.SIG_DFL)
            # Asked to reload before it listens, a part has nothing to do: it is about to read everything.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
            os.close(self._far_end)
            threading.Thread(target=_end_with, args=(self._lifeline,), daemon=True, name="lifeline").start()
            part.run()
            code = 0
        except KeyboardInterrupt:
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            _log.exception("part.failed name=%s", part.name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _bury(self) -> None:
        """Take note of every process that has ended, and plan when it starts again."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = next((child for child in self._children if child.pid == pid), None)
            if child is not None:
                self._plan(child, status)

    def _plan(self, child: _Child, status: int) -> None:
        now = self._monotonic()
        child.deaths = 0 if now - child.started > _STEADY else child.deaths + 1
        pause = _PAUSES[min(child.deaths, len(_PAUSES)) - 1] if child.deaths else 0.0
        child.pid, child.again = 0, now + pause
        how = os.waitstatus_to_exitcode(status)
        if self._stopping:
            _log.info("part.stopped name=%s exit=%d", child.part.name, how)
            return
        child.all_deaths, child.exit, child.died = child.all_deaths + 1, how, self._now()
        _log.warning("part.died name=%s exit=%d again_in=%.1f", child.part.name, how, pause)
        self._tell_standing()

    def _tell_standing(self) -> None:
        self._told(
            {
                child.part.name: Standing(pid=child.pid, deaths=child.all_deaths, exit=child.exit, died=child.died)
                for child in self._children
            }
        )

    def _start_again(self) -> None:
        for child in self._children:
            if child.pid == 0 and child.again <= self._monotonic():
                self._start(child)

    def _until_next_start(self) -> float:
        waits = [child.again - self._monotonic() for child in self._children if child.pid == 0]
        return max(0.01, min([*waits, 60.0]))

    def _stop(self) -> int:
        """Stop the parts one after the other, each within its grace; 0 where all ended by themselves."""
        code = 0
        self._stopping = True
        notify("STOPPING=1")
        for child in self._children:
            if child.pid == 0:
                continue
            self._tell(signal.SIGTERM, [child])
            if not self._wait(child, child.part.grace):
                _log.error("part.killed name=%s: it did not stop within %.0f s", child.part.name, child.part.grace)
                self._tell(signal.SIGKILL, [child])
                self._wait(child, 5.0)
                code = 1
        return code

    def _wait(self, child: _Child, seconds: float) -> bool:
        end = self._monotonic() + seconds
        while True:
            self._bury()
            if child.pid == 0:
                return True
            left = end - self._monotonic()
            if left <= 0:
                return False
            signal.sigtimedwait({signal.SIGCHLD}, left)

    @staticmethod
    def _tell(number: signal.Signals, children: Sequence[_Child]) -> None:
        for child in children:
            if child.pid:
                os.kill(child.pid, number)


def _end_with(lifeline: int) -> None:
    """Wait for the supervisor's end of the pipe to close, then ask this process to stop."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
