"""Keeps what staff say that a ticket is about, for the next training, with its row in the audit log.

The customer's words are not copied: training reads them where they are. The latest word on a ticket counts.
"""

from ..core import Millis
from ..core.audit import Act, Action, Who
from ..store import marks
from ..store.audit import AuditLog
from ..store.database import Tx


def correct(tx: Tx, audit: AuditLog, ticket: int, topic: str, by: Who, now: Millis) -> None:
    """Keep one correction, and who made it: neither is there without the other."""
    act = Act(actor=by, action=Action.TICKET_LABELLED, object=f"ticket {ticket}", details={"topic": topic})
    audit.write(tx, act, now)
    marks.correct(tx, ticket, topic, now)
