"""One mail while it is judged: its texts are split into words, or encoded for patterns, once and only when asked."""

from .seen import Seen
from .tokens import TEXT_LIMIT, Tokens
from .words import Read


class Reading:
    """What was seen of one mail, with what was made of its texts so far, by the function that reads the text.

    `captured` is what named groups have found since the rule at hand was begun, the later of a name behind the earlier.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.captured: list[tuple[str, str]] = []
        self._tokens: dict[Read, Tokens] = {}
        self._encoded: dict[Read, bytes] = {}

    def tokens(self, read: Read) -> Tokens:
        """The words of the text that `read` gives."""
        found = self._tokens.get(read)
        if found is None:
            found = self._tokens[read] = Tokens(str(read(self.seen)))
        return found

    def encoded(self, read: Read) -> bytes:
        """The text that `read` gives as UTF-8, of which patterns see at most TEXT_LIMIT octets (H03)."""
        found = self._encoded.get(read)
        if found is None:
            text = str(read(self.seen))[:TEXT_LIMIT]
            found = self._encoded[read] = text.encode("utf-8", "replace")[:TEXT_LIMIT]
        return found
