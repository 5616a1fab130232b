"""config.toml -> a frozen `Config`: every key with its default and one sentence, all mistakes at once, with lines.

`types` says what single values look like, `model` which keys there are, `checks` what must hold between them, `file`
reads a file and says what is wrong with it, `example` writes the example and the table of the documentation.
"""

from .away import AwaySection
from .brand import BrandSection
from .file import find, load
from .imap import ImapSection
from .metrics import MetricsSection
from .model import (
    AuthenticationSection,
    ClockSection,
    Config,
    DeliverySection,
    GatepostSection,
    LimitsSection,
    LmtpSection,
    ReplyAddressSection,
    SmtpSection,
    TeamSection,
    TopicsSection,
)
from .portal import PageSection, PortalSection
from .privacy import RetentionSection, SecretsSection
from .report_card import ReportCardSection
from .route import RouteSection
from .section import Secret
from .sign_in import ShopSignInSection, SsoSection
from .staff import StaffPagesSection, StaffSsoSection
from .types import endpoint

__all__ = [
    "AuthenticationSection",
    "AwaySection",
    "BrandSection",
    "ClockSection",
    "Config",
    "DeliverySection",
    "GatepostSection",
    "ImapSection",
    "LimitsSection",
    "LmtpSection",
    "MetricsSection",
    "PageSection",
    "PortalSection",
    "ReplyAddressSection",
    "ReportCardSection",
    "RetentionSection",
    "RouteSection",
    "Secret",
    "SecretsSection",
    "ShopSignInSection",
    "SmtpSection",
    "SsoSection",
    "StaffPagesSection",
    "StaffSsoSection",
    "TeamSection",
    "TopicsSection",
    "endpoint",
    "find",
    "load",
]
