"""Pages of logging in as a customer: a staff member begins and ends it, the customer answers, revokes, looks back.

Whether anything may happen is leave.py's; a look never answers, starts or ends anything (J02).
"""

from starlette.requests import Request
from starlette.responses import Response

from ...core import MINUTE, SECOND, Millis
from ...core.consent import (
    Consent,
    Ended,
    Impersonation,
    Refused,
    Scope,
    Stage,
)
from ...core.party import Customer
from ...core.staff import Member
from ...links import For, LinkError
from ...mail import wording
from ...mail.catalogue import phrase, say
from ...store import consents, parties, sessions
from ...store.consents import Act, Live
from ...store.database import Tx
from ...store.sessions import Kind
from ..counter import Counter, go
from ..page import Form, Page, Visitor, Who
from ..stops import Forbidden, Missing
from . import letters
from .leave import Leave

_HOURS = (1, 4, 8, 24)
_SHORTER = (30, 60, 240)


class ImpersonationPages:
    """The handlers; each takes a request and its visitor and answers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._leave = Leave(counter.house)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            Page("GET", "/as/{token}", self.ready, Who.ANYONE, "Log in as a customer", form=Form.VISIT),
            Page("POST", "/as/{token}", self.begin, Who.ANYONE, "Log in as a customer", form=Form.VISIT),
            Page(
                "POST", "/as-customer/end", self.leave, Who.CUSTOMER, phrase("Ended it"), impersonated=True,
                harmless=True,
            ),
            Page(
                "GET", "/leave/{token}", self.question, Who.ANYONE, "May they log in as you?", link=For.CONSENT,
                form=Form.LINK,
            ),
            Page(
                "POST", "/leave/{token}", self.answer, Who.ANYONE, "May they log in as you?", link=For.CONSENT,
                form=Form.LINK,
            ),
            Page("GET", "/account/log-ins", self.history, Who.CUSTOMER, phrase("Who was logged in as you")),
            Page("POST", "/account/log-ins/revoke", self.revoke, Who.CUSTOMER, "Revoke"),
        )  # fmt: skip

    async def ready(self, request: Request, visitor: Visitor) -> Response:
        """As whom, why and how far; nothing begins yet."""
        live, customer = await self._waiting(request, visitor)
        return self._counter.show("staff/log-in-ready", visitor, session=live.session, customer=customer)

    async def begin(self, request: Request, visitor: Visitor) -> Response:
        """Begin the session, in a cookie of its own (J13)."""
        token, now = request.path_params["token"], self._counter.now()
        begun = await self._counter.write(lambda tx: self._leave.begin(tx, token, peer=visitor.peer, now=now))
        if isinstance(begun, Refused):
            raise LinkError("this link is no longer good", expired=True)
        session, secret = begun
        self._counter.wake()
        response = go(f"/tickets/{session.ticket}" if session.ticket else "/tickets")
        self._counter.cookies.put(response, Kind.IMPERSONATION.value, secret, session.left(now) // SECOND)
        self._counter.cookies.put(response, "visit", "", 0)
        return response

    async def leave(self, request: Request, visitor: Visitor) -> Response:
        """End the session that this cookie is of."""
        if not visitor.grant:
            raise Forbidden("impersonated")
        now = self._counter.now()
        await self._counter.write(lambda tx: self._end(tx, visitor.grant, now))
        self._counter.wake()
        response = go(f"/staff/customers/{visitor.person.id}" if visitor.brand.portal else "/")
        self._counter.cookies.put(response, Kind.IMPERSONATION.value, "", 0)
        return response

    async def question(self, request: Request, visitor: Visitor) -> Response:
        """What is asked, in fixed words; the button answers (J17)."""
        consent = await self._asked(visitor)
        if await self._member(request) is not None:
            return self._not_yours(visitor)
        return self._question(visitor, consent)

    async def answer(self, request: Request, visitor: Visitor) -> Response:
        """Take the answer: as asked, shortened and narrowed, or no."""
        consent, now = await self._asked(visitor), self._counter.now()
        if (member := await self._member(request)) is not None:
            await self._counter.write(lambda tx: self._leave.answered_by_staff(tx, member, consent, now))
            return self._not_yours(visitor)
        form = await request.form()
        yes = str(form.get("answer", "")) == "yes"
        scope = (Scope.READ if str(form.get("scope", "")) == "read" else consent.scope) if yes else None
        until = _shortened(consent, str(form.get("minutes", "")), now)
        said = await self._counter.write(
            lambda tx: self._leave.answer(tx, consent.id, consent.customer, scope=scope, until=until, now=now)
        )
        self._counter.wake()
        return self._question(
            visitor, said if isinstance(said, Consent) else consent, refused=isinstance(said, Refused)
        )

    async def history(self, request: Request, visitor: Visitor) -> Response:
        """Every session as this customer, with what was done, and what can be taken back."""
        now, who = self._counter.now(), visitor.person.id
        past = await self._counter.read(lambda tx: _past(tx, who, visitor))
        found = await self._counter.read(lambda tx: consents.recent(tx, who, now))
        standing = await self._counter.read(lambda tx: consents.standing(tx, who)) is not None
        open_ = [_standing(one, visitor) for one in found if _revocable(one, now)]
        return self._counter.show("impersonation/history", visitor, past=past, requests=open_, standing=standing)

    async def revoke(self, request: Request, visitor: Visitor) -> Response:
        """Take a leave back; whoever is logged in by it is out at their next request."""
        form, now, who = await request.form(), self._counter.now(), visitor.person.id
        number = _number(str(form.get("consent", "")))
        if number:
            said: object = await self._counter.write(lambda tx: self._leave.withdraw(tx, number, who, now))
        else:
            said = await self._counter.write(lambda tx: self._leave.switch(tx, who, None, now))
        if said is Refused.OTHER_CUSTOMER:
            raise Missing
        self._counter.wake()
        return go("/account/log-ins")

    def _question(self, visitor: Visitor, consent: Consent, *, refused: bool = False) -> Response:
        now = self._counter.now()
        left = max(0, consent.until - now) // MINUTE
        choices = [minutes for minutes in _SHORTER if minutes < left]
        return self._counter.show(
            "impersonation/question", visitor, 409 if refused else 200, consent=consent,
            until=wording.moment(consent.until, visitor.language, visitor.zone),
            acting=consent.scope is Scope.ACT, open=consent.stage is Stage.OPEN and now < consent.until,
            stage=consent.stage.value, choices=choices,
        )  # fmt: skip

    async def _asked(self, visitor: Visitor) -> Consent:
        """The request that the link is about. Raises LinkError where it is gone."""
        number, customer = (int(part) for part in visitor.about)
        consent = await self._counter.read(lambda tx: consents.find(tx, number))
        if consent is None or consent.customer != customer:
            raise LinkError("this link is not one of ours")
        return consent

    async def _member(self, request: Request) -> Member | None:
        """Who is signed in to the staff pages in this browser: a forwarded mail lets nobody of staff consent (J06)."""
        secret, now = self._counter.cookies.get(request, Kind.STAFF.value), self._counter.now()
        found = await self._counter.read(lambda tx: sessions.find(tx, secret, Kind.STAFF, now)) if secret else None
        return self._counter.house.members.get(found.staff) if found is not None else None

    def _not_yours(self, visitor: Visitor) -> Response:
        return self._counter.page("staff/not-yours", visitor.brand, "en", 403, visitor=visitor)

    async def _waiting(self, request: Request, visitor: Visitor) -> tuple[Live, Customer]:
        """The session that waits behind a token of this brand's, and its customer. Raises LinkError."""
        token, now = request.path_params["token"], self._counter.now()
        live, customer = await self._counter.read(lambda tx: _behind(tx, self._leave.waiting(tx, token, now)))
        if live is None or customer is None:
            raise LinkError("this link is no longer good", expired=True)
        if not self._counter.at_its_host(live.session.brand, visitor.brand):
            raise LinkError("this link is for another brand")
        return live, customer

    def _end(self, tx: Tx, number: int, now: Millis) -> None:
        session = consents.session(tx, number)
        if session is not None:
            self._leave.end(tx, session, Ended.STAFF, now)


def _past(tx: Tx, customer: int, visitor: Visitor) -> list[dict[str, object]]:
    """The sessions as a customer, as the page tells of them, newest first."""
    return [_told(one, consents.acts(tx, one.id), visitor) for one in consents.history(tx, customer)]


def _told(session: Impersonation, acts: tuple[Act, ...], visitor: Visitor) -> dict[str, object]:
    language, zone = visitor.language, visitor.zone
    lines = [(a.did, wording.moment(a.at, language, zone), letters.done(language, a)) for a in acts]
    return {
        "staff": session.staff_name,
        "reason": session.reason,
        "acting": session.scope is Scope.ACT,
        "live": session.ended is None,
        "started": wording.moment(session.started, language, zone),
        "ended": wording.moment(session.ended if session.ended is not None else session.ends, language, zone),
        "why": say(language, letters.why_over(session)) if session.why else "",
        "acts": [(at, said) for did, at, said in lines if did],
        "looks": [(at, said) for did, at, said in lines if not did],
    }


def _behind(tx: Tx, live: Live | None) -> tuple[Live | None, Customer | None]:
    return live, parties.customer(tx, live.session.customer) if live is not None else None


def _shortened(consent: Consent, minutes: str, now: Millis) -> Millis:
    """Until when the customer's yes holds: as asked, or some minutes from now if that is sooner."""
    chosen = _number(minutes)
    return min(consent.until, now + chosen * MINUTE) if chosen else consent.until


def _standing(consent: Consent, visitor: Visitor) -> dict[str, object]:
    """A leave that can be taken back, as the page tells of it."""
    until = wording.moment(consent.until, visitor.language, visitor.zone)
    return {"id": consent.id, "staff": consent.staff_name, "reason": consent.reason, "until": until}


def _revocable(consent: Consent, now: Millis) -> bool:
    """Whether there is anything left to take back."""
    return consent.stage in (Stage.OPEN, Stage.APPROVED, Stage.USED) and now < consent.until


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
