"""A house to start a daemon in: a config, a data folder, a small marketplace; shared by measurements and kill tests."""

import contextlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.party import Customer, Hours, Product, Standing, Subscription, Vendor
from gatepost.lock import prepare_data_folder
from gatepost.store import parties
from gatepost.store.database import Database, Tx
from gatepost.store.schema import migrate

_CONFIG = """
[gatepost]
data = "data"
hostname = "mail.orchard.example"
staff = "staff@staff.example"
[page]
listen = "127.0.0.1:0"
[smtp]
listen = ["127.0.0.1:{port}"]
{smtp}
[delivery]
smarthost = "127.0.0.1:{smarthost}"
tls = "none"
{delivery}
[authentication]
mode = "off"
[limits]
automatic_per_address_day = 1000000
automatic_per_domain_hour = 1000000
automatic_per_minute = 1000000
breaker_per_address = 1000000
breaker_per_domain = 1000000
breaker_floor = 1000000
{limits}
[team.triage]
name = "Marketplace support"
address = "triage@staff.example"
[brand.orchard]
name = "Orchard Extensions"
support = ["support@orchard.example"]
privacy = "https://orchard.example/privacy"
data_use = "https://orchard.example/data"
portal = "https://my.orchard.example"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Where the house stands: its config, its data folder, the port of its SMTP door."""

    config: Path
    data: Path
    port: int


def build(
    folder: Path, smarthost: int, *, customers: int, smtp: str = "", delivery: str = "", limits: str = ""
) -> Built:
    """A house in `folder` whose mail goes to the port `smarthost`; the rest are further lines of sections."""
    port, config = free_port(), folder / "config.toml"
    text = _CONFIG.format(port=port, smarthost=smarthost, smtp=smtp, delivery=delivery, limits=limits)
    config.write_text(text, encoding="utf-8")
    data = load(config).data
    prepare_data_folder(data)
    with contextlib.closing(Database(f"sqlite:///{data / 'desk.sqlite3'}", prepare=migrate)) as database:
        database.write_now(lambda tx: _fill(tx, customers))
    return Built(config=config, data=data, port=port)


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fill(tx: Tx, customers: int) -> None:
    """One vendor with one product, and customers with active subscriptions: jane0, jane1, …"""
    now = int(time.time() * 1000)
    vendor, _ = parties.put_vendor(
        tx, Vendor(id=0, slug="acme", name="Acme", support_address="tickets@acme.example", hours=Hours(zone="UTC"))
    )
    product, _ = parties.put_product(tx, Product(id=0, slug="labels", name="Shipping Labels", vendor_id=vendor))
    for number in range(customers):
        who = Customer(id=0, address=f"jane{number}@customer.example", name=f"Jane {number}", language="en", zone="UTC")
        customer, _ = parties.put_customer(tx, who)
        parties.put_subscription(
            tx,
            Subscription(
                id=0,
                customer_id=customer,
                product_id=product,
                status=Standing.ACTIVE,
                starts=now - 30 * DAY,
                ends=now + 300 * DAY,
                reference=f"S-{number}",
            ),
        )
