"""The model of config.toml: every key with its type, its default and one sentence; frozen once it is made.

Nothing here reads a file. config.example.toml and docs/config.md are written from this module, and checked against it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from ..core.discount import Discount
from ..core.party import Brand, Team
from ..core.staff import Member, Permission
from .away import AwaySection
from .brand import BrandSection
from .imap import ImapSection
from .metrics import MetricsSection
from .portal import PageSection, PortalSection
from .privacy import RetentionSection, SecretsSection
from .report_card import ReportCardSection
from .route import RouteSection
from .section import Secret, Section
from .sign_in import ShopSignInSection, SsoSection
from .staff import AuditSection, RoleSection, StaffPagesSection, StaffSection, StaffSsoSection, members_of, roles_of
from .types import (
    Address,
    Code,
    Count,
    Day,
    Domain,
    Endpoint,
    FileMode,
    FilePath,
    HostName,
    KeyId,
    Name,
    Network,
    Octets,
    Percent,
    Seconds,
    Server,
    Slug,
)


class GatepostSection(Section):
    """The daemon itself."""

    data: FilePath = Field(description="Folder of the databases and of large mails; made with mode 0700.")
    hostname: HostName = Field(description="Our name in greetings, Received lines and Message-IDs, fully qualified.")
    rules: FilePath = Field(
        "rules", description="The operator's rules; a file replaces the shipped one of the same name."
    )
    templates: FilePath = Field(
        "templates", description="The operator's templates, in folders as the shipped ones, and looked up before them."
    )
    staff: Address = Field(description="Who is told of trouble: overdue tickets, undeliverable mail, quarantine.")
    readers: int = Field(1, ge=1, le=16, description="Reader processes, which parse mail under limits.")
    log: Literal["text", "json"] = Field("text", description="The form of the log on standard error.")


class SmtpSection(Section):
    """The SMTP door: who may connect, how much they may send, how long they may take."""

    listen: tuple[Endpoint, ...] = Field(
        ("127.0.0.1:2525",), description="Where to listen, as HOST:PORT; [] closes the door."
    )
    certificate: FilePath = Field(
        "", description="PEM file of the certificate chain; STARTTLS is offered when it is set."
    )
    key: FilePath = Field("", description="PEM file of the certificate's key, mode 0600.")
    require_tls: bool = Field(False, description="Refuse MAIL before STARTTLS with 530.")
    message_octets: Octets = Field(26_214_400, description="The largest message, in octets (SIZE, RFC 1870).")
    header_octets: Octets = Field(262_144, description="The largest header section, in octets.")
    line_octets: Octets = Field(65_536, description="The longest line in DATA, in octets with its CRLF.")
    recipients: Count = Field(
        100, description="Recipients of one mail; more get 452 (RFC 5321 4.5.3.1.8 asks for 100)."
    )
    connections: Count = Field(200, description="Connections at one time in all; more get 421.")
    connections_per_address: Count = Field(20, description="Connections at one time from one address; more get 421.")
    commands: Count = Field(1_000, description="Commands of one connection since its last accepted mail; more get 421.")
    junk_commands: Count = Field(
        100, description="NOOP, RSET, VRFY and unknown commands of one connection; more get 421."
    )
    errors: Count = Field(20, description="Refused commands of one connection; more get 421.")
    memory_octets: Octets = Field(
        268_435_456, description="Memory for mail on its way in, of all connections; a mail beyond it gets 452."
    )
    idle_seconds: Seconds = Field(300.0, description="Silence after which a connection is closed.")
    data_seconds: Seconds = Field(3_600.0, description="The longest that DATA may take in all.")
    data_octets_per_second: Count = Field(
        500, description="The slowest DATA, in octets a second over its whole length."
    )
    handshake_seconds: Seconds = Field(30.0, description="The longest that a TLS handshake may take.")
    commit_seconds: Seconds = Field(10.0, description="The longest wait for the disk before a mail gets 451.")
    bare_newline: Literal["reject", "normalize"] = Field(
        "reject",
        description="A bare LF in DATA: refuse the mail with 550, or read it as CRLF. A bare CR is always refused.",
    )
    free_octets: int = Field(
        0, ge=0, description="Refuse MAIL with 452 when less is free on the disk; 0 means 1.5 times message_octets."
    )
    proxies: tuple[Network, ...] = Field(
        (),
        description="Load balancers in front of this door, as addresses or networks: from them, and from nobody else, "
        "the PROXY protocol (version 1 or 2) is taken, and asked for.",
    )
    postponed: tuple[Address, ...] = Field(
        (), description="Support addresses whose mail gets 451 for now, so that the senders keep it and try again."
    )


class LmtpSection(Section):
    """The LMTP door, for a mail server in front that has one answer for each recipient; limits are those of [smtp]."""

    listen: tuple[Endpoint, ...] = Field(
        (), description="Where to listen, as HOST:PORT, for example 127.0.0.1:2424; whoever reaches it may bring mail."
    )
    socket: FilePath = Field("", description="Path of a unix socket to listen on; '' opens none.")
    socket_mode: FileMode = Field(
        "0660", description="Its mode: who may write to it may bring mail. The folder's group is given to it."
    )


class DkimSection(Section):
    """The key that signs what goes out; without it the smarthost signs."""

    domain: Domain = Field(description="The domain that signs: a brand's, or one above it.")
    selector: Slug = Field(description="The key's name in DNS: SELECTOR._domainkey.DOMAIN.")
    key: Secret = Field(description="The private key in PEM: RSA of 2048 bits, or Ed25519.")


class DeliverySection(Section):
    """How mail goes out."""

    smarthost: Server = Field("127.0.0.1:25", description="The mail server that takes all our mail, as HOST:PORT.")
    tls: Literal["none", "opportunistic", "required"] = Field(
        "opportunistic",
        description="STARTTLS to the smarthost; required verifies its certificate and never falls back.",
    )
    username: str = Field("", description="User name at the smarthost; '' signs in nowhere.")
    password: Secret | None = Field(None, description="The password for username.")
    backoff_minutes: tuple[Count, ...] = Field(
        (1, 5, 15, 30, 60, 120, 240),
        min_length=1,
        description="Waits between attempts, in minutes; the last one repeats.",
    )
    dkim: DkimSection | None = Field(
        None,
        description="Sign with DKIM: `{ domain = …, selector = …, key = { file = … } }`; else the smarthost signs.",
    )
    lifetime_hours: Count = Field(120, description="How long a mail is tried before it becomes a dead letter.")
    message_octets: Octets = Field(
        20_000_000,
        description="The largest mail that is sent. Files beyond it go as links, or as few as there is room for; where "
        "a server takes less, less.",
    )
    link_days: Count = Field(30, description="Days for which the link to such a file is good.")
    delay_notice_hours: Count = Field(
        4, description="Staff are told once when mail to a destination waits longer, and when it no longer does."
    )
    connections_per_destination: Count = Field(4, description="Connections at one time to one destination.")
    connections: Count = Field(16, description="Connections at one time in all.")
    connect_seconds: Seconds = Field(30.0, description="The longest wait for a connection and its greeting.")
    command_seconds: Seconds = Field(300.0, description="The longest wait for an answer to MAIL, RCPT or DATA.")
    data_seconds: Seconds = Field(
        600.0, description="The longest wait for the answer to the final dot (RFC 5321 4.5.3.2)."
    )


class ReplyAddressSection(Section):
    """The signed addresses to which a plain Reply goes."""

    form: Literal["plus", "subdomain"] = Field(
        "plus", description="plus: support+TOKEN@brand; subdomain: TOKEN@domain, for hosts that lose the plus."
    )
    separator: Literal["+", "-", "="] = Field("+", description="What stands between the address and the token.")
    domain: Domain = Field("", description="The domain of the subdomain form, for example reply.market.example.")
    current: int = Field(1, ge=0, le=255, description="The id of the key that signs.")
    keys: dict[KeyId, Secret] = Field(
        default_factory=dict,
        description="Keys by id, 32 bytes or more each; without any, one is made in the data folder.",
    )


class AuthenticationSection(Section):
    """Who is believed to be who they say (I4)."""

    mode: Literal["off", "trusted-hop", "evaluate"] = Field(
        "trusted-hop",
        description="trusted-hop reads Authentication-Results of authserv_id; evaluate asks DNS; off believes From.",
    )
    authserv_id: str = Field("", description="The name that our own mail server writes into Authentication-Results.")
    authserv_fields: Count = Field(
        1, description="How many Authentication-Results fields our own mail server writes on each mail."
    )
    received_above: int = Field(
        2, ge=0, description="Received fields that may stand above those fields; 0 where our server writes them on top."
    )
    arc_sealers: tuple[Domain, ...] = Field(
        (), description="Forwarders and lists whose ARC seals are believed (evaluate), for example lists.example.org."
    )
    nameservers: tuple[Server, ...] = Field(
        (), description="DNS servers to ask, as ADDRESS:PORT; none means those of the system."
    )
    query_seconds: Seconds = Field(5.0, description="The longest wait for the answer to one DNS question.")
    evaluation_seconds: Seconds = Field(15.0, description="The longest that the evaluation of one mail may take.")


class LimitsSection(Section):
    """What one mail may cost, and how many automatic mails may leave."""

    reader_cpu_seconds: Seconds = Field(10.0, description="CPU time that reading one mail may take.")
    reader_wall_seconds: Seconds = Field(30.0, description="Time that reading one mail may take.")
    reader_memory_octets: Octets = Field(536_870_912, description="Memory that a reader may take.")
    tries: Count = Field(3, description="Tries at a mail before it goes to quarantine.")
    automatic_per_address_day: Count = Field(10, description="Automatic mails to one address in 24 hours.")
    automatic_per_domain_hour: Count = Field(50, description="Automatic mails to one domain in an hour.")
    automatic_per_minute: Count = Field(120, description="Automatic mails in all in a minute.")
    breaker_minutes: Count = Field(
        60, description="The circuit breaker's window, and how long it stays open after the last of it."
    )
    breaker_per_address: Count = Field(
        4, description="Automatic mails to one address, answered, within the window: no more until it closes."
    )
    breaker_per_domain: Count = Field(20, description="The same for all addresses of one domain.")
    breaker_per_ticket: Count = Field(
        60, description="Messages on one ticket within the window; more are kept in quarantine."
    )
    breaker_floor: Count = Field(
        200, description="Automatic mails in all within the window from which breaker_ratio counts."
    )
    breaker_ratio: float = Field(
        2.0, gt=0, description="Automatic mails for each mail that came, above which all of them stop."
    )


class ClockSection(Section):
    """The promises about time."""

    overdue_business_days: Count = Field(2, description="Business days after which an unanswered message is overdue.")
    nudge_share: float = Field(
        0.5, ge=0, lt=1, description="Share of the promised time after which the vendor is reminded; 0 never does."
    )
    help_business_days: float = Field(
        1.0,
        ge=0,
        le=100,
        description="Business days after the overdue notice until triage gets the ticket too; 0: never.",
    )
    reroute_business_days: float = Field(
        2.0,
        ge=0,
        le=100,
        description="Business days after the overdue notice until substitute or triage take the ticket over; 0: never.",
    )
    reopen_days: Count = Field(
        60, description="Days in which a customer's answer opens a closed ticket again; later ones open a new one."
    )
    rating_days: Count = Field(7, description="Days after filing at which the customer is asked for a rating.")
    catch_up_per_minute: Count = Field(
        60, description="Deadlines that are done in a minute at most, so that a downtime ends in no burst of mail."
    )
    digest_hour: int = Field(
        7, ge=-1, le=23, description="Hour of the recipient's day of the digest to vendors and staff; -1 sends none."
    )
    rating_late_days: int = Field(
        14, ge=0, description="Days of lateness, after a downtime, that a rating request is still sent with; 0: any."
    )


class TopicsSection(Section):
    """What tickets are about."""

    bar: float = Field(
        0.90, ge=0.5, lt=1, description="The confidence from which a topic is given to a ticket; below it, none is."
    )


class TeamSection(Section):
    """A team of the marketplace. `triage` must exist: it takes what nobody else does."""

    name: Name = Field(description="What customers read, for example Billing.")
    address: Address = Field(description="Where the team's tickets go.")


class DiscountSection(Section):
    """A discount code that vendors and staff may give in an answer (#discount)."""

    percent: Percent = Field(description="What the code is worth, in percent.")
    text: str = Field("", max_length=200, description="A few words about it, shown beside the code.")
    until: Day = Field("", description="Its last day, for example 2027-01-31; '' for no end.")
    active: bool = Field(True, description="Whether it may be given now.")


class Config(Section):
    """The whole of config.toml."""

    gatepost: GatepostSection
    smtp: SmtpSection = SmtpSection()
    lmtp: LmtpSection = LmtpSection()
    imap: dict[Slug, ImapSection] = Field(default_factory=dict)
    delivery: DeliverySection = DeliverySection()
    route: dict[Slug, RouteSection] = Field(default_factory=dict)
    reply_address: ReplyAddressSection = ReplyAddressSection()
    authentication: AuthenticationSection = AuthenticationSection()
    limits: LimitsSection = LimitsSection()
    clock: ClockSection = ClockSection()
    topics: TopicsSection = TopicsSection()
    report_card: ReportCardSection = ReportCardSection()
    page: PageSection = PageSection()
    portal: PortalSection = PortalSection()
    sso: SsoSection = SsoSection()
    shop_sign_in: ShopSignInSection = ShopSignInSection()
    metrics: MetricsSection = MetricsSection()
    staff_pages: StaffPagesSection = StaffPagesSection()
    staff_sso: StaffSsoSection = StaffSsoSection()
    audit: AuditSection = AuditSection()
    secrets: SecretsSection = SecretsSection()
    retention: RetentionSection = RetentionSection()
    role: dict[Slug, RoleSection] = Field(default_factory=dict)
    staff: dict[Slug, StaffSection] = Field(default_factory=dict)
    team: dict[Slug, TeamSection]
    brand: dict[Slug, BrandSection] = Field(min_length=1)
    discount: dict[Code, DiscountSection] = Field(default_factory=dict)
    away: dict[Slug, AwaySection] = Field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.gatepost.data)

    def brands(self) -> tuple[Brand, ...]:
        """The storefronts, in the order of the file."""
        return tuple(Brand(slug=slug, **section.model_dump()) for slug, section in self.brand.items())

    def teams(self) -> dict[str, Team]:
        """The marketplace's teams by slug."""
        return {slug: Team(slug=slug, **section.model_dump()) for slug, section in self.team.items()}

    def members(self) -> dict[str, Member]:
        """The members of staff by name."""
        return members_of(self.staff, self.role)

    def roles(self) -> Mapping[str, tuple[Permission, ...]]:
        """What each role permits, by its name."""
        return roles_of(self.role)

    def discounts(self) -> dict[str, Discount]:
        """The discount codes by code."""
        return {code: Discount(code=code, **section.model_dump()) for code, section in self.discount.items()}

    def domains(self) -> frozenset[str]:
        """The domains for which we take mail: those of the support addresses, and that of the reply addresses."""
        support = {address.rpartition("@")[2] for brand in self.brand.values() for address in brand.support}
        return frozenset(support | ({self.reply_address.domain} - {""}))

    def receives(self, address: str) -> bool:
        """Whether mail to `address` comes in here, so that writing to it would be writing to ourselves."""
        local, _, domain = address.lower().rpartition("@")
        if domain == self.reply_address.domain or (local == "postmaster" and domain in self.domains()):
            return True
        base = local.partition(self.reply_address.separator)[0]
        support = {each.lower() for brand in self.brand.values() for each in brand.support}
        return not support.isdisjoint({f"{local}@{domain}", f"{base}@{domain}"})
