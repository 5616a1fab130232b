"""The machine: the disk under the data folder, how many files may be open, and whether the clock is kept."""

import contextlib
import ctypes
import os
import resource
from pathlib import Path

from ..check import Finding
from ..config import Config
from ..core import MINUTE, Millis
from ..store.glance import DESK_FILE, glance
from ..store.vitals import read
from .findings import fine, look, wrong

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.s3fs", "afs"})
_INODES = 10_000
_FILES_BESIDE = 64
_UNSYNCHRONISED = 5  # adjtimex(2): TIME_ERROR
_READ_ONLY = 0


def disk(config: Config) -> list[Finding]:
    """A local file system with room for files. How many octets are free is told by the look at the data folder."""
    folder = next(each for each in (config.data, *config.data.parents) if each.exists())
    kind = file_system(folder, Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace"))
    if kind in _NETWORK:
        remedy = "Move the data folder to a local disk: locks and fsync over a network lose mail."
        return [wrong("disk", f"{folder} lies on {kind}, a network file system", remedy)]
    facts = os.statvfs(folder)
    if facts.f_files and facts.f_favail < _INODES:
        return [
            look("disk", f"{facts.f_favail} files may still be made", "Large mails are files of their own: make room.")
        ]
    return [fine("disk", f"{folder} lies on {kind or 'an unknown file system'}")]


def file_system(folder: Path, mounts: str) -> str:
    """The type of the file system of a folder, by the lines of /proc/self/mounts; the longest mount point wins."""
    real, best, kind = str(folder.resolve()), "", ""
    for line in mounts.splitlines():
        _, point, name = ([*line.split(), "", "", ""])[:3]
        point = point.replace("\\040", " ")
        inside = point in ("/", real) or real.startswith(point + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind


def limits(config: Config) -> list[Finding]:
    """As many files may be open as connections are allowed."""
    may, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = 2 * config.smtp.connections + config.delivery.connections + _FILES_BESIDE
    if may < want:
        remedy = "Raise it (systemd: LimitNOFILE=, else ulimit -n), or allow fewer smtp.connections."
        return [look("limits", f"{may} files may be open, {want} can be needed", remedy)]
    return [fine("limits", f"{may} files may be open, {want} can be needed")]


def clock(config: Config, now: Millis) -> list[Finding]:
    """The clock is kept by somebody, and is not behind what is already written down."""
    if (config.data / DESK_FILE).exists():
        with contextlib.suppress(Exception):
            latest = glance(config.data, read).latest
            if latest - now > MINUTE:
                behind = (latest - now) // MINUTE
                remedy = "Set it right, then restart: deadlines and retries wait until it has caught up."
                return [wrong("clock", f"it is {behind} minutes behind what is written down", remedy)]
    state = kernel_clock()
    if state == _UNSYNCHRONISED:
        remedy = "Install chrony or enable systemd-timesyncd: due dates and signatures depend on the clock."
        return [look("clock", "nobody keeps it: the kernel calls it unsynchronised", remedy)]
    return [
        fine("clock", "kept by the system" if state is not None else "whether somebody keeps it cannot be asked here")
    ]


def kernel_clock() -> int | None:
    """The state of the kernel's clock (adjtimex(2), which reads with modes = 0); None where it cannot be asked."""

    class Timex(ctypes.Structure):
        _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_ubyte * 508))

    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(Timex(modes=_READ_ONLY)))
    except (OSError, AttributeError):
        return None
    return int(state) if state >= 0 else None
