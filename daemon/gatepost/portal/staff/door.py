"""How staff sign in: a mailed link, then a code from an authenticator app; who has none yet enrols one on the way.

A look changes nothing; the form's POST takes link and code together, each once, in one transaction. Whether an address
is that of staff is told to nobody.
"""

import secrets

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from ...core import HOUR, MINUTE, Millis
from ...core.audit import Act, Action
from ...core.staff import Member
from ...links import LinkError
from ...store import sessions, staff_tables
from ...store.database import Tx
from ...store.sessions import Kind, Session, SignIn
from ..counter import Counter, go
from ..page import Form, Page, Visitor, Who
from ..sign_in.entry import readable
from ..sign_in.pages import send_links
from ..stops import TooMany
from .authenticator import Authenticators, address, picture, step_of

HOME = "/staff/queue"
_SECRET_OCTETS = 32
_CODES, _CODES_WITHIN = 5, 15 * MINUTE


class StaffDoor:
    """The handlers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._authenticators = Authenticators(counter.house.audit.key)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        most = self._counter.portal.sign_ins_per_network_hour
        return (
            Page("GET", "/staff", self.home, Who.STAFF, "Staff"),
            Page("GET", "/staff/sign-in", self.ask, Who.ANYONE, "Staff sign in", form=Form.VISIT),
            Page("POST", "/staff/sign-in", self.asked, Who.ANYONE, "Staff sign in", form=Form.VISIT, per_hour=most),
            Page("GET", "/staff/sign-in/{token}", self.show, Who.ANYONE, "Staff sign in", form=Form.VISIT),
            Page("POST", "/staff/sign-in/{token}", self.enter, Who.ANYONE, "Staff sign in", form=Form.VISIT),
            Page("GET", "/staff/sign-in/{token}/code.svg", self.code, Who.ANYONE, "Code", form=Form.VISIT),
            Page("POST", "/staff/sign-out", self.leave, Who.STAFF, "Sign out"),
        )

    async def home(self, request: Request, visitor: Visitor) -> Response:
        """To the queue."""
        return go(HOME)

    async def ask(self, request: Request, visitor: Visitor) -> Response:
        """The page that asks for an address."""
        wanted = _wanted(request.query_params.get("next", ""))
        return self._page("staff/sign-in", visitor, wanted=wanted, address="", wrong=False)

    async def asked(self, request: Request, visitor: Visitor) -> Response:
        """The same words to everybody; the link goes out after them, to staff alone (I15)."""
        form = await request.form()
        typed = str(form.get("address", ""))[:254]
        given, wanted = readable(typed), _wanted(str(form.get("next", "")))
        if not given:
            return self._page("staff/sign-in", visitor, 422, wanted=wanted, address=typed, wrong=True)
        now, most = self._counter.now(), self._counter.portal.sign_ins_per_address_hour
        await self._counter.write(
            lambda tx: sessions.ask(
                tx, address=given, kind=Kind.STAFF, brand=visitor.brand.slug, language="en", wanted=wanted,
                per_hour=most, now=now,
            )
        )  # fmt: skip
        page = self._page("staff/sign-in-sent", visitor, address=given, minutes=self._counter.portal.sign_in_minutes)
        page.background = BackgroundTask(send_links, self._counter)
        return page

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """Whose link it is, the field for a code, and a new secret for who has none; nothing happens yet."""
        return await self._form(request, visitor, wrong=False)

    async def code(self, request: Request, visitor: Visitor) -> Response:
        """The picture that an authenticator app reads, for who has none yet."""
        token = request.path_params["token"]
        _, member, sealed = await self._counter.read(lambda tx: self._good(tx, token))
        if sealed is not None:
            raise LinkError("this link is not one of ours")
        return Response(picture(self._uri(member, token, visitor)), media_type="image/svg+xml")

    async def enter(self, request: Request, visitor: Visitor) -> Response:
        """Take link and code, and open the session with an id that nobody has seen before (I09)."""
        token, code = request.path_params["token"], str((await request.form()).get("code", ""))
        now, secret = self._counter.now(), secrets.token_urlsafe(_SECRET_OCTETS)
        _, member, _ = await self._counter.read(lambda tx: self._good(tx, token))
        if not self._counter.tries.allow("code", member.slug, now, _CODES_WITHIN, _CODES):
            await self._refused(member, "too many codes", now)
            raise TooMany
        session = Session(
            id=0, kind=Kind.STAFF, staff=member.slug, brand=visitor.brand.slug, started=now,
            expires=now + self._counter.staff.hours * HOUR, browser=request.headers.get("user-agent", ""),
            peer=visitor.peer,
        )  # fmt: skip
        link = await self._counter.write(lambda tx: self._enter(tx, token, code, session, secret, now))
        if link is None:
            await self._refused(member, "a wrong code", now)
            return await self._form(request, visitor, wrong=True)
        response = go(_wanted(link.wanted) or HOME)
        self._counter.cookies.put(response, Kind.STAFF.value, secret, self._counter.staff.hours * 3600)
        self._counter.cookies.put(response, "visit", "", 0)
        return response

    async def leave(self, request: Request, visitor: Visitor) -> Response:
        """End the member's session, and with it any in which they are logged in as a customer (J13)."""
        now, member = self._counter.now(), self._counter.house.members[visitor.staff]

        def run(tx: Tx) -> None:
            sessions.end_staff(tx, member.slug, now)
            self._counter.house.audit.write(tx, Act(actor=member.who, action=Action.STAFF_SIGNED_OUT), now)

        await self._counter.write(run)
        response = go("/staff/sign-in?out")
        for kind in (Kind.STAFF, Kind.IMPERSONATION):
            self._counter.cookies.put(response, kind.value, "", 0)
        return response

    async def _form(self, request: Request, visitor: Visitor, *, wrong: bool) -> Response:
        token = request.path_params["token"]
        _, member, sealed = await self._counter.read(lambda tx: self._good(tx, token))
        new = "" if sealed is not None else self._authenticators.proposed(member.slug, token)
        spaced = " ".join(new[place : place + 4] for place in range(0, len(new), 4))
        status = 422 if wrong else 200
        return self._page("staff/sign-in-link", visitor, status, member=member, secret=spaced, wrong=wrong, token=token)

    def _good(self, tx: Tx, token: str) -> tuple[SignIn, Member, bytes | None]:
        """The link, whose it is and their sealed secret, if the link can still be used. Raises LinkError."""
        link = sessions.link(tx, token)
        if link is None or link.kind is not Kind.STAFF:
            raise LinkError("this link is not one of ours")
        member = self._counter.house.member_at(link.address)
        if member is None or link.used is not None or self._counter.now() >= link.expires:
            raise LinkError("this link is no longer good", expired=True)
        return link, member, staff_tables.secret_of(tx, member.slug)

    def _enter(self, tx: Tx, token: str, code: str, session: Session, secret: str, now: Millis) -> SignIn | None:
        """Take the code and the link, once each, and open the session; None for a code that is not taken."""
        link, member, sealed = self._good(tx, token)
        new = sealed is None
        known = (
            self._authenticators.proposed(member.slug, token)
            if sealed is None
            else self._authenticators.unseal(member.slug, sealed)
        )
        step = step_of(known, code, now)
        if step is None:
            return None
        if new:
            taken = staff_tables.enrol(tx, member.slug, self._authenticators.seal(member.slug, known), step, now)
        else:
            taken = staff_tables.take_step(tx, member.slug, step)
        if not taken:
            return None
        if not sessions.use(tx, link.id, now):
            raise LinkError("this link is no longer good", expired=True)
        sessions.open_(tx, session, secret)
        audit = self._counter.house.audit
        if new:
            audit.write(tx, Act(actor=member.who, action=Action.STAFF_ENROLLED), now)
        audit.write(tx, Act(actor=member.who, action=Action.STAFF_SIGNED_IN, details={"from": session.peer}), now)
        return link

    async def _refused(self, member: Member, why: str, now: Millis) -> None:
        act = Act(actor=member.who, action=Action.STAFF_REFUSED, details={"why": why})
        await self._counter.write(lambda tx: self._counter.house.audit.write(tx, act, now))

    def _uri(self, member: Member, token: str, visitor: Visitor) -> str:
        secret = self._authenticators.proposed(member.slug, token)
        return address(secret, member.slug, f"{visitor.brand.name} staff")

    def _page(self, name: str, visitor: Visitor, status: int = 200, **values: object) -> Response:
        return self._counter.page(name, visitor.brand, "en", status, visitor=visitor, **values)


def _wanted(path: str) -> str:
    """`path`, if it is plainly one of the staff pages; '' for all that could lead elsewhere (I14)."""
    plain = path.isascii() and path.isprintable() and len(path) < 512
    within = path.startswith("/staff/") and not any(bad in path for bad in ("//", "\\", "..", "?", "#", "%", " "))
    return path if plain and within and not path.startswith("/staff/sign-") else ""
