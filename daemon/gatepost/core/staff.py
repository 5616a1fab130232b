"""Members of staff, their roles, and the closed list of what a role may permit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .audit import ActorKind, Who


class Permission(StrEnum):
    """What a member of staff may see or do on the staff pages."""

    TICKETS_READ = "tickets.read"
    TICKETS_WRITE = "tickets.write"
    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    VENDORS = "vendors"
    QUARANTINE = "quarantine"
    QUARANTINE_RAW = "quarantine.raw"
    OUTBOX = "outbox"
    RULES = "rules"
    IMPERSONATE = "impersonate"
    IMPERSONATE_LOG = "impersonate.log"
    AUDIT = "audit"
    SETTINGS = "settings"


MEANING: Mapping[Permission, str] = {
    Permission.TICKETS_READ: "see the queue and tickets with their whole trace",
    Permission.TICKETS_WRITE: "answer, note, close, assign, move and label tickets; give mail commands",
    Permission.CUSTOMERS_READ: "see a customer's profile, subscriptions and orders",
    Permission.CUSTOMERS_WRITE: "write notes on a customer",
    Permission.VENDORS: "see vendors and their report cards",
    Permission.QUARANTINE: "see what is in quarantine, release and forget it",
    Permission.QUARANTINE_RAW: "see a held mail's bytes as they came; each look is in the audit log",
    Permission.OUTBOX: "see the outbox, try mails again, give them up",
    Permission.RULES: "see the rules, and explain a mail under them",
    Permission.IMPERSONATE: "ask customers for leave to log in as them, and do so",
    Permission.IMPERSONATE_LOG: "see who has logged in as whom, and what they did",
    Permission.AUDIT: "see and export the audit log",
    Permission.SETTINGS: "set when a vendor is away, and whatever else is set on the pages",
}

_AGENT = (
    Permission.TICKETS_READ,
    Permission.TICKETS_WRITE,
    Permission.CUSTOMERS_READ,
    Permission.CUSTOMERS_WRITE,
    Permission.VENDORS,
)

# The roles that are there without a word in the config; a [role.NAME] of the same name takes its place.
ROLES: Mapping[str, tuple[Permission, ...]] = {
    "agent": _AGENT,
    "lead": (
        *_AGENT,
        Permission.QUARANTINE,
        Permission.OUTBOX,
        Permission.RULES,
        Permission.IMPERSONATE,
        Permission.IMPERSONATE_LOG,
    ),
    "auditor": (Permission.TICKETS_READ, Permission.CUSTOMERS_READ, Permission.IMPERSONATE_LOG, Permission.AUDIT),
    "admin": tuple(Permission),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of staff: `slug` names them in the config and in the audit log, `name` is what others read.

    `zone` is in which they see times, '' for the brand's.
    """

    slug: str
    name: str
    address: str
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    zone: str = ""

    @property
    def who(self) -> Who:
        """Them, for the audit log."""
        return Who(kind=ActorKind.STAFF, name=self.slug)

    def may(self, permission: Permission) -> bool:
        """Whether one of their roles permits it."""
        return permission in self.permissions


def permitted(roles: Iterable[str], known: Mapping[str, Iterable[Permission]]) -> frozenset[Permission]:
    """What these roles permit together."""
    return frozenset(permission for role in roles for permission in known[role])
