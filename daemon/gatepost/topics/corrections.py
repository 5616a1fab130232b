"""Keeps what staff said a ticket is about: a file in the data folder, one line of JSON a correction, read at training.

The customer's words are not copied: training reads them where they are. The latest word on a ticket counts.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ..core import Millis
from ..core.audit import Act, Action, Who
from ..errors import PermanentError
from ..store.audit import AuditLog
from ..store.database import Tx

FILE = "topic-corrections.jsonl"


def add(data: Path, ticket: int, topic: str, now: Millis) -> None:
    """Keep one correction, on disk when this returns. The file is for its owner alone."""
    line = json.dumps({"ticket": ticket, "topic": topic, "at": now}) + "\n"
    descriptor = os.open(data / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def correct(tx: Tx, audit: AuditLog, data: Path, ticket: int, topic: str, by: Who, now: Millis) -> None:
    """Keep one correction, with its row in the audit log: neither is there without the other."""
    act = Act(actor=by, action=Action.TICKET_LABELLED, object=f"ticket {ticket}", details={"topic": topic})
    audit.write(tx, act, now)
    add(data, ticket, topic, now)


def read(data: Path) -> Mapping[int, str]:
    """The topic of each corrected ticket, by its number. Raises PermanentError for a line that is no correction."""
    try:
        lines = (data / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    found: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            found[int(entry["ticket"])] = str(entry["topic"])
        except (ValueError, KeyError, TypeError) as error:
            raise PermanentError(f"{data / FILE}:{number}: no correction", "Remove the line.") from error
    return found
