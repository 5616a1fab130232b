"""The whole daemon: data folder, lock, sockets, and the processes under their supervisor."""

import json
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Literal

from .app import run_desk
from .clock import Clock
from .config import Config
from .health import standing
from .ingress import gate
from .ingress.sockets import inherited, open_door, open_listeners
from .lock import DataLock, prepare_data_folder
from .notify import notify
from .parts import build_house, open_database
from .store.restore import refuse_cut_off
from .supervisor import Part, Supervisor

Only = Literal["gate", "desk"]


def run(
    config: Config,
    *,
    clock: Clock | None = None,
    sockets: Sequence[socket.socket] | None = None,
    only: Only | None = None,
) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Where SMTP listens is written to DATA/run/listening.json.

    LMTP is told in lmtp.json beside it. Sockets that a service manager has opened take the place of the config's.

    With `only`, this process is the gate or the desk itself, for those who separate them by systemd. Raises
    PermanentError for a second instance, a taken port, a corrupt or newer database, and MistakesError for rules and
    templates with mistakes: nothing is started then.
    """
    prepare_data_folder(config.data)
    refuse_cut_off(config.data)
    clock = clock or Clock()
    parts: tuple[Only, ...] = (only,) if only is not None else ("gate", "desk")
    with ExitStack() as locks:
        for part in parts:
            locks.enter_context(DataLock(config.data, part))
        if only == "desk":
            run_desk(config, clock)
            return 0
        if only is None:
            _check_before_forking(config)
        doors = {"smtp": list(sockets)} if sockets is not None else inherited(os.environ, os.getpid())
        listening = doors.get("smtp") or open_listeners(config.smtp.listen)
        lmtp = doors.get("lmtp") or _open_lmtp(config)
        _tell_where(config, "listening", listening)
        _tell_where(config, "lmtp", lmtp)
        try:
            if only == "gate":
                return gate.run(config, listening, lambda: notify("READY=1"), clock=clock, lmtp=lmtp)
            tell = partial(standing.tell, config.data)
            return Supervisor(_parts(config, clock, listening, lmtp), now=clock.now, tell=tell).run()
        finally:
            if "lmtp" not in doors and config.lmtp.socket:
                Path(config.lmtp.socket).unlink(missing_ok=True)


def _open_lmtp(config: Config) -> list[socket.socket]:
    opened = open_listeners(config.lmtp.listen)
    if config.lmtp.socket:
        opened.append(open_door(Path(config.lmtp.socket), int(config.lmtp.socket_mode, 8)))
    return opened


def _parts(config: Config, clock: Clock, listening: list[socket.socket], lmtp: list[socket.socket]) -> list[Part]:
    """The gate first: it stops taking mail before the desk stops handling it."""

    def be_the_gate() -> None:
        gate.run(config, listening, clock=clock, lmtp=lmtp)

    def be_the_desk() -> None:
        for listener in (*listening, *lmtp):
            listener.close()
        run_desk(config, clock)

    return [
        Part(name="gate", run=be_the_gate, reloads=True),
        Part(name="desk", run=be_the_desk, grace=30.0, reloads=True),
    ]


def _check_before_forking(config: Config) -> None:
    """What would keep the desk from starting is told here, once, instead of by a process that dies again and again."""
    build_house(config)
    open_database(config).close()


def _tell_where(config: Config, name: str, listening: Sequence[socket.socket]) -> None:
    """Port 0 takes a free port: whoever asked for one reads here which it is."""
    path = config.data / "run" / f"{name}.json"
    path.write_text(json.dumps([_endpoint(listener) for listener in listening]), encoding="utf-8")


def _endpoint(listener: socket.socket) -> str:
    if listener.family == socket.AF_UNIX:
        return str(listener.getsockname())
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
