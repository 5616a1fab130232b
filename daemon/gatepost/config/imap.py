"""The sections [imap.NAME] of config.toml: a mailbox that is fetched, and how one signs in there."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .section import Secret, Section
from .types import Address, Count, FilePath, Seconds, Server, Url, day

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _plain(value: str) -> str:
    """A name that goes into an IMAP command as it is: imaplib does not keep a line break from ending it (N08)."""
    if _CONTROL.search(value):
        raise ValueError(f"{value!r} holds a control character")
    return value


EVER = "ever"


def _since(value: str) -> str:
    return value if value == EVER else day(value)


Since = Annotated[str, AfterValidator(_since)]
ImapName = Annotated[str, AfterValidator(_plain)]
_SERVERS = {"google": "imap.gmail.com:993", "microsoft": "outlook.office365.com:993"}
_TOKENS = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
}
_AUTHORISE = {
    "google": "https://accounts.google.com/o/oauth2/v2/auth",
    "microsoft": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
}
# Google gives codes for other devices, but not for the scope of mail.
_DEVICES = {"microsoft": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode"}
_SCOPES = {
    "google": "https://mail.google.com/",
    "microsoft": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
}
# A client that signs in as itself is given what an administrator has allowed it, whatever it asks for.
_OWN_SCOPES = {"microsoft": "https://outlook.office365.com/.default"}


class ImapSection(Section):
    """A mailbox that is fetched. A mail leaves its folder only after it is on our disk."""

    preset: Literal["none", "google", "microsoft"] = Field(
        "none", description="Google Workspace or Microsoft 365: server, token_url and scope are known then."
    )
    server: Server | Literal[""] = Field("", description="The IMAP server, as HOST:PORT.")
    tls: Literal["tls", "starttls", "none"] = Field("tls", description="How the connection is protected.")
    authority: FilePath = Field("", description="PEM file of the authority that is trusted; '' trusts the system's.")
    username: ImapName = Field("", description="Who signs in, often the mailbox's address.")
    password: Secret | None = Field(None, description="The password; without one, OAuth2 signs in.")
    mechanism: Literal["xoauth2", "oauthbearer"] = Field("xoauth2", description="How an OAuth2 token is shown.")
    token_url: Url = Field("", description="Where OAuth2 access tokens come from.")
    authorise_url: Url = Field("", description="Where a person lets us in, as `gatepost imap authorise` asks for it.")
    device_url: Url = Field("", description="The same with a code, on any device (RFC 8628).")
    tenant: ImapName = Field("organizations", description="The Microsoft tenant: its id or a domain of it.")
    client_id: ImapName = Field("", description="The OAuth2 client's id.")
    client_secret: Secret | None = Field(None, description="The OAuth2 client's secret, where it has one.")
    refresh_token: Secret | None = Field(
        None, description="The OAuth2 refresh token, where it did not come from `gatepost imap authorise`."
    )
    scope: ImapName = Field("", description="The OAuth2 scope.")
    folder: ImapName = Field("INBOX", description="The folder that is fetched.")
    processed: ImapName = Field(
        "Processed", description="Where fetched mails are moved; '' leaves them where they are, marked $Gatepost."
    )
    failed: ImapName = Field("Failed", description="Where mails are moved that are too large or cannot be fetched.")
    since: Since = Field(
        "", description='Mails that came before this day are left alone, as 2026-12-01; "ever" takes whatever is there.'
    )
    recipient: Address | Literal[""] = Field("", description="Whose mail it is where it names no address of ours.")
    poll_seconds: Seconds = Field(40.0, description="Pause between looks where the server offers no IDLE.")
    idle_seconds: Seconds = Field(
        40.0, description="How long IDLE waits before the server must answer, so that a dead one is noticed."
    )
    read_seconds: Seconds = Field(15.0, description="The longest wait for an answer.")
    batch: Count = Field(50, description="Mails that are fetched between two marks.")

    def endpoint(self) -> str:
        """HOST:PORT of the server."""
        return self.server or _SERVERS.get(self.preset, "")

    def token_endpoint(self) -> str:
        """Where access tokens come from."""
        return self.token_url or self._known(_TOKENS)

    def authorise_endpoint(self) -> str:
        """Where a person lets us in with a browser; '' where that is not known."""
        return self.authorise_url or self._known(_AUTHORISE)

    def device_endpoint(self) -> str:
        """Where a code for a person's own device comes from; '' where the server has none."""
        return self.device_url or self._known(_DEVICES)

    @property
    def by_person(self) -> bool:
        """Whether OAuth2 shows the grant of a person; else the client signs in as itself, which Google has not."""
        return self.refresh_token is not None or self.preset == "google" or self.client_secret is None

    def token_scope(self) -> str:
        """What the token must allow."""
        known = _SCOPES if self.by_person else _OWN_SCOPES
        return self.scope or known.get(self.preset, "")

    def _known(self, urls: dict[str, str]) -> str:
        return urls.get(self.preset, "").replace("{tenant}", self.tenant)

    def since_day(self) -> date | None:
        """The first day whose mails are taken; None takes all."""
        return date.fromisoformat(self.since) if self.since not in ("", EVER) else None
