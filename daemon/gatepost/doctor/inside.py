"""What the data folder holds: the keys, and both databases with their settings, their soundness and their promises."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..audit_heads import heads_file, read_heads
from ..check import Finding
from ..config import Config
from ..core import Millis
from ..errors import GatepostError
from ..keys import audit_key, reply_keys
from ..store import audit as audit_log
from ..store.audit import AuditLog
from ..store.connection import WAL_OCTETS, open_reader
from ..store.glance import glance
from ..store.invariants import examine
from ..store.schema import unapplied
from .findings import fine, look, wrong

_FILES = ("spool.sqlite3", "desk.sqlite3")


def keys(config: Config) -> list[Finding]:
    """The keys of the reply addresses: there, ours alone, not lost while mails with them are out there."""
    section = config.reply_address
    if section.keys:
        reply_keys(section, config.data)
        return [fine("keys", f"{len(section.keys)} of the config, {section.current} signs")]
    own = config.data / "keys" / "reply"
    if not own.exists():
        if (config.data / "desk.sqlite3").exists() and _tickets(config.data):
            remedy = f"Restore {own} from a backup; without it, no reply to a mail that is out there is recognised."
            return [wrong("keys", f"{own} is gone, and there are tickets", remedy)]
        return [fine("keys", f"{own} will be made at the first start")]
    if own.stat().st_mode & 0o077:
        return [wrong("keys", f"{own} has mode {own.stat().st_mode & 0o777:04o}", f"chmod 600 {own}")]
    reply_keys(section, config.data)
    return [fine("keys", f"{own}; it belongs into the backup")]


def databases(config: Config, now: Millis) -> list[Finding]:
    """Both files, as SQLite sees them, and every invariant of a sound data folder."""
    there = [config.data / name for name in _FILES if (config.data / name).exists()]
    if len(there) < len(_FILES):
        return [_half(there, config.data)]
    found = [finding for path in there for finding in _settings(path)]
    if any(finding.detail for finding in found):
        return found
    breaches = examine(config.data, now)
    if not breaches:
        return [*found, fine("database", "integrity, references and invariants I1–I7 hold")]
    remedy = "Keep a copy of the data folder, restore the newest backup, and report what you see here."
    return [*found, *(wrong("database", str(breach), remedy) for breach in breaches)]


def _half(there: list[Path], data: Path) -> Finding:
    """What it means that not both files are there: an import makes the desk's, the first start the spool's."""
    if not there:
        return fine("database", "not made yet: the first start makes it")
    if there[0].name.startswith("desk") and not _tickets(data):
        return fine("database", "the desk's is there; the first start makes the spool's")
    seen = f"there is only {there[0].name}, and gatepost has run here"
    return wrong("database", seen, "Find out who took the other away, or restore the newest backup.")


def audit(config: Config) -> list[Finding]:
    """The audit log: its key, its chain, and the heads that were noted outside the database (J15)."""
    if not (config.data / "desk.sqlite3").exists():
        return [fine("audit", "not begun yet")]
    rows = glance(config.data, audit_log.size)
    if not rows:
        return [fine("audit", "nothing is in it yet")]
    log, heads = AuditLog(audit_key(config.data, make=False)), read_heads(heads_file(config.audit, config.data))
    fault = glance(config.data, lambda tx: log.verify(tx, heads))
    if fault is None:
        return [fine("audit", f"{rows} rows are as they were written, {len(heads)} heads noted outside agree")]
    remedy = (
        "Keep a copy of the data folder; a backup from before shows what was there. gatepost audit verify looks again."
    )
    return [wrong("audit", f"row {fault.id}: {fault.said}", remedy)]


def _settings(path: Path) -> Iterator[Finding]:
    """The settings that last in the file, read back, and whether this program fits it."""
    try:
        connection = open_reader(path)
        try:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            missing = unapplied(connection) if path.name.startswith("desk") else []
        finally:
            connection.close()
    except (sqlite3.Error, GatepostError) as error:
        remedy = getattr(error, "hint", "") or "Stop gatepost, keep a copy of the file, and restore the newest backup."
        yield wrong("database", f"{path.name}: {getattr(error, 'message', error)}", remedy)
        return
    if mode != "wal":
        remedy = "Put the data folder on a local file system with shared memory and locks; start gatepost once."
        yield wrong("database", f"{path.name}: journal_mode is {mode}, not wal", remedy)
        return
    wal = path.with_name(path.name + "-wal")
    octets = wal.stat().st_size if wal.exists() else 0
    if octets > WAL_OCTETS:
        remedy = "Something reads for a very long time: end it, or restart gatepost."
        yield look("database", f"{path.name}: its WAL has grown to {octets // 1_000_000} MB", remedy)
        return
    if missing:
        seen = f"{path.name}: the next start brings it up to date ({', '.join(missing)})"
        yield look("database", seen, "Run gatepost upgrade, which makes a backup first, or start gatepost.")
        return
    yield fine("database", f"{path.name}: {path.stat().st_size / 1e6:.0f} MB, WAL {octets / 1e6:.1f} MB")


def _tickets(data: Path) -> int:
    connection = open_reader(data / "desk.sqlite3")
    try:
        return int(connection.execute("SELECT count(*) FROM ticket").fetchone()[0])
    except sqlite3.Error:
        return 0
    finally:
        connection.close()
