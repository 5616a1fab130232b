"""Sees that files have changed and are no longer being written: by their stamps, without opening them."""

from collections.abc import Callable, Iterable
from pathlib import Path

Stamp = tuple[str, int, int, int]
Signature = tuple[Stamp, ...]


class Changes:
    """Looks at the files that `paths` names at each look, which may come and go."""

    def __init__(self, paths: Callable[[], Iterable[Path]]) -> None:
        self._paths = paths
        self._known = self._look()
        self._pending: Signature | None = None

    def settled(self) -> bool:
        """Whether there is a change at which two looks, this one and the last, agree (H09).

        A file that an editor is still writing changes between two looks and so waits for the third.
        """
        found = self._look()
        if found == self._known:
            self._pending = None
            return False
        if found != self._pending:
            self._pending = found
            return False
        return True

    def taken(self) -> None:
        """What is there now is known: to be called before the files are read."""
        self._known, self._pending = self._look(), None

    def _look(self) -> Signature:
        return tuple(_stamp(path) for path in self._paths())


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:  # Taken away since it was named, or not ours to see: reading it will tell.
        return str(path), 0, 0, 0
    return str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino
