"""Staff sign in by their own OpenID provider: it proves an address, and the config says whose that is (P11).

The provider of customers opens no door here: another client, another way back, and links of another purpose. Coming
back only shows who is about to be signed in; the button does it, once, in the browser that was sent.
"""

import json
import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...core import MINUTE, Millis
from ...core.audit import Act, Action
from ...core.staff import Member
from ...errors import GatepostError
from ...links import For, LinkError
from ...store import accounts
from ...store.database import Tx
from ..counter import Counter
from ..page import Form, Page, Visitor, Who
from ..sign_in.entry import readable
from ..sign_in.trip import Trips, bound
from ..stops import Missing
from .entrance import let_in, welcome

_log = logging.getLogger("gatepost.portal")
_PROOF: Millis = 10 * MINUTE
BACK = "/staff/sign-in-with/back"
START = "/staff/sign-in-with"


class StaffProvider:
    """The handlers; what the config has not set up is not there."""

    def __init__(self, counter: Counter) -> None:
        self._counter, self._section = counter, counter.staff_sso
        self._trips = Trips(counter, self._section, For.STAFF_SSO, BACK)

    def pages(self) -> tuple[Page, ...]:
        """What is served here."""
        return (
            Page("GET", START, self.go, Who.ANYONE, "Staff sign in", form=Form.VISIT),
            Page("GET", BACK, self.back, Who.ANYONE, "Staff sign in", form=Form.VISIT),
            Page("POST", BACK, self.enter, Who.ANYONE, "Staff sign in", form=Form.VISIT),
        )

    async def go(self, request: Request, visitor: Visitor) -> Response:
        """To the provider."""
        self._there()
        try:
            return RedirectResponse(await self._trips.there(request, visitor), status_code=303)
        except GatepostError as error:
            return self._failed(visitor, error.message)

    async def back(self, request: Request, visitor: Visitor) -> Response:
        """From the provider: who is about to be signed in, and the button; nothing happens yet (I01)."""
        self._there()
        try:
            returned = await self._trips.returned(request, visitor)
        except LinkError:
            raise
        except GatepostError as error:
            return self._failed(visitor, error.message)
        member = self._counter.house.member_at(readable(returned.claims["email"]))
        if member is None:
            return self._failed(visitor, "the proved address is nobody's of staff", stranger=True)
        groups = self._groups(returned.claims)
        about = (bound(visitor.visit), returned.ident, member.slug, member.address, json.dumps(groups), returned.wanted)
        proof = self._counter.house.links.sign(For.STAFF_PROVED, about, self._counter.now() + _PROOF)
        return self._page("staff/sign-in-proved", visitor, member=member, proof=proof)

    async def enter(self, request: Request, visitor: Visitor) -> Response:
        """Sign in whom the provider has proved, once; who works here, and as what, is asked of the config again."""
        self._there()
        proof, now = str((await request.form()).get("proof", "")), self._counter.now()
        owner, ident, slug, address, said, wanted = self._counter.house.links.read(For.STAFF_PROVED, proof, now)
        if owner != bound(visitor.visit):
            raise LinkError("this was begun in another browser")
        groups = tuple(json.loads(str(said)))
        member = self._counter.house.member_by(str(slug), groups)
        if member is None or member.address != address:
            raise LinkError("this link is no longer good", expired=True)
        if not member.roles:
            await self._counter.write(lambda tx: self._refuse(tx, member, "no group of theirs has a role here", now))
            return self._failed(visitor, "no group of the member has a role", stranger=True)

        def run(tx: Tx) -> str:
            if not accounts.use_word(tx, f"staff-sso {ident}", now + _PROOF, now):
                raise LinkError("this link is no longer good", expired=True)
            return let_in(tx, self._counter, member, request, visitor, groups)

        return welcome(self._counter, str(wanted), await self._counter.write(run))

    def _groups(self, claims: dict[str, Any]) -> list[str]:
        """The person's groups, as far as the config gives them a role: no more of them is kept."""
        said = claims.get(self._section.claim)
        given = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        return [group for group in self._section.roles if group in given]

    def _refuse(self, tx: Tx, member: Member, why: str, now: Millis) -> None:
        act = Act(actor=member.who, action=Action.STAFF_REFUSED, details={"why": why, "way": "sso"})
        self._counter.house.audit.write(tx, act, now)

    def _failed(self, visitor: Visitor, why: str, *, stranger: bool = False) -> Response:
        """The door says that it did not work; why stands in the log."""
        _log.warning("sign-in.refused why=%s", why)
        failed = "stranger" if stranger else "failed"
        return self._page(
            "staff/sign-in", visitor, 403, wanted="", address="", wrong=False, failed=failed, **ways(self._counter)
        )

    def _there(self) -> None:
        if not self._section.issuer:
            raise Missing

    def _page(self, name: str, visitor: Visitor, status: int = 200, **values: object) -> Response:
        return self._counter.page(name, visitor.brand, "en", status, visitor=visitor, **values)


def ways(counter: Counter) -> dict[str, object]:
    """By which ways staff sign in here, for the page of their door."""
    section = counter.staff_sso
    return {"provider": section.name if section.issuer else "", "by_mail": not section.only}
