"""The audit log's values and its chain: who did what, as whom, to what; every row sealed with the one before it.

A row's MAC covers its columns, the MAC of the row before it, and the seals of the words that it cites. Words are what
may have to be forgotten one day: names of persons, and details. A seal stays when its word is forgotten, so that the
chain still holds; but a word that is gone without a row that says so is a fault like any other.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from . import Millis


class ActorKind(StrEnum):
    """What kind of person or program did it."""

    OPERATOR = "operator"
    STAFF = "staff"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    VISITOR = "visitor"
    SYSTEM = "system"


class Action(StrEnum):
    """Everything that is written into the audit log."""

    # What commands and staff pages do.
    QUARANTINE_RELEASED = "quarantine.released"
    QUARANTINE_FORGOTTEN = "quarantine.forgotten"
    QUARANTINE_RAW_SEEN = "quarantine.raw-seen"
    OUTBOX_RETRIED = "outbox.retried"
    OUTBOX_DROPPED = "outbox.dropped"
    BREAKER_CLOSED = "breaker.closed"
    IMPORTED = "marketplace.imported"
    AUDIT_EXPORTED = "audit.exported"
    # What happens on a ticket by a person's word.
    COMMANDED = "ticket.commanded"
    TICKET_FILED = "ticket.filed"
    TICKET_WRITTEN = "ticket.written"
    TICKET_NOTED = "ticket.noted"
    TICKET_CLOSED = "ticket.closed"
    TICKET_OPENED = "ticket.opened"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_MOVED = "ticket.moved"
    TICKET_LABELLED = "ticket.labelled"
    TICKET_MARKED = "ticket.marked"
    # Staff as persons.
    STAFF_SIGNED_IN = "staff.signed-in"
    STAFF_SIGNED_OUT = "staff.signed-out"
    STAFF_REFUSED = "staff.refused"
    STAFF_ENROLLED = "staff.enrolled"
    STAFF_LOCKED = "staff.locked"
    STAFF_UNLOCKED = "staff.unlocked"
    STAFF_TOTP_RESET = "staff.totp-reset"
    # Customers and their accounts.
    CUSTOMER_NOTED = "customer.noted"
    CUSTOMER_INVITED = "customer.invited"
    CUSTOMER_SIGNED_IN = "customer.signed-in"
    CUSTOMER_SIGNED_OUT = "customer.signed-out"
    CONFIRMED = "question.confirmed"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_DELETED = "account.deleted"
    ADDRESS_ADDED = "address.added"
    ADDRESS_REMOVED = "address.removed"
    PERSON_EXPORTED = "person.exported"
    PERSON_ERASED = "person.erased"
    PERSON_HELD = "person.held"
    PERSON_RELEASED = "person.released"
    PERSON_KEPT = "person.erasure-refused"
    RAW_OPENED = "mail.raw-opened"
    KEY_ROTATED = "key.rotated"
    # Logging in as a customer.
    CONSENT_ASKED = "consent.asked"
    CONSENT_GIVEN = "consent.given"
    CONSENT_DECLINED = "consent.declined"
    CONSENT_REVOKED = "consent.revoked"
    IMPERSONATION_STARTED = "impersonation.started"
    IMPERSONATION_REFUSED = "impersonation.refused"
    IMPERSONATION_ENDED = "impersonation.ended"
    # Secrets, vendors, and the rest.
    SECRET_CREATED = "secret.created"  # noqa: S105 - the name of an act
    SECRET_REVEALED = "secret.revealed"  # noqa: S105 - the name of an act
    SECRET_DESTROYED = "secret.destroyed"  # noqa: S105 - the name of an act
    VENDOR_CHANGED = "vendor.changed"
    SETTINGS_CHANGED = "settings.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person or a program. `party` is the id of a customer or vendor, 0 for others; `name` must say who it is."""

    kind: ActorKind
    name: str
    party: int = 0

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("the audit log takes nobody without a name")


def operator(name: str) -> Who:
    """Whoever gives commands on the machine itself, by the name of their account there."""
    return Who(kind=ActorKind.OPERATOR, name=name or "unknown")


Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that was done. `object` names what it was done to as `KIND ID`, for example `ticket 1001`.

    `on_behalf_of` is the customer whose account a member of staff used, `grant` the consent by which. `details` are
    plain values and no secrets: what a later reader must know. `about` is the customer whom they tell something of.
    """

    actor: Who
    action: Action
    object: str = ""
    on_behalf_of: Who | None = None
    grant: int = 0
    details: Details = field(default_factory=dict)
    about: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a row cites and may be forgotten: `kind` is the actor's, or `details`. Forgotten, text and salt are ''."""

    id: int
    kind: str
    party: int
    text: str
    salt: str
    seal: str

    @property
    def forgotten(self) -> bool:
        """Whether it is gone."""
        return not self.text and not self.salt


DETAILS = "details"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the log, as it stands in the database."""

    id: int
    at: Millis
    action: str
    object: str
    grant: int
    actor: Word
    on_behalf_of: Word | None
    details: Word | None
    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A row's number and MAC, kept outside the database: up to here the log was whole at that time."""

    id: int
    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first row that is not as it was written, and what is wrong with it."""

    id: int
    said: str


def seal(key: bytes, salt: str, text: str) -> str:
    """What stands in the chain for a word."""
    return _mac(key, ["word", salt, text])


def chain(key: bytes, before: str, entry: Entry) -> str:
    """The MAC of a row, given that of the row before it ('' for the first)."""
    columns = [entry.id, entry.at, entry.action, entry.object, entry.grant]
    return _mac(key, ["row", before, columns, *map(_cited, (entry.actor, entry.on_behalf_of, entry.details))])


def _cited(word: Word | None) -> list[object] | None:
    return None if word is None else [word.id, word.kind, word.party, word.seal]


def _mac(key: bytes, value: object) -> str:
    # What has another type than we wrote (SQLite takes any into any column) is told apart by its repr.
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=repr)
    return hmac.digest(key, text.encode("ascii"), "sha256").hex()


class Checker:
    """Follows the chain from its first row; `fault` tells the first row that is not as it was written."""

    def __init__(self, key: bytes, heads: Iterable[Head] = ()) -> None:
        self._key = key
        self._heads = {head.id: head.mac for head in heads}
        self._before, self._last = "", 0
        self._faults: list[Fault] = []
        self._gone: dict[int, int] = {}
        self._owned_up: set[int] = set()

    def look(self, entry: Entry) -> None:
        """Look at the next row."""
        said = self._fault_of(entry)
        if said:
            self._faults.append(Fault(id=entry.id, said=said))
        elif entry.action == Action.PERSON_ERASED and entry.details is not None:
            self._owned_up.update(json.loads(entry.details.text).get("words", ()))
        for word in _words(entry):
            if word.forgotten:
                self._gone.setdefault(word.id, entry.id)
        self._before, self._last = entry.mac, entry.id

    def fault(self, orphans: Iterable[int] = ()) -> Fault | None:
        """The first bad row once all were looked at; None where the log is whole.

        `orphans` are words that no row cites.
        """
        found = list(self._faults)
        behind = min((number for number in self._heads if number > self._last), default=None)
        if behind is not None:
            said = (
                f"rows {self._last + 1} to {max(self._heads)} are missing: row {behind} was noted outside the database"
            )
            found.append(Fault(id=self._last + 1, said=said))
        found += [
            Fault(id=row, said=f"its word {word} was taken out, and no erasure says so")
            for word, row in self._gone.items()
            if word not in self._owned_up
        ]
        found += [Fault(id=self._last + 1, said=f"word {word} was put in: no row cites it") for word in orphans]
        return min(found, key=lambda fault: fault.id, default=None)

    def _fault_of(self, entry: Entry) -> str:
        if entry.id != self._last + 1:
            return f"row {self._last + 1} is missing before it"
        if not hmac.compare_digest(chain(self._key, self._before, entry).encode(), str(entry.mac).encode()):
            return "it is not as it was written"
        if self._heads.get(entry.id, entry.mac) != entry.mac:
            return "its MAC is not the one that was noted outside the database"
        for word in _words(entry):
            if not word.forgotten and seal(self._key, word.salt, word.text) != word.seal:
                return f"its word {word.id} is not as it was written"
        return ""


def _words(entry: Entry) -> Iterator[Word]:
    return filter(None, (entry.actor, entry.on_behalf_of, entry.details))
