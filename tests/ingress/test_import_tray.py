"""A command hands a table to the running desk, which alone writes its database."""

import asyncio
import json
from pathlib import Path

import pytest

from gatepost.config import load
from gatepost.errors import PermanentError, TemporaryError
from gatepost.ingress import import_tray
from gatepost.ingress.marketplace import Import, Kind
from gatepost.ingress.table_file import Row
from gatepost.store import parties
from gatepost.store.database import Database
from gatepost.store.schema import migrate

EXAMPLES = Path(__file__).parents[2] / "examples" / "marketplace"
GOOD = Row(2, {"slug": "x", "name": "X", "support_address": "a@x.example"})
LOOP = Row(3, {"slug": "y", "name": "Y", "support_address": "support@orchard.example"})


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    yield database
    database.close()


@pytest.fixture
def desk(tmp_path, db):
    return import_tray.Desk(tmp_path, db, load(EXAMPLES / "config.toml"))


def vendors(*rows, **options):
    return Import(kind=Kind.VENDORS, rows=rows, **options)


def handed_over(data, desk, wanted):
    """Hand a table over; each time the command waits, the desk looks into its tray."""
    return import_tray.hand_over(data, wanted, lambda: 0.0, lambda _: asyncio.run(desk.look()))


def test_the_desk_takes_what_lies_in_the_tray(tmp_path, db, desk):
    report = handed_over(tmp_path, desk, vendors(GOOD))
    assert report.written and report.new == 1
    assert [vendor.slug for vendor in db.read_now(parties.vendors)] == ["x"]
    assert list((tmp_path / "import").iterdir()) == []


def test_refusals_come_back_as_they_are(tmp_path, db, desk):
    report = handed_over(tmp_path, desk, vendors(GOOD, LOOP))
    assert not report.written and [(each.row, each.column) for each in report.refusals] == [(3, "support_address")]
    assert handed_over(tmp_path, desk, vendors(GOOD, LOOP, partial=True)).written
    assert handed_over(tmp_path, desk, vendors(GOOD, dry_run=True)).unchanged == 1


def test_a_desk_that_does_not_answer_leaves_nothing_in_the_tray(tmp_path):
    times = iter([0.0, 30.0, 61.0])
    with pytest.raises(TemporaryError, match="did not take the table"):
        import_tray.hand_over(tmp_path, vendors(GOOD), lambda: next(times), lambda _: None)
    assert list((tmp_path / "import").iterdir()) == []


def test_nonsense_in_the_tray_is_answered_and_taken_away(tmp_path, db, desk):
    (tmp_path / "import").mkdir()
    (tmp_path / "import" / "1.json").write_text("{}")
    asyncio.run(desk.look())
    answer = json.loads((tmp_path / "import" / "1.done").read_text())
    assert "not a table" in answer["error"] and not (tmp_path / "import" / "1.json").exists()
    with pytest.raises(PermanentError, match="not a table"):
        import_tray._report(answer)


def test_a_new_desk_clears_answers_that_nobody_fetched(tmp_path, db):
    (tmp_path / "import").mkdir()
    (tmp_path / "import" / "1.done").write_text("{}")
    import_tray.Desk(tmp_path, db, load(EXAMPLES / "config.toml"))
    assert list((tmp_path / "import").iterdir()) == []
