"""A data folder of the first release, with its mails, comes through every migration; what it promised still holds.

first_release/ is what commit 3aa57d9 left behind when it was killed: five tickets' mails, one of them still in the
spool, two deliveries put off, deadlines open, and the key that has signed its reply addresses.
"""

import gzip
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gatepost.config import load
from gatepost.core.letter import Arrival, Envelope
from gatepost.errors import PermanentError
from gatepost.lock import prepare_data_folder
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.store.arrivals import Outcome
from gatepost.store.glance import glance
from gatepost.store.invariants import examine
from gatepost.store.schema import known
from gatepost.store.spool import Spool
from gatepost.store.spool_reader import SpoolReader
from gatepost.store.upgrade import rehearse, upgrade
from gatepost.store.vitals import last

KEPT = Path(__file__).parent / "first_release"
NOW = 1_796_000_000_000
CONFIG = """
[gatepost]
data = "data"
hostname = "mail.orchard.example"
staff = "staff@staff.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@staff.example"
[team.billing]
name = "Billing"
address = "billing@staff.example"
[brand.orchard]
name = "Orchard"
support = ["support@orchard.example"]
privacy = "https://orchard.example/p"
data_use = "https://orchard.example/d"
portal = "https://my.orchard.example"
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    prepare_data_folder(tmp_path / "data")
    for name in ("desk.sqlite3", "spool.sqlite3"):
        (tmp_path / "data" / name).write_bytes(gzip.decompress((KEPT / f"{name}.gz").read_bytes()))
    (tmp_path / "data" / "keys").mkdir(mode=0o700)
    key = tmp_path / "data" / "keys" / "reply"
    key.write_bytes((KEPT / "reply.key").read_bytes())
    key.chmod(0o600)
    return tmp_path / "data"


def rows(data, sql):
    with closing(sqlite3.connect(data / "desk.sqlite3")) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.catalogue("M11")
def test_the_rehearsal_says_what_the_upgrade_then_does_and_changes_nothing(data):
    before = (data / "desk.sqlite3").read_bytes()
    rehearsal = rehearse(data, NOW)
    assert (data / "desk.sqlite3").read_bytes() == before
    assert rehearsal.wrong == ()
    assert sorted(rehearsal.migrations) == sorted(set(known()) - {"m0001_first"})
    assert sorted(upgrade(data)) == sorted(rehearsal.migrations)
    assert rehearse(data, NOW).migrations == ()


@pytest.mark.catalogue("M11")
def test_nothing_of_it_is_lost_and_every_invariant_holds(data):
    tables = ("ticket", "message", "arrival", "outbox", "delivery", "deadline", "participant", "trace")
    count = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    before = rows(data, f"SELECT {count}")
    upgrade(data)
    assert rows(data, f"SELECT {count}") == before
    assert rows(data, "SELECT count(*) FROM delivery WHERE state = 'deferred'") == [(2,)]
    assert [str(each) for each in examine(data, NOW) if each.invariant != "I5"] == []
    spool = Spool(data, now=lambda: NOW)
    spool.start()
    spool.close()
    with closing(SpoolReader(data)) as waiting:
        assert [b"In the spool." in arrival.raw for arrival in waiting.pending(0, 10)] == [True]


@pytest.mark.catalogue("M11")
def test_a_reply_to_an_address_that_the_first_release_has_signed_finds_its_ticket(data):
    upgrade(data)
    ((sent,),) = rows(data, "SELECT raw FROM outbox WHERE template = 'ticket' AND ticket = 1001")
    address = re.search(rb"support\+[a-z0-9]+@orchard\.example", sent)[0].decode()
    raw = f"From: help@acme.example\r\nTo: {address}\r\nSubject: Re: grey\r\n\r\nPress F6.\r\n".encode()
    envelope = Envelope(mail_from="help@acme.example", recipients=(address,))
    arrival = Arrival(id=NOW, received=NOW, envelope=envelope, raw=raw)
    config = load(data.parent / "config.toml")
    house = build_house(config)
    with closing(open_database(config)) as db:
        assert db.write_now(lambda tx: handle(tx, house, arrival, read_letter(raw), NOW)) is Outcome.CONTINUED
        assert db.read_now(lambda tx: tx.value("SELECT max(number) FROM ticket")) == 1004


def test_a_command_that_looks_before_the_upgrade_says_what_to_do(data):
    with pytest.raises(PermanentError, match="older version") as older:
        glance(data, last)
    assert "gatepost upgrade" in older.value.hint
