"""One-time secrets (S2): handed over on a page, sealed with a key whose half is in the link alone, shown once.

The link goes by mail to whoever is to read it, and leaves the outbox's row as soon as it is sent. A secret is destroyed
in the transaction that reads it: of fifty who ask at once, one gets it.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from ..case import Case
from ..core import DAY, Millis
from ..core.audit import Act, Action, ActorKind, Who
from ..core.effect import Auto, Promise, Send
from ..core.event import DeadlineKind
from ..core.party import Participant, Role
from ..house import House
from ..perform import perform
from ..store import access, one_time, tickets, trace
from ..store.database import Tx
from ..store.one_time import OneTime, State
from ..store.outbox import ONE_TIME_LINK
from ..vault import Purpose, Sealed, Unopened, new_token

_ANSWERING = (Role.VENDOR, Role.STAFF, Role.COLLABORATOR)
_KINDS = {
    Role.REQUESTER: ActorKind.CUSTOMER,
    Role.COPIED: ActorKind.CUSTOMER,
    Role.VENDOR: ActorKind.VENDOR,
    Role.COLLABORATOR: ActorKind.VENDOR,
    Role.STAFF: ActorKind.STAFF,
}
_SYSTEM = Who(kind=ActorKind.SYSTEM, name="gatepost")
_LONGEST_PASSPHRASE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What somebody hands over: the words, for how many days, and with which passphrase ('' for none).

    With `temporary` it is a temporary administrator with the user name `login`, of whose end we remind them.
    """

    words: str
    days: int
    passphrase: str = ""
    temporary: bool = False
    login: str = ""

    def __repr__(self) -> str:
        return f"Handed(days={self.days})"


class Ending(StrEnum):
    """How an attempt to read ended."""

    SHOWN = "shown"
    WRONG = "wrong"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reading:
    """An attempt to read: how it ended, the words where they are shown, the tries that are left where it was wrong."""

    ending: Ending
    words: str = ""
    left: int = 0


def receiver(case: Case, giver: Participant) -> Participant | None:
    """Who gets what a participant hands over: whoever answers the ticket, or else its requester."""
    if giver.role in (Role.REQUESTER, Role.COPIED):
        found = [p for role in _ANSWERING for p in case.participants if p.active and p.role is role and p.address]
        return next(iter(found), None)
    requester = case.requester
    return requester if requester is not None and requester.active and requester.address else None


def name_of(case: Case, who: Participant) -> str:
    """A participant by the name that the other side knows; '' for a customer without one."""
    if who.role is Role.VENDOR and case.vendor is not None:
        return case.vendor.name
    return who.name or ("" if who.role in (Role.REQUESTER, Role.COPIED) else case.brand.name)


def hand_over(tx: Tx, house: House, case: Case, giver: Participant, handed: Handed, now: Millis) -> int:
    """Seal what a participant hands over, and send the link to whoever answers them; the secret's id.

    Raises LookupError where nobody is there to get it.
    """
    to = receiver(case, giver)
    if to is None:
        raise LookupError("nobody is there to read it")
    token = new_token()
    secret = one_time.begin(
        tx,
        token=token,
        ticket=case.ticket.number,
        giver=giver.number,
        receiver=to.number,
        passphrase=bool(handed.passphrase),
        tries=house.secrets.tries,
        made=now,
        expires=now + min(max(handed.days, 1), 7) * DAY,
    )
    sealed = house.vault.seal(
        Purpose.ONE_TIME, _about(secret), handed.words.encode(), token=token.encode(), passphrase=handed.passphrase
    )
    one_time.fill(tx, secret, key=sealed.key, octets=sealed.octets)
    link = f"{case.brand.portal.rstrip('/')}/secret/{token}"
    send = Send(
        template=ONE_TIME_LINK,
        participant=to.number,
        auto=Auto.GENERATED,
        key=f"secret-{secret}",
        secret=secret,
        link=link,
    )
    perform(tx, house, case, (send,), now)
    _audit(
        tx, house, Action.SECRET_CREATED, secret, case.ticket.number, _who(giver), now, about=case.ticket.customer_id
    )
    if handed.temporary:
        _track(tx, house, case, giver, handed.login, now)
    return secret


def passphrase_of(typed: str) -> str:
    """A passphrase as it is used: the same for who gives and who reads, on whatever keyboard it was typed or pasted."""
    return unicodedata.normalize("NFC", typed).strip()[:_LONGEST_PASSPHRASE]


def read(tx: Tx, house: House, token: str, passphrase: str, now: Millis) -> Reading:
    """Read the secret behind a link, once, and destroy it. Raises LookupError for a link that is none of ours."""
    secret = one_time.by_token(tx, token)
    if secret is None:
        raise LookupError("there is no such secret")
    if secret.state is not State.OPEN or now >= secret.expires:
        return Reading(ending=Ending.GONE)
    sealed = Sealed(key=secret.key, octets=one_time.octets(tx, secret.id))
    who = _reader(tx, secret)
    try:
        words = house.vault.open(
            Purpose.ONE_TIME,
            _about(secret.id),
            sealed,
            token=token.encode(),
            passphrase=passphrase if secret.passphrase else "",
        ).decode()
    except Unopened:
        return _wrong(tx, house, secret, who, now)
    one_time.end(tx, secret.id, State.REVEALED, now)
    _audit(tx, house, Action.SECRET_REVEALED, secret.id, secret.ticket, who, now)
    trace.note(tx, kind="secret", said=f"secret {secret.id} was read", now=now, ticket=secret.ticket)
    return Reading(ending=Ending.SHOWN, words=words)


def expire(tx: Tx, house: House, now: Millis, limit: int = 100) -> int:
    """Destroy secrets that nobody has read in their time; how many."""
    over = one_time.over(tx, now, limit)
    for secret in over:
        one_time.end(tx, secret.id, State.EXPIRED, now)
        _audit(tx, house, Action.SECRET_DESTROYED, secret.id, secret.ticket, _SYSTEM, now, why="expired")
    return len(over)


def _wrong(tx: Tx, house: House, secret: OneTime, who: Who, now: Millis) -> Reading:
    left = one_time.wrong(tx, secret.id) if secret.passphrase else 0
    if left > 0:
        return Reading(ending=Ending.WRONG, left=left)
    one_time.end(tx, secret.id, State.DESTROYED, now)
    why = "too many wrong passphrases" if secret.passphrase else "its key is gone"
    _audit(tx, house, Action.SECRET_DESTROYED, secret.id, secret.ticket, who, now, why=why)
    trace.note(tx, kind="secret", said=f"secret {secret.id} was destroyed: {why}", now=now, ticket=secret.ticket)
    return Reading(ending=Ending.GONE)


def _track(tx: Tx, house: House, case: Case, owner: Participant, login: str, now: Millis) -> None:
    """Remember a temporary administrator, and the day on which its owner is reminded."""
    expires = now + house.secrets.access_days * DAY
    number = case.ticket.number
    access.put(tx, ticket=number, owner=owner.number, login=login, expires=expires, now=now)
    first = min(account.expires for account in access.open_of(tx, number))
    perform(tx, house, case, (Promise(kind=DeadlineKind.ACCESS, due=first, since=now),), now)


def _audit(
    tx: Tx,
    house: House,
    action: Action,
    secret: int,
    ticket: int,
    who: Who,
    now: Millis,
    *,
    why: str = "",
    about: int = 0,
) -> None:
    details = {"ticket": ticket} | ({"why": why} if why else {})
    house.audit.write(tx, Act(actor=who, action=action, object=f"secret {secret}", details=details, about=about), now)


def _who(participant: Participant) -> Who:
    party = participant.party_id if participant.role is not Role.STAFF else 0
    return Who(kind=_KINDS[participant.role], name=participant.address or participant.name or "nobody", party=party)


def _reader(tx: Tx, secret: OneTime) -> Who:
    """Who reads: whoever was sent the link, as far as anybody can tell."""
    people = tickets.participants(tx, secret.ticket)
    found = next((p for p in people if p.number == secret.receiver), None)
    return _who(found) if found is not None else Who(kind=ActorKind.VISITOR, name="by link")


def _about(secret: int) -> str:
    return f"secret {secret}"
