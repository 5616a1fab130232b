"""Who is who: brands, customers, vendors, products, subscriptions, and the parts they play on a ticket."""

from dataclasses import dataclass
from enum import StrEnum

from . import Millis


class Party(StrEnum):
    """The kinds of party. A stranger is an address we do not know, a machine is software that writes mail."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    STAFF = "staff"
    STRANGER = "stranger"
    MACHINE = "machine"


class Role(StrEnum):
    """The part that a participant plays on one ticket."""

    REQUESTER = "requester"
    COPIED = "copied"
    VENDOR = "vendor"
    COLLABORATOR = "collaborator"
    STAFF = "staff"


class Membership(StrEnum):
    """Whether a participant takes part: copied people wait until the requester has confirmed them (D10)."""

    PENDING = "pending"
    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of the marketplace's own staff with one address, for example billing or triage."""

    slug: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One storefront: the addresses it listens on, the face it shows, the links its mails may carry.

    `title` heads the portal's pages, '' is the name; `logo`, `logo_dark` and `favicon` are files. `product_page` is the
    URL of a product with `{slug}` in it. `sign_in` are the ways in at its portal: a mailed link, the provider of [sso],
    the shop's word.
    """

    slug: str
    name: str
    support: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    portal: str = ""
    title: str = ""
    logo: str = ""
    logo_dark: str = ""
    favicon: str = ""
    privacy: str = ""
    data_use: str = ""
    imprint: str = ""
    terms: str = ""
    knowledge_base: str = ""
    colour: str = "#3858e9"
    link_colour: str = "#1d4fc4"
    link_colour_dark: str = "#9dbdff"
    zone: str = "UTC"
    country: str = ""
    masking: bool = False
    impersonation: bool = False
    product_page: str = ""
    sign_in: tuple[str, ...] = ("mail", "sso", "shop")

    @property
    def domain(self) -> str:
        """The domain of the first support address: where our mail comes from."""
        return self.support[0].rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A party's working time: zone, weekdays (0 is Monday), opening minutes of the day, holidays, own dates."""

    zone: str = "UTC"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    opens: int = 9 * 60
    closes: int = 17 * 60
    country: str = ""
    subdivision: str = ""
    closed_dates: tuple[str, ...] = ()
    open_dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A vendor's absence: from (inclusive) until (exclusive), who answers meanwhile, and what the customer is told.

    `substitute` is an address; '' sends the tickets to the marketplace's triage team.
    """

    starts: Millis
    ends: Millis
    substitute: str = ""
    text: str = ""
    clock_stops: bool = True

    def covers(self, now: Millis) -> bool:
        """Whether the vendor is away at `now`."""
        return self.starts <= now < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as the marketplace knows them; `id` is 0 before the store has given one."""

    id: int
    address: str
    name: str = ""
    language: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor. Tickets go to `support_address`, never to `contact_address` (order notices).

    `senders` are the further addresses and domains from which the vendor answers, a domain written `@domain`.
    """

    id: int
    slug: str
    name: str
    support_address: str
    contact_address: str = ""
    language: str = "en"
    senders: tuple[str, ...] = ()
    hours: Hours = Hours()
    away: Away | None = None
    active: bool = True
    masking: bool = False

    def sends_from(self, address: str) -> bool:
        """Whether `address` is one from which this vendor is known to write."""
        lowered = address.lower()
        domain = "@" + lowered.rpartition("@")[2]
        return lowered == self.support_address.lower() or lowered in self.senders or domain in self.senders


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What a vendor sells; `aliases` are further names by which customers call it."""

    id: int
    slug: str
    name: str
    vendor_id: int
    aliases: tuple[str, ...] = ()
    brand: str = ""


class Standing(StrEnum):
    """What a customer's subscription to a product is worth at this moment (R2)."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PENDING = "pending"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A customer's right to support for a product; `ends` is exclusive, None where it runs until cancelled."""

    id: int
    customer_id: int
    product_id: int
    status: Standing
    starts: Millis
    ends: Millis | None = None
    reference: str = ""

    def standing(self, now: Millis) -> Standing:
        """What it is worth at `now`: an active one whose end has passed is expired, whatever the import said."""
        if self.status is Standing.ACTIVE and self.ends is not None and self.ends <= now:
            return Standing.EXPIRED
        if self.status is Standing.ACTIVE and now < self.starts:
            return Standing.PENDING
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer bought at once: `total` in hundredths of `currency` (ISO 4217), `items` in words."""

    id: int
    customer_id: int
    reference: str
    placed: Millis
    total: int
    currency: str
    status: str = ""
    items: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One party on one ticket. `number` counts from 1 within the ticket and is what a reply address carries.

    Who is pending gets nothing yet; the reply address of who was removed no longer lets anything in (R9). `joined` is
    since when they take part: what came before is not theirs to see. `aliases` are further addresses of theirs, folded,
    that were confirmed (I6). `back` is the day of return, YYYY-MM-DD, that their last absence notice named (M5).
    """

    ticket: int
    number: int
    role: Role
    address: str
    name: str = ""
    party_id: int = 0
    membership: Membership = Membership.ACTIVE
    language: str = ""
    joined: Millis = 0
    back: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether mail goes to them, and theirs counts."""
        return self.membership is Membership.ACTIVE

    def is_at(self, address: str) -> bool:
        """Whether `address` is one of theirs: the local part in any case, no plus folding (D19)."""
        folded = address.casefold()
        return folded == self.address.casefold() or folded in self.aliases
