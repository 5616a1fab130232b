"""Invites people to the portal: each gets an account if the portal is by list, and one mail that tells them of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ...core import Millis
from ...core.audit import Act, Action, Who
from ...core.letter import Mailbox
from ...core.party import Brand
from ...house import House
from ...notice import post
from ...store import accounts, parties
from ...store.database import Tx
from .entrance import Proved
from .entry import readable

LETTER = "customer/invitation"


class Fate(StrEnum):
    """What became of one invitation."""

    INVITED = "invited"
    BEFORE = "invited before"
    OURS = "one of ours"
    NO_ADDRESS = "no address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """One person of a list, and what became of it."""

    address: str
    fate: Fate


def invite(tx: Tx, house: House, brand: Brand, people: Iterable[Proved], by: Who, now: Millis) -> tuple[Invited, ...]:
    """Invite each of `people` once; who was invited before gets no second mail."""
    return tuple(_invite(tx, house, brand, one, by, now) for one in people)


def _invite(tx: Tx, house: House, brand: Brand, one: Proved, by: Who, now: Millis) -> Invited:
    address = readable(one.address)
    if not address:
        return Invited(address=one.address, fate=Fate.NO_ADDRESS)
    if house.is_one_of_us(address):
        return Invited(address=address, fate=Fate.OURS)
    if not accounts.invite(tx, address, now):
        return Invited(address=address, fate=Fate.BEFORE)
    known = parties.customer_of(tx, address)
    name = one.name or (known.name if known is not None else "")
    language = one.language or (known.language if known is not None else "") or brand.languages[0]
    act = Act(actor=by, action=Action.CUSTOMER_INVITED, object=f"address {address}", details={"brand": brand.slug})
    house.audit.write(tx, act, now)
    post(
        tx, house, brand, template=LETTER, to=Mailbox(address=address, name=name), language=language,
        key="invitation", now=now, values={"link": f"{brand.portal.rstrip('/')}/sign-in"},
    )  # fmt: skip
    return Invited(address=address, fate=Fate.INVITED)
