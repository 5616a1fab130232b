"""Takes a member's second factor away, so that they can enrol a new one: an operator's act, and on record."""

from .core import Millis
from .core.audit import Act, Action, Who
from .store import sessions, staff_tables
from .store.audit import AuditLog
from .store.database import Tx


def reset_totp(tx: Tx, audit: AuditLog, staff: str, by: Who, now: Millis) -> bool:
    """Forget the authenticator and end every session of theirs; False where they have none."""
    if not staff_tables.reset(tx, staff):
        return False
    sessions.end_staff(tx, staff, now)
    audit.write(tx, Act(actor=by, action=Action.STAFF_TOTP_RESET, object=f"staff {staff}"), now)
    return True
