"""Opens the sockets that a door listens on, before any process is started; says clearly why one cannot be opened."""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import PermanentError

BACKLOG = 512
_FIRST_LEFT = 3  # SD_LISTEN_FDS_START
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


def inherited(environment: MutableMapping[str, str], process: int) -> dict[str, list[socket.socket]]:
    """The sockets that a service manager has opened for us, by door, as in sd_listen_fds(3); {} without any.

    The names (FileDescriptorName= of systemd) are `smtp` and `lmtp`; a socket without one is for SMTP. What said so is
    taken out of `environment`, so that no child believes it too. Raises PermanentError for another name.
    """
    said = {name: environment.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES")}
    if said["PID"] != str(process) or not said["FDS"].isdigit():
        return {}
    numbers = range(_FIRST_LEFT, _FIRST_LEFT + int(said["FDS"]))
    names = said["FDNAMES"].split(":") if said["FDNAMES"] else ["smtp"] * len(numbers)
    doors: dict[str, list[socket.socket]] = {}
    for name, listener in zip(names, adopt(numbers), strict=True):
        listener.set_inheritable(False)
        door = "smtp" if name in ("", "unknown") or name.endswith(".socket") else name
        if door not in ("smtp", "lmtp"):
            listener.close()
            raise PermanentError(
                f"a socket named {name!r} was left to us",
                "Write FileDescriptorName=smtp or lmtp into its .socket unit.",
            )
        doors.setdefault(door, []).append(listener)
    return doors


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
    return _open_unix(path, 0o600, -1, 16)


def open_door(path: Path, mode: int) -> socket.socket:
    """The listening unix socket of a door, with this mode and the group of its folder, for a mail server to reach.

    Raises PermanentError with a hint: somebody listens there, there is no such folder, we may not write to it.
    """
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        if _answers(path):
            raise PermanentError(
                f"cannot listen on {path}: somebody does already", "Stop the program that listens there."
            )
        path.unlink()
    if not path.parent.is_dir():
        raise PermanentError(f"cannot listen on {path}: there is no folder {path.parent}", "Make it, for our user.")
    return _open_unix(path, mode, path.parent.stat().st_gid, BACKLOG)


def _answers(path: Path) -> bool:
    """Whether a living process listens on the unix socket at `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, short_path(path) as name:
        probe.setblocking(False)
        # EAGAIN says that its queue is full, which is an answer too.
        return probe.connect_ex(name) in (0, errno.EAGAIN, errno.EINPROGRESS)


def _open_unix(path: Path, mode: int, group: int, backlog: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with short_path(path) as name:
            listener.bind(name)
        with contextlib.suppress(PermissionError):
            # A group that we are not in cannot be given; the mode below then counts for our own.
            os.chown(path, -1, group)
        path.chmod(mode)
        listener.listen(backlog)
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
