"""What comes back: the mail of ours that a delivery report is about, and what the report makes of it."""

from ..core import Millis
from ..core.letter import Report
from ..core.reply_address import Keys, Purpose, Token, find
from .database import Tx


def next_outbox(tx: Tx) -> int:
    """The id that the next mail put into the outbox will have: it is signed into the envelope sender."""
    return int(tx.value("SELECT coalesce(max(id), 0) + 1 FROM outbox"))


def cited(tx: Tx, keys: Keys, report: Report | None) -> Token | None:
    """The mail of ours that a report returns, by the signed Message-ID in it: a report of an automatic mail comes to
    From, since its envelope sender is null. None where it cites none of ours."""
    for message_id in report.cited if report is not None else ():
        if not any(token.purpose is Purpose.REPLY for token in find(keys, message_id)):
            continue
        row = tx.row("SELECT id, participant FROM outbox WHERE message_id = :id", id=message_id.strip("<>"))
        if row is not None:
            return Token(purpose=Purpose.DELIVERY, ticket=row["id"], participant=row["participant"])
    return None


def ticket_of(tx: Tx, outbox: int) -> int:
    """The ticket of a mail of ours; 0 for none."""
    return int(tx.value("SELECT ticket FROM outbox WHERE id = :id", id=outbox) or 0)


def bounced(tx: Tx, outbox: int, *, said: str, now: Millis) -> str:
    """Mark what was sent as failed, in the reporting server's words; the address, '' where none was sent or left."""
    found: str | None = tx.value(
        """UPDATE delivery SET state = 'failed', said = :said, changed = :now
           WHERE outbox = :outbox AND state = 'sent' RETURNING recipient""",
        outbox=outbox,
        said=said,
        now=now,
    )
    return found or ""
