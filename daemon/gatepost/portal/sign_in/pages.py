"""Signing in by a mailed link: whoever can read the address's mail is its person. Signing out, here and everywhere.

Asking tells nothing of who is known: the answer is given before anybody looks, and the mail is written afterwards
(I15). A look at the link changes nothing, only the button signs in, once, in the browser that has seen it (I01, I08).
"""

import secrets
from functools import partial
from urllib.parse import urlsplit

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from ...core import MINUTE, Millis
from ...core.audit import Action
from ...core.letter import Mailbox
from ...core.party import Brand
from ...links import LinkError
from ...mail import wording
from ...notice import post
from ...store import parties, sessions
from ...store.database import Tx
from ...store.sessions import Kind, SignIn
from ..counter import Counter, go
from ..impersonation.leave import Leave
from ..page import Form, Page, Visitor, Who
from ..stops import Missing
from ..table import Table
from .entrance import AGREE_FIELD, Entrance, Proved, act
from .entry import readable, refused
from .proofs import ways

LETTER = "customer/sign-in"
STAFF_LETTER = "staff/sign-in"
HOME = "/tickets"
_SECRET_OCTETS = 32


class SignInPages:
    """The handlers; each takes a request and its visitor and answers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._entrance = Entrance(counter)
        self.table: Table | None = None

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        most = self._counter.portal.sign_ins_per_network_hour
        return (
            Page("GET", "/", self.home, Who.ANYONE, "Start", form=Form.OPEN, impersonated=True),
            Page("GET", "/sign-in", self.ask, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page(
                "POST", "/sign-in", self.asked, Who.ANYONE, "Sign in", form=Form.VISIT,
                per_hour=most,
            ),
            Page("GET", "/sign-in/{token}", self.show, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page("POST", "/sign-in/{token}", self.enter, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page("POST", "/sign-out", self.leave, Who.CUSTOMER, "Sign out"),
            Page(
                "POST", "/sign-out/everywhere", self.leave_everywhere, Who.CUSTOMER,
                "Sign out everywhere",
            ),
        )  # fmt: skip

    async def home(self, request: Request, visitor: Visitor) -> Response:
        """To the tickets of who is signed in, to the door of who is not."""
        return go(HOME if visitor.customer is not None else "/sign-in")

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """The page that asks for an address."""
        wanted = self._wanted(request.query_params.get("next", ""))
        return self._counter.show(
            "sign-in", visitor, 200, address="", wanted=wanted, wrong=False, out="out" in request.query_params,
            failed=False, **ways(self._counter, visitor.brand),
        )  # fmt: skip

    async def asked(self, request: Request, visitor: Visitor) -> Response:
        """The same words to everybody; the link goes out after them."""
        if "mail" not in visitor.brand.sign_in:
            raise Missing
        form = await request.form()
        address = readable(str(form.get("address", "")))
        wanted = self._wanted(str(form.get("next", "")))
        if not address:
            typed = str(form.get("address", ""))[:254]
            return self._counter.show(
                "sign-in", visitor, 422, address=typed, wanted=wanted, wrong=True, out=False, failed=False,
                **ways(self._counter, visitor.brand),
            )  # fmt: skip
        now, most = self._counter.now(), self._counter.portal.sign_ins_per_address_hour
        await self._counter.write(
            lambda tx: sessions.ask(
                tx, address=address, kind=Kind.CUSTOMER, brand=visitor.brand.slug, language=visitor.language,
                wanted=wanted, per_hour=most, now=now,
            )
        )  # fmt: skip
        page = self._counter.show(
            "sign-in-sent", visitor, address=address, minutes=self._counter.portal.sign_in_minutes
        )
        page.background = BackgroundTask(send_links, self._counter)
        return page

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """Whose account the link opens, and the button; nothing happens yet."""
        link, terms = await self._counter.read(lambda tx: self._look(tx, request.path_params["token"], visitor))
        return self._counter.show("sign-in-link", visitor, address=link.address, terms=terms, missing=False, proof="")

    async def enter(self, request: Request, visitor: Visitor) -> Response:
        """Open the session, with an id that nobody has seen before (I09), and go on where the visitor wanted to."""
        token = request.path_params["token"]
        link, terms = await self._counter.read(lambda tx: self._look(tx, token, visitor))
        if terms and (await request.form()).get(AGREE_FIELD) != terms:
            return self._counter.show(
                "sign-in-link", visitor, 422, address=link.address, terms=terms, missing=True, proof=""
            )
        secret = await self._counter.write(lambda tx: self._enter(tx, request, visitor))
        return self._entrance.welcome(go(self._wanted(link.wanted) or HOME), secret)

    async def leave(self, request: Request, visitor: Visitor) -> Response:
        """End this session, here and in the store (I27)."""
        now = self._counter.now()
        await self._counter.write(lambda tx: sessions.end(tx, visitor.session, now))
        return self._left(visitor)

    async def leave_everywhere(self, request: Request, visitor: Visitor) -> Response:
        """End every session of the customer."""
        now = self._counter.now()
        await self._counter.write(lambda tx: self._end_all(tx, visitor, now))
        return self._left(visitor)

    def _end_all(self, tx: Tx, visitor: Visitor, now: Millis) -> None:
        sessions.end_all(tx, visitor.person.id, now)
        Leave(self._counter.house).end_all(tx, visitor.person.id, now)
        self._counter.house.audit.write(tx, act(Action.CUSTOMER_SIGNED_OUT, visitor.person, everywhere=True), now)

    def _left(self, visitor: Visitor) -> Response:
        self._counter.presence.left(visitor.person.id)
        response = go("/sign-in?out")
        self._counter.cookies.put(response, Kind.CUSTOMER.value, "", 0)
        return response

    def _good(self, tx: Tx, token: str, visitor: Visitor) -> SignIn:
        """The link, if it can still be used here. Raises LinkError."""
        link = sessions.link(tx, token)
        here = link is not None and self._counter.at_its_host(link.brand, visitor.brand)
        if link is None or link.kind is not Kind.CUSTOMER or not here or "mail" not in visitor.brand.sign_in:
            raise LinkError("this link is not one of ours")
        if link.used is not None or self._counter.now() >= link.expires:
            raise LinkError("this link is no longer good", expired=True)
        return link

    def _look(self, tx: Tx, token: str, visitor: Visitor) -> tuple[SignIn, str]:
        """The link, and the consent text that stands before it. Raises LinkError."""
        link = self._good(tx, token, visitor)
        return link, self._entrance.terms(tx, link.address)

    def _enter(self, tx: Tx, request: Request, visitor: Visitor) -> str:
        link = self._good(tx, request.path_params["token"], visitor)
        if not sessions.use(tx, link.id, self._counter.now()):
            raise LinkError("this link is no longer good", expired=True)
        proved = Proved(address=link.address, language=link.language)
        return self._entrance.let_in(tx, request, visitor, proved, "mail")

    def _wanted(self, path: str) -> str:
        """`path`, if it is one of our own pages written plainly; '' for all that could lead elsewhere (I14)."""
        parts = urlsplit(path) if path.isascii() and path.isprintable() and len(path) < 512 else None
        if (
            parts is None
            or parts.scheme
            or parts.netloc
            or path[:1] != "/"
            or path[:2] in ("//", "/\\")
            or "\\" in path
        ):
            return ""
        known = self.table is not None and self.table.leads_somewhere(parts.path)
        return parts.path if known and not parts.path.startswith("/sign-") else ""


async def send_links(counter: Counter) -> int:
    """Write the mails for the links that were asked for; how many."""
    waiting = await counter.read(sessions.waiting)
    now = counter.now()
    for one in waiting:
        await counter.write(partial(_send, counter=counter, asked=one, now=now))
    if waiting:
        counter.wake()
    return len(waiting)


def _send(tx: Tx, counter: Counter, asked: SignIn, now: Millis) -> None:
    house = counter.house
    brand = house.brands.get(asked.brand) or next(iter(house.brands.values()))
    if asked.kind is Kind.STAFF:
        _send_to_staff(tx, counter, brand, asked, now)
        return
    if why := refused(tx, house, asked.address, counter.portal.access):
        sessions.drop(tx, asked.id, why)
        return
    secret, until = secrets.token_urlsafe(_SECRET_OCTETS), now + counter.portal.sign_in_minutes * MINUTE
    if not sessions.mailed(tx, asked.id, secret, until):
        return
    known = parties.customer_of(tx, asked.address)
    language = (known.language if known is not None else "") or asked.language
    zone = (known.zone if known is not None else "") or brand.zone
    values = {"link": f"{brand.portal.rstrip('/')}/sign-in/{secret}", "until": wording.moment(until, language, zone)}
    to = Mailbox(address=asked.address, name=known.name if known is not None else "")
    post(tx, house, brand, template=LETTER, to=to, language=language, key=f"sign-in-{asked.id}", now=now, values=values)


def _send_to_staff(tx: Tx, counter: Counter, brand: Brand, asked: SignIn, now: Millis) -> None:
    member = counter.house.member_at(asked.address)
    if member is None or counter.staff_sso.only:
        sessions.drop(tx, asked.id, "it is nobody of staff" if member is None else "staff come by single sign-on")
        return
    secret, until = secrets.token_urlsafe(_SECRET_OCTETS), now + counter.portal.sign_in_minutes * MINUTE
    if not sessions.mailed(tx, asked.id, secret, until):
        return
    values = {
        "link": f"{brand.portal.rstrip('/')}/staff/sign-in/{secret}",
        "until": wording.moment(until, "en", member.zone or brand.zone),
    }
    to = Mailbox(address=member.address, name=member.name)
    post(
        tx, counter.house, brand, template=STAFF_LETTER, to=to, language="en", key=f"sign-in-{asked.id}", now=now,
        values=values,
    )  # fmt: skip
