"""The pages of secrets: hand one over, read one once, say that temporary administrators are gone (S2, S3).

Looking at a page reveals nothing; only the form's POST does, once. Nobody who is logged in as a customer comes here:
the guard turns them away from every page of this module (K06).
"""

from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...case import Case, case_of
from ...core.access import Account
from ...core.event import DeadlineKind
from ...core.party import Participant, Role
from ...links import For, LinkError
from ...mail import wording
from ...privacy.handing import Ending, Handed, Reading, hand_over, name_of, passphrase_of, read, receiver
from ...store import access, deadlines, one_time, portal_view, tickets, trace
from ...store.database import Tx
from ...store.one_time import OneTime, State
from ..counter import Counter
from ..customer.ticket_face import number_in
from ..page import KIB, Form, Page, Visitor, Who
from ..stops import Missing

_DAYS = (1, 3, 7)
_ROWS = range(4, 21)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where something is handed over: the case, who gives, who is to get it."""

    case: Case
    giver: Participant
    receiver: Participant

    @property
    def language(self) -> str:
        return self.giver.language or self.case.ticket.language or self.case.brand.languages[0]


class SecretPages:
    """The handlers; each takes a request and answers it."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here: by the link of a mail, or on a ticket of the customer who is signed in."""
        body = 64 * KIB
        give = partial(Page, who=Who.ANYONE, title="Hand over a secret", link=For.HAND_OVER, form=Form.LINK, body=body)
        own = partial(Page, who=Who.CUSTOMER, title="Hand over a secret", body=body)
        reveal = partial(Page, who=Who.ANYONE, title="One-time secret", form=Form.LINK)
        gone = partial(Page, who=Who.ANYONE, title="Temporary administrators", link=For.ACCESS, form=Form.LINK)
        return (
            give("GET", "/secret/give/{token}", self.form),
            give("POST", "/secret/give/{token}", self.give, per_hour=30),
            own("GET", "/tickets/{number}/secret", self.own_form),
            own("POST", "/tickets/{number}/secret", self.own_give, per_hour=30),
            reveal("GET", "/secret/{token}", self.look),
            reveal("POST", "/secret/{token}", self.reveal, per_hour=120),
            gone("GET", "/access/{token}", self.accounts),
            gone("POST", "/access/{token}", self.removed),
        )

    async def form(self, request: Request, visitor: Visitor) -> Response:
        """The form behind the link of a mail."""
        return self._form(visitor, await self._linked(visitor))

    async def give(self, request: Request, visitor: Visitor) -> Response:
        """Hand over by the link of a mail."""
        return await self._give(request, visitor, await self._linked(visitor))

    async def own_form(self, request: Request, visitor: Visitor) -> Response:
        """The form on a ticket of one's own."""
        return self._form(visitor, await self._own(request, visitor))

    async def own_give(self, request: Request, visitor: Visitor) -> Response:
        """Hand over on a ticket of one's own."""
        return await self._give(request, visitor, await self._own(request, visitor))

    async def look(self, request: Request, visitor: Visitor) -> Response:
        """The page with the button; a look reveals nothing, whoever looks (K01)."""
        secret, case = await self._secret(request)
        visitor = self._reader(visitor, secret, case)
        if secret.state is not State.OPEN or self._counter.now() >= secret.expires:
            return self._gone(visitor, secret)
        return self._waiting(visitor, secret, case)

    async def reveal(self, request: Request, visitor: Visitor) -> Response:
        """Show it, once: what is read is destroyed in the same transaction (K02)."""
        secret, case = await self._secret(request)
        visitor = self._reader(visitor, secret, case)
        async with request.form() as form:
            passphrase = passphrase_of(str(form.get("passphrase", "")))
        token, now, house = request.path_params["token"], self._counter.now(), self._counter.house

        def run(tx: Tx) -> Reading:
            self._still_there(tx, secret.ticket, secret.receiver)
            return read(tx, house, token, passphrase, now)

        reading = await self._counter.write(run)
        match reading.ending:
            case Ending.SHOWN:
                rows = max(_ROWS.start, min(_ROWS.stop, reading.words.count("\n") + 2))
                return self._counter.show("secret/shown", visitor, words=reading.words, rows=rows)
            case Ending.WRONG:
                return self._waiting(visitor, secret, case, left=reading.left, status=422)
            case _:
                again, _ = await self._secret(request)
                return self._gone(visitor, again)

    async def accounts(self, request: Request, visitor: Visitor) -> Response:
        """The temporary administrators of whoever has the link."""
        return await self._accounts(visitor, done=False)

    async def removed(self, request: Request, visitor: Visitor) -> Response:
        """They are gone: no reminder comes any more."""
        number, person = int(visitor.about[0]), int(visitor.about[1])
        now = self._counter.now()

        def run(tx: Tx) -> None:
            self._still_there(tx, number, person)
            count = access.removed(tx, number, person, now)
            said = f"participant {person} says that {count} temporary administrators are gone"
            trace.note(tx, kind="access", said=said, now=now, ticket=number)
            if not access.open_of(tx, number):
                deadlines.release(tx, number, (DeadlineKind.ACCESS,), "they are gone", now)

        await self._counter.write(run)
        return await self._accounts(visitor, done=True)

    def _form(self, visitor: Visitor, place: _Place, status: int = 200, **wrong: bool) -> HTMLResponse:
        house = self._counter.house
        values = {"missing": False, "long": False} | wrong
        return self._counter.show(
            "secret/give", replace(visitor, language=visitor.language or place.language), status,
            receiver=name_of(place.case, place.receiver), choices=_DAYS, days=_nearest(house.secrets.link_days),
            may_track=place.giver.role is Role.REQUESTER, access_days=house.secrets.access_days, **values,
        )  # fmt: skip

    async def _give(self, request: Request, visitor: Visitor, place: _Place) -> Response:
        house = self._counter.house
        async with request.form() as form:
            given = {name: str(form.get(name, "")) for name in ("words", "days", "passphrase", "temporary", "login")}
        words = given["words"].strip("\r\n").replace("\r\n", "\n")
        if not words.strip():
            return self._form(visitor, place, 422, missing=True)
        if len(words.encode()) > house.secrets.secret_octets:
            return self._form(visitor, place, 422, long=True)
        handed = Handed(
            words=words,
            days=int(given["days"]) if given["days"] in {str(count) for count in _DAYS} else house.secrets.link_days,
            passphrase=passphrase_of(given["passphrase"]),
            temporary=given["temporary"] == "yes" and place.giver.role is Role.REQUESTER,
            login=" ".join(given["login"].split())[:100],
        )
        now, number, person = self._counter.now(), place.case.ticket.number, place.giver.number

        def run(tx: Tx) -> OneTime | None:
            again = self._place(tx, number, person)
            return one_time.find(tx, hand_over(tx, house, again.case, again.giver, handed, now))

        secret = await self._counter.write(run)
        self._counter.wake()
        until = wording.moment(secret.expires, visitor.language, visitor.zone) if secret is not None else ""
        return self._counter.show("secret/given", visitor, receiver=name_of(place.case, place.receiver), until=until)

    def _place(self, tx: Tx, number: int, person: int) -> _Place:
        """Where the participant `person` of a ticket hands over. Raises LinkError where that is no more."""
        ticket = tickets.find(tx, number)
        if ticket is None:
            raise LinkError("this link is no longer good", expired=True)
        case = case_of(tx, self._counter.house, ticket, self._counter.now())
        giver = case.participant(person)
        to = receiver(case, giver) if giver is not None and giver.active else None
        if giver is None or to is None:
            raise LinkError("this link is no longer good", expired=True)
        return _Place(case=case, giver=giver, receiver=to)

    def _still_there(self, tx: Tx, number: int, person: int) -> None:
        """Raise LinkError where the participant whose link it is takes no part in the ticket any more."""
        if not any(p.number == person and p.active for p in tickets.participants(tx, number)):
            raise LinkError("this link is no longer good", expired=True)

    async def _linked(self, visitor: Visitor) -> _Place:
        number, person = int(visitor.about[0]), int(visitor.about[1])
        return await self._counter.read(lambda tx: self._place(tx, number, person))

    async def _own(self, request: Request, visitor: Visitor) -> _Place:
        """The place on a ticket of the customer who is signed in. Raises Missing for every other (I12)."""
        number = number_in(request.path_params["number"])

        def run(tx: Tx) -> _Place:
            own = portal_view.role(tx, visitor.person.id, number, self._counter.elsewhere(visitor.brand))
            if own is None:
                raise Missing
            return self._place(tx, number, own[0])

        return await self._counter.read(run)

    async def _secret(self, request: Request) -> tuple[OneTime, Case]:
        """The secret behind the link, and its ticket. Raises LinkError for a link that is none of ours."""
        token = request.path_params["token"]

        def run(tx: Tx) -> tuple[OneTime, Case]:
            secret = one_time.by_token(tx, token)
            ticket = tickets.find(tx, secret.ticket) if secret is not None else None
            if secret is None or ticket is None:
                raise LinkError("this link is not one of ours")
            if secret.state is State.OPEN:
                self._still_there(tx, secret.ticket, secret.receiver)
            return secret, case_of(tx, self._counter.house, ticket, self._counter.now())

        return await self._counter.read(run)

    def _reader(self, visitor: Visitor, secret: OneTime, case: Case) -> Visitor:
        """The visitor in the language of whoever was sent the link, and in the face of the ticket's brand."""
        to = case.participant(secret.receiver)
        language = (to.language if to is not None else "") or visitor.language
        return replace(visitor, language=language, brand=case.brand)

    def _waiting(
        self, visitor: Visitor, secret: OneTime, case: Case, *, left: int = 0, status: int = 200
    ) -> HTMLResponse:
        giver = case.participant(secret.giver)
        return self._counter.show(
            "secret/reveal", visitor, status, giver=name_of(case, giver) if giver is not None else "",
            ticket=secret.ticket, passphrase=secret.passphrase, left=left,
            until=wording.moment(secret.expires, visitor.language, visitor.zone),
        )  # fmt: skip

    def _gone(self, visitor: Visitor, secret: OneTime) -> HTMLResponse:
        ended = secret.ended if secret.ended is not None else secret.expires
        why = secret.state.value if secret.state is not State.OPEN else State.EXPIRED.value
        when = wording.moment(ended, visitor.language, visitor.zone)
        return self._counter.show("secret/gone", visitor, 410, why=why, when=when)

    async def _accounts(self, visitor: Visitor, *, done: bool) -> HTMLResponse:
        number, person = int(visitor.about[0]), int(visitor.about[1])

        def run(tx: Tx) -> tuple[Account, ...]:
            self._still_there(tx, number, person)
            return access.open_of(tx, number, person)

        found = await self._counter.read(run)
        accounts = [
            {"login": each.login, "until": wording.day(each.expires, visitor.language, visitor.zone)} for each in found
        ]
        return self._counter.show("secret/accounts", visitor, accounts=accounts, done=done, ticket=number)


def _nearest(days: int) -> int:
    """The offered number of days that is nearest to the configured one."""
    return min(_DAYS, key=lambda offered: abs(offered - days))
