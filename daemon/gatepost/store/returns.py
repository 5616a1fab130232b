"""What comes back: the mail of ours that a delivery report is about, and what the report makes of it."""

from ..core import Millis
from .database import Tx


def next_outbox(tx: Tx) -> int:
    """The id that the next mail put into the outbox will have: it is signed into the envelope sender."""
    return int(tx.value("SELECT coalesce(max(id), 0) + 1 FROM outbox"))


def ticket_of(tx: Tx, outbox: int) -> int:
    """The ticket of a mail of ours; 0 for none."""
    return int(tx.value("SELECT ticket FROM outbox WHERE id = :id", id=outbox) or 0)


def bounced(tx: Tx, outbox: int, *, said: str, now: Millis) -> bool:
    """Mark what was sent as failed, in the reporting server's words; False where it was not sent, or has failed."""
    changed = tx.run(
        "UPDATE delivery SET state = 'failed', said = :said, changed = :now WHERE outbox = :outbox AND state = 'sent'",
        outbox=outbox,
        said=said,
        now=now,
    )
    return changed > 0
