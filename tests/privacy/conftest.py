"""A marketplace in which one person has left traces everywhere, and another who must stay as they are."""

import asyncio
import zlib

import pytest
from tests.pipeline.conftest import MONDAY, answered, fill, mail, new_house
from tests.pipeline.conftest import market as market  # noqa: PLC0414 - the fixture

from gatepost.clock import FixedClock
from gatepost.config import RetentionSection
from gatepost.core import DAY
from gatepost.core.audit import operator
from gatepost.core.party import Customer, Standing, Subscription
from gatepost.privacy.control import Privacy
from gatepost.privacy.retention import Retention
from gatepost.store import parties

ROOT = operator("root")
ADDRESS = "canaria.zzyzx@nest.example"
NAME = "Canaria Zzyzx"
WORD = "quillfeather"
SECRET = "Gr3en!Canary7"
CANARIES = ("canaria", "zzyzx", WORD, SECRET.lower())


@pytest.fixture
def clock():
    return FixedClock(MONDAY)


@pytest.fixture
def privacy(market, clock):
    return Privacy(db=market.db, house=market.house, clock=clock)


@pytest.fixture
def retention(market, clock, privacy):
    def make(**days):
        return Retention(db=market.db, house=market.house, clock=clock, ages=RetentionSection(**days), privacy=privacy)

    return make


def run(work):
    return asyncio.run(work)


def live(market) -> None:
    """Canaria files a ticket with a file and a password, is answered, is copied on another's, writes what is held."""
    who = f"{NAME} <{ADDRESS}>"
    body = f"It fails. {WORD}\n\nLogin: admin\nPassword: {SECRET}\n"
    market.db.write_now(buy)
    market.arrive(with_file(mail(who, f"Shipping Labels {WORD}", body)))
    (ticket,) = [sent for sent in market.sent("ticket") if sent.to == "tickets@acme.example"]
    market.arrive(
        answered(ticket, "Ann <tickets@acme.example>", f"Dear {NAME}, your {WORD} is known."), ticket.reply_to
    )
    stranger = f"Mallory <mallory@evil.example>\nX-About: {ADDRESS}"
    market.arrive(answered(ticket, stranger, f"I am {ADDRESS}, believe me. {WORD}"), ticket.reply_to)
    market.arrive(mail("Jane Roe <jane@customer.example>", "Shipping Labels of Jane", f"Ask {ADDRESS} as well."))
    market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent' WHERE ticket = 1002"))


def buy(tx) -> None:
    """Canaria is a customer with a subscription."""
    who, _ = parties.put_customer(tx, Customer(id=0, address=ADDRESS, name=NAME, language="en", zone="Europe/Paris"))
    labels = tx.value("SELECT id FROM product WHERE slug = 'shipping-labels'") or tx.value(
        "SELECT min(id) FROM product"
    )
    bought = Subscription(
        id=0, customer_id=who, product_id=labels, status=Standing.ACTIVE, starts=MONDAY - DAY, ends=MONDAY + 99 * DAY,
        reference=f"S-{WORD}",
    )  # fmt: skip
    parties.put_subscription(tx, bought)


def with_file(raw: str) -> str:
    """The mail with a file beside its words."""
    head, _, body = raw.partition("\n\n")
    return (
        f'{head}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\n{body}\n'
        f"--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename={WORD}.bin\n\n"
        f"octets of {WORD}\n--b--\n"
    )


def found_in(folder) -> list[str]:
    """Which canaries stand in which file of the data folder: as they are, or compressed in a row."""
    hits = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            octets = path.read_bytes()
            hits += [f"{path.name}: {canary}" for canary in CANARIES if canary.encode() in octets.lower()]
    return hits


def found_packed(market) -> list[str]:
    """Canaries in what is compressed in the database."""
    rows = market.rows("SELECT arrival, octets FROM raw")
    return [
        f"raw {row['arrival']}: {canary}"
        for row in rows
        for canary in CANARIES
        if canary.encode() in zlib.decompress(row["octets"]).lower()
    ]


__all__ = ["answered", "fill", "mail", "new_house"]
