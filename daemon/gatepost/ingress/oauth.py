"""OAuth2 access tokens for mailboxes: a refresh token is changed for one that lives an hour (RFC 6749 section 6)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from ..errors import PermanentError, TemporaryError

if TYPE_CHECKING:
    from ..config import ImapSection

_SECONDS = 15.0
_EARLY = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token, and the monotonic instant at which it is no longer used."""

    text: str
    ends: float


class Tokens:
    """The access token of one mailbox, fetched when it is wanted and kept while it lives."""

    def __init__(self, section: "ImapSection", monotonic: Callable[[], float]) -> None:
        self._section, self._monotonic = section, monotonic
        self._token: AccessToken | None = None

    def current(self) -> str:
        """A token that is good. Raises TemporaryError or PermanentError where none is given."""
        if self._token is None or self._monotonic() >= self._token.ends:
            self._token = self._fetch()
        return self._token.text

    def drop(self) -> None:
        """The server has refused it: the next one is a fresh one."""
        self._token = None

    def _fetch(self) -> AccessToken:
        section = self._section
        form = {"grant_type": "refresh_token", "client_id": section.client_id, "scope": section.token_scope()}
        for name in ("refresh_token", "client_secret"):
            secret = getattr(section, name)
            if secret is not None:
                form[name] = secret.read().decode("utf-8")
        try:
            answer = httpx2.post(section.token_endpoint(), data=form, timeout=_SECONDS)
            said = answer.json() if answer.content else {}
        except (httpx2.HTTPError, ValueError) as error:
            raise TemporaryError(f"no access token from {section.token_endpoint()}: {type(error).__name__}") from error
        if answer.status_code != 200 or not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
            cause = str(said.get("error", answer.status_code))[:100] if isinstance(said, dict) else "no answer"
            kind = TemporaryError if answer.status_code >= 500 else PermanentError
            raise kind(f"no access token from {section.token_endpoint()}: {cause}", "Renew the refresh token.")
        lives = float(said.get("expires_in", 3600))
        return AccessToken(text=said["access_token"], ends=self._monotonic() + max(lives - _EARLY, lives / 2))
