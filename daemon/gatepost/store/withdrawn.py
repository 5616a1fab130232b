"""Ends, in a database that was restored, what somebody may have ended after its backup was made.

Who signed out would be signed in again, a leave that was taken back would hold, and a one-time secret that was read
could be read once more. Nobody knows what has happened since, so all of it ends: people sign in and ask anew.
"""

import sqlite3

from ..core import Millis
from ..core.consent import Ended

_ENDS = (
    ("session", "UPDATE session SET ended = :now WHERE ended IS NULL"),
    ("sign_in", "UPDATE sign_in SET used = :now WHERE used IS NULL"),
    ("address_claim", "UPDATE address_claim SET used = :now WHERE used IS NULL"),
    ("vendor_change", "UPDATE vendor_change SET stage = 'replaced' WHERE stage IN ('asked', 'vouched')"),
    ("consent", "UPDATE consent SET stage = 'withdrawn' WHERE stage IN ('open', 'approved', 'used')"),
    ("consent_switch", "DELETE FROM consent_switch"),
    ("impersonation", "UPDATE impersonation SET start = NULL WHERE started IS NULL"),
    ("impersonation", "UPDATE impersonation SET ended = :now, why = :why WHERE started IS NOT NULL AND ended IS NULL"),
    (
        "one_time_secret",
        "UPDATE one_time_secret SET octets = X'', state = 'destroyed', ended = :now WHERE state = 'open'",
    ),
)  # fmt: skip


def end_all(connection: sqlite3.Connection, now: Millis) -> None:
    """End sessions and mailed links that open one, what vendors asked for, leaves of customers, one-time secrets."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {row[0] for row in found}
    for table, statement in _ENDS:
        if table in tables:
            connection.execute(statement, {"now": now, "why": Ended.STAFF_LEFT.value})
