"""The errors of Gatepost: each says temporary or permanent, one sentence outward, and a hint for the operator."""

from dataclasses import dataclass


class GatepostError(Exception):
    """What went wrong, in one sentence, and what to do about it. `temporary`: the same call may succeed later."""

    temporary = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class TemporaryError(GatepostError):
    """A fault that passes: the disk is full, the database is locked, a server does not answer."""

    temporary = True


class PermanentError(GatepostError):
    """A fault that stays until somebody changes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake in a file that a person wrote: where, what, and what to write instead. `line` is 0 where unknown."""

    file: str
    line: int = 0
    key: str = ""
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{where}:{key} {self.message}{hint}"


class MistakesError(PermanentError):
    """A file, or a set of files, that cannot be used: every mistake at once."""

    def __init__(self, what: str, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
        super().__init__("\n".join([f"{what}: {count}", *(f"  {mistake}" for mistake in mistakes)]))
