"""`gatepost rules explain`: a mail's trip in a terminal, on what the desk knows, with nothing written and nothing sent."""

import json
import re
from pathlib import Path

import pytest

from gatepost import cli
from gatepost.core import DAY
from gatepost.core.party import Customer, Product, Standing, Subscription, Vendor
from gatepost.store import parties
from gatepost.store.database import Database, Tx
from gatepost.store.glance import DESK_FILE
from gatepost.store.schema import migrate

CONFIG = """\
[gatepost]
data = "data"
hostname = "mail.market.example"
staff = "staff@market.example"
rules = "rules"

[authentication]
mode = "off"

[team.triage]
name = "Triage"
address = "triage@market.example"

[team.billing]
name = "Billing"
address = "billing@market.example"

[brand.market]
name = "Extension Market"
support = ["support@market.example"]
"""
MAIL = """\
Return-Path: <jane@customer.example>
From: Jane <jane@customer.example>
To: Friends <friends@elsewhere.example>, support@market.example
Subject: Shipping Labels
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <1@customer.example>

{text}
"""


def fill(tx: Tx) -> None:
    vendor, _ = parties.put_vendor(
        tx, Vendor(id=0, slug="smiths", name="Smiths", support_address="help@smiths.example")
    )
    product, _ = parties.put_product(tx, Product(id=0, slug="labels", name="Shipping Labels", vendor_id=vendor))
    customer, _ = parties.put_customer(tx, Customer(id=0, address="jane@customer.example", name="Jane"))
    parties.put_subscription(
        tx,
        Subscription(id=0, customer_id=customer, product_id=product, status=Standing.ACTIVE, starts=DAY, ends=None),
    )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a config and a desk's database, in which the commands run."""
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "rules").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    database = Database(f"sqlite:///{tmp_path / 'data' / DESK_FILE}", prepare=migrate)
    database.write_now(fill)
    database.close()
    monkeypatch.delenv("GATEPOST_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def explained(desk: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str) -> str:
    (desk / "mail.eml").write_text(MAIL.format(text=text))
    assert cli.run(["rules", "explain", "mail.eml", *options]) == 0
    return capsys.readouterr().out


def test_the_whole_trip_is_printed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(desk, capsys, "The labels are empty.")
    for line in (
        "from         Jane <jane@customer.example>",
        "to           support@market.example",
        "subject      Shipping Labels",
        "nature       human, may be answered automatically: ",
        "sender       customer, trusted, verified",
        "standing     active",
        "vendor       smiths",
        "topics       none that is sure enough",
        "becomes      a new ticket",
        "route        vendor, by rule 'the vendor answers'",
        "├─ · miss  our own mail came back",
        "│     └─ ✗ author = ourselves, saw human",
        "└─ ✓ hit   the vendor answers",
        "      ├─ ✓ standing = active, saw active",
    ):
        assert line in printed


def test_the_topics_are_told_with_how_sure_they_are(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(desk, capsys, "Where is my parcel? The tracking number shows nothing since Friday.")
    assert re.search(r"^topics       shipping \((0\.9\d|1\.00)\)$", printed, re.MULTILINE)


def test_a_refund_question_shows_the_words_that_were_found(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(desk, capsys, "I want my money back.")
    assert "route        team billing, by rule 'refund question'" in printed
    assert "saw money back" in printed


def test_as_the_mx_dns_is_asked_and_what_it_said_is_shown(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mode = 'mode = "evaluate"\nnameservers = ["127.0.0.1:1"]\nquery_seconds = 0.1'
    (desk / "config.toml").write_text(CONFIG.replace('mode = "off"', mode))
    printed = explained(desk, capsys, "Hello.", "--ip", "192.0.2.1")
    assert "sender       customer, unconfirmed, unverified" in printed
    assert "             spf=temperror for customer.example, aligned with From (DNS gave no answer" in printed
    assert "             DMARC temperror: DNS gave no answer for TXT _dmarc.customer.example" in printed


def test_the_envelope_may_be_given(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(desk, capsys, "Hello.", "--from", "", "--to", "support+labels@market.example")
    assert "to           support+labels@market.example" in printed
    assert "nature       machine, is never answered automatically: " in printed
    assert "by rule 'automatic mail without a ticket'" in printed


def test_other_rules_are_tried_without_touching_those_that_serve(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = desk / "draft"
    draft.mkdir()
    (draft / "35-labels.toml").write_text(
        '[[rule]]\nname = "labels are ours"\nwhen = { product = "labels", party = "staff" }\n'
        'then = { route = "triage", stop = true }\n'
        '[[rule.hit]]\nproduct = "labels"\nparty = "staff"\n[[rule.miss]]\ntext = "other"\n'
    )
    assert "labels are ours" in explained(desk, capsys, "Hello.", "--rules", "draft")
    assert "labels are ours" not in explained(desk, capsys, "Hello.")
    short = explained(desk, capsys, "Hello.", "--rules", "draft")
    full = explained(desk, capsys, "Hello.", "--rules", "draft", "--all")
    assert "product = labels, saw labels" in full
    assert len(full.splitlines()) > len(short.splitlines())


def test_the_trip_as_json(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(explained(desk, capsys, "The labels are empty.", "--json"))
    assert (shown["becomes"], shown["verdict"]["route"], shown["verdict"]["by"]) == (
        "a new ticket",
        "vendor",
        "the vendor answers",
    )
    assert {"step": "vendor", "said": "smiths"} in shown["trip"]


def test_nothing_of_a_mail_steers_the_terminal(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "rules" / "35-steer.toml").write_text(
        '[[rule]]\nname = "steer"\nwhen = { text_pattern = \'begin.+end\' }\nthen = { flags = "x" }\n'
        '[[rule.hit]]\ntext = "begin of the end"\n[[rule.miss]]\ntext = "begin"\n'
    )
    printed = explained(desk, capsys, "begin \x1b]0;owned\x07 \u202e end")
    assert "steer" in printed
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)


def test_explaining_writes_nothing(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explained(desk, capsys, "The labels are empty.")
    database = Database(f"sqlite:///{desk / 'data' / DESK_FILE}")
    counts = [
        database.read_now(lambda tx, table=table: tx.value(f"SELECT count(*) FROM {table}"))
        for table in ("ticket", "message", "arrival", "outbox", "deadline")
    ]
    database.close()
    assert counts == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(("name", "code", "words"), [("absent.eml", 66, "No such file"), ("bomb.eml", 65, "hostile")])
def test_what_cannot_be_read_is_told(
    desk: Path, capsys: pytest.CaptureFixture[str], name: str, code: int, words: str
) -> None:
    (desk / "bomb.eml").write_text("X: y\n" * 400_000)
    assert cli.run(["rules", "explain", name]) == code
    assert words in capsys.readouterr().err


def test_check_knows_the_vendors_and_products_of_the_desk(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "rules" / "35-names.toml").write_text(
        '[[rule]]\nname = "names"\n'
        'when = { product = ["labels", "lables"], any = [{ vendor = "smits" }, { brand = "market" }] }\n'
        'then = { copies = ["smiths", "anna@desk.example"] }\n'
        '[[rule.hit]]\nproduct = "labels"\nbrand = "market"\n[[rule.miss]]\ntext = "other"\n'
    )
    assert cli.run(["rules", "check"]) == 1
    printed = capsys.readouterr().out
    assert "35-names.toml:3: rule 'names': there is no product 'lables' (did you mean 'labels'?)" in printed
    assert "35-names.toml:3: rule 'names': there is no vendor 'smits' (did you mean 'smiths'?)" in printed
    assert "2 warnings" in printed
