"""Turns host, cookie and link of a request into a Visitor: who asks, as whom, in which language."""

import hmac
from dataclasses import replace
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.types import Scope

from ..core import MINUTE, Millis
from ..core.consent import Scope as ConsentScope
from ..core.party import Brand, Customer
from ..core.staff import Member
from ..store import consents, parties, sessions
from ..store.consents import Live
from ..store.database import Tx
from ..store.sessions import Kind, Session
from .counter import Counter
from .impersonation.leave import Leave
from .page import Form, Page, Visitor, Who
from .stops import Over, SignInNeeded

_LONGEST_ACCEPT = 200


class Visitors:
    """Knows who asks. Reads only."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._leave = Leave(counter.house)
        self._proxies = [ip_network(network, strict=False) for network in counter.page_section.proxies]

    async def know(self, request: Request, page: Page, brand: Brand) -> Visitor:
        """Who asks for a page. Raises SignInNeeded, or Over where staff is no longer logged in as the customer."""
        if page.who in (Who.CUSTOMER, Who.ANYONE) and (visitor := await self.as_customer(request, page.who, brand)):
            return self._with_form(request, page, visitor)
        session, customer = await self._session(request, page, brand)
        visitor = Visitor(
            who=page.who,
            brand=brand,
            language=self.language(request.scope, brand, customer),
            zone=(customer.zone if customer is not None else "") or brand.zone,
            peer=self.peer(request.scope),
            customer=customer,
            session=session.id if session is not None else 0,
            ends=session.expires if session is not None else 0,
            staff=session.staff if session is not None else "",
            member=self._member(session),
            session_form=self._token("session", str(session.id)) if session is not None else "",
        )
        return self._with_form(request, page, visitor)

    def follow(self, request: Request, page: Page, visitor: Visitor) -> Visitor:
        """The visitor with what the link in the path says. Raises LinkError where it is none."""
        if page.link is None:
            return visitor
        about = self._counter.house.links.read(page.link, request.path_params["token"], self._counter.now())
        return replace(visitor, about=about)

    async def as_customer(self, request: HTTPConnection, who: Who, brand: Brand) -> Visitor | None:
        """The member of staff who is logged in as a customer in this browser; None where nobody is. Raises Over."""
        secret = self._counter.cookies.get(request, Kind.IMPERSONATION.value)
        if not secret:
            return None
        now = self._counter.now()
        live, customer, why = await self._counter.read(lambda tx: self._standing(tx, secret, now))
        if live is None or customer is None or why:
            raise Over(why)
        session = live.session
        if not self._counter.at_its_host(session.brand, brand):
            raise Over("")
        return Visitor(
            who=who,
            brand=brand,
            language=self.language(request.scope, brand, None),
            zone=customer.zone or brand.zone,
            peer=self.peer(request.scope),
            customer=customer,
            ends=session.ends,
            staff=session.staff,
            staff_name=session.staff_name,
            grant=session.id,
            acting=session.scope is ConsentScope.ACT,
            session_form=self._token("as", str(session.id)),
        )

    def stands(self, visitor: Visitor, tx: Tx) -> None:
        """Raise Over where the session of staff as a customer is over in this transaction (J04)."""
        live = consents.live_one(tx, visitor.grant)
        why = self._leave.over(tx, live, self._counter.now()) if live is not None else None
        if live is None or why is not None:
            raise Over(why.value if why is not None else "")

    def _standing(self, tx: Tx, secret: str, now: Millis) -> tuple[Live | None, Customer | None, str]:
        live = consents.by_cookie(tx, sessions.digest(secret))
        if live is None:
            return None, None, ""
        why = self._leave.over(tx, live, now)
        return live, parties.customer(tx, live.session.customer), why.value if why is not None else ""

    def with_visit(self, request: Request, page: Page, visitor: Visitor, visit: str) -> Visitor:
        """The visitor with a new value of the cookie that ties the next POST to this browser (I08)."""
        return replace(visitor, visit=visit, form=self._token("visit", visit, _place(request, page)))

    async def _session(self, request: Request, page: Page, brand: Brand) -> tuple[Session | None, Customer | None]:
        """The open session that counts on this page, and its customer. A page for anybody asks for none.

        A customer is signed in at the portal where they have signed in: each brand may have its own ways to prove who
        somebody is.
        """
        kinds: tuple[Kind, ...] = ()
        if page.who is Who.STAFF:
            kinds = (Kind.STAFF,)
        elif page.who in (Who.CUSTOMER, Who.ANYONE):
            kinds = (Kind.CUSTOMER,)
        cookies = {kind: secret for kind in kinds if (secret := self._counter.cookies.get(request, kind.value))}
        found: tuple[Session | None, Customer | None] = (None, None)
        if cookies:
            now = self._counter.now()
            found = await self._counter.read(lambda tx: _find(tx, cookies, now))
        if found[0] is not None and found[0].kind is Kind.STAFF and not self._still_works_here(found[0]):
            found = (None, None)
        if found[0] is not None and found[0].brand and not self._counter.at_its_host(found[0].brand, brand):
            found = (None, None)
        if found[0] is None and page.who in (Who.CUSTOMER, Who.STAFF):
            raise SignInNeeded(staff=page.who is Who.STAFF)
        if found[0] is not None and found[0].kind is Kind.CUSTOMER:
            self._counter.presence.seen(found[0].customer, found[0].id, self._counter.now())
        return found

    def _still_works_here(self, session: Session) -> bool:
        """Whether the config still lets the member in by that way, and they have asked for a page lately.

        Then this look counts too.
        """
        now, presence = self._counter.now(), self._counter.presence
        idle = now - max(session.seen, presence.last_seen(session.id) or 0)
        if session.groups is None and self._counter.staff_sso.only:
            return False
        if session.staff not in self._counter.house.members or idle >= self._counter.staff.idle_minutes * MINUTE:
            return False
        presence.used(session.id, now)
        return True

    def _member(self, session: Session | None) -> Member | None:
        """The member of staff, as the config says today."""
        if session is None or session.kind is not Kind.STAFF:
            return None
        return self._counter.house.member_by(session.staff, session.groups)

    def _with_form(self, request: Request, page: Page, visitor: Visitor) -> Visitor:
        """The visitor with the value that forms of this page send back; '' where no form could be sent."""
        if page.form is Form.LINK:
            return replace(visitor, form=self._token("link", _place(request, page)))
        if page.form is Form.VISIT:
            visit = self._counter.cookies.get(request, "visit")
            return self.with_visit(request, page, visitor, visit) if visit else visitor
        return replace(visitor, form=visitor.session_form)

    def language(self, scope: Scope, brand: Brand, customer: Customer | None) -> str:
        """The customer's language, else the first that the browser asks for, as far as the brand has it."""
        asked = Headers(scope=scope).get("accept-language", "")[:_LONGEST_ACCEPT]
        wanted = [customer.language] if customer is not None and customer.language else []
        wanted += [one.partition(";")[0].strip() for one in asked.split(",")]
        for one in wanted:
            for form in (one.lower(), one.lower().partition("-")[0]):
                if form in brand.languages:
                    return form
        return brand.languages[0]

    def peer(self, scope: Scope) -> str:
        """The network address of who asks: what a known proxy says of it, else of who has connected."""
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        # A proxy that adds a line of its own (as HAProxy does) leaves the visitor's before it: the last counts first.
        said = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        hops = [peer, *(one.strip() for one in reversed(said.split(",")))]
        for hop in hops[:10]:
            if not hop or not self._is_proxy(hop):
                return hop or peer
            peer = hop
        return peer

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _token(self, *parts: str) -> str:
        keys = self._counter.house.keys
        said = "\0".join(("gatepost.form", *parts)).encode("utf-8")
        return hmac.digest(keys.secrets[keys.current], said, "sha256").hex()[:40]


def _place(request: Request, page: Page) -> str:
    """What a form without a session belongs to: its page, with what the path holds."""
    return "\0".join((page.path.partition("{")[0], *request.path_params.values()))


def _find(tx: Tx, cookies: dict[Kind, str], now: int) -> tuple[Session | None, Customer | None]:
    for kind, secret in cookies.items():
        session = sessions.find(tx, secret, kind, now)
        if session is not None:
            customer = parties.customer(tx, session.customer) if session.customer else None
            return (session, customer) if customer is not None or kind is Kind.STAFF else (None, None)
    return None, None
