"""What is told where credentials were masked in a message: their kinds, to its author and to staff, nothing else."""

from collections.abc import Sequence

from .effect import Auto, Effect, Flag, Send
from .secret import Kind

MASKED = "credentials_masked"


def masked(kinds: Sequence[Kind], *, message: int, author: int, staff: str = "") -> tuple[Effect, ...]:
    """The mark, and a letter each to the author's participant (0: to nobody) and to the staff address ('': to none)."""
    effects: list[Effect] = [Flag(name=MASKED, reason=f"in message {message}: {', '.join(kinds)}")]
    if author:
        effects.append(
            Send(
                template="customer/masked",
                participant=author,
                about=message,
                auto=Auto.REPLIED,
                key=f"masked-{message}",
                secrets=tuple(kinds),
            )
        )
    if staff:
        effects.append(
            Send(
                template="staff/masked",
                address=staff,
                about=message,
                auto=Auto.GENERATED,
                key=f"masked-staff-{message}",
                secrets=tuple(kinds),
            )
        )
    return tuple(effects)
