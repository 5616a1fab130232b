"""Opens the sockets that a door listens on, before any process is started; says clearly why one cannot be opened."""

import errno
import os
import socket
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import PermanentError

BACKLOG = 512
_SUN_PATH = 107


def open_listeners(endpoints: Iterable[str]) -> list[socket.socket]:
    """A listening socket for each HOST:PORT; port 0 takes a free one. All or none.

    Raises PermanentError with a hint: the port is taken, we have no right to it, the address is not ours.
    """
    opened: list[socket.socket] = []
    try:
        for endpoint in endpoints:
            opened.append(open_listener(endpoint))
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    return opened


def open_listener(endpoint: str) -> socket.socket:
    """One listening socket. It names IPPROTO_TCP, without which asyncio leaves out TCP_NODELAY (40 ms a reply)."""
    host, _, port = endpoint.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, int(port)))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise PermanentError(f"cannot listen on {endpoint}: {error.strerror or error}", _hint(error)) from error
    return listener


def adopt(numbers: Iterable[int]) -> list[socket.socket]:
    """The listening sockets that another process has opened and left to us under these file numbers."""
    adopted = []
    for number in numbers:
        listener = socket.socket(fileno=number)
        listener.setblocking(False)
        adopted.append(listener)
    return adopted


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for the unix socket at `path` that fits into the 107 octets that a socket address has.

    A longer one goes by way of an open handle on its folder, which Linux offers under /proc/self/fd.
    """
    if len(os.fsencode(path)) <= _SUN_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def open_control(path: Path) -> socket.socket:
    """The listening unix socket at `path`, mode 0600; a socket left behind there by a dead process is taken away."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with short_path(path) as name:
            listener.bind(name)
        path.chmod(0o600)
        listener.listen(16)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise PermanentError(f"cannot listen on {path}: {error.strerror or error}", _hint(error)) from error
    return listener


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "Another program listens there; stop it, or choose another port (ss -ltnp shows which)."
        case errno.EACCES | errno.EPERM:
            return "Ports below 1024 need CAP_NET_BIND_SERVICE, or systemd's socket activation."
        case errno.EADDRNOTAVAIL:
            return "This machine has no such address; 0.0.0.0 and [::] stand for all that it has."
        case _:
            return ""
