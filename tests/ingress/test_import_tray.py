"""A command hands a table to the running desk, which alone writes its database."""

import asyncio
from pathlib import Path

import pytest

from gatepost.clock import FixedClock
from gatepost.config import load
from gatepost.errors import PermanentError
from gatepost.ingress import import_tray
from gatepost.ingress.marketplace import Import, Kind
from gatepost.ingress.table_file import Row
from gatepost.store import parties
from gatepost.store.audit import AuditLog
from gatepost.store.database import Database
from gatepost.store.schema import migrate
from gatepost.tray import Question, Tray, ask

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
    importer = import_tray.Importer(db, load(EXAMPLES / "config.toml"), AuditLog(b"a" * 64), FixedClock(1))
    return Tray(tmp_path, dict.fromkeys(Question, importer.answer))


def vendors(*rows, **options):
    return Import(kind=Kind.VENDORS, rows=rows, **options)


def handed_over(data, desk, wanted):
    """Hand a table over; each time the command waits, the desk looks into its tray."""
    return import_tray.hand_over(data, wanted, "ann", lambda: 0.0, lambda _: asyncio.run(desk.look()))


def test_the_desk_takes_what_lies_in_the_tray(tmp_path, db, desk):
    report = handed_over(tmp_path, desk, vendors(GOOD))
    assert report.written and report.new == 1
    assert [vendor.slug for vendor in db.read_now(parties.vendors)] == ["x"]
    assert list((tmp_path / "tray").iterdir()) == []


def test_refusals_come_back_as_they_are(tmp_path, db, desk):
    report = handed_over(tmp_path, desk, vendors(GOOD, LOOP))
    assert not report.written and [(each.row, each.column) for each in report.refusals] == [(3, "support_address")]
    assert handed_over(tmp_path, desk, vendors(GOOD, LOOP, partial=True)).written
    assert handed_over(tmp_path, desk, vendors(GOOD, dry_run=True)).unchanged == 1


def test_nonsense_for_a_table_is_refused(tmp_path, desk):
    with pytest.raises(PermanentError, match="not a table"):
        ask(tmp_path, Question.IMPORT, {}, lambda: 0.0, pause=lambda _: asyncio.run(desk.look()))
