"""Ages (L04): each class goes at its own, a hold keeps, a kill in the middle costs nothing, a second look does nothing."""

import os
import subprocess
import sys

import pytest
from tests.privacy.conftest import ADDRESS, ROOT, WORD, found_in, live, run

from gatepost.core import DAY
from gatepost.store import ages
from gatepost.store.database import Database
from gatepost.store.persons import HELD_TICKETS
from gatepost.store.schema import migrate

AGES = {"raw_days": 10, "outbox_days": 20, "quarantine_days": 30, "trace_days": 40, "ticket_days": 50}


def counts(market) -> dict[str, int]:
    """How much of each class there is."""
    sql = {
        "raw": "SELECT count(*) AS n FROM raw JOIN arrival ON arrival.id = raw.arrival WHERE outcome <> 'quarantined'",
        "outbox": "SELECT count(*) AS n FROM outbox WHERE raw <> X''",
        "quarantine": "SELECT count(*) AS n FROM quarantine WHERE state = 'held'",
        "trace": "SELECT count(*) AS n FROM trace",
        "words": "SELECT count(*) AS n FROM message WHERE author_kind <> 'erased'",
    }
    return {name: market.rows(one)[0]["n"] for name, one in sql.items()}


@pytest.fixture
def old(market):
    """What live() has left, closed and delivered."""
    live(market)
    market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent', next = NULL"))
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET state = 'closed'"))
    return market


@pytest.mark.catalogue("L04")
@pytest.mark.parametrize(
    ("days", "gone"),
    [
        (9, set()), (11, {"raw"}), (21, {"raw", "outbox"}), (31, {"raw", "outbox", "quarantine"}),
        (41, {"raw", "outbox", "quarantine", "trace"}), (51, {"raw", "outbox", "quarantine", "trace", "words"}),
    ],
)  # fmt: skip
def test_each_class_goes_at_its_own_age(old, retention, clock, days, gone):
    before = counts(old)
    clock.at += days * DAY
    look = retention(**AGES)
    run(look.look())
    after = counts(old)
    assert {name for name in after if after[name] == 0} == gone
    assert all(after[name] == before[name] for name in after if name not in gone)
    assert run(look.look()) == 0
    assert old.rows("SELECT count(*) AS n FROM ticket")[0]["n"] == 2


@pytest.mark.catalogue("L04")
def test_with_all_ages_over_no_words_are_left(old, retention, clock):
    clock.at += 51 * DAY
    run(retention(**AGES).look())
    assert not old.rows("SELECT 1 FROM message WHERE text LIKE :w", w=f"%{WORD}%")
    assert not old.rows("SELECT 1 FROM content")
    assert not old.rows("SELECT rowid FROM message_words WHERE message_words MATCH :w", w=WORD)


def test_an_age_of_nought_keeps_for_ever(old, retention, clock):
    before = counts(old)
    clock.at += 5_000 * DAY
    run(retention(raw_days=0, outbox_days=0, quarantine_days=0, trace_days=0, ticket_days=0).look())
    assert counts(old) == before


@pytest.mark.catalogue("L03", "L04")
def test_a_legal_hold_keeps_what_has_passed_its_age(old, privacy, retention, clock):
    run(privacy.hold(ADDRESS, "court order", ROOT))
    clock.at += 51 * DAY
    run(retention(**AGES).look())
    kept = old.rows("SELECT ticket FROM message WHERE author_kind <> 'erased'")
    assert {row["ticket"] for row in kept} == {1001}
    assert {row["ticket"] for row in old.rows("SELECT ticket FROM arrival JOIN raw ON raw.arrival = arrival.id")} == {
        1001
    }


KILLED = """
import asyncio, sys
from gatepost.clock import FixedClock
from gatepost.config import RetentionSection
from gatepost.privacy.control import Privacy
from gatepost.privacy.retention import Retention
from gatepost.store import ages, erasure, persons
from gatepost.store.audit import AuditLog
from gatepost.store.database import Database
from gatepost.store.schema import migrate
from gatepost.core.audit import operator

class House:
    audit = AuditLog(b"k" * 32)
    secrets = None

path, now, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
db = Database(f"sqlite:///{path}", prepare=migrate)
privacy = Privacy(db=db, house=House(), clock=FixedClock(now))
if what == "erase":
    asyncio.run(privacy.erase("canaria.zzyzx@nest.example", operator("root")))
else:
    section = RetentionSection(raw_days=10, outbox_days=20, quarantine_days=30, trace_days=40, ticket_days=50)
    asyncio.run(Retention(db=db, house=House(), clock=FixedClock(now), ages=section, privacy=privacy).look())
db.close()
"""


def killed(market, now: int, what: str, point: str) -> int:
    """Run it in a process of its own that dies at a crash point, or ends well; its exit code."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(market.db.path), str(now), what],
        env={**os.environ, "GATEPOST_CRASH": point}, check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr.decode()
    return done.returncode


@pytest.mark.catalogue("L04")
@pytest.mark.parametrize(
    "point", ["retention.class:1", "retention.class:3", "store.before_commit:4", "store.committed:5"]
)
def test_a_purge_that_was_killed_is_finished_by_the_next(old, point):
    later = old.now + 51 * DAY
    old.db.close()
    assert killed(old, later, "purge", point) == -9
    assert killed(old, later, "purge", "") == 0
    reopen(old)
    assert set(counts(old).values()) == {0}


@pytest.mark.catalogue("L02")
@pytest.mark.parametrize(
    "point", ["erasure.step:1", "erasure.step:4", "erasure.step:40", "erasure.forgotten:1", "store.before_commit:6"]
)
def test_an_erasure_that_was_killed_is_finished_by_the_next_look(old, point):
    old.db.close()
    assert killed(old, old.now, "erase", point) == -9
    assert killed(old, old.now, "purge", "") == 0
    assert not found_in(old.db.path.parent)
    reopen(old)
    states = [row["state"] for row in old.rows("SELECT state FROM erasure")]
    assert states == ["done"]


def reopen(market) -> None:
    market.db = Database(f"sqlite:///{market.db.path}", prepare=migrate)


@pytest.mark.catalogue("L04")
def test_a_look_goes_over_a_range_and_the_next_one_goes_on_behind_it(old, retention, clock, monkeypatch):
    """However large the store is, a look reads a bounded piece of it; after the last piece it begins anew."""
    monkeypatch.setattr(ages, "_SPAN", 1)
    clock.at += 51 * DAY
    keeper = retention(**AGES)
    rows = max(old.rows(f"SELECT max(id) AS n FROM {age.table}")[0]["n"] or 0 for age in ages.AGES)
    run(keeper.look())
    assert set(counts(old).values()) != {0}
    for _ in range(rows):
        run(keeper.look())
    assert set(counts(old).values()) == {0}


@pytest.mark.catalogue("L03", "L04")
def test_a_hold_that_comes_between_the_look_and_the_purge_keeps_it(old, privacy, clock):
    before = clock.now() + 51 * DAY
    for age in ages.AGES:
        found, _ = old.db.read_now(lambda tx, age=age: age.look(tx, before, 0))
        run(privacy.hold(ADDRESS, "court order", ROOT))
        taken = old.db.write_now(lambda tx, age=age, found=found: age.purge(tx, before, found))
        assert taken <= len(found)
        run(privacy.release(ADDRESS, "over", ROOT))
    kept = old.rows("SELECT ticket FROM message WHERE author_kind <> 'erased'")
    assert {row["ticket"] for row in kept} == {1001}


def test_whose_a_ticket_is_under_a_hold_is_found_by_the_index_of_addresses(old):
    plan = " ".join(row["detail"] for row in old.rows(f"EXPLAIN QUERY PLAN {HELD_TICKETS}"))
    assert "USING INDEX participant_address" in plan and "SCAN p" not in plan
