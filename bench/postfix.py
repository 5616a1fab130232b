"""A Postfix of our own on loopback, as the peer that accepts mail durably: it queues on the disk, then discards."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .house import free_port
from .processes import wait_for

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/data/log
maillog_file_prefixes = {folder}
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = peer.example
mydestination =
relay_domains = orchard.example
relay_transport = discard:
default_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
message_size_limit = 52428800
in_flow_delay = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
"""
_MASTER = """
127.0.0.1:{port} inet n - n - 100 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def absent() -> str:
    """Why there is no Postfix to measure against; '' if there is one."""
    if shutil.which("postfix", path="/usr/sbin:/sbin:/usr/bin") is None:
        return "Postfix is not installed (apt-get install postfix)"
    return "" if os.geteuid() == 0 else "a Postfix of its own needs root"


@contextlib.contextmanager
def postfix(folder: Path) -> Iterator[int]:
    """Run one in `folder`; its port."""
    port = free_port()
    config = folder / "config"
    for path in (config, folder / "queue", folder / "data"):
        path.mkdir(parents=True)
        path.chmod(0o755)
    # Postfix' own users have to pass through the folders, which are nobody else's.
    folder.parent.chmod(0o711)
    folder.chmod(0o755)
    owner = pwd.getpwnam("postfix").pw_uid
    os.chown(folder / "data", owner, -1)
    (config / "main.cf").write_text(_MAIN.format(folder=folder), encoding="ascii")
    (config / "master.cf").write_text(_MASTER.format(port=port), encoding="ascii")
    command = ["/usr/sbin/postfix", "-c", str(config)]
    for path in config.iterdir():
        path.chmod(0o644)
    started = subprocess.run([*command, "start"], check=False, capture_output=True, umask=0o022)
    if started.returncode:
        raise RuntimeError(f"Postfix did not start: {(folder / 'data' / 'log').read_text(encoding='utf-8')}")
    try:
        wait_for(port)
        yield port
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True)
