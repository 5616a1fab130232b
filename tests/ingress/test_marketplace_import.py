"""Tables of vendors, products, customers and subscriptions go in whole, or say row by row why not."""

import json
from pathlib import Path

import pytest

from gatepost.config import load
from gatepost.core.audit import operator
from gatepost.core.party import Standing
from gatepost.errors import MistakesError
from gatepost.ingress.marketplace import COLUMNS, Import, Kind, noted, run
from gatepost.ingress.table_file import read_table
from gatepost.store import parties
from gatepost.store.audit import AuditLog, entries
from gatepost.store.database import Database
from gatepost.store.schema import migrate

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "marketplace"
LOG, ANN = AuditLog(b"a" * 64), operator("ann")
ORDER = (Kind.VENDORS, Kind.PRODUCTS, Kind.CUSTOMERS, Kind.SUBSCRIPTIONS, Kind.ORDERS)


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    yield database
    database.close()


@pytest.fixture
def config():
    return load(EXAMPLES / "config.toml")


@pytest.fixture
def take(db, config, tmp_path):
    """Import a text as a table of a kind."""

    def take(kind, text, suffix=".csv", **options):
        path = tmp_path / f"table{suffix}"
        path.write_text(text)
        kind = Kind(kind)
        return run(
            db, Import(kind=kind, rows=read_table(path, COLUMNS[kind]), **options), config, noted(LOG, kind, ANN, 1)
        )

    return take


@pytest.fixture
def filled(db, config):
    """The example marketplace, all in."""
    return {
        kind: run(
            db,
            Import(kind=kind, rows=read_table(EXAMPLES / f"{kind}.csv", COLUMNS[kind])),
            config,
            noted(LOG, kind, ANN, 1),
        )
        for kind in ORDER
    }


def told(report):
    return [(refusal.row, refusal.column) for refusal in report.refusals]


VENDOR = "slug,name,support_address"


def test_the_example_marketplace_goes_in(filled, db):
    assert all(report.written and not report.refused for report in filled.values())
    assert filled[Kind.VENDORS].new >= 5 and filled[Kind.PRODUCTS].new >= 10 and filled[Kind.CUSTOMERS].new >= 12
    now = 1_800_000_000_000
    standings, away = db.read_now(
        lambda tx: (
            {
                each.standing(now)
                for row in tx.rows("SELECT id FROM customer")
                for each in parties.subscriptions_of(tx, row["id"])
            },
            [vendor.slug for vendor in parties.vendors(tx) if vendor.away and vendor.away.covers(now)],
        )
    )
    assert {Standing.ACTIVE, Standing.EXPIRED, Standing.CANCELLED} <= standings
    assert away == ["windrose"]


def test_the_same_again_changes_nothing(filled, db, config):
    for kind in ORDER:
        again = run(
            db,
            Import(kind=kind, rows=read_table(EXAMPLES / f"{kind}.csv", COLUMNS[kind])),
            config,
            noted(LOG, kind, ANN, 1),
        )
        assert (again.new, again.changed, again.unchanged) == (0, 0, filled[kind].new)


def test_json_is_the_same_as_csv(filled, take):
    rows = read_table(EXAMPLES / "vendors.csv", COLUMNS[Kind.VENDORS])
    entries = [dict(row.cells) for row in rows]
    for entry in entries:
        entry["active"], entry["masking"] = entry["active"] == "true", entry["masking"] == "true"
        entry["senders"] = entry["senders"].split()
        entry["away_from"] = entry["away_from"] or None
    report = take("vendors", json.dumps(entries), ".json")
    assert (report.unchanged, report.refused) == (len(entries), 0)


def test_a_column_that_is_absent_leaves_what_is_stored(filled, take, db):
    report = take("vendors", VENDOR + "\nwindrose,Windrose,mail@windrose.example\n")
    vendor = db.read_now(lambda tx: parties.vendor_named(tx, "windrose"))
    assert report.changed == 1 and vendor.name == "Windrose"
    assert (
        vendor.away is not None and vendor.hours.zone == "Atlantic/Azores" and vendor.senders == ("@windrose.example",)
    )


def test_an_empty_cell_clears(filled, take, db):
    take(
        "vendors",
        VENDOR + ",senders,away_from,away_until,away_substitute,away_text\nwindrose,W,mail@windrose.example,,,,,\n",
    )
    vendor = db.read_now(lambda tx: parties.vendor_named(tx, "windrose"))
    assert vendor.away is None and vendor.senders == ()


def test_one_bad_row_keeps_the_good_ones_out(take, db):
    report = take("vendors", VENDOR + "\ngood,Good,a@good.example\nbad one,Bad,a@bad.example\n")
    assert (report.written, report.new, report.refused, told(report)) == (False, 1, 1, [(3, "slug")])
    assert "write it like bad-one" in str(report.refusals[0])
    assert db.read_now(parties.vendors) == ()


def test_partial_takes_the_good_ones(take, db):
    report = take("vendors", VENDOR + "\ngood,Good,a@good.example\nbad one,Bad,a@bad.example\n", partial=True)
    assert report.written and [vendor.slug for vendor in db.read_now(parties.vendors)] == ["good"]


def test_a_dry_run_counts_and_writes_nothing(take, db):
    report = take("vendors", VENDOR + "\ngood,Good,a@good.example\n", dry_run=True)
    assert (report.written, report.new, db.read_now(parties.vendors)) == (False, 1, ())


def test_a_row_is_told_of_all_its_mistakes_at_once(take):
    head = VENDOR + ",zone,opens,active,senders,country,language"
    report = take("vendors", head + "\nx,,nobody,Berlin,9 o'clock,perhaps,@bad..domain,Germany,Deutsch\n")
    assert told(report) == [
        (2, column)
        for column in ("zone", "country", "opens", "name", "support_address", "language", "senders", "active")
    ]
    assert "did you mean 'Europe/Berlin'" in str(report.refusals[0])


@pytest.mark.catalogue("D32")
@pytest.mark.parametrize("address", ["support@orchard.example", "anybody@ORCHARD.example", "x@harbor.example"])
def test_a_vendor_in_our_own_domains_is_refused(take, db, address):
    report = take("vendors", f"{VENDOR}\nloop,Loop,{address}\n")
    assert told(report) == [(2, "support_address")] and "our own domain: a loop" in str(report.refusals[0])
    assert db.read_now(parties.vendors) == ()


@pytest.mark.catalogue("D32")
def test_a_vendor_without_a_support_address_is_refused(take):
    assert told(take("vendors", VENDOR + "\nx,X,\n")) == [(2, "support_address")]


@pytest.mark.catalogue("D32")
def test_a_vendor_who_would_write_from_our_domain_is_refused(take):
    report = take("vendors", VENDOR + ",senders\nx,X,a@x.example,@orchard.example help@harbor.example\n")
    assert told(report) == [(2, "senders"), (2, "senders")]


@pytest.mark.parametrize(
    ("substitute", "clock", "stops"),
    [("", "", True), ("b@y.example", "", False), ("b@y.example", "stops", True), ("", "runs", False)],
)
def test_what_the_clock_does_during_an_absence(take, db, substitute, clock, stops):
    head = VENDOR + ",away_from,away_until,away_substitute,away_clock"
    take("vendors", head + f"\nx,X,a@x.example,2026-01-01,2026-02-01,{substitute},{clock}\n")
    assert db.read_now(lambda tx: parties.vendor_named(tx, "x")).away.clock_stops is stops
    # Without the column it stays as it was.
    take("vendors", VENDOR + ",away_substitute\nx,X,a@x.example,c@z.example\n")
    assert db.read_now(lambda tx: parties.vendor_named(tx, "x")).away.clock_stops is stops


def test_a_clock_that_does_something_else_is_refused(take):
    head = VENDOR + ",away_from,away_until,away_clock"
    assert told(take("vendors", head + "\nx,X,a@x.example,2026-01-01,2026-02-01,pauses\n")) == [(2, "away_clock")]


@pytest.mark.catalogue("D32")
def test_a_substitute_who_is_ourselves_is_refused(take):
    head = VENDOR + ",away_from,away_until,away_substitute"
    report = take("vendors", head + "\nx,X,a@x.example,2026-01-01,2026-02-01,support@orchard.example\n")
    assert told(report) == [(2, "away_substitute")]


@pytest.mark.catalogue("F02")
@pytest.mark.parametrize("address", ["a@b.example>\\r\\nRCPT", '"a@b.example,c@d.example"', "a@b.example NOTIFY=NEVER"])
def test_an_address_that_says_more_is_refused(take, address):
    assert told(take("vendors", f"{VENDOR}\nx,X,{address}\n")) == [(2, "support_address")]


@pytest.mark.catalogue("H11")
def test_a_vendor_twice_is_refused(take):
    report = take("vendors", VENDOR + "\nx,X,a@x.example\ny,Y,a@y.example\nx,Z,a@z.example\n")
    assert told(report) == [(4, "slug")] and "the same as in row 2" in str(report.refusals[0])


@pytest.mark.parametrize(
    ("dates", "column"),
    [
        ("2026-02-01,2026-01-01", "away_until"),
        ("2026-02-01,", "away_until"),
        (",2026-02-01", "away_from"),
        ("1.2.2026,2026-03-01", "away_from"),
        ("2026-02-30,2026-03-01", "away_from"),
        ("2026-02-01T10:00,2026-03-01", "away_from"),
    ],
)
def test_an_absence_needs_two_good_dates(take, dates, column):
    report = take("vendors", f"{VENDOR},away_from,away_until\nx,X,a@x.example,{dates}\n")
    assert told(report) == [(2, column)]


def test_an_absence_is_counted_in_the_vendors_zone(take, db):
    head = VENDOR + ",zone,away_from,away_until"
    take("vendors", head + "\nx,X,a@x.example,Asia/Tokyo,2026-01-02,2026-01-03T00:00:00Z\n")
    away = db.read_now(lambda tx: parties.vendor_named(tx, "x")).away
    assert (away.starts, away.ends) == (1_767_279_600_000, 1_767_398_400_000)


def test_hours_that_end_before_they_begin_are_refused(take):
    report = take("vendors", VENDOR + ",opens,closes\nx,X,a@x.example,17:00,09:00\n")
    assert [row for row, _ in told(report)] == [2] and told(report)[0][1] in ("opens", "closes")


def test_a_product_of_an_unknown_vendor_or_brand_is_refused_with_the_nearest(filled, take):
    report = take("products", "slug,name,vendor,brand\nx,X,kilm,orchid\n")
    assert told(report) == [(2, "vendor"), (2, "brand")]
    assert "did you mean kiln?" in str(report.refusals[0]) and "did you mean orchard?" in str(report.refusals[1])


def test_the_aliases_of_a_product_are_parted_by_a_bar(filled, db):
    product = db.read_now(lambda tx: parties.product_named(tx, "checkout-composer"))
    assert product.aliases == ("Checkout Fields", "Composer")


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("eve@nowhere.example,gift-basket,active,2026-01-01,,", "customer", "import customers first"),
        ("ada@teashop.example,gift-baskets,active,2026-01-01,,", "product", "did you mean gift-basket?"),
        ("ada@teashop.example,gift-basket,canceled,2026-01-01,,", "status", "write cancelled"),
        ("ada@teashop.example,gift-basket,lively,2026-01-01,,", "status", "none of active"),
        ("ada@teashop.example,gift-basket,active,,,", "starts", "must not be empty"),
        ("ada@teashop.example,gift-basket,active,2026-01-01,2025-01-01,", "ends", "ends after it starts"),
        ("ada@teashop.example,gift-basket,active,2026-01-01,31/12/2026,", "ends", "write it like 2026-12-31"),
        ("ada@teashop.example,gift-basket,active,0001-01-01,,", "starts", "before 1970"),
    ],
)
def test_a_bad_subscription_says_why(filled, take, row, column, words):
    report = take("subscriptions", f"customer,product,status,starts,ends,reference\n{row}\n")
    assert told(report) == [(2, column)] and words in str(report.refusals[0])


def test_a_subscription_without_reference_is_known_by_customer_and_product(filled, take, db):
    head = "customer,product,status,starts,ends\n"
    assert take("subscriptions", head + "ada@teashop.example,rechnung,active,2026-01-01,2027-01-01\n").new == 1
    assert take("subscriptions", head + "ADA@teashop.example,rechnung,cancelled,2026-01-01,2027-01-01\n").changed == 1


def test_a_customer_who_is_ourselves_is_refused(take):
    assert told(take("customers", "address\nSupport+x@orchard.example\n")) == [(2, "address")]


def test_a_customer_is_known_by_address_in_any_case(take, db):
    take("customers", "address,name\nAda@Teashop.example,Ada\n")
    report = take("customers", "address,name\nada@teashop.example,Ada\n")
    assert (report.new, report.changed) == (0, 1)


def test_a_json_entry_that_lacks_a_key_is_refused(take):
    entries = [{"slug": "x", "name": "X", "support_address": "a@x.example"}, {"slug": "y", "name": "Y"}]
    assert told(take("vendors", json.dumps(entries), ".json")) == [(2, "support_address")]


@pytest.mark.parametrize(
    ("text", "suffix", "words"),
    [
        ("slug,name,suport_address\n", ".csv", "did you mean support_address?"),
        ("slug,name\n", ".csv", "support_address: this column is missing"),
        ("slug,slug,name,support_address\n", ".csv", "stands here twice"),
        ('slug,name,support_address\nx,"X,a@x.example\n', ".csv", "is a quote left open?"),
        ("", ".csv", "this column is missing"),
        ("{}", ".json", "is not a list of objects"),
        ("[1]", ".json", "is not a list of objects"),
        ("[{]", ".json", "not JSON"),
        ("[" * 100_000, ".json", "nested without end"),
        ("x", ".xlsx", "--format csv"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_whole(take, text, suffix, words):
    with pytest.raises(MistakesError) as caught:
        take("vendors", text, suffix, partial=True)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("octets", "words"),
    [("slug,name\nx,Müller".encode("latin-1"), "table.csv:2: not UTF-8"), ("slug".encode("utf-16"), "UTF-16")],
)
def test_a_file_in_another_charset_is_refused(tmp_path, octets, words):
    path = tmp_path / "table.csv"
    path.write_bytes(octets)
    with pytest.raises(MistakesError) as caught:
        read_table(path, COLUMNS[Kind.VENDORS])
    assert words in str(caught.value)


def test_what_spreadsheets_write_is_understood(take, db):
    text = '\ufeffSlug;Name;Support Address\r\nx;"X; Y";a@x.example\r\n;;\r\n\r\ny;Y;a@y.example\r\n'
    report = take("vendors", text)
    assert report.new == 2 and db.read_now(lambda tx: parties.vendor_named(tx, "x")).name == "X; Y"


def test_a_row_with_too_many_cells_is_refused(take):
    report = take("vendors", VENDOR + "\nx,X,a@x.example,surplus\n")
    assert told(report) == [(2, "")] and "4 cells, but there are 3 columns" in str(report.refusals[0])


def test_control_characters_stay_out_of_names(take):
    entries = [{"slug": "x", "name": "X\r\nBcc: eve@evil.example", "support_address": "a@x.example"}]
    assert told(take("vendors", json.dumps(entries), ".json")) == [(1, "name")]


@pytest.mark.parametrize("value", [1.5, {"a": 1}, [1]])
def test_a_json_value_that_no_cell_can_hold_is_refused(take, value):
    entries = [{"slug": "x", "name": value, "support_address": "a@x.example"}]
    report = take("vendors", json.dumps(entries), ".json")
    assert (1, "") in told(report)


def test_an_import_that_changed_something_stands_in_the_audit_log_and_others_do_not(take, db):
    take("vendors", f"{VENDOR}\nx,X,a@x.example\n")
    take("vendors", f"{VENDOR}\nx,X,a@x.example\n")
    take("vendors", f"{VENDOR}\ny,Y,a@y.example\n", dry_run=True)
    (row,) = db.read_now(lambda tx: list(entries(tx)))
    assert (row.actor.text, row.action, row.object) == ("ann", "marketplace.imported", "table vendors")
    assert row.details.text == '{"changed": 0, "new": 1, "refused": 0}'
