"""The sections [page] and [portal] of config.toml: the web server behind the pages, and what customers see there."""

from typing import Literal

from pydantic import Field

from .section import Section
from .types import Count, Endpoint, Network, Octets, Seconds, Slug


class PageSection(Section):
    """The web server of portal and pages. A proxy in front speaks TLS."""

    listen: Endpoint = Field("127.0.0.1:8025", description="Where to listen, as HOST:PORT.")
    proxies: tuple[Network, ...] = Field(
        ("127.0.0.1/32", "::1/128"),
        description="Proxies in front, as addresses or networks: their X-Forwarded-For is believed, nobody else's.",
    )
    plain_http: bool = Field(
        False,
        description="Sign people in over http too: for trying things out on one's own machine only.",
    )
    connections: Count = Field(100, description="Connections at one time; more get 503.")
    read_seconds: Seconds = Field(15.0, description="The longest wait for a request's head, and for more of its body.")


class PortalSection(Section):
    """The portal: what customers see, and how long they stay signed in."""

    access: Literal["everyone", "list", "sso"] = Field(
        "everyone",
        description="Who may have an account: everyone with a mail address; the imported customers and who was invited "
        "(list); who comes by single sign-on (sso).",
    )
    terms_version: str = Field(
        "1",
        max_length=40,
        description="Version of the text that people agree to at their first sign-in "
        "(templates/portal/account/terms.html.j2); a new one is asked for once more, '' asks for none.",
    )
    show: tuple[Literal["vendor", "team", "copied", "imported"], ...] = Field(
        ("vendor", "team", "copied", "imported"),
        description="Which tickets appear: those that vendors answer, those that teams of the marketplace answer, "
        "those of others on which the customer is copied, those imported from an archive.",
    )
    hide_flags: tuple[Slug, ...] = Field(
        ("spam", "duplicate"), description="Tickets with one of these flags do not appear."
    )
    sign_in_link: bool = Field(True, description="Show the link to sign in on pages of people who are not.")
    session_days: Count = Field(30, description="Days after which a customer has to sign in again.")
    sign_in_minutes: int = Field(15, ge=1, le=1440, description="Minutes for which a mailed sign-in link is good.")
    sign_ins_per_address_hour: Count = Field(3, description="Sign-in links that one address may ask for in an hour.")
    sign_ins_per_network_hour: Count = Field(
        20, description="Sign-in links that one network address may ask for in an hour."
    )
    view_days: Count = Field(30, description="Days for which the link of a mail shows its ticket without signing in.")
    tickets_per_page: int = Field(25, ge=5, le=100, description="Tickets on one page of the list.")
    upload_octets: Octets = Field(20_971_520, description="The most that the files of one message may have, in octets.")
    upload_files: int = Field(10, ge=1, le=50, description="How many files one message may have.")
    guests: bool = Field(True, description="Let people file a ticket without signing in; they confirm it by mail.")
    tickets_per_hour: Count = Field(10, description="Tickets that one customer or network address may file in an hour.")
