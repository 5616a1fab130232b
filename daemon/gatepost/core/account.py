"""A customer's account at the portal: when it is open, to which consent text they agreed, and what keeps it from being
deleted.

The profile, the tickets and the addresses are the customer's, not the account's: they stay when it ends, and whoever
proves the same address later has them back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from . import DAY, Millis
from .party import Standing, Subscription

LINK_LIVES: Millis = DAY
"""How long a mailed link about an account is good at most."""

ADDRESSES_MOST = 10
CLAIMS_A_DAY = 5
NAME_CAP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the portal keeps of a customer who has signed in once.

    `terms` is the version of the consent text, `agreed` when they agreed to it. `name`, `language` and `zone` are their
    own choice, '' where they made none; what the shop says of them comes after it.
    """

    customer: int
    opened: Millis
    terms: str = ""
    agreed: Millis = 0
    closed: Millis | None = None
    name: str = ""
    language: str = ""
    zone: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody can be signed in to it."""
        return self.closed is None


def must_agree(account: Account | None, terms: str) -> bool:
    """Whether the consent text in its version `terms` stands before the next sign-in; '' is a portal without one."""
    return bool(terms) and (account is None or not account.open or account.terms != terms)


def keeping(subscriptions: Iterable[Subscription], now: Millis) -> tuple[Subscription, ...]:
    """The subscriptions that keep an account from being deleted: those that are active, or are about to be."""
    kept = (Standing.ACTIVE, Standing.PENDING)
    return tuple(subscription for subscription in subscriptions if subscription.standing(now) in kept)


def why_no_claim(address: str, *, own: Iterable[str], claims_today: int) -> str:
    """Why this address is not added to an account now, as a word for its page; '' where a mail goes to it."""
    known = [one.casefold() for one in own]
    if address.casefold() in known:
        return "yours"
    if len(known) > ADDRESSES_MOST:
        return "many"
    return "often" if claims_today >= CLAIMS_A_DAY else ""
