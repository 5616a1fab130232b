"""What evaluation asks of DNS: one question at a time, through a budget for each mail. It opens no socket itself."""

from enum import StrEnum
from typing import Protocol

from ..errors import PermanentError, TemporaryError

_QUESTIONS = 60


class Kind(StrEnum):
    """The kinds of record that evaluation asks for."""

    TXT = "TXT"
    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    PTR = "PTR"


class NoAnswer(TemporaryError):
    """DNS did not answer, or said that it cannot now: nothing follows from that, for or against the sender."""


class Unusable(PermanentError):
    """An answer too large to be meant honestly, or more questions than one mail may cost."""


class Resolver(Protocol):
    """Who answers questions of DNS. `name` is ASCII without the final dot."""

    async def ask(self, name: str, kind: Kind) -> tuple[str, ...]:
        """The records of `name`: texts with their strings joined (one character an octet), addresses, or host names.

        MX hosts come the most preferred first. () where the name or the kind does not exist. Raises NoAnswer for a
        time-out or a server's failure, and Unusable for an answer beyond all measure.
        """


def canonical(name: str) -> str | None:
    """`name` in lower case without its final dot; None where no DNS query can be made of it (RFC 1035 2.3.4)."""
    name = name.removesuffix(".").lower()
    if not name or len(name) > 253 or not all(" " <= character <= "~" for character in name):
        return None
    return name if all(0 < len(label) <= 63 for label in name.split(".")) else None


def ascii_form(name: str) -> str:
    """A name in letters of any script as DNS has it (RFC 5891); as it is where it has no such form."""
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


class Lookups:
    """The questions of one mail: each is asked once, and no more than `most` in all."""

    def __init__(self, resolver: Resolver, most: int = _QUESTIONS) -> None:
        self._resolver = resolver
        self._left = most
        self._answers: dict[tuple[str, Kind], tuple[str, ...] | NoAnswer | Unusable] = {}

    async def ask(self, name: str, kind: Kind) -> tuple[str, ...]:
        """As `Resolver.ask`, for any name; one that cannot exist has no records. Raises Unusable beyond the budget."""
        asked = canonical(name)
        if asked is None:
            return ()
        if (asked, kind) not in self._answers:
            self._answers[asked, kind] = await self._answer(asked, kind)
        answer = self._answers[asked, kind]
        if isinstance(answer, tuple):
            return answer
        raise answer

    async def _answer(self, name: str, kind: Kind) -> tuple[str, ...] | NoAnswer | Unusable:
        if self._left == 0:
            return Unusable("the evaluation of this mail asks too many questions of DNS")
        self._left -= 1
        try:
            return await self._resolver.ask(name, kind)
        except (NoAnswer, Unusable) as error:
            return error
