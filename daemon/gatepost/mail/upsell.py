"""The words that an automatic answer never says (A2): a file that operators edit, and where a text says one of them."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import Mistake, MistakesError

FILE = "upsell-words.txt"
_MOST_WORDS, _LONGEST, _FILE_OCTETS = 2_000, 100, 200_000


@dataclass(frozen=True, slots=True)
class UpsellWords:
    """The list, as one pattern; None where it is empty."""

    pattern: re.Pattern[str] | None

    def said(self, text: str) -> tuple[str, ...]:
        """Every word of the list that `text` says, each once, in the order of the text; over line ends too."""
        found = self.pattern.findall(" ".join(text.split())) if self.pattern is not None else []
        return tuple(dict.fromkeys(word.lower() for word in found))


def read(shipped: Path, own: Path | None) -> UpsellWords:
    """The list of the operator's templates folder, or else the shipped one. Raises MistakesError with every line."""
    path = own / FILE if own is not None and (own / FILE).is_file() else shipped / FILE
    try:
        lines = path.read_bytes()[:_FILE_OCTETS].decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        mistake = Mistake(file=str(path), message=f"it cannot be read: {error}", suggestion="write it in UTF-8")
        raise MistakesError("the list of upsell words cannot be used", [mistake]) from error
    words = [
        (number, " ".join(line.split())) for number, line in enumerate(lines, 1) if line.strip()[:1] not in ("", "#")
    ]
    mistakes = [
        Mistake(
            file=str(path), line=number, message=f"this is longer than {_LONGEST} characters", suggestion="one a line"
        )
        for number, word in words
        if len(word) > _LONGEST
    ]
    if len(words) > _MOST_WORDS:
        mistakes.append(Mistake(file=str(path), message=f"it has more than {_MOST_WORDS} words"))
    if mistakes:
        raise MistakesError("the list of upsell words cannot be used", mistakes)
    return UpsellWords(_pattern([word for _, word in words]))


def _pattern(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    # The longest first, so that `discount code` is told before `discount`.
    either = "|".join(re.escape(word).replace(r"\ ", " ") for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
