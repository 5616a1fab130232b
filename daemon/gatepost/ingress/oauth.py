"""OAuth2 access tokens for mailboxes: what the operator was given once is changed for one that lives an hour.

A refresh token is shown (RFC 6749 section 6), or, by a client that signs in as itself, its own secret (section 4.4).
Microsoft answers with another refresh token each time, and lets the first one die after 90 days: the newest is kept.
"""

import contextlib
import math
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from ..clock import Clock
from ..core import Millis
from ..errors import PermanentError, TemporaryError
from ..log import printable

if TYPE_CHECKING:
    from ..config import ImapSection
    from .oauth_kept import KeptToken

_SECONDS = 15.0
_WHOLE = 30.0
_EARLY = 120.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token; `ends` is the monotonic instant at which it is no longer used, the others are for people."""

    text: str
    ends: float
    given: Millis
    ends_at: Millis


class TokenRefusedError(PermanentError):
    """The server refuses what we showed; `code` is its word for it (RFC 6749 section 5.2)."""

    def __init__(self, message: str, hint: str, code: str) -> None:
        super().__init__(message, hint)
        self.code = code


class Tokens:
    """The access token of one mailbox, fetched when it is wanted and kept while it lives."""

    def __init__(
        self,
        section: "ImapSection",
        *,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = Clock.monotonic,
        kept: "KeptToken | None" = None,
    ) -> None:
        self._section, self._clock, self._monotonic, self._kept = section, clock or Clock(), monotonic, kept
        self._token: AccessToken | None = None
        self._seen = self._own = kept.changed() if kept is not None else 0

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

    def is_news(self) -> bool:
        """Whether somebody has let us in since this was asked last."""
        before, self._seen = self._seen, self._kept.changed() if self._kept is not None else 0
        return self._seen not in (before, self._own)

    def _fetch(self) -> AccessToken:
        if not self._section.by_person:
            return self._read(ask(self._section, self._form("client_credentials", scope=self._section.token_scope())))
        with self._kept.alone() if self._kept is not None else contextlib.nullcontext():
            given = written(self._section)
            newest = self._kept.newest(given) if self._kept is not None else given
            if not newest:
                raise PermanentError("nobody has let gatepost into the mailbox yet", f"Run: {self._command}")
            form = self._form("refresh_token", scope=self._section.token_scope(), refresh_token=newest)
            try:
                said = ask(self._section, form)
            except TokenRefusedError as refusal:
                raise self._refused(refusal) from refusal
            fresh = said.get("refresh_token")
            if self._kept is not None and isinstance(fresh, str) and fresh not in ("", newest):
                self._kept.write(given, fresh)
                self._own = self._kept.changed()
        return self._read(said)

    def _form(self, grant: str, **more: str) -> dict[str, str]:
        return client_form(self._section, grant_type=grant, **more)

    def _read(self, said: Mapping[str, Any]) -> AccessToken:
        lives, now = _seconds(said.get("expires_in")), self._clock.now()
        return AccessToken(
            text=said["access_token"],
            ends=self._monotonic() + max(lives - _EARLY, lives / 2),
            given=now,
            ends_at=now + int(lives * 1000),
        )

    def _refused(self, refusal: TokenRefusedError) -> TokenRefusedError:
        """RFC 6749 5.2: a grant that has expired or was revoked is invalid_grant, and a person must give another."""
        if refusal.code != "invalid_grant":
            return refusal
        hint = f"The grant has expired or was revoked. Run: {self._command}"
        return TokenRefusedError(refusal.message, hint, refusal.code)

    @property
    def _command(self) -> str:
        return f"gatepost imap authorise {self._kept.mailbox if self._kept is not None else 'NAME'}"


def client_form(section: "ImapSection", **more: str) -> dict[str, str]:
    """What a client shows of itself with every question, and `more` (RFC 6749 2.3.1)."""
    form = {"client_id": section.client_id, **more}
    if section.client_secret is not None:
        form["client_secret"] = section.client_secret.read().decode("utf-8")
    return form


def ask(section: "ImapSection", form: Mapping[str, str]) -> dict[str, Any]:
    """The server's answer, with an access token in it. Raises TokenRefusedError or TemporaryError."""
    where = section.token_endpoint()
    said = post(where, form)
    text = said.get("access_token")
    if not isinstance(text, str) or not text.isascii() or not text.isprintable():
        raise TemporaryError(f"no access token from {where}: it answers without one")
    return said


def post(where: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that a server of tokens answers with. Raises TokenRefusedError or TemporaryError."""
    try:
        answer = _in_time(where, dict(form))
        said = answer.json() if answer.content else {}
    except (httpx2.HTTPError, ValueError, RuntimeError) as error:
        raise TemporaryError(f"no access token from {where}: {type(error).__name__}") from error
    if answer.status_code != 200 or not isinstance(said, dict):
        raise _refusal(where, answer.status_code, said)
    return said


def _in_time(where: str, form: dict[str, str]) -> httpx2.Response:
    """The answer, within `_WHOLE` seconds: httpx2 bounds each read, and a server that trickles answers for ever."""
    answers: queue.SimpleQueue[httpx2.Response | Exception] = queue.SimpleQueue()

    def ask_it() -> None:
        try:
            answers.put(client.post(where, data=form))
        except Exception as error:  # It is raised where the answer is waited for.
            answers.put(error)

    with httpx2.Client(timeout=_SECONDS) as client:
        threading.Thread(target=ask_it, name="oauth-ask", daemon=True).start()
        try:
            found = answers.get(timeout=_WHOLE)
        except queue.Empty:
            raise TemporaryError(f"no access token from {where}: it did not answer in time") from None
    if isinstance(found, Exception):
        raise found
    return found


def _refusal(where: str, status: int, said: object) -> PermanentError | TemporaryError:
    """What the token server's error means: only a refusal of what we showed is for the operator (RFC 6749 5.2)."""
    cause, code = str(status), ""
    if isinstance(said, dict) and "error" in said:
        code = str(said["error"])[:60]
        more = str(said.get("error_description", "")).splitlines()
        cause = " ".join(filter(None, (code, more[0][:140] if more else "")))
    message = printable(f"no access token from {where}: {cause}")
    if 400 <= status < 500 and status not in (408, 429):
        return TokenRefusedError(message, _REMEDIES.get(code, _REMEDY), code)
    return TemporaryError(message)


_REMEDY = "Was it revoked, or has it expired? Look at client_id, client_secret, scope and tenant."
_REMEDIES = {
    "invalid_client": "Has the client's secret expired? Make a new one, and write it where client_secret says.",
    "unauthorized_client": "The client may not do this: look at its kind and its permissions.",
    "invalid_scope": "The client may not ask for this scope: look at its permissions.",
}


def written(section: "ImapSection") -> str:
    """The refresh token that the operator wrote down; '' for none. Raises PermanentError where its file is gone."""
    return section.refresh_token.read().decode("utf-8") if section.refresh_token is not None else ""


def _seconds(said: object) -> float:
    """How long a token lives; an hour where the server does not say it (RFC 6749 5.1 only recommends that it does)."""
    try:
        lives = float(str(said)) if said is not None else _HOUR
    except ValueError:
        return _HOUR
    return min(max(lives, 1.0), 24 * _HOUR) if math.isfinite(lives) else _HOUR
