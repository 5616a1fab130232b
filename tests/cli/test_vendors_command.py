"""`gatepost vendors`: the list, and a report card as table, CSV, JSON and chart."""

import csv
import io
import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from gatepost import shipped
from gatepost.cli import run
from gatepost.clock import Clock
from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.letter import Arrival, Envelope
from gatepost.core.rating import Rating
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.store import ratings, tickets


@pytest.fixture
def config(tmp_path):
    """Two tickets for Brightside, unanswered for ten days; both rated."""
    path = tmp_path / "config.toml"
    path.write_text((shipped.folder("examples") / "marketplace" / "config.toml").read_text())
    for kind in ("vendors", "products", "customers", "subscriptions"):
        run(["import", kind, str(shipped.folder("examples") / "marketplace" / f"{kind}.csv"), "-c", str(path)])
    loaded, now = load(path), Clock().now()
    house, db = build_house(loaded), open_database(loaded)
    envelope = Envelope(mail_from="ada@teashop.example", recipients=("support@orchard.example",))
    for number, (score, words) in enumerate(((5, "Quick"), (2, "<slow>")), 1):
        raw = f"From: ada@teashop.example\r\nSubject: Checkout Composer\r\n\r\nCase {number}.\r\n".encode()
        came = now - 10 * DAY
        arrival = Arrival(id=number, received=came, envelope=envelope, raw=raw)
        db.write_now(lambda tx, arrival=arrival, raw=raw, at=came: handle(tx, house, arrival, read_letter(raw), at))
        rating = Rating(ticket=1000 + number, score=score, comment=words, at=now - DAY, changed=now - DAY)
        vendor = db.read_now(lambda tx, number=number: tickets.find(tx, 1000 + number)).vendor_id
        db.write_now(lambda tx, rating=rating, vendor=vendor: ratings.put(tx, rating, customer=1, vendor=vendor))
    db.close()
    return str(path)


def test_the_list_names_every_vendor(config, capsys):
    capsys.readouterr()
    assert run(["vendors", "list", "-c", config]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line.split() for line in lines if line.startswith("brightside")) == [
        "brightside", "2", "0", "2", "3.5", "0", "%",
    ]  # fmt: skip


def test_the_card_as_table(config, capsys):
    capsys.readouterr()
    assert run(["vendors", "show", "brightside", "--days", "30", "-c", config]) == 0
    said = capsys.readouterr().out
    assert "Ratings           3.50 of 5 from 2, 50 % good" in said
    assert "  14 days" in said
    assert "0 % of 2" in said
    assert "5 of 5  Quick" in said


def test_the_card_as_csv_json_and_chart(config, capsys, tmp_path):
    capsys.readouterr()
    assert run(["vendors", "show", "brightside", "--csv", "-c", config]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["vendor"], row["mean"], row["of_14"], row["in_time_14"]) == ("brightside", "3.5", "2", "0")
    chart = tmp_path / "card.svg"
    assert run(["vendors", "show", "brightside", "--json", "--chart", str(chart), "-c", config]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert [last["score"] for last in figures["last"]] == [2, 5]
    drawn = ElementTree.fromstring(chart.read_text())
    assert "Ratings: 3.50 of 5, 2 in all" in [element.text for element in drawn]


def test_a_vendor_that_is_not_there(config, capsys):
    assert run(["vendors", "show", "nobody", "-c", config]) == 70
    assert "there is no vendor nobody" in capsys.readouterr().err


def test_an_absence_is_written_shown_and_ended(config, capsys):
    capsys.readouterr()
    year = datetime.now(UTC).year + 1
    until = ["--until", f"{year}-01-08", "--substitute", "partner@else.example", "--text", "Back in January."]
    assert run(["vendors", "away", "brightside", "-c", config, *until]) == 0
    assert f"back on 8 January {year}; partner@else.example answers, the clock runs on" in capsys.readouterr().out
    assert run(["vendors", "away", "brightside", "-c", config]) == 0
    assert "Customers are told: Back in January." in capsys.readouterr().out
    assert run(["vendors", "show", "brightside", "-c", config]) == 0
    assert "partner@else.example answers" in capsys.readouterr().out
    assert run(["vendors", "away", "brightside", "-c", config, "--back"]) == 0
    assert "is here" in capsys.readouterr().out
    assert run(["vendors", "away", "brightside", "-c", config]) == 0
    assert "is here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "2030-01-01"], "an absence needs its end"),
        (["--until", "2030-01-01", "--back"], "say opposite things"),
        (["--until", "2030-13-01"], "is no date like 2027-01-31"),
        (["--until", "2030-01-01", "--substitute", "nobody"], "nobody"),
        (["--until", "2030-01-01", "--substitute", "support@orchard.example"], "a loop"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(config, capsys, options, said):
    assert run(["vendors", "away", "brightside", "-c", config, *options]) != 0
    assert said in capsys.readouterr().err
