"""The desk's side of the spool: reads accepted arrivals with their raw bytes, and never writes."""

import json
import logging
import sqlite3
import threading
from pathlib import Path

from ..core import Millis
from ..core.letter import Arrival, Door, Envelope
from ..errors import TemporaryError
from .connection import open_reader
from .spool_files import SpoolFiles
from .spool_schema import refuse_newer

log = logging.getLogger(__name__)


class SpoolReader:
    """The reading side, for the desk: accepted arrivals that are not yet cleared, oldest first."""

    def __init__(self, data: Path) -> None:
        self.path = data / "spool.sqlite3"
        self._files = SpoolFiles(data / "spool", lambda: "")
        self._inode = 0
        self._lock = threading.Lock()
        self._connection = self._open()

    def pending(self, after: int, limit: int, octets: int = 32 * 1024 * 1024) -> list[Arrival]:
        """Up to `limit` arrivals with an id greater than `after`, with raw bytes; fewer once these sum to `octets`.

        A row whose file was taken away by somebody is left out here and named by `lost`.
        """
        with self._lock:
            return self._pending(after, limit, octets)

    def _pending(self, after: int, limit: int, octets: int) -> list[Arrival]:
        if not self.path.exists() or self.path.stat().st_ino != self._inode:
            self._connection.close()
            self._connection = self._open()
        found: list[Arrival] = []
        total = 0
        rows = self._connection.execute(
            "SELECT * FROM arrival WHERE id > :after ORDER BY id LIMIT :limit", {"after": after, "limit": limit}
        )
        for row in rows:
            arrival = self._arrival(row)
            if arrival is None:
                continue
            found.append(arrival)
            total += len(arrival.raw)
            if total >= octets:
                break
        rows.close()
        return found

    def get(self, number: int) -> Arrival | None:
        """The arrival of this id; None if it was cleared, or if its file is lost."""
        row = self._connection.execute("SELECT * FROM arrival WHERE id = :id", {"id": number}).fetchone()
        return self._arrival(row) if row is not None else None

    def count(self) -> int:
        """How many arrivals wait."""
        return int(self._connection.execute("SELECT count(*) FROM arrival").fetchone()[0])

    def waiting(self) -> tuple[int, Millis | None]:
        """How many arrivals wait, and since when the oldest does."""
        with self._lock:
            row = self._connection.execute("SELECT count(*), min(received) FROM arrival").fetchone()
        return int(row[0]), row[1]

    def lost(self) -> list[int]:
        """Ids whose file somebody has taken away: they cannot be handled and need a human."""
        rows = self._connection.execute("SELECT id, file FROM arrival WHERE file <> '' ORDER BY id")
        return [row["id"] for row in rows if not (self._files.folder / row["file"]).exists()]

    def close(self) -> None:
        """Close the connection, once nobody reads on it any more."""
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise TemporaryError(f"{self.path} does not exist yet", "The gate makes it when it starts.")
        self._inode = self.path.stat().st_ino
        connection = open_reader(self.path)
        refuse_newer(connection, self.path)
        return connection

    def _arrival(self, row: sqlite3.Row) -> Arrival | None:
        try:
            raw = self._files.read(row["file"]) if row["file"] else row["raw"]
        except FileNotFoundError:
            log.error("spool.file_lost id=%d file=%s", row["id"], row["file"])  # noqa: TRY400,RUF100
            return None
        envelope = Envelope(
            mail_from=row["mail_from"],
            recipients=tuple(json.loads(row["recipients"])),
            door=Door(row["door"]),
            peer=row["peer"],
            helo=row["helo"],
            tls=row["tls"],
        )
        return Arrival(id=row["id"], received=row["received"], envelope=envelope, raw=raw)
