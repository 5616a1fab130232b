"""The first refresh token of a mailbox: a person lets us in, on any device with a code, or with a browser.

With a code (RFC 8628) the person writes it into a page of the provider, wherever they are. With a browser (RFC 6749
section 4.1) the provider sends them on to an address of this very machine (RFC 8252 section 7.3), where we listen;
where the browser runs elsewhere, they paste that address. Whoever else reads it has no use of it (PKCE, RFC 7636).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ..errors import PermanentError, TemporaryError
from ..log import printable
from .oauth import TokenRefusedError, ask, client_form, post

if TYPE_CHECKING:
    from ..config import ImapSection

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL = 5.0
_SLOWER = 5.0
_SLOWEST = 60.0
_LONGEST = 30 * 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What the provider gave: the refresh token to keep, and an access token for the first hour."""

    refresh: str = field(repr=False)
    access: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a person is asked to do: write `code` into the page `page`, within `seconds`."""

    page: str
    code: str
    seconds: float
    interval: float
    device_code: str = field(repr=False)


def device_code(section: "ImapSection") -> DeviceCode:
    """A code for any device (RFC 8628 3.2). Raises PermanentError or TemporaryError."""
    where = section.device_endpoint()
    said = post(where, {"client_id": section.client_id, "scope": section.token_scope()})
    # Google calls it verification_url, as a draft of the RFC did.
    page, code = said.get("verification_uri") or said.get("verification_url"), said.get("user_code")
    hidden = said.get("device_code")
    if not (isinstance(page, str) and isinstance(code, str) and isinstance(hidden, str)):
        raise TemporaryError(f"no code from {where}: it answers without one")
    seconds, interval = _number(said.get("expires_in"), 900.0), _number(said.get("interval"), _INTERVAL)
    return DeviceCode(
        page=page, code=code, seconds=min(seconds, _LONGEST), interval=min(interval, _SLOWEST), device_code=hidden
    )


def by_device(
    section: "ImapSection", asked: DeviceCode, monotonic: Callable[[], float], pause: Callable[[float], object]
) -> Granted:
    """Ask until the person has answered (RFC 8628 3.4, 3.5). Raises PermanentError where they do not, or say no."""
    end, interval = monotonic() + asked.seconds, asked.interval
    while monotonic() < end:
        pause(interval)
        try:
            return _granted(
                section, client_form(section, grant_type=_DEVICE_GRANT, device_code=asked.device_code)
            )  # fmt: skip
        except TokenRefusedError as refusal:
            if refusal.code not in ("authorization_pending", "slow_down"):
                raise _ended(refusal) from refusal
            interval += _SLOWER if refusal.code == "slow_down" else 0.0
        except TemporaryError:
            interval = min(2 * interval, _SLOWEST)
    raise PermanentError("the code was not used in time", "Begin again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a browser is sent to ask, and by which its answer is known to be ours."""

    page: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def question(section: "ImapSection", redirect: str) -> Question:
    """The page on which a person lets us in; from there they are sent on to `redirect`."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": section.client_id,
        "redirect_uri": redirect,
        "scope": section.token_scope(),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": section.username,
    }
    if section.preset == "google":
        # Without these, Google gives a refresh token only the first time that somebody agrees.
        asked |= {"access_type": "offline", "prompt": "consent"}
    where = section.authorise_endpoint()
    page = f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(asked)}"
    return Question(page=page, redirect=redirect, state=state, verifier=verifier)


def answer(asked: Question, address: str) -> str | None:
    """The code in the address to which a browser was sent; None where that is no answer to this question.

    Raises PermanentError where the provider says no. `state` tells our answers from others (RFC 6749 10.12).
    """
    try:
        said = parse_qs(urlsplit(address.strip()).query, max_num_fields=50)
    except ValueError:
        return None
    if not hmac.compare_digest(_one(said, "state").encode(), asked.state.encode()):
        return None
    if refusal := _one(said, "error"):
        words = printable(" ".join(f"{refusal} {_one(said, 'error_description')}".split())[:200])
        raise PermanentError(f"the provider says no: {words}", _NO)
    return _one(said, "code") or None


def by_code(section: "ImapSection", asked: Question, code: str) -> Granted:
    """Change the code for tokens (RFC 6749 4.1.3, RFC 7636 4.5)."""
    form = client_form(
        section,
        grant_type="authorization_code",
        code=code,
        redirect_uri=asked.redirect,
        code_verifier=asked.verifier,
    )
    try:
        return _granted(section, form)
    except TokenRefusedError as refusal:
        raise _ended(refusal) from refusal


def _granted(section: "ImapSection", form: Mapping[str, str]) -> Granted:
    said = ask(section, form)
    refresh = said.get("refresh_token")
    if not isinstance(refresh, str) or not refresh.isascii() or not refresh.isprintable() or not refresh:
        raise PermanentError(
            f"{section.token_endpoint()} gives no refresh token",
            "Ask for one that lasts: most providers want offline_access in scope.",
        )
    return Granted(refresh=refresh, access=said["access_token"])


_NO = "Was it declined, or does an administrator have to allow the client first?"
_CODES = {
    "access_denied": "It was declined.",
    "authorization_declined": "It was declined.",
    "expired_token": "The code was not used in time. Begin again.",
    "invalid_grant": "The code is no longer good. Begin again.",
}


def _ended(refusal: TokenRefusedError) -> TokenRefusedError:
    return TokenRefusedError(refusal.message, _CODES.get(refusal.code, refusal.hint), refusal.code)


def _one(said: Mapping[str, list[str]], name: str) -> str:
    values = said.get(name, [])
    return values[0] if len(values) == 1 else ""


def _number(said: Any, otherwise: float) -> float:
    usable = isinstance(said, int | float) and not isinstance(said, bool) and 0 < said < 1e6
    return float(said) if usable else otherwise
