"""The sections [route.NAME] of config.toml: destinations that have a way out of their own, with its own TLS (D3)."""

from typing import Literal

from pydantic import Field

from .section import Secret, Section
from .types import Domain, Server


class RouteSection(Section):
    """A way of its own for mail to some domains; the waits and bounds of [delivery] hold here too."""

    domains: tuple[Domain, ...] = Field(min_length=1, description="The recipients' domains, for example acme.example.")
    smarthost: Server = Field(description="The mail server that takes this mail, as HOST:PORT.")
    tls: Literal["none", "opportunistic", "required"] = Field(
        "required", description="STARTTLS to it; required verifies its certificate and never falls back."
    )
    username: str = Field("", description="User name there; '' signs in nowhere.")
    password: Secret | None = Field(None, description="The password for username.")
