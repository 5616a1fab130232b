"""Tells the service manager how we are (sd_notify(3)): a datagram to the socket that it names."""

import contextlib
import os
import socket


def notify(*states: str) -> None:
    """Say `states`, such as READY=1 or WATCHDOG=1. A manager that does not listen holds up nothing."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.setblocking(False)
        sock.connect("\0" + name[1:] if name.startswith("@") else name)
        sock.send("\n".join(states).encode())
