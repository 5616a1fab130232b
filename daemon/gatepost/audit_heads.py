"""Notes the audit log's head outside the database, in a file and by mail, so that a log that was cut short is found.

Who can write the database can take rows off its end; who can also write this file is found by the mails.
"""

import os
from pathlib import Path

from . import alarm
from .clock import Clock
from .config.staff import AuditSection
from .core import DAY, MINUTE, Millis
from .core.audit import Head
from .core.wall import local
from .errors import PermanentError
from .house import House
from .outline import instant
from .store import audit
from .store.database import Database, Tx


def heads_file(section: AuditSection, data: Path) -> Path:
    """Where heads are noted."""
    return Path(section.heads) if section.heads else data / "audit-heads"


def read_heads(path: Path) -> tuple[Head, ...]:
    """Every head that was noted, oldest first. Raises PermanentError for a line that is none."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise PermanentError(f"{path} cannot be read: {error.strerror}", "Run it as the user of the daemon.") from error
    return tuple(_head(path, number, line) for number, line in enumerate(lines, 1))


def head_of(text: str) -> Head | None:
    """A head as it is written in the file and in mails, NUMBER:MAC; None for what is none."""
    number, _, mac = text.strip().partition(":")
    whole = number.isascii() and number.isdigit() and len(mac) == 64 and set(mac) <= set("0123456789abcdef")
    return Head(id=int(number), mac=mac) if whole else None


class Heads:
    """Notes the head from time to time, where the log has grown."""

    def __init__(
        self, *, house: House, db: Database, clock: Clock, section: AuditSection, data: Path, hour: int
    ) -> None:
        """`hour` is that of the first brand's day from which the day's mail goes out."""
        self._house, self._db, self._clock, self._section, self._hour = house, db, clock, section, max(hour, 0)
        self._path = heads_file(section, data)
        self._noted, self._last = 0, 0

    async def look(self) -> None:
        """Note the head in the file, if it is time; write the day's mail, if there is none yet."""
        now = self._clock.now()
        head = await self._db.read(audit.head)
        if head is None:
            return
        if head.id != self._noted and not self._last <= now < self._last + self._section.minutes * MINUTE:
            self._note(head, now)
        if self._section.mail == "daily":
            await self._db.write(lambda tx: self._mail(tx, head, now))

    def note_now(self, head: Head | None) -> None:
        """Note the head before the process ends."""
        if head is not None and head.id != self._noted:
            self._note(head, self._clock.now())

    def _note(self, head: Head, now: Millis) -> None:
        line = f"{instant(now)}Z {head.id}:{head.mac}\n".replace(" ", "T", 1)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._noted, self._last = head.id, now

    def _mail(self, tx: Tx, head: Head, now: Millis) -> None:
        brand = next(iter(self._house.brands.values()))
        day = local(now, brand.zone)
        if day.hour < self._hour or not audit.mail_head(tx, head.id, before=now - DAY // 2, now=now):
            return
        alarm.tell(
            tx, self._house, "staff/audit-head", key=f"audit-head-{day.date()}", pair=f"{head.id}:{head.mac}",
            reason=str(head.id), now=now,
        )  # fmt: skip


def _head(path: Path, number: int, line: str) -> Head:
    found = head_of(line.rpartition(" ")[2])
    if found is None:
        raise PermanentError(f"{path}:{number}: no head of the audit log", "Somebody else wrote into this file.")
    return found
