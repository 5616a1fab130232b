"""The files beside the spool database: mails too large for a row, and the reserve that lets a full disk be cleaned.

A file is complete before its row exists: written under a temporary name, fsynced, renamed, the folder fsynced. So a
file without a row is the rest of an accept that was never answered, and `sweep` may take it away.
"""

import contextlib
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

_TEMPORARY = ".part"


class SpoolFiles:
    """The folder DATA/spool. `unique` gives names that never repeat; `fsync` is a parameter for tests of bad disks."""

    def __init__(self, folder: Path, unique: Callable[[], str], fsync: Callable[[int], None] = os.fsync) -> None:
        self.folder = folder
        self._unique = unique
        self._fsync = fsync

    def prepare(self) -> None:
        """Make the folder, mode 0700."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, raw: bytes) -> str:
        """Put `raw` on the disk for good and return the file's name. Raises OSError, and then leaves nothing behind."""
        name = f"{self._unique()}.eml"
        final = self.folder / name
        temporary = self.folder / (name + _TEMPORARY)
        try:
            with _private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
                file.write(raw)
                file.flush()
                self._fsync(file.fileno())
            temporary.rename(final)
            self._sync_folder()
        except BaseException:
            self._discard(temporary)
            self._discard(final)
            raise
        return name

    def read(self, name: str) -> bytes:
        """The mail in file `name`. Raises FileNotFoundError if somebody took it away."""
        return (self.folder / name).read_bytes()

    def remove(self, names: Collection[str]) -> None:
        """Delete files whose rows are gone; what cannot be deleted now is swept at the next start."""
        for name in names:
            self._discard(self.folder / name)

    def sweep(self, known: Collection[str]) -> int:
        """Delete every file that has no row (`known` names those that have one) and return how many there were."""
        orphans = [path for path in self.folder.iterdir() if path.is_file() and path.name not in known]
        for path in orphans:
            self._discard(path)
        return len(orphans)

    def set_aside(self) -> tuple[int, Path] | None:
        """Where the database is gone, its files may be accepted mails: move them where no sweep finds them.

        Returns how many there were and where they are now.
        """
        mails = [path for path in self.folder.iterdir() if path.suffix == ".eml"]
        if not mails:
            return None
        lost = self.folder.with_name(f"spool.lost-{self._unique()}")
        lost.mkdir(mode=0o700)
        for path in mails:
            path.rename(lost / path.name)
        return len(mails), lost

    def _sync_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._fsync(handle)
        finally:
            os.close(handle)

    @staticmethod
    def _discard(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


class Reserve:
    """A file of `octets` that is only there to be deleted: at disk-full even a DELETE needs room for its journal."""

    def __init__(self, path: Path, octets: int = 2 * 1024 * 1024) -> None:
        self._path = path
        self._octets = octets

    def keep(self) -> bool:
        """Make the reserve where it is missing or short; False if there is no room for it now."""
        try:
            with _private(self._path, os.O_WRONLY | os.O_CREAT) as file:
                os.posix_fallocate(file.fileno(), 0, self._octets)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def spend(self) -> None:
        """Give the room back to the disk."""
        self._path.unlink(missing_ok=True)


def _private(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, flags | os.O_CLOEXEC, 0o600), "wb")
