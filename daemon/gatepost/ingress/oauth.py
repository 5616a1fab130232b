"""OAuth2 access tokens for mailboxes: what the operator was given once is changed for one that lives an hour.

A refresh token is shown (RFC 6749 section 6), or, without one, the client's own secret (section 4.4). Microsoft answers
with another refresh token each time, and lets the first one die after 90 days: the newest is kept in a file of its own.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from ..clock import Clock
from ..core import Millis
from ..errors import PermanentError, TemporaryError

if TYPE_CHECKING:
    from ..config import ImapSection

_SECONDS = 15.0
_EARLY = 120.0
_HINT = "Was it revoked, or has it expired? Get a new refresh token or client secret."


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token; `ends` is the monotonic instant at which it is no longer used, the others are for people."""

    text: str
    ends: float
    given: Millis
    ends_at: Millis


class Tokens:
    """The access token of one mailbox, fetched when it is wanted and kept while it lives.

    `keep` is the file in which a refresh token that came later than the operator's is kept.
    """

    def __init__(
        self,
        section: "ImapSection",
        *,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = Clock.monotonic,
        keep: Path | None = None,
    ) -> None:
        self._section, self._clock, self._monotonic, self._keep = section, clock or Clock(), monotonic, keep
        self._token: AccessToken | None = None

    @property
    def shown(self) -> AccessToken | None:
        """The token in use; None before the first sign-in, and for a mailbox with a password."""
        return self._token

    def current(self) -> str:
        """A token that is good. Raises TemporaryError or PermanentError where none is given."""
        if self._token is None or self._monotonic() >= self._token.ends:
            self._token = self._fetch()
        return self._token.text

    def drop(self) -> None:
        """The server has refused it: the next one is a fresh one."""
        self._token = None

    def _fetch(self) -> AccessToken:
        where = self._section.token_endpoint()
        try:
            answer = httpx2.post(where, data=self._form(), timeout=_SECONDS)
            said = answer.json() if answer.content else {}
        except (httpx2.HTTPError, ValueError) as error:
            raise TemporaryError(f"no access token from {where}: {type(error).__name__}") from error
        text = said.get("access_token") if isinstance(said, dict) else None
        if answer.status_code != 200 or not isinstance(text, str) or not text.isascii():
            raise _refusal(where, answer.status_code, said)
        fresh = said.get("refresh_token")
        if isinstance(fresh, str) and fresh:
            self._remember(fresh)
        lives = _seconds(said.get("expires_in"))
        now = self._clock.now()
        return AccessToken(
            text=text,
            ends=self._monotonic() + max(lives - _EARLY, lives / 2),
            given=now,
            ends_at=now + int(lives * 1000),
        )

    def _form(self) -> dict[str, str]:
        section = self._section
        form = {"grant_type": "client_credentials", "client_id": section.client_id, "scope": section.token_scope()}
        if section.client_secret is not None:
            form["client_secret"] = section.client_secret.read().decode("utf-8")
        if section.refresh_token is not None:
            form["grant_type"] = "refresh_token"
            form["refresh_token"] = self._newest(section.refresh_token.read().decode("utf-8"))
        return form

    def _newest(self, given: str) -> str:
        """The kept refresh token, while the operator's is the one from which it came."""
        try:
            kept = json.loads(self._keep.read_text("utf-8")) if self._keep is not None else {}
            return str(kept["newest"]) if kept["given"] == _digest(given) else given
        except (OSError, ValueError, KeyError, TypeError):
            return given

    def _remember(self, fresh: str) -> None:
        section = self._section
        if self._keep is None or section.refresh_token is None:
            return
        given = section.refresh_token.read().decode("utf-8")
        if fresh == self._newest(given):
            return
        text = json.dumps({"given": _digest(given), "newest": fresh})
        beside = self._keep.with_suffix(".new")
        self._keep.parent.mkdir(mode=0o700, exist_ok=True)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - a path object cannot set the mode at birth
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._keep)


def _refusal(where: str, status: int, said: object) -> PermanentError | TemporaryError:
    """What the token server's error means: only a refusal of what we showed is for the operator (RFC 6749 5.2)."""
    cause = str(status)
    if isinstance(said, dict) and "error" in said:
        more = str(said.get("error_description", "")).splitlines()
        cause = " ".join(filter(None, (str(said["error"])[:60], more[0][:140] if more else "")))
    kind = PermanentError if 400 <= status < 500 and status not in (408, 429) else TemporaryError
    return kind(f"no access token from {where}: {cause}", _HINT if kind is PermanentError else "")


def _seconds(said: object) -> float:
    """How long a token lives; an hour where the server does not say it (RFC 6749 5.1 only recommends that it does)."""
    try:
        return max(float(str(said)), 1.0) if said is not None else 3600.0
    except ValueError:
        return 3600.0


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
