"""Members of staff, their roles, and the closed list of what a role may permit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from . import DAY, MINUTE, Millis
from .audit import ActorKind, Who

# So many wrong codes in a row shut the door; each further row of them for twice as long (RFC 6238 5.1, RFC 4226 7.3).
WRONG_CODES = 5
_SHUT, _SHUT_LONGEST = 15 * MINUTE, DAY


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

# What is of one brand, or shows nothing of a ticket: all that a member of some brands may be permitted.
OF_A_BRAND = frozenset(
    {
        Permission.TICKETS_READ,
        Permission.TICKETS_WRITE,
        Permission.CUSTOMERS_READ,
        Permission.CUSTOMERS_WRITE,
        Permission.VENDORS,
        Permission.RULES,
        Permission.IMPERSONATE,
    }
)

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

    `zone` is in which they see times, '' for the brand's; `brands` those whose tickets they see, none for every one.
    """

    slug: str
    name: str
    address: str
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    zone: str = ""
    brands: tuple[str, ...] = ()

    @property
    def who(self) -> Who:
        """Them, for the audit log."""
        return Who(kind=ActorKind.STAFF, name=self.slug)

    def at(self, brand: str) -> bool:
        """Whether they work for this brand."""
        return not self.brands or brand in self.brands

    def may(self, permission: Permission) -> bool:
        """Whether one of their roles permits it."""
        return permission in self.permissions


def shut_for(wrong: int) -> Millis:
    """For how long no code is taken after this many wrong ones since the last right one; 0 where the next may come.

    A day at most: who is locked out by somebody else's guesses gets in again, and guessing goes on at five a day.
    """
    if wrong == 0 or wrong % WRONG_CODES:
        return 0
    return min(_SHUT << min(wrong // WRONG_CODES - 1, 10), _SHUT_LONGEST)


def by_groups(member: Member, roles: Iterable[str], known: Mapping[str, Iterable[Permission]]) -> Member:
    """The member with the roles that their groups at the identity provider give, in place of those of their table."""
    given = tuple(dict.fromkeys(role for role in roles if role in known))
    may = permitted(given, known)
    return replace(member, roles=given, permissions=may & OF_A_BRAND if member.brands else may)


def permitted(roles: Iterable[str], known: Mapping[str, Iterable[Permission]]) -> frozenset[Permission]:
    """What these roles permit together."""
    return frozenset(permission for role in roles for permission in known[role])
