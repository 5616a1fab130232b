"""The data folder: one gate and one desk at a time, and nobody else's eyes (A32, M18)."""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Literal, TypeAlias

from .errors import PermanentError

LockedPart: TypeAlias = Literal["gate", "desk"]


def prepare_data_folder(data: Path) -> None:
    """Make the folder with mode 0700 and let this process make its files 0600. Raises PermanentError if it cannot."""
    os.umask(0o077)
    try:
        for folder in (data, data / "spool", data / "run"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)
    except OSError as error:
        raise PermanentError(
            f"the data folder {data} cannot be used: {error.strerror or error}",
            "Give it to the user that runs gatepost, on a local file system that is not read-only.",
        ) from error


def become_owner(data: Path) -> None:
    """Where root looks after the folder of another user, go on as that user: no file of root's may be left in it."""
    if os.geteuid() != 0 or not data.exists() or data.stat().st_uid == 0:
        return
    facts = data.stat()
    os.setgroups([facts.st_gid])
    os.setgid(facts.st_gid)
    os.setuid(facts.st_uid)


class DataLock:
    """An flock on DATA/PART.lock with our process id in it. The kernel frees it when the process ends, however it ends.

    The desk's is also that of commands which write its database while no desk runs.
    """

    def __init__(self, data: Path, part: LockedPart = "desk") -> None:
        self._path = data / f"{part}.lock"
        self._handle = -1

    def __enter__(self) -> "DataLock":
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def take(self) -> None:
        """Take the lock, or raise PermanentError that names the process which has it."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise PermanentError(
                f"the data folder cannot be locked: {self._path}: {error.strerror}",
                "Give it to the user that runs gatepost, on a local file system that is not read-only and has room.",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            os.close(handle)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise PermanentError(f"{self._path} cannot be locked: {error}", "Use a local file system.") from error
            raise PermanentError(
                f"another gatepost (process {holder or 'unknown'}) uses the data folder {self._path.parent}",
                "Stop it first, or give this one a data folder of its own.",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        self._handle = handle

    def release(self) -> None:
        """Give the lock back. The file stays: deleting it would let two processes lock two files."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def holder(data: Path) -> int:
    """The process that has the desk's lock, 0 where there is none; changes nothing."""
    try:
        handle = os.open(data / "desk.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        said = os.read(handle, 32).strip()
        return int(said) if said.isdigit() else 0
    finally:
        os.close(handle)
    return 0
