"""Lets a person in whose address was proved: opens their account and a session, and tells them of a new account.

Each way to prove an address (a mailed link, an identity provider, the shop) ends here. The consent text stands before
the first time, and again when it has changed.
"""

import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ...core import DAY, Millis
from ...core.account import must_agree
from ...core.audit import Act, Action, ActorKind
from ...core.audit import Who as Actor
from ...core.letter import Mailbox
from ...core.party import Customer
from ...mail.catalogue import served
from ...notice import post
from ...store import accounts, parties, sessions
from ...store.database import Tx
from ...store.sessions import Kind, Session
from ..counter import Counter
from ..page import Visitor
from .entry import customer_at

CREATED = "customer/account-created"
AGREE_FIELD = "agree"
_SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """An address whose person is at the other end, and what was learnt of them on the way."""

    address: str
    language: str = ""
    name: str = ""


def spoken(locale: object) -> str:
    """The language of a claim `locale` (`de-CH`, OpenID Connect Core 5.1), '' for what is none."""
    code = str(locale or "")[:2].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


class Entrance:
    """The way in."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    @property
    def lives(self) -> Millis:
        """How long a session holds."""
        return self._counter.portal.session_days * DAY

    def terms(self, tx: Tx, address: str) -> str:
        """The version of the consent text to which this person has to agree first; '' where they need not."""
        customer = parties.customer_of(tx, address)
        account = accounts.find(tx, customer.id) if customer is not None else None
        version = self._counter.portal.terms_version
        return version if must_agree(account, version) else ""

    def let_in(self, tx: Tx, request: Request, visitor: Visitor, proved: Proved, way: str) -> str:
        """Open the session and, where it is not, the account; the secret for the cookie."""
        now, secret = self._counter.now(), secrets.token_urlsafe(_SECRET_OCTETS)
        customer = customer_at(tx, proved.address, proved.language, proved.name)
        if accounts.enter(tx, customer.id, self._counter.portal.terms_version, now):
            self._created(tx, customer, visitor, proved, now)
        session = Session(
            id=0, kind=Kind.CUSTOMER, customer=customer.id, brand=visitor.brand.slug, started=now,
            expires=now + self.lives, browser=request.headers.get("user-agent", ""), peer=visitor.peer,
        )  # fmt: skip
        sessions.open_(tx, session, secret)
        self._counter.house.audit.write(tx, act(Action.CUSTOMER_SIGNED_IN, customer, way=way), now)
        return secret

    def welcome(self, response: Response, secret: str) -> Response:
        """The answer, with the cookie of the new session; the one that tied the form to this browser has done."""
        self._counter.cookies.put(response, Kind.CUSTOMER.value, secret, self.lives // 1000)
        self._counter.cookies.put(response, "visit", "", 0)
        self._counter.wake()
        return response

    def _created(self, tx: Tx, customer: Customer, visitor: Visitor, proved: Proved, now: Millis) -> None:
        house = self._counter.house
        terms = self._counter.portal.terms_version
        house.audit.write(tx, act(Action.ACCOUNT_CREATED, customer, terms=terms), now)
        post(
            tx, house, visitor.brand, template=CREATED, to=Mailbox(address=customer.address, name=customer.name),
            language=customer.language or proved.language or served(visitor.language), key=f"account-{now}", now=now,
            values={"link": f"{visitor.brand.portal.rstrip('/')}/account"},
        )  # fmt: skip


def act(action: Action, customer: Customer, **details: object) -> Act:
    """What a customer did with their own account, for the audit log."""
    who = Actor(kind=ActorKind.CUSTOMER, name=customer.address, party=customer.id)
    return Act(actor=who, action=action, object=f"customer {customer.id}", details=details, about=customer.id)
