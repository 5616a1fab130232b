"""Speaks to an OpenID provider: where to send a person, and whose address its answer proves (OpenID Connect Core 3.1).

Authorization code with PKCE (RFC 7636). The answer's ID token is checked by the provider's own keys; only an address
that the provider has verified counts. Nothing is stored: what is needed again is derived from the browser's cookie.
"""

import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2

from ...config import SsoSection
from ...core import MINUTE, Millis
from ...errors import PermanentError, TemporaryError
from .entrance import Proved, spoken

_SECONDS = 10.0
_MOST_OCTETS = 256 * 1024
_KEPT: Millis = 60 * MINUTE
_ALGORITHMS = ("RS256", "ES256", "EdDSA", "PS256", "ES384", "RS384", "RS512")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One trip to the provider and back, bound to a browser's cookie: nothing of it is secret but `verifier`."""

    state: str
    nonce: str
    verifier: str


def round_trip(key: bytes, visit: str, state: str) -> Round:
    """The trip with this `state` for the browser whose cookie is `visit`; the same at its start and at its end."""

    def derived(what: str) -> str:
        return hmac.new(key, f"{what} {visit} {state}".encode(), hashlib.sha256).hexdigest()

    return Round(state=state, nonce=derived("nonce"), verifier=derived("verifier"))


def person(claims: Mapping[str, Any]) -> Proved:
    """Whom the claims are about."""
    return Proved(
        address=claims["email"], name=str(claims.get("name", ""))[:100], language=spoken(claims.get("locale"))
    )


class Provider:
    """The provider that the config names; what it says of itself is asked once an hour."""

    def __init__(self, section: SsoSection) -> None:
        self._section = section
        self._told: tuple[Millis, dict[str, Any], dict[str, Any]] | None = None

    async def address(self, trip: Round, back: str, now: Millis) -> str:
        """The URL to which the person goes; `back` is where the provider sends them afterwards."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - an extra

        told, _ = await self._known(now)
        asked = {
            "response_type": "code", "client_id": self._section.client_id, "redirect_uri": back,
            "scope": " ".join(self._section.scopes), "state": trip.state, "nonce": trip.nonce,
            "code_challenge": create_s256_code_challenge(trip.verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = str(told["authorization_endpoint"])
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def claims(self, trip: Round, code: str, back: str, now: Millis) -> dict[str, Any]:
        """What the provider says of the person whose address the code proves.

        Raises PermanentError where it proves none, TemporaryError for no answer.
        """
        told, keys = await self._known(now)
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "client_id": self._section.client_id, "code_verifier": trip.verifier,
        }  # fmt: skip
        if self._section.client_secret is not None:
            form["client_secret"] = self._section.client_secret.read().decode("utf-8")
        answer = await _ask("POST", str(told["token_endpoint"]), form)
        if not isinstance(answer.get("id_token"), str):
            raise PermanentError("the provider's answer holds no ID token")
        claims = _claims(answer["id_token"], keys, self._section, trip.nonce, now)
        if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
            raise PermanentError("the provider has not verified an address of this person")
        return claims

    async def _known(self, now: Millis) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the provider says of itself (OpenID Connect Discovery 4), and its keys."""
        if self._told is None or now >= self._told[0] + _KEPT:
            issuer = self._section.issuer.rstrip("/")
            told = await _ask("GET", f"{issuer}/.well-known/openid-configuration")
            if str(told.get("issuer", "")).rstrip("/") != issuer:
                raise PermanentError(
                    f"the provider calls itself {told.get('issuer')}, not {issuer}", "Write sso.issuer so."
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _safe(str(told.get(name, "")))
            self._told = (now, told, await _ask("GET", str(told["jwks_uri"])))
        return self._told[1], self._told[2]


async def _ask(method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One request to the provider, and its JSON. Raises TemporaryError, or PermanentError where it refuses."""
    _safe(url)
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
            answer = await client.request(method, url, data=dict(form) if form is not None else None)
    except httpx2.HTTPError as error:
        raise TemporaryError(f"the provider does not answer: {type(error).__name__}") from error
    if answer.status_code >= 500:
        raise TemporaryError(f"the provider answers {answer.status_code}")
    if answer.status_code != 200 or len(answer.content) > _MOST_OCTETS:
        raise PermanentError(f"the provider refuses: {answer.status_code}")
    try:
        said = json.loads(answer.content)
    except ValueError as error:
        raise PermanentError("the provider's answer is no JSON") from error
    if not isinstance(said, dict):
        raise PermanentError("the provider's answer is no JSON object")
    return said


def _safe(url: str) -> None:
    """Only https is spoken to, or our own machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise PermanentError(f"the provider names {url or 'no address'}, which is not https")


def _claims(token: str, keys: dict[str, Any], section: SsoSection, nonce: str, now: Millis) -> dict[str, Any]:
    """What a sound ID token says (OpenID Connect Core 3.1.3.7)."""
    from joserfc import errors, jwt  # noqa: PLC0415 - an extra
    from joserfc.jwk import KeySet  # noqa: PLC0415 - an extra

    rules = jwt.JWTClaimsRegistry(
        now=lambda: now // 1000,
        leeway=60,
        iss={
            "essential": True,
            "values": [section.issuer, section.issuer.rstrip("/"), f"{section.issuer.rstrip('/')}/"],
        },
        aud={"essential": True, "value": section.client_id},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.SecurityWarning)
            read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(_ALGORITHMS))  # type: ignore[arg-type]
        rules.validate(read.claims)
    except (errors.JoseError, ValueError, TypeError, KeyError) as error:
        raise PermanentError(f"the provider's ID token is not sound: {type(error).__name__}") from error
    party = read.claims.get("azp", section.client_id)
    if party != section.client_id:
        raise PermanentError("the provider's ID token is for somebody else")
    return dict(read.claims)
