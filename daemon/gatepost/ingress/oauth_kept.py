"""The newest refresh token of a mailbox, in DATA/oauth/NAME.json, a file that only we can read.

It came from `gatepost imap authorise`, or from the server in place of the one before. One process at a time shows it
and writes the next: a server that gives another one each time takes one that is shown twice for stolen, and ends the
whole grant (RFC 9700 section 4.14.2).
"""

import contextlib
import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from ..clock import Clock
from ..errors import TemporaryError

_PATIENCE = 40.0
_PAUSE = 0.1


class KeptToken:
    """The file of one mailbox. Nothing is kept of the operator's own token but what tells it from another."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = Clock.monotonic) -> None:
        self.path, self._monotonic = path, monotonic

    @property
    def mailbox(self) -> str:
        """The name of its section in the config."""
        return self.path.stem

    def newest(self, given: str) -> str:
        """The token to show: the kept one, while `given` is what the operator had written when it came; else `given`.

        '' where there is neither. Raises TemporaryError where the file is there and cannot be read.
        """
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            return str(kept["newest"]) if kept["given"] == _digest(given) else given
        except FileNotFoundError:
            return given
        except OSError as error:
            hint = "Give it to the user that runs gatepost."
            raise TemporaryError(f"{self.path} cannot be read: {error.strerror}", hint) from error
        except (ValueError, KeyError, TypeError):
            return given

    def changed(self) -> int:
        """When a token was last written, in nanoseconds; 0 for never."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0

    def write(self, given: str, fresh: str) -> None:
        """Keep another one, whole or not at all, before it is used."""
        beside = self.path.with_suffix(".new")
        with self._opened(beside, os.O_WRONLY | os.O_TRUNC) as handle:
            os.write(handle, json.dumps({"given": _digest(given), "newest": fresh}).encode())
            os.fsync(handle)
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the token while it is shown and the next one is written. Raises TemporaryError where another does."""
        until = self._monotonic() + _PATIENCE
        with self._opened(self.path.with_suffix(".lock"), os.O_RDWR) as handle:
            while not _locked(handle):
                if self._monotonic() > until:
                    raise TemporaryError(f"another gatepost asks for a token of {self.mailbox} at the moment")
                threading.Event().wait(_PAUSE)
            yield

    @contextlib.contextmanager
    def _opened(self, path: Path, flags: int) -> Iterator[int]:
        """A file of ours alone; where root looks after the folder of another user, it is that user's."""
        data = path.parent.parent
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.geteuid() == 0:
                owner = data.stat()
                os.chown(path.parent, owner.st_uid, owner.st_gid)
                os.fchown(handle, owner.st_uid, owner.st_gid)
            yield handle
        finally:
            os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
