"""Upserts go by index, however much is stored; and what is put comes back."""

import pytest

from gatepost.core.party import Away, Customer, Hours, Product, Standing, Subscription, Vendor
from gatepost.store import parties
from gatepost.store.database import Database
from gatepost.store.parties import Change
from gatepost.store.schema import migrate


class PlanWatcher:
    """A transaction that remembers every statement which reads a whole table."""

    def __init__(self, tx):
        self._tx, self.scans, self.lock = tx, [], tx.lock

    def _watch(self, sql, values):
        plan = [row["detail"] for row in self._tx.rows(f"EXPLAIN QUERY PLAN {sql}", **values)]
        self.scans += [sql for step in plan if step.startswith("SCAN") and "CONSTANT" not in step]

    def run(self, sql, **values):
        self._watch(sql, values)
        return self._tx.run(sql, **values)

    def insert(self, sql, **values):
        # Its RETURNING shows as a scan in the plan, and is none.
        return self._tx.insert(sql, **values)

    def rows(self, sql, **values):
        self._watch(sql, values)
        return self._tx.rows(sql, **values)

    def row(self, sql, **values):
        self._watch(sql, values)
        return self._tx.row(sql, **values)

    def value(self, sql, **values):
        self._watch(sql, values)
        return self._tx.value(sql, **values)


VENDOR = Vendor(
    id=0,
    slug="kiln",
    name="Kiln",
    support_address="Hello@kiln.example",
    senders=("@kiln.example",),
    hours=Hours(zone="America/New_York", country="US", opens=600, closes=1080),
    away=Away(starts=1_000, ends=2_000, text="away"),
)


def subscription(reference, **changes):
    values = {
        "id": 0,
        "customer_id": 1,
        "product_id": 1,
        "status": Standing.ACTIVE,
        "starts": 5,
        "reference": reference,
    }
    return Subscription(**{**values, **changes})


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    yield database
    database.close()


@pytest.fixture
def put(db):
    """Put values in one transaction; what changed, and the statements that read whole tables."""

    def put(*steps):
        def run(tx):
            watcher = PlanWatcher(tx)
            return [step(watcher) for step in steps], watcher.scans

        return db.write_now(run)

    return put


MARKETPLACE = (
    lambda tx: parties.put_vendor(tx, VENDOR),
    lambda tx: parties.put_product(tx, Product(id=0, slug="rates", name="Rates", vendor_id=1, aliases=("A", "B"))),
    lambda tx: parties.put_customer(tx, Customer(id=0, address="Ada@shop.example")),
    lambda tx: parties.put_subscription(tx, subscription("R1")),
    lambda tx: parties.put_subscription(tx, subscription("")),
)


def test_no_upsert_reads_a_whole_table(put):
    for _ in range(2):
        assert put(*MARKETPLACE)[1] == []


def test_the_second_time_nothing_changes(put):
    assert [change for _, change in put(*MARKETPLACE)[0]] == [Change.NEW] * 5
    assert [change for _, change in put(*MARKETPLACE)[0]] == [Change.UNCHANGED] * 5


def test_what_is_put_comes_back(put, db):
    put(*MARKETPLACE)
    vendor = db.read_now(lambda tx: parties.vendor_writing_from(tx, "anybody@KILN.example"))
    assert (vendor.hours, vendor.away, vendor.senders) == (VENDOR.hours, VENDOR.away, VENDOR.senders)
    assert db.read_now(lambda tx: parties.product_named(tx, "rates")).aliases == ("A", "B")
    assert db.read_now(lambda tx: parties.customer_of(tx, "ada@SHOP.example")).address == "Ada@shop.example"


def test_a_subscription_with_a_reference_is_not_one_without(put, db):
    put(*MARKETPLACE)
    ended = subscription("R1", status=Standing.CANCELLED)
    assert [change for _, change in put(lambda tx: parties.put_subscription(tx, ended))[0]] == [Change.CHANGED]
    found = db.read_now(lambda tx: parties.subscriptions_of(tx, 1))
    assert {(each.reference, each.status) for each in found} == {("R1", Standing.CANCELLED), ("", Standing.ACTIVE)}
    assert parties.best(found, 1, 10).reference == ""
