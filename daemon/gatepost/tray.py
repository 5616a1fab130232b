"""The tray DATA/tray, in which a command leaves a question for the running desk, the only writer of its database.

    NAME.json   {"question": …, "said": {…}}, put there whole by a rename
    NAME.done   the answer, put there by the desk in the same way; the command takes it away

What can be asked is a closed list. Whatever is asked must be safe to do twice: the desk may be killed between its
commit and its answer, and then does it again.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import GatepostError, PermanentError, TemporaryError

_log = logging.getLogger("gatepost.tray")
_PAUSE = 0.05
PATIENCE = 60.0

Said = dict[str, Any]


class Question(StrEnum):
    """What a command can ask of the running desk."""

    IMPORT = "import"
    MAIL = "mail"
    RELEASE = "release"
    FORGET = "forget"
    PERSON_EXPORT = "person_export"
    PERSON_ERASE = "person_erase"
    PERSON_HOLD = "person_hold"
    PERSON_RELEASE = "person_release"
    RAW_OPENED = "raw_opened"
    KEY_ROTATED = "key_rotated"
    RETRY = "retry"
    DROP = "drop"
    CLOSE_BREAKER = "close_breaker"
    AWAY = "away"
    LABEL = "label"
    RESET_TOTP = "reset_totp"
    UNLOCK_STAFF = "unlock_staff"
    INVITE = "invite"


class Tray:
    """The desk's side: answers what lies in the tray, in the order of the names. One answerer for every question."""

    def __init__(self, data: Path, answers: Mapping[Question, Callable[[Said], Awaitable[Said]]]) -> None:
        if missing := set(Question) - set(answers):
            raise ValueError(f"nobody answers {sorted(missing)}")
        self._folder, self._answers = data / "tray", answers
        for left in self._folder.glob("*.done"):
            left.unlink(missing_ok=True)

    async def look(self) -> None:
        """Answer everything that lies in the tray now."""
        for path in sorted(self._folder.glob("*.json")):
            _put(path.with_suffix(".done"), await self._answer(path))
            path.unlink(missing_ok=True)

    async def _answer(self, path: Path) -> Said:
        try:
            question, said = _read(path)
            answer = await self._answers[question](said)
        except GatepostError as error:
            _log.error("tray.refused %s: %s", path.name, error.message)
            return {"error": error.message, "hint": error.hint, "temporary": error.temporary}
        _log.info("tray.answered question=%s", question.value)
        return {"answer": answer}


def ask(
    data: Path,
    question: Question,
    said: Said,
    monotonic: Callable[[], float],
    *,
    patience: float = PATIENCE,
    pause: Callable[[float], object] = time.sleep,
) -> Said:
    """Ask the running desk and wait for its answer, at most `patience` seconds.

    Raises TemporaryError where no desk takes the question in time (it is taken out again), or what the desk had to say.
    """
    folder = data / "tray"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{time.monotonic_ns():020d}-{os.getpid()}.json"
    done = path.with_suffix(".done")
    _put(path, {"question": question.value, "said": said})
    deadline = monotonic() + patience
    while not done.exists():
        if monotonic() > deadline and _withdrawn(path):
            raise TemporaryError("the running gatepost did not answer", "Is its desk running? See its log.")
        pause(_PAUSE)
    answer = json.loads(done.read_text(encoding="utf-8"))
    done.unlink(missing_ok=True)
    return _told(answer)


def _told(answer: Said) -> Said:
    if "error" in answer:
        kind = TemporaryError if answer["temporary"] else PermanentError
        raise kind(answer["error"], answer["hint"])
    told: Said = answer["answer"]
    return told


def _withdrawn(path: Path) -> bool:
    """Whether the question could be taken out again; if not, the desk has just answered it."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        return True
    return False


def _read(path: Path) -> tuple[Question, Said]:
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
        return Question(asked["question"]), dict(asked["said"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PermanentError(f"{path.name} is not a question that a command left: {error}") from error


def _put(path: Path, said: Said) -> None:
    """Write a file whole: a reader sees all of it or nothing."""
    half = path.with_suffix(".half")
    half.write_text(json.dumps(said), encoding="utf-8")
    half.rename(path)
