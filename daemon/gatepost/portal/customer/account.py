"""The account page: name, language and zone, further addresses, sessions, support's leave to log in, and its end (P6).

Who is logged in as the customer never sees it. An address is added only by who reads its mail and is signed in; nobody
else, staff neither, ever changes one.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from ...core import Millis
from ...core.account import NAME_CAP, keeping
from ...core.audit import Action
from ...core.browser import named
from ...core.consent import Scope
from ...core.letter import Mailbox
from ...mail import wording
from ...mail.catalogue import languages, phrase, say
from ...notice import post
from ...privacy.export import export
from ...store import accounts, consents, parties, persons, sessions
from ...store.database import Tx
from ...store.sessions import Kind
from ..counter import Counter, go
from ..impersonation.leave import Leave
from ..page import Page, Visitor, Who
from ..sign_in.entrance import act
from ..stops import Missing
from ..zones import zones

DELETED = "customer/account-deleted"
_OFF = "off"
_DONE: Mapping[str, str] = {
    "profile": phrase("Saved."),
    "support": phrase("Saved."),
    "session": phrase("That session has ended."),
    "claim": phrase("A mail is on its way to the new address. Open its link here, while you are signed in."),
    "address": phrase("The address is one of yours now."),
    "removed": phrase("The address is no longer one of yours."),
    "yours": phrase("This address is one of yours already."),
    "many": phrase("There are too many addresses here already. Remove one first."),
    "often": phrase("You have asked for too many addresses today. Try again tomorrow."),
    "wrong": phrase("This is not a mail address. Write it like ada@example.com."),
}
_TROUBLE = frozenset({"yours", "many", "often", "wrong"})


class AccountPages:
    """The handlers; each takes a request and its visitor and answers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            Page("GET", "/account", self.show, Who.CUSTOMER, phrase("Account")),
            Page("POST", "/account/profile", self.profile, Who.CUSTOMER, "Change the profile"),
            Page("POST", "/account/support", self.support, Who.CUSTOMER, "Let support log in"),
            Page("POST", "/account/session", self.end_session, Who.CUSTOMER, "End a session"),
            Page("POST", "/account/export", self.export, Who.CUSTOMER, "Download your data", per_hour=10),
            Page("GET", "/account/delete", self.ask_delete, Who.CUSTOMER, "Delete the account"),
            Page("POST", "/account/delete", self.delete, Who.CUSTOMER, "Delete the account"),
        )

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The page, with what was just done on it."""
        done = request.query_params.get("done", "")
        values = await self._counter.read(lambda tx: self._values(tx, visitor))
        said = say(visitor.language, _DONE[done]) if done in _DONE else ""
        return self._counter.show("account/account", visitor, 200, said=said, trouble=done in _TROUBLE, **values)

    async def profile(self, request: Request, visitor: Visitor) -> Response:
        """Keep name, language and zone as the customer wants them."""
        form = await request.form()
        name = " ".join(str(form.get("name", "")).split())[:NAME_CAP]
        language, zone = str(form.get("language", "")), str(form.get("zone", ""))
        chosen = {
            "name": "".join(c for c in name if c.isprintable()),
            "language": language if language in _languages(visitor) else visitor.person.language,
            "zone": zone if zone in zones() else visitor.person.zone,
        }
        now = self._counter.now()
        await self._counter.write(lambda tx: self._choose(tx, visitor, chosen, now))
        return go("/account?done=profile")

    async def support(self, request: Request, visitor: Visitor) -> Response:
        """Let support log in as the customer, to look or to act too; or no longer."""
        if not visitor.brand.impersonation:
            raise Missing
        wanted = (await request.form()).get("scope")
        scope = Scope(str(wanted)) if wanted in set(Scope) else None
        now = self._counter.now()
        await self._counter.write(lambda tx: self._switch(tx, visitor, scope, now))
        return go("/account?done=support")

    async def end_session(self, request: Request, visitor: Visitor) -> Response:
        """End one of the customer's own sessions (I27)."""
        given = str((await request.form()).get("session", ""))
        number, now = (
            int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else 0,
            self._counter.now(),
        )
        if not await self._counter.write(lambda tx: _end(tx, visitor.person.id, number, now)):
            raise Missing
        return go("/account?done=session")

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """All that is held about the customer, as one ZIP file; handing it out is on record."""
        now, brands = self._counter.now(), tuple(self._counter.house.brands.values())
        said = act(Action.PERSON_EXPORTED, visitor.person)
        await self._counter.write(lambda tx: self._counter.house.audit.write(tx, said, now))
        address = visitor.person.address
        made = await self._counter.read(lambda tx: export(tx, brands, persons.find(tx, address), now).zipped())
        headers = {"content-disposition": f'attachment; filename="{visitor.brand.slug}.zip"'}
        return Response(made, media_type="application/zip", headers=headers)

    async def ask_delete(self, request: Request, visitor: Visitor) -> Response:
        """What deleting means, or why it cannot be done now."""
        return await self._deletion(visitor, 200)

    async def delete(self, request: Request, visitor: Visitor) -> Response:
        """Close the account; refused with the reason while a subscription is active."""
        if (await request.form()).get("sure") != "yes":
            return await self._deletion(visitor, 422)
        now = self._counter.now()
        if not await self._counter.write(lambda tx: self._close(tx, visitor, now)):
            return await self._deletion(visitor, 409)
        self._counter.presence.left(visitor.person.id)
        self._counter.wake()
        response = self._counter.page("account/deleted", visitor.brand, visitor.language)
        self._counter.cookies.put(response, Kind.CUSTOMER.value, "", 0)
        return response

    async def _deletion(self, visitor: Visitor, status: int) -> Response:
        now = self._counter.now()
        kept = await self._counter.read(lambda tx: _keeping(tx, visitor, now))
        return self._counter.show("account/delete", visitor, status, kept=kept, missing=status == 422)

    def _values(self, tx: Tx, visitor: Visitor) -> dict[str, object]:
        now, person = self._counter.now(), visitor.person
        account, scope = accounts.find(tx, person.id), consents.standing(tx, person.id)
        chosen = {*zones(), *filter(None, (person.zone,))}
        return {
            "languages": [(code, wording.language_name(code, code)) for code in _languages(visitor)],
            "zones": sorted(chosen),
            "scope": scope.value if scope else _OFF,
            "addresses": accounts.addresses(tx, person.id),
            "claims": [claim.address for claim in accounts.open_claims(tx, person.id, now)],
            "sessions": [
                _session(visitor, one, self._moment(visitor)) for one in sessions.of_customer(tx, person.id, now)
            ],
            "agreed": self._moment(visitor)(account.agreed) if account is not None and account.terms else "",
        }

    def _moment(self, visitor: Visitor) -> "_Moment":
        return _Moment(visitor.language, visitor.zone)

    def _choose(self, tx: Tx, visitor: Visitor, chosen: Mapping[str, str], now: Millis) -> None:
        person = visitor.person
        accounts.choose(tx, person.id, name=chosen["name"], language=chosen["language"], zone=chosen["zone"])
        before = {"name": person.name, "language": person.language, "zone": person.zone}
        changed = sorted(key for key in before if before[key] != chosen[key])
        if changed:
            said = act(Action.ACCOUNT_CHANGED, person, changed=" ".join(changed))
            self._counter.house.audit.write(tx, said, now)

    def _switch(self, tx: Tx, visitor: Visitor, scope: Scope | None, now: Millis) -> None:
        if consents.standing(tx, visitor.person.id) is not scope:
            Leave(self._counter.house).switch(tx, visitor.person.id, scope, now)

    def _close(self, tx: Tx, visitor: Visitor, now: Millis) -> bool:
        """Close it and tell the customer, unless a subscription keeps it open."""
        person, house = visitor.person, self._counter.house
        if _keeping(tx, visitor, now) or not accounts.close(tx, person.id, now):
            return False
        self._switch(tx, visitor, None, now)
        Leave(house).end_all(tx, person.id, now)
        sessions.end_all(tx, person.id, now)
        house.audit.write(tx, act(Action.ACCOUNT_DELETED, person), now)
        post(
            tx, house, visitor.brand, template=DELETED, to=Mailbox(address=person.address, name=person.name),
            language=visitor.language, key=f"account-deleted-{now}", now=now, values={},
        )  # fmt: skip
        return True


class _Moment:
    """Tells instants in the visitor's language and zone."""

    def __init__(self, language: str, zone: str) -> None:
        self._language, self._zone = language, zone

    def __call__(self, at: Millis) -> str:
        return wording.moment(at, self._language, self._zone)


def _languages(visitor: Visitor) -> tuple[str, ...]:
    """The languages in which this brand's pages are, the brand's own first."""
    return tuple(code for code in visitor.brand.languages if code in languages()) or ("en",)


def _end(tx: Tx, customer: int, number: int, now: Millis) -> bool:
    """End a session, if it is one of the customer's own."""
    own = any(one.id == number for one in sessions.of_customer(tx, customer, now))
    return own and sessions.end(tx, number, now)


def _keeping(tx: Tx, visitor: Visitor, now: Millis) -> list[dict[str, str]]:
    """The subscriptions that keep the account, each with its product and its end in words."""
    found = []
    for one in keeping(parties.subscriptions_of(tx, visitor.person.id), now):
        product = parties.product(tx, one.product_id)
        ends = wording.day(one.ends, visitor.language, visitor.zone) if one.ends is not None else ""
        found.append({"product": product.name if product is not None else "", "ends": ends})
    return found


def _session(visitor: Visitor, one: sessions.Session, moment: _Moment) -> dict[str, object]:
    return {
        "id": one.id, "here": one.id == visitor.session, "browser": named(one.browser), "peer": one.peer,
        "started": moment(one.started), "seen": moment(one.seen),
    }  # fmt: skip
