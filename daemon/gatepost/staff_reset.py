"""An operator's help for a member at the door, on record: a second factor taken away, wrong codes forgotten."""

from .core import Millis
from .core.audit import Act, Action, Who
from .store import sessions, staff_tables
from .store.audit import AuditLog
from .store.database import Tx


def reset_totp(tx: Tx, audit: AuditLog, staff: str, by: Who, now: Millis) -> bool:
    """Forget the authenticator and end every session of theirs; False where they have none."""
    if not staff_tables.reset(tx, staff):
        return False
    staff_tables.released(tx, staff)
    sessions.end_staff(tx, staff, now)
    audit.write(tx, Act(actor=by, action=Action.STAFF_TOTP_RESET, object=f"staff {staff}"), now)
    return True


def unlock(tx: Tx, audit: AuditLog, staff: str, by: Who, now: Millis) -> bool:
    """Forget the wrong codes, so that the next code is looked at; False where there were none."""
    if not staff_tables.released(tx, staff):
        return False
    audit.write(tx, Act(actor=by, action=Action.STAFF_UNLOCKED, object=f"staff {staff}"), now)
    return True
