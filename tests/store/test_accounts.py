"""Accounts in the store: opened, closed and opened again; an address is the customer's own and nobody writes it."""

import re
import sqlite3
from pathlib import Path

import pytest

from gatepost.core.account import Account, keeping, must_agree, why_no_claim
from gatepost.core.party import Customer, Standing, Subscription
from gatepost.store import accounts, parties
from gatepost.store.database import Database, SqliteTx
from gatepost.store.schema import migrate

STORE = Path(accounts.__file__).parent


@pytest.fixture
def tx(tmp_path):
    """A transaction on a store of its own."""
    path = tmp_path / "desk.sqlite3"
    Database(f"sqlite:///{path}", prepare=migrate).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    yield SqliteTx(connection)
    connection.close()


@pytest.fixture
def who(tx):
    number, _ = parties.put_customer(tx, Customer(id=0, address="ada@x.example", name="Ada"))
    return number


def test_an_account_keeps_its_first_day_and_its_terms_until_it_is_closed(tx, who):
    assert accounts.find(tx, who) is None and not accounts.is_open(tx, who)
    assert accounts.enter(tx, who, "1", 10) and not accounts.enter(tx, who, "1", 20)
    assert accounts.find(tx, who) == Account(customer=who, opened=10, terms="1", agreed=10)
    accounts.enter(tx, who, "2", 30)
    assert (accounts.find(tx, who).opened, accounts.find(tx, who).agreed) == (10, 30)
    assert accounts.close(tx, who, 40) and not accounts.close(tx, who, 50) and not accounts.is_open(tx, who)
    assert accounts.enter(tx, who, "2", 60)
    assert accounts.find(tx, who) == Account(customer=who, opened=60, terms="2", agreed=60)


def test_what_a_customer_chose_goes_before_what_the_shop_says(tx, who):
    accounts.enter(tx, who, "", 1)
    accounts.choose(tx, who, name="Ada L.", language="", zone="Asia/Tokyo")
    shop = Customer(id=0, address="ADA@x.example", name="A. Lovelace", language="fr", zone="UTC")
    parties.put_customer(tx, shop)
    kept = parties.customer(tx, who)
    assert (kept.name, kept.language, kept.zone) == ("Ada L.", "fr", "Asia/Tokyo")


@pytest.mark.catalogue("I04")
def test_a_claim_is_taken_once_and_a_word_is_used_once(tx, who):
    accounts.claim(tx, who, "ada@y.example", "secret", until=100, now=1)
    claim = accounts.claimed(tx, "secret")
    assert accounts.take(tx, claim, 50) == "" and accounts.take(tx, claim, 51) == "old"
    assert accounts.addresses(tx, who) == ("ada@y.example",)
    assert accounts.use_word(tx, "word", 100, 1) and not accounts.use_word(tx, "word", 100, 2)
    assert accounts.use_word(tx, "other", 300, 200)
    assert [row["expires"] for row in tx.rows("SELECT expires FROM used_word")] == [300]


def test_no_statement_writes_an_address_but_the_import_and_the_erasure():
    writers = {
        path.name
        for path in STORE.glob("*.py")
        if re.search(r"UPDATE customer\s+SET[^\"]*\baddress\b", path.read_text(encoding="utf-8"))
    }
    assert writers == {"erasure_steps.py"}


@pytest.mark.parametrize(
    ("account", "terms", "asked"),
    [
        (None, "1", True), (None, "", False), (Account(customer=1, opened=1, terms="1"), "1", False),
        (Account(customer=1, opened=1, terms="1"), "2", True),
        (Account(customer=1, opened=1, terms="1", closed=2), "1", True),
    ],
)  # fmt: skip
def test_when_the_consent_text_stands_before_the_sign_in(account, terms, asked):
    assert must_agree(account, terms) is asked


@pytest.mark.parametrize(
    ("status", "starts", "ends", "keeps"),
    [
        (Standing.ACTIVE, 0, 100, True), (Standing.ACTIVE, 0, None, True), (Standing.ACTIVE, 0, 50, False),
        (Standing.ACTIVE, 60, 100, True), (Standing.CANCELLED, 0, 100, False), (Standing.EXPIRED, 0, 100, False),
    ],
)  # fmt: skip
def test_which_subscription_keeps_an_account(status, starts, ends, keeps):
    one = Subscription(id=1, customer_id=1, product_id=1, status=status, starts=starts, ends=ends)
    assert bool(keeping([one], 50)) is keeps


def test_what_is_no_new_address():
    own = ("ada@x.example",)
    assert why_no_claim("ADA@x.example", own=own, claims_today=0) == "yours"
    assert why_no_claim("b@x.example", own=own, claims_today=5) == "often"
    assert why_no_claim("b@x.example", own=[f"{n}@x.example" for n in range(11)], claims_today=0) == "many"
    assert why_no_claim("b@x.example", own=own, claims_today=4) == ""
