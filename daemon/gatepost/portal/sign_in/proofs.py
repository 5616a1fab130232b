"""Signing in by who else has proved an address: an OpenID provider, or the shop by its signed word (P5).

Coming back only shows whose account is about to open; the button signs in, once, in the browser that has been sent.
"""

import hashlib
import logging
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...core import MINUTE, Millis
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

_log = logging.getLogger("gatepost.portal")
_HOME = "/tickets"
_TRIP: Millis = 10 * MINUTE
_PROOF: Millis = 10 * MINUTE
BACK = "/sign-in/with/back"


class ProofPages:
    """The handlers; each takes a request and its visitor and answers."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._entrance = Entrance(counter)
        self._provider = oidc.Provider(counter.sso)

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
        self._there(self._counter.sso.issuer)
        now = self._counter.now()
        wanted = request.query_params.get("next", "")
        about = (_bound(visitor.visit), wanted if _plain(wanted) else "")
        trip = self._trip(visitor, self._counter.house.links.sign(For.SSO, about, now + _TRIP))
        try:
            there = await self._provider.address(trip, self._back(visitor), now)
        except GatepostError as error:
            return self._failed(visitor, error)
        return RedirectResponse(there, status_code=303)

    async def back(self, request: Request, visitor: Visitor) -> Response:
        """From the provider: whose account is about to open, and the button; nothing happens yet (I01)."""
        self._there(self._counter.sso.issuer)
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        now = self._counter.now()
        wanted = self._own_trip(visitor, state, now)
        if not code:
            return self._failed(
                visitor, GatepostError(f"the provider says {request.query_params.get('error', '')[:60]!r}")
            )
        try:
            proved = await self._provider.proved(self._trip(visitor, state), code, self._back(visitor), now)
        except GatepostError as error:
            return self._failed(visitor, error)
        address = readable(proved.address)
        about = (_bound(visitor.visit), _digest(state), address, proved.name, proved.language, wanted)
        proof = self._counter.house.links.sign(For.PROVED, about, now + _PROOF)
        return await self._show(visitor, Proved(address=address), proof=proof)

    async def enter(self, request: Request, visitor: Visitor) -> Response:
        """Sign in whom the provider has proved, once."""
        form = await request.form()
        now, proof = self._counter.now(), str(form.get("proof", ""))
        bound, ident, address, name, language, wanted = self._counter.house.links.read(For.PROVED, proof, now)
        if bound != _bound(visitor.visit):
            raise LinkError("this was begun in another browser")
        proved = Proved(address=str(address), name=str(name), language=str(language))
        return await self._enter(request, visitor, proved, f"sso {ident}", now + _PROOF, str(wanted), proof=proof)

    async def show_word(self, request: Request, visitor: Visitor) -> Response:
        """Whose account the shop's word opens, and the button."""
        word = self._word(request)
        return await self._show(visitor, word.proved)

    async def enter_word(self, request: Request, visitor: Visitor) -> Response:
        """Sign in whom the shop's word names, once."""
        word = self._word(request)
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
            "sign-in", visitor, 403, address="", wanted="", wrong=False, out=False, failed=True, **ways(self._counter)
        )

    def _word(self, request: Request) -> shop_word.Word:
        self._there(self._counter.shop_sign_in.issuer)
        return shop_word.read(self._counter.shop_sign_in, request.path_params["word"], self._counter.now())

    def _there(self, configured: str) -> None:
        if not configured:
            raise Missing

    def _own_trip(self, visitor: Visitor, state: str, now: Millis) -> str:
        """Where the person wanted to, if it was this browser that was sent (I08). Raises LinkError."""
        bound, wanted = self._counter.house.links.read(For.SSO, state, now)
        if bound != _bound(visitor.visit):
            raise LinkError("this was begun in another browser")
        return str(wanted)

    def _trip(self, visitor: Visitor, state: str) -> oidc.Round:
        keys = self._counter.house.keys
        return oidc.round_trip(keys.secrets[keys.current], visitor.visit, state)

    def _back(self, visitor: Visitor) -> str:
        return visitor.brand.portal.rstrip("/") + BACK


def ways(counter: Counter) -> dict[str, object]:
    """By which ways one signs in here, for the sign-in page."""
    return {
        "provider": counter.sso.name if counter.sso.issuer else "",
        "by_mail": counter.portal.access != "sso",
    }


def _plain(path: str) -> bool:
    """Whether a path is one of ours that may be carried through the provider (I14)."""
    parts = urlsplit(path) if path.isascii() and len(path) < 200 else None
    return bool(parts and path[:1] == "/" and path[:2] != "//" and quote(path, safe="/-._~") == path)


def _bound(visit: str) -> str:
    return _digest(f"visit {visit}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
