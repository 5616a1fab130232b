"""Customers, vendors, products and subscriptions: written by the import, read by every decision."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from functools import lru_cache
from typing import Any

from ..core.party import Away, Customer, Hours, Product, Standing, Subscription, Vendor
from .database import Row, Tx

_VERSION = "parties"
_BEST_FIRST = (Standing.ACTIVE, Standing.PENDING, Standing.EXPIRED, Standing.CANCELLED)


class Change(StrEnum):
    """What an upsert did to its row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def put_customer(tx: Tx, customer: Customer) -> tuple[int, Change]:
    """Insert or update by address, in any case; the id and what changed."""
    values = {
        "address": customer.address,
        "folded": customer.address.casefold(),
        "name": customer.name,
        "language": customer.language,
        "zone": customer.zone,
    }
    return upsert(tx, "customer", ("folded",), values | _chosen(tx, customer.address))


def set_profile(tx: Tx, customer_id: int, *, name: str, language: str, zone: str) -> None:
    """Write what is known of a customer beside their address."""
    sql = "UPDATE customer SET name = :name, language = :language, zone = :zone WHERE id = :id"
    tx.run(sql, id=customer_id, name=name, language=language, zone=zone)
    _changed(tx)


def put_vendor(tx: Tx, vendor: Vendor) -> tuple[int, Change]:
    """Insert or update by slug; the id and what changed. Tickets follow a support address that is another now."""
    before = vendor_named(tx, vendor.slug)
    address = vendor.support_address if before is None else _said_anew(tx, before, vendor.support_address)
    values = {
        "slug": vendor.slug,
        "name": vendor.name,
        "support_address": address,
        "contact_address": vendor.contact_address,
        "language": vendor.language,
        "senders": " ".join(vendor.senders),
        "hours": json.dumps(asdict(vendor.hours)),
        "away": json.dumps(asdict(vendor.away)) if vendor.away else None,
        "active": int(vendor.active),
        "masking": int(vendor.masking),
    }
    vendor_id, change = upsert(tx, "vendor", ("slug",), values)
    if change is not Change.UNCHANGED:
        _write_senders(tx, vendor_id, address, vendor.senders)
    if before is not None:
        _move_tickets(tx, vendor_id, before.support_address, address)
    return vendor_id, change


def move_vendor(tx: Tx, vendor: Vendor, address: str) -> int:
    """Give a vendor another support address, by their own word; on how many tickets it is theirs now.

    An import does not take it back while its table says what it said before.
    """
    tx.run(
        "INSERT INTO vendor_moved (vendor, was) VALUES (:vendor, :was) ON CONFLICT (vendor) DO NOTHING",
        vendor=vendor.id,
        was=vendor.support_address,
    )
    tx.run("UPDATE vendor SET support_address = :address WHERE id = :id", address=address, id=vendor.id)
    _write_senders(tx, vendor.id, address, vendor.senders)
    _changed(tx)
    return _move_tickets(tx, vendor.id, vendor.support_address, address)


def _said_anew(tx: Tx, before: Vendor, address: str) -> str:
    """The support address that counts where the marketplace says `address`: the vendor's own, unless it is news."""
    was = tx.value("SELECT was FROM vendor_moved WHERE vendor = :vendor", vendor=before.id)
    if was is None or address == before.support_address:
        return address
    if address.casefold() == was.casefold():
        return before.support_address
    tx.run("DELETE FROM vendor_moved WHERE vendor = :vendor", vendor=before.id)
    return address


def _write_senders(tx: Tx, vendor_id: int, address: str, senders: Sequence[str]) -> None:
    tx.run("DELETE FROM vendor_sender WHERE vendor = :vendor", vendor=vendor_id)
    for sender in {address.lower(), *(sender.lower() for sender in senders)}:
        tx.run("INSERT INTO vendor_sender (sender, vendor) VALUES (:sender, :vendor)", sender=sender, vendor=vendor_id)


def _move_tickets(tx: Tx, vendor_id: int, was: str, address: str) -> int:
    """What is sent on the vendor's tickets goes to their support address of now; on how many."""
    if was == address:
        return 0
    return tx.run(
        """UPDATE participant SET address = :address WHERE lower(address) = lower(:was)
             AND party = :vendor AND role IN ('vendor', 'collaborator') AND membership <> 'removed'""",
        address=address,
        was=was,
        vendor=vendor_id,
    )


def set_away(tx: Tx, vendor_id: int, away: Away | None) -> None:
    """Write when a vendor is away, None for not at all; what is cached of vendors is stale afterwards."""
    said = json.dumps(asdict(away)) if away is not None else None
    tx.run("UPDATE vendor SET away = :away WHERE id = :id", away=said, id=vendor_id)
    _changed(tx)


def put_product(tx: Tx, product: Product) -> tuple[int, Change]:
    """Insert or update by slug; the id and what changed."""
    values = {
        "slug": product.slug,
        "name": product.name,
        "vendor": product.vendor_id,
        "aliases": "|".join(product.aliases),
        "brand": product.brand,
    }
    return upsert(tx, "product", ("slug",), values)


def put_subscription(tx: Tx, subscription: Subscription) -> tuple[int, Change]:
    """Insert or update by reference, or by customer and product where it has none; the id and what changed."""
    values = {
        "customer": subscription.customer_id,
        "product": subscription.product_id,
        "status": subscription.status.value,
        "starts": subscription.starts,
        "ends": subscription.ends,
        "reference": subscription.reference,
    }
    if not subscription.reference:
        return upsert(tx, "subscription", ("customer", "product", "reference"), values)
    # The index leaves empty references out; it is used only where the statement says so too.
    return upsert(tx, "subscription", ("reference",), values, also=" AND reference <> ''")


def sold(tx: Tx, references: Sequence[str]) -> dict[str, int]:
    """The products of those purchases that there are among `references`, written as there or in either case."""
    spelt = [form for one in references for form in dict.fromkeys((one, one.upper(), one.lower()))]
    rows = tx.rows(
        """SELECT reference, product FROM subscription
           WHERE reference <> '' AND reference IN (SELECT value FROM json_each(:spelt)) ORDER BY reference""",
        spelt=json.dumps(spelt),
    )
    return {row["reference"]: row["product"] for row in rows}


def version(tx: Tx) -> int:
    """A number that grows with every change of a vendor or product: what is cached is stale when it has moved."""
    return int(tx.value("SELECT value FROM counter WHERE name = :name", name=_VERSION) or 0)


def customer_of(tx: Tx, address: str) -> Customer | None:
    """The customer with this address, in any case, or with this address as a confirmed alias."""
    folded = address.casefold()
    row = tx.row("SELECT * FROM customer WHERE folded = :folded", folded=folded) or tx.row(
        "SELECT customer.* FROM customer_alias JOIN customer ON id = customer WHERE customer_alias.folded = :folded",
        folded=folded,
    )
    return _customer(row) if row else None


def customer(tx: Tx, customer_id: int) -> Customer | None:
    """The customer with this id."""
    row = tx.row("SELECT * FROM customer WHERE id = :id", id=customer_id)
    return _customer(row) if row else None


def vendor_writing_from(tx: Tx, address: str) -> Vendor | None:
    """The vendor who is known to write from `address`: the address itself before its domain."""
    lowered = address.lower()
    row = tx.row(
        """SELECT vendor.* FROM vendor_sender JOIN vendor ON vendor.id = vendor_sender.vendor
           WHERE sender IN (:address, :domain) ORDER BY sender = :address DESC, vendor.id LIMIT 1""",
        address=lowered,
        domain="@" + lowered.rpartition("@")[2],
    )
    return _vendor(row) if row else None


def vendor(tx: Tx, vendor_id: int) -> Vendor | None:
    """The vendor with this id."""
    row = tx.row("SELECT * FROM vendor WHERE id = :id", id=vendor_id)
    return _vendor(row) if row else None


def vendor_named(tx: Tx, slug: str) -> Vendor | None:
    """The vendor with this slug."""
    row = tx.row("SELECT * FROM vendor WHERE slug = :slug", slug=slug)
    return _vendor(row) if row else None


def vendors(tx: Tx) -> tuple[Vendor, ...]:
    """Every vendor, by slug."""
    return tuple(_vendor(row) for row in tx.rows("SELECT * FROM vendor ORDER BY slug"))


def product(tx: Tx, product_id: int) -> Product | None:
    """The product with this id."""
    row = tx.row("SELECT * FROM product WHERE id = :id", id=product_id)
    return _product(row) if row else None


def product_named(tx: Tx, slug: str) -> Product | None:
    """The product with this slug."""
    row = tx.row("SELECT * FROM product WHERE slug = :slug", slug=slug)
    return _product(row) if row else None


def products(tx: Tx) -> tuple[Product, ...]:
    """Every product, by slug."""
    return tuple(_product(row) for row in tx.rows("SELECT * FROM product ORDER BY slug"))


def subscriptions_of(tx: Tx, customer_id: int) -> tuple[Subscription, ...]:
    """Every subscription of a customer, the newest start first."""
    rows = tx.rows("SELECT * FROM subscription WHERE customer = :id ORDER BY starts DESC, id DESC", id=customer_id)
    return tuple(_subscription(row) for row in rows)


def best(subscriptions: tuple[Subscription, ...], product_id: int, now: int) -> Subscription | None:
    """The subscription to the product that is worth most at `now`: an active one before any other."""
    fitting = [subscription for subscription in subscriptions if subscription.product_id == product_id]
    return min(fitting, key=lambda subscription: _BEST_FIRST.index(subscription.standing(now)), default=None)


def _chosen(tx: Tx, address: str) -> dict[str, object]:
    """What the customer at this address has chosen on their account page: it goes before what a shop says."""
    row = tx.row(
        """SELECT account.name, account.language, account.zone FROM customer JOIN account ON customer.id = customer
           WHERE folded = :folded""",
        folded=address.casefold(),
    )
    return {name: row[name] for name in ("name", "language", "zone") if row[name]} if row else {}


def upsert(
    tx: Tx, table: str, keys: tuple[str, ...], values: Mapping[str, object], *, also: str = ""
) -> tuple[int, Change]:
    """Insert a row, or update the one with these keys; the id and what changed. `also` narrows the look-up."""
    where = " AND ".join(f"{key} = :{key}" for key in keys) + also
    old = tx.row(f"SELECT * FROM {table} WHERE {where}", **{key: values[key] for key in keys})  # noqa: S608
    if old is not None and all(old[name] == value for name, value in values.items()):
        return int(old["id"]), Change.UNCHANGED
    _changed(tx)
    if old is None:
        names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        sql = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"  # noqa: S608 - our own names
        return tx.insert(sql, **values), Change.NEW
    changes = ", ".join(f"{name} = :{name}" for name in values)
    tx.run(f"UPDATE {table} SET {changes} WHERE id = :id", id=old["id"], **values)  # noqa: S608 - our own names
    return int(old["id"]), Change.CHANGED


def _changed(tx: Tx) -> None:
    tx.run(
        "INSERT INTO counter (name, value) VALUES (:name, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
        name=_VERSION,
    )


def _customer(row: Row) -> Customer:
    return Customer(id=row["id"], address=row["address"], name=row["name"], language=row["language"], zone=row["zone"])


def _vendor(row: Row) -> Vendor:
    return Vendor(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        support_address=row["support_address"],
        contact_address=row["contact_address"],
        language=row["language"],
        senders=tuple(row["senders"].lower().split()),
        hours=_hours(row["hours"]),
        away=Away(**json.loads(row["away"])) if row["away"] else None,
        active=bool(row["active"]),
        masking=bool(row["masking"]),
    )


# Vendors are read with each mail, and most of their hours are the same.
@lru_cache(maxsize=1_024)
def _hours(text: str) -> Hours:
    said: dict[str, Any] = json.loads(text)
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in said.items()}
    return Hours(**values)


def _product(row: Row) -> Product:
    aliases = tuple(alias for alias in row["aliases"].split("|") if alias)
    return Product(
        id=row["id"], slug=row["slug"], name=row["name"], vendor_id=row["vendor"], aliases=aliases, brand=row["brand"]
    )


def _subscription(row: Row) -> Subscription:
    return Subscription(
        id=row["id"],
        customer_id=row["customer"],
        product_id=row["product"],
        status=Standing(row["status"]),
        starts=row["starts"],
        ends=row["ends"],
        reference=row["reference"],
    )
