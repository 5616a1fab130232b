"""How staff sign in: a mailed link, then a code from an authenticator app; who has none yet enrols one on the way.

A look changes nothing; the form's POST takes link and code together, each once, in one transaction. Whether an address
is that of staff is told to nobody.
"""

import logging
from enum import StrEnum

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from ...core import Millis
from ...core.audit import Act, Action
from ...core.staff import Member
from ...links import LinkError
from ...store import sessions, staff_tables
from ...store.database import Tx
from ...store.sessions import Kind, SignIn
from ..counter import Counter, go
from ..page import Form, Page, Visitor, Who
from ..sign_in.entry import readable
from ..sign_in.pages import send_links
from .authenticator import Authenticators, address, picture, step_of
from .entrance import HOME, let_in, plain, welcome
from .frame import clock_text
from .provider import ways

_log = logging.getLogger("gatepost.portal")


class Wrong(StrEnum):
    """Why a code was not taken."""

    CODE = "a wrong code"
    SHUT = "too many wrong codes"


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
        wanted = plain(request.query_params.get("next", ""))
        return self._door(visitor, wanted=wanted)

    async def asked(self, request: Request, visitor: Visitor) -> Response:
        """The same words to everybody; the link goes out after them, to staff alone (I15)."""
        form = await request.form()
        typed = str(form.get("address", ""))[:254]
        given, wanted = readable(typed), plain(str(form.get("next", "")))
        if not given:
            return self._door(visitor, 422, wanted=wanted, address=typed, wrong=True)
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
        return await self._form(request, visitor)

    async def code(self, request: Request, visitor: Visitor) -> Response:
        """The picture that an authenticator app reads, for who has none yet."""
        token = request.path_params["token"]
        _, member, sealed = await self._counter.read(lambda tx: self._good(tx, token))
        if sealed is not None:
            raise LinkError("this link is not one of ours")
        return Response(picture(self._uri(member, token, visitor)), media_type="image/svg+xml")

    async def enter(self, request: Request, visitor: Visitor) -> Response:
        """Take link and code, and open the session."""
        token, code = request.path_params["token"], str((await request.form()).get("code", ""))
        now = self._counter.now()
        entered = await self._counter.write(lambda tx: self._enter(tx, token, code, request, visitor, now))
        if isinstance(entered, Wrong):
            return await self._form(request, visitor, wrong=entered)
        link, secret = entered
        return welcome(self._counter, link.wanted, secret)

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

    async def _form(self, request: Request, visitor: Visitor, wrong: Wrong | None = None) -> Response:
        token, now = request.path_params["token"], self._counter.now()
        _, member, sealed = await self._counter.read(lambda tx: self._good(tx, token))
        shut = await self._counter.read(lambda tx: staff_tables.shut(tx, member.slug))
        new = "" if sealed is not None else self._authenticators.proposed(member.slug, token)
        spaced = " ".join(new[place : place + 4] for place in range(0, len(new), 4))
        status = 200 if wrong is None else 422 if shut <= now else 429
        return self._page(
            "staff/sign-in-link", visitor, status, member=member, secret=spaced, wrong=wrong is not None, token=token,
            shut=clock_text(shut, zone=member.zone or visitor.brand.zone) if shut > now else "",
        )  # fmt: skip

    def _good(self, tx: Tx, token: str) -> tuple[SignIn, Member, bytes | None]:
        """The link, whose it is and their sealed secret, if the link can still be used. Raises LinkError."""
        link = sessions.link(tx, token)
        if link is None or link.kind is not Kind.STAFF:
            raise LinkError("this link is not one of ours")
        member = self._counter.house.member_at(link.address)
        used = link.used is not None or self._counter.staff_sso.only
        if member is None or used or self._counter.now() >= link.expires:
            raise LinkError("this link is no longer good", expired=True)
        return link, member, staff_tables.secret_of(tx, member.slug)

    def _enter(
        self, tx: Tx, token: str, code: str, request: Request, visitor: Visitor, now: Millis
    ) -> tuple[SignIn, str] | Wrong:
        """Take the code and the link, once each, and open the session. A code that is not taken is counted."""
        link, member, sealed = self._good(tx, token)
        if staff_tables.shut(tx, member.slug) > now:
            return self._refused(tx, member, Wrong.SHUT, now)
        if not self._take(tx, member, sealed, token, code, now):
            return self._refused(tx, member, Wrong.CODE, now)
        if not sessions.use(tx, link.id, now):
            raise LinkError("this link is no longer good", expired=True)
        staff_tables.released(tx, member.slug)
        if sealed is None:
            self._counter.house.audit.write(tx, Act(actor=member.who, action=Action.STAFF_ENROLLED), now)
        return link, let_in(tx, self._counter, member, request, visitor)

    def _take(self, tx: Tx, member: Member, sealed: bytes | None, token: str, code: str, now: Millis) -> bool:
        """Whether the code is right, and was not taken before: by the store, so that no restart forgets it."""
        if sealed is not None:
            step = step_of(self._authenticators.unseal(member.slug, sealed), code, now)
            return step is not None and staff_tables.take_step(tx, member.slug, step)
        new = self._authenticators.proposed(member.slug, token)
        step = step_of(new, code, now)
        kept = self._authenticators.seal(member.slug, new)
        return step is not None and staff_tables.enrol(tx, member.slug, kept, step, now)

    def _refused(self, tx: Tx, member: Member, wrong: Wrong, now: Millis) -> Wrong:
        """Write down what was refused; so many wrong codes shut the door for a while."""
        audit = self._counter.house.audit
        audit.write(tx, Act(actor=member.who, action=Action.STAFF_REFUSED, details={"why": wrong.value}), now)
        until = staff_tables.missed(tx, member.slug, now) if wrong is Wrong.CODE else 0
        if until:
            _log.warning("staff.locked name=%s until=%d", member.slug, until)
            audit.write(tx, Act(actor=member.who, action=Action.STAFF_LOCKED, details={"until": until}), now)
        return wrong

    def _uri(self, member: Member, token: str, visitor: Visitor) -> str:
        secret = self._authenticators.proposed(member.slug, token)
        return address(secret, member.slug, f"{visitor.brand.name} staff")

    def _door(
        self, visitor: Visitor, status: int = 200, *, wanted: str, address: str = "", wrong: bool = False
    ) -> Response:
        values = {"wanted": wanted, "address": address, "wrong": wrong, "failed": "", **ways(self._counter)}
        return self._page("staff/sign-in", visitor, status, **values)

    def _page(self, name: str, visitor: Visitor, status: int = 200, **values: object) -> Response:
        return self._counter.page(name, visitor.brand, "en", status, visitor=visitor, **values)
