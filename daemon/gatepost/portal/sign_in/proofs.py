"""Signing in by who else has proved an address: an OpenID provider, or the shop by its signed word (P5).

Coming back only shows whose account is about to open; the button signs in, once, in the browser that has been sent.
"""

import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...core import MINUTE, Millis
from ...core.party import Brand
from ...errors import GatepostError
from ...links import For, LinkError
from ...store import accounts
from ...store.database import Tx
from ..counter import Counter, go
from ..page import Form, Page, Visitor, Who
from ..stops import Missing
from . import oidc, shop_word
from .entrance import AGREE_FIELD, Entrance, Proved
from .entry import readable, refused
from .trip import Trips, bound

_log = logging.getLogger("gatepost.portal")
_HOME = "/tickets"
_PROOF: Millis = 10 * MINUTE
BACK = "/sign-in/with/back"


class ProofPages:
    """The handlers; each takes a request and its visitor and answers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._entrance = Entrance(counter)
        self._trips = Trips(counter, counter.sso, For.SSO, BACK)

    def pages(self) -> tuple[Page, ...]:
        """What is served here; what the config has not set up is not there."""
        shop = "/sign-in/shop/{word}"
        return (
            Page("GET", "/sign-in/with", self.go, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page("GET", BACK, self.back, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page("POST", BACK, self.enter, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page("GET", shop, self.show_word, Who.ANYONE, "Sign in", form=Form.VISIT),
            Page("POST", shop, self.enter_word, Who.ANYONE, "Sign in", form=Form.VISIT),
        )

    async def go(self, request: Request, visitor: Visitor) -> Response:
        """To the provider."""
        self._there(self._counter.sso.issuer, "sso", visitor)
        try:
            return RedirectResponse(await self._trips.there(request, visitor), status_code=303)
        except GatepostError as error:
            return self._failed(visitor, error)

    async def back(self, request: Request, visitor: Visitor) -> Response:
        """From the provider: whose account is about to open, and the button; nothing happens yet (I01)."""
        self._there(self._counter.sso.issuer, "sso", visitor)
        try:
            returned = await self._trips.returned(request, visitor)
        except LinkError:
            raise
        except GatepostError as error:
            return self._failed(visitor, error)
        proved = oidc.person(returned.claims)
        address = readable(proved.address)
        about = (bound(visitor.visit), returned.ident, address, proved.name, proved.language, returned.wanted)
        proof = self._counter.house.links.sign(For.PROVED, about, self._counter.now() + _PROOF)
        return await self._show(visitor, Proved(address=address), proof=proof)

    async def enter(self, request: Request, visitor: Visitor) -> Response:
        """Sign in whom the provider has proved, once."""
        self._there(self._counter.sso.issuer, "sso", visitor)
        form = await request.form()
        now, proof = self._counter.now(), str(form.get("proof", ""))
        owner, ident, address, name, language, wanted = self._counter.house.links.read(For.PROVED, proof, now)
        if owner != bound(visitor.visit):
            raise LinkError("this was begun in another browser")
        proved = Proved(address=str(address), name=str(name), language=str(language))
        return await self._enter(request, visitor, proved, f"sso {ident}", now + _PROOF, str(wanted), proof=proof)

    async def show_word(self, request: Request, visitor: Visitor) -> Response:
        """Whose account the shop's word opens, and the button."""
        word = self._word(request, visitor)
        return await self._show(visitor, word.proved)

    async def enter_word(self, request: Request, visitor: Visitor) -> Response:
        """Sign in whom the shop's word names, once."""
        word = self._word(request, visitor)
        return await self._enter(request, visitor, word.proved, word.ident, word.expires, "")

    async def _show(self, visitor: Visitor, proved: Proved, *, proof: str = "", missing: bool = False) -> Response:
        terms, why = await self._counter.read(
            lambda tx: (self._entrance.terms(tx, proved.address), self._refused(tx, visitor, proved))
        )
        if why:
            return self._failed(visitor, GatepostError(why))
        return self._counter.show(
            "sign-in-link", visitor, 422 if missing else 200, address=proved.address, terms=terms, missing=missing,
            proof=proof,
        )  # fmt: skip

    async def _enter(
        self,
        request: Request,
        visitor: Visitor,
        proved: Proved,
        ident: str,
        until: Millis,
        wanted: str,
        proof: str = "",
    ) -> Response:
        terms = await self._counter.read(lambda tx: self._entrance.terms(tx, proved.address))
        if terms and (await request.form()).get(AGREE_FIELD) != terms:
            return await self._show(visitor, proved, proof=proof, missing=True)

        def run(tx: Tx) -> str:
            if self._refused(tx, visitor, proved) or not accounts.use_word(tx, ident, until, self._counter.now()):
                raise LinkError("this link is no longer good", expired=True)
            return self._entrance.let_in(tx, request, visitor, proved, ident.partition(" ")[0])

        secret = await self._counter.write(run)
        return self._entrance.welcome(go(wanted or _HOME), secret)

    def _refused(self, tx: Tx, visitor: Visitor, proved: Proved) -> str:
        if not readable(proved.address):
            return "what was proved is no address"
        return refused(tx, self._counter.house, proved.address, self._counter.portal.access, proved=True)

    def _failed(self, visitor: Visitor, error: GatepostError) -> Response:
        """The sign-in page says that it did not work; why stands in the log."""
        _log.warning("sign-in.refused why=%s", error.message)
        return self._counter.show(
            "sign-in",
            visitor,
            403,
            address="",
            wanted="",
            wrong=False,
            out=False,
            failed=True,
            **ways(self._counter, visitor.brand),
        )

    def _word(self, request: Request, visitor: Visitor) -> shop_word.Word:
        self._there(self._counter.shop_sign_in.issuer, "shop", visitor)
        return shop_word.read(self._counter.shop_sign_in, request.path_params["word"], self._counter.now())

    def _there(self, configured: str, way: str, visitor: Visitor) -> None:
        if not configured or way not in visitor.brand.sign_in:
            raise Missing


def ways(counter: Counter, brand: Brand) -> dict[str, object]:
    """By which ways one signs in at this brand's portal, for the sign-in page."""
    return {
        "provider": counter.sso.name if counter.sso.issuer and "sso" in brand.sign_in else "",
        "by_mail": counter.portal.access != "sso" and "mail" in brand.sign_in,
        "guests": counter.portal.guests,
    }
