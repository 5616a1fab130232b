"""The marks of other gateways that a message brought: what is relayed of it carries them on (E14)."""

from ..core.letter import Letter
from ..core.round_trip import marks
from .database import Tx


def keep(tx: Tx, message: int, letter: Letter) -> None:
    """Keep the marks of the mail that became `message`, if it has any."""
    if found := marks(letter):
        tx.run("INSERT INTO passed (message, marks) VALUES (:message, :marks)", message=message, marks="\n".join(found))


def of(tx: Tx, message: int) -> tuple[str, ...]:
    """The marks of a message, topmost first."""
    found = tx.value("SELECT marks FROM passed WHERE message = :message", message=message) if message else None
    return tuple(found.split("\n")) if found else ()
