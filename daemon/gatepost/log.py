"""The log on standard error: one line per event, as text or JSON; no secret, no message text, no control character."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

# Libraries that print mail contents or every job at their lower levels.
_QUIET = {"mail.log": logging.WARNING, "mailparser": logging.CRITICAL, "apscheduler": logging.WARNING}


def start_log(form: Literal["text", "json"], level: int = logging.INFO) -> None:
    """Send everything at `level` and above to standard error in the given form; a second call replaces the first."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


def printable(text: str) -> str:
    """`text` on one line, with everything that steers a terminal written as an escape (G08)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = _instant(record)
        line = f"{at} {record.levelname.lower():7} {record.name.removeprefix('gatepost.')}: "
        message = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            trace = self.formatException(record.exc_info).split("\n")
            return "\n".join([line + printable(message), *(f"  | {printable(row)}" for row in trace)])
        return line + printable(message)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "part": record.name,
            "process": record.process,
            "said": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=True)


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
