"""Temporary administrators that customers made for a ticket: when their owners are reminded to delete them (S3, C8).

A reminder comes when the ticket is closed and when an account's time is over; it ends when its owner says it is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from . import Millis
from .effect import Auto, Effect, Note, Promise, Send
from .event import DeadlineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A temporary administrator: its number, whose site it is on (a participant), its login, '' for an unnamed one."""

    id: int
    ticket: int
    owner: int
    login: str
    expires: Millis


def remind(accounts: Sequence[Account], now: Millis) -> tuple[Effect, ...]:
    """One reminder to each owner of accounts; none where there are none."""
    owners = dict.fromkeys(account.owner for account in accounts)
    return tuple(
        Send(template="customer/access-remove", participant=owner, auto=Auto.GENERATED, key=f"access-remove-{now}")
        for owner in owners
    )


def came_due(accounts: Sequence[Account], now: Millis) -> tuple[Effect, ...]:
    """What follows when the time of an account is over: reminders, and a deadline for those whose time is to come."""
    over = [account for account in accounts if account.expires <= now]
    later = [account.expires for account in accounts if account.expires > now]
    if not accounts:
        return (Note(text="the temporary administrators are gone already"),)
    promises = [Promise(kind=DeadlineKind.ACCESS, due=min(later), since=now)] if later else []
    return (*remind(over, now), *promises)
