"""`gatepost ticket show` explains a due date interval by interval."""

import pytest

from gatepost import shipped
from gatepost.cli import run
from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.letter import Arrival, Envelope
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle

FRIDAY_AFTERNOON = 1_794_582_000_000  # 2026-11-13T15:00:00Z, a Friday; brightside's vendor calendar is Irish.


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text((shipped.folder("examples") / "marketplace" / "config.toml").read_text())
    for kind in ("vendors", "products", "customers", "subscriptions"):
        run(["import", kind, str(shipped.folder("examples") / "marketplace" / f"{kind}.csv"), "-c", str(path)])
    return path


def test_the_due_date_is_explained(config, capsys):
    raw = b"From: ada@teashop.example\r\nTo: support@orchard.example\r\nSubject: Checkout Composer\r\n\r\nIt broke.\r\n"
    loaded = load(config)
    envelope = Envelope(mail_from="ada@teashop.example", recipients=("support@orchard.example",))
    arrival = Arrival(id=1, received=FRIDAY_AFTERNOON, envelope=envelope, raw=raw)
    db = open_database(loaded)
    db.write_now(lambda tx: handle(tx, build_house(loaded), arrival, read_letter(raw), FRIDAY_AFTERNOON))
    db.close()
    capsys.readouterr()
    assert run(["ticket", "show", "1001", "-c", str(config)]) == 0
    said = capsys.readouterr().out
    assert "answered by Brightside Labs <support@brightside.example>" in said
    # "at" or "since", by the day on which the test runs.
    assert " Tue 17 Nov 15:00 Europe/Dublin:\n" in said
    assert "Fri 13 Nov 15:00–17:30 Europe/Dublin: 2 h 30 min" in said
    assert "weekend" in said
    assert "Mon 16 Nov 09:00–17:30 Europe/Dublin: 8 h 30 min" in said
    assert "Rating request at Fri 20 Nov 15:00" in said
    assert "requester ada@teashop.example: It broke." in said
    assert FRIDAY_AFTERNOON % DAY


def test_a_ticket_that_is_not_there(config, capsys):
    assert run(["ticket", "show", "4711", "-c", str(config)]) == 70
    assert "there is no ticket 4711" in capsys.readouterr().err
