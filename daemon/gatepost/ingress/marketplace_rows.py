"""Reads rows of a marketplace's tables into values of core/party.py, and says of each bad row what is wrong with it.

The store is asked for what a row names and for what is stored already; nothing is written here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TypeVar

from .. import calendars
from ..config import Config
from ..core import Millis, address
from ..core.party import Away, Customer, Hours, Order, Product, Standing, Subscription, Vendor
from ..store import orders, parties
from ..store.database import Tx
from . import marketplace_cells as cell
from .table_file import Columns, Row

T = TypeVar("T")

_HOURS = ("zone", "country", "opens", "closes")
_AWAY = ("away_from", "away_until", "away_substitute", "away_text", "away_clock")
VENDORS = Columns(
    ("slug", "name", "support_address", "contact_address", "language", "senders", *_HOURS, *_AWAY, "active", "masking"),
    ("slug", "name", "support_address"),
)
PRODUCTS = Columns(("slug", "name", "vendor", "aliases", "brand"), ("slug", "name", "vendor"))
CUSTOMERS = Columns(("address", "name", "language", "zone"), ("address",))
SUBSCRIPTIONS = Columns(
    ("customer", "product", "status", "starts", "ends", "reference"), ("customer", "product", "status", "starts")
)
ORDERS = Columns(
    ("reference", "customer", "placed", "total", "currency", "status", "items"),
    ("reference", "customer", "placed", "total", "currency"),
)

# What other shops call the states of a subscription.
_OTHER_WORDS = {"canceled": "cancelled", "pending-cancel": "active", "on-hold": "pending", "paused": "pending"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row stays out. `column` is '' where the whole row is meant."""

    row: int
    column: str
    reason: str
    suggestion: str = ""

    def __str__(self) -> str:
        column = f", {self.column}" if self.column else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"row {self.row}{column}: {self.reason}{hint}"


class Cells:
    """The cells of one row as they are read; gathers every refusal, so that a row is told of all at once."""

    def __init__(self, row: Row, columns: Columns) -> None:
        self.row = row
        self.refusals: list[Refusal] = []
        if row.trouble:
            self.refuse("", row.trouble)
        for column in columns.required:
            if column not in row.cells:
                self.refuse(column, "this is missing")

    def refuse(self, column: str, reason: str, suggestion: str = "") -> None:
        self.refusals.append(Refusal(row=self.row.number, column=column, reason=reason, suggestion=suggestion))

    def text(self, column: str) -> str:
        return self.row.cells.get(column, "")

    def refused(self, *columns: str) -> bool:
        """Whether one of these cells was refused."""
        return any(refusal.column in columns for refusal in self.refusals)

    def get(self, column: str, read: Callable[[str], T], old: T, empty: T | None = None) -> T:
        """The value of a cell; `old` where the column is absent, `empty` (if given) where the cell is empty."""
        text = self.row.cells.get(column)
        if text is None:
            return old
        if not text and empty is not None:
            return empty
        try:
            return read(text)
        except ValueError as error:
            self.refuse(column, str(error) if text else "this must not be empty")
            return old


@dataclass(slots=True)
class Rows:
    """The rows of one table as they are read: what is stored, and which keys earlier rows have had."""

    tx: Tx
    config: Config
    seen: dict[tuple[str, ...], int] = field(default_factory=dict)

    def _once(self, cells: Cells, column: str, *key: str) -> None:
        """A key may stand in one row of a table only: otherwise the order of the rows would decide."""
        first = self.seen.setdefault(key, cells.row.number)
        if first != cells.row.number:
            cells.refuse(column, f"the same as in row {first}", "keep one of them")

    def vendor(self, cells: Cells) -> Vendor:
        """The vendor of a row."""
        slug = cells.get("slug", cell.slug, "")
        self._once(cells, "slug", slug)
        old = parties.vendor_named(self.tx, slug) or Vendor(id=0, slug=slug, name="", support_address="")
        hours = self._hours(cells, old.hours)
        vendor = replace(
            old,
            name=cells.get("name", cell.name, old.name),
            support_address=cells.get("support_address", address.plain, old.support_address),
            contact_address=cells.get("contact_address", address.plain, old.contact_address, ""),
            language=cells.get("language", cell.language, old.language, "en"),
            senders=cells.get("senders", cell.senders, old.senders, ()),
            hours=hours,
            away=self._away(cells, old.away, hours.zone),
            active=cells.get("active", cell.yes_or_no, old.active, True),
            masking=cells.get("masking", cell.yes_or_no, old.masking, False),
        )
        self._outside(cells, vendor)
        return vendor

    def _hours(self, cells: Cells, old: Hours) -> Hours:
        usual = Hours()
        hours = replace(
            old,
            zone=cells.get("zone", cell.zone, old.zone, usual.zone),
            country=cells.get("country", cell.country, old.country, ""),
            opens=cells.get("opens", cell.minute, old.opens, usual.opens),
            closes=cells.get("closes", cell.minute, old.closes, usual.closes),
        )
        if not cells.refused(*_HOURS):
            for mistake in calendars.check(hours, "", 0):
                cells.refuse(mistake.key if mistake.key in _HOURS else "opens", mistake.message, mistake.suggestion)
        return hours

    def _outside(self, cells: Cells, vendor: Vendor) -> None:
        """A vendor's mail goes outside: within our own domains it would come in again, as the vendor's (D32)."""
        ours = self.config.domains()
        for column, addresses in (("support_address", (vendor.support_address,)), ("senders", vendor.senders)):
            for each in addresses:
                if each.rpartition("@")[2].lower() in ours:
                    cells.refuse(
                        column, f"{each} lies in our own domain: a loop", "name an address of the vendor's own"
                    )
        if vendor.away and vendor.away.substitute and self.config.receives(vendor.away.substitute):
            cells.refuse("away_substitute", f"{vendor.away.substitute} comes in here again: a loop", "name a person's")

    def _away(self, cells: Cells, old: Away | None, zone: str) -> Away | None:
        """The absence: from its first instant until the first instant at which the vendor is back."""
        known = old or Away(starts=0, ends=0)
        away = replace(
            known,
            starts=cells.get("away_from", lambda text: cell.instant(text, zone), known.starts, 0),
            ends=cells.get("away_until", lambda text: cell.instant(text, zone), known.ends, 0),
            substitute=cells.get("away_substitute", address.plain, known.substitute, ""),
            text=cells.get("away_text", cell.words, known.text, ""),
        )
        usual = known.clock_stops if old is not None else not away.substitute
        stops = cells.get("away_clock", cell.stops, usual, usual)
        if cells.refused(*_AWAY):
            return None
        away = replace(away, clock_stops=stops)
        if not away.starts and not away.ends:
            if away.substitute or away.text:
                cells.refuse("away_from", "an absence needs its dates", "fill in away_from and away_until")
            return None
        if not away.starts < away.ends or not away.starts:
            column = "away_until" if away.starts else "away_from"
            cells.refuse(column, "an absence begins, and ends after that", "away_until is the first day back")
        return away

    def product(self, cells: Cells) -> Product:
        """The product of a row."""
        slug = cells.get("slug", cell.slug, "")
        self._once(cells, "slug", slug)
        old = parties.product_named(self.tx, slug) or Product(id=0, slug=slug, name="", vendor_id=0)
        vendor_slug = cells.get("vendor", cell.name, "")
        vendor = parties.vendor_named(self.tx, vendor_slug)
        if vendor_slug and vendor is None:
            known = [each.slug for each in parties.vendors(self.tx)]
            cells.refuse(
                "vendor", f"there is no vendor {vendor_slug}", _near(vendor_slug, known, "import vendors first")
            )
        brand = cells.get("brand", cell.optional_name, old.brand)
        if brand and brand not in self.config.brand:
            cells.refuse("brand", f"there is no brand {brand} in the config", _near(brand, list(self.config.brand)))
        return replace(
            old,
            name=cells.get("name", cell.name, old.name),
            vendor_id=vendor.id if vendor else 0,
            aliases=cells.get("aliases", cell.aliases, old.aliases, ()),
            brand=brand,
        )

    def customer(self, cells: Cells) -> Customer:
        """The customer of a row."""
        given = cells.get("address", address.plain, "")
        self._once(cells, "address", given.casefold())
        if given and self.config.receives(given):
            cells.refuse("address", f"{given} is an address of ours: a loop")
        old = parties.customer_of(self.tx, given) or Customer(id=0, address=given)
        return replace(
            old,
            address=given,
            name=cells.get("name", cell.optional_name, old.name),
            language=cells.get("language", cell.language, old.language, ""),
            zone=cells.get("zone", cell.zone, old.zone, ""),
        )

    def subscription(self, cells: Cells) -> Subscription:
        """The subscription of a row."""
        given = cells.get("customer", address.plain, "")
        customer = parties.customer_of(self.tx, given)
        if given and customer is None:
            cells.refuse("customer", f"there is no customer {given}", "import customers first")
        slug = cells.get("product", cell.name, "")
        product = parties.product_named(self.tx, slug)
        if slug and product is None:
            known = [each.slug for each in parties.products(self.tx)]
            cells.refuse("product", f"there is no product {slug}", _near(slug, known, "import products first"))
        reference = cells.get("reference", cell.optional_name, "")
        self._once(cells, *(("reference", reference) if reference else ("customer", given.casefold(), slug)))
        starts = cells.get("starts", cell.instant, 0)
        ends = cells.get("ends", _end_of, None) if cells.text("ends") else None
        if ends is not None and starts and ends <= starts:
            cells.refuse("ends", "a subscription ends after it starts")
        return Subscription(
            id=0,
            customer_id=customer.id if customer else 0,
            product_id=product.id if product else 0,
            status=cells.get("status", _standing, Standing.ACTIVE),
            starts=starts,
            ends=ends,
            reference=reference,
        )

    def order(self, cells: Cells) -> Order:
        """The order of a row."""
        given = cells.get("customer", address.plain, "")
        customer = parties.customer_of(self.tx, given)
        if given and customer is None:
            cells.refuse("customer", f"there is no customer {given}", "import customers first")
        reference = cells.get("reference", cell.name, "")
        self._once(cells, "reference", reference)
        old = orders.named(self.tx, reference)
        return Order(
            id=0,
            customer_id=customer.id if customer else 0,
            reference=reference,
            placed=cells.get("placed", cell.instant, 0),
            total=cells.get("total", cell.hundredths, 0),
            currency=cells.get("currency", cell.currency, ""),
            status=cells.get("status", cell.optional_name, old.status if old else "", ""),
            items=cells.get("items", cell.words, old.items if old else "", ""),
        )


def _end_of(text: str) -> Millis | None:
    return cell.instant(text)


def _standing(text: str) -> Standing:
    known = [state for state in Standing if state not in (Standing.NONE, Standing.UNKNOWN)]
    if text.lower() in known:
        return Standing(text.lower())
    near = _OTHER_WORDS.get(text.lower()) or next(iter(get_close_matches(text.lower(), known, n=1)), "")
    hint = f"; write {near}" if near else ""
    raise ValueError(f"{text!r} is none of {', '.join(known)}{hint}")


def _near(wanted: str, known: Sequence[str], otherwise: str = "") -> str:
    near = get_close_matches(wanted, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return otherwise if otherwise and not known else f"known: {', '.join(_some(known))}" if known else otherwise


def _some(known: Sequence[str]) -> Iterator[str]:
    yield from known[:8]
    if len(known) > 8:
        yield "…"
