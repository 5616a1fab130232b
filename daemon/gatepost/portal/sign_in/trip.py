"""A trip to an OpenID provider and back: bound to the browser that began it, for one door, once, ten minutes long.

Customers and staff have each a provider and a door of their own: what one trip brings back is good at no other door.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request

from ...config import SsoSection
from ...core import MINUTE, Millis
from ...errors import GatepostError
from ...links import For, LinkError
from ..counter import Counter
from ..page import Visitor
from . import oidc

_TRIP: Millis = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a trip has brought: the provider's claims, where the person wanted to, and the trip's own name."""

    claims: dict[str, Any]
    wanted: str
    ident: str


class Trips:
    """The trips of one door: to the provider of `section`, back at the path `back`, their state signed `purpose`."""

    def __init__(self, counter: Counter, section: SsoSection, purpose: For, back: str) -> None:
        self._counter, self._purpose, self._path = counter, purpose, back
        self._provider = oidc.Provider(section)

    async def there(self, request: Request, visitor: Visitor) -> str:
        """The URL at the provider. Raises GatepostError where the provider cannot be spoken to."""
        now, wanted = self._counter.now(), request.query_params.get("next", "")
        about = (bound(visitor.visit), wanted if _plain(wanted) else "")
        state = self._counter.house.links.sign(self._purpose, about, now + _TRIP)
        return await self._provider.address(self._round(visitor, state), self._back(visitor), now)

    async def returned(self, request: Request, visitor: Visitor) -> Returned:
        """What the person comes back with, if it was this browser that was sent (I08).

        Raises LinkError for a trip of another browser or door, GatepostError where nothing was proved.
        """
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        now = self._counter.now()
        owner, wanted = self._counter.house.links.read(self._purpose, state, now)
        if owner != bound(visitor.visit):
            raise LinkError("this was begun in another browser")
        if not code:
            raise GatepostError(f"the provider says {request.query_params.get('error', '')[:60]!r}")
        claims = await self._provider.claims(self._round(visitor, state), code, self._back(visitor), now)
        return Returned(claims=claims, wanted=str(wanted), ident=_digest(state))

    def _round(self, visitor: Visitor, state: str) -> oidc.Round:
        keys = self._counter.house.keys
        return oidc.round_trip(keys.secrets[keys.current], visitor.visit, state)

    def _back(self, visitor: Visitor) -> str:
        return visitor.brand.portal.rstrip("/") + self._path


def bound(visit: str) -> str:
    """What says that something belongs to the browser with this cookie."""
    return _digest(f"visit {visit}")


def _plain(path: str) -> bool:
    """Whether a path is one of ours that may be carried through the provider (I14)."""
    parts = urlsplit(path) if path.isascii() and len(path) < 200 else None
    return bool(parts and path[:1] == "/" and path[:2] != "//" and quote(path, safe="/-._~") == path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
