"""The queue's views hold the right tickets, their counters never differ from a count, and each is read by its index."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost.core.ticket import State, Ticket
from gatepost.store import queue, tickets
from gatepost.store.database import Database
from gatepost.store.queue import View
from gatepost.store.schema import migrate

VERA = "vera@office.example"
FRESH = Ticket(number=0, brand="market", subject="s", filed=1, last_activity=1)


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    yield database
    database.close()


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.fixed_dictionaries(
            {},
            optional={
                "state": st.sampled_from(State),
                "unread": st.booleans(),
                "assignee": st.sampled_from(["", VERA, "otto@office.example"]),
                "flags": st.sampled_from([(), ("overdue",), ("spam", "overdue"), ("overdue_not",)]),
                "last_activity": st.integers(1, 9),
            },
        ),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(CHANGES)
def test_the_counters_are_what_the_views_hold_after_any_changes(db, changes):
    def run(tx):
        tx.run("DELETE FROM holding")
        tx.run("DELETE FROM ticket")
        tx.run("DELETE FROM counter WHERE name LIKE 'queue.%' OR name LIKE 'ticket.%'")
        numbers = [tickets.open_(tx, FRESH) for _ in range(5)]
        for which, change in changes:
            tickets.save(tx, replace(tickets.find(tx, numbers[which]), **change))
        counts = queue.counts(tx, VERA)
        return counts, {view: len(queue.page(tx, view, assignee=VERA)) for view in View}

    counts, held = db.write_now(run)
    assert counts == held


def test_a_view_is_read_page_by_page_without_a_gap_or_a_ticket_twice(db):
    def run(tx):
        for activity in (5, 5, 5, 1, 9, 7, 7):
            tickets.open_(tx, replace(FRESH, last_activity=activity))
        seen, before = [], (1 << 62, 1 << 62)
        while lines := queue.page(tx, View.OPEN, before=before, limit=2):
            seen += [(line.last_activity, line.number) for line in lines]
            before = seen[-1]
        return seen

    seen = db.write_now(run)
    assert seen == sorted(seen, reverse=True) and len(set(seen)) == 7


@pytest.mark.parametrize(
    ("view", "index"),
    [
        (View.OPEN, "ticket_activity"),
        (View.OVERDUE, "ticket_overdue"),
        (View.UNASSIGNED, "ticket_unassigned"),
        (View.MINE, "ticket_assignee"),
        (View.UNREAD, "ticket_unread"),
        (View.CLOSED, "ticket_activity"),
        (View.HELD, "quarantine_ticket"),
    ],
)
def test_each_view_has_its_index(db, view, index):
    sql = f"EXPLAIN QUERY PLAN {queue._OVERDUE if view is View.OVERDUE else queue._PAGES[view]}"
    values = {"activity": 1, "number": 1, "limit": 1, "assignee": VERA, "brands": "", "due": 1}
    plan = db.read_now(lambda tx: [row["detail"] for row in tx.rows(sql, **values)])
    assert any(index in line for line in plan), plan
    assert any("deadline" in line and "SEARCH" in line and "ticket=?" in line for line in plan), plan
    if view is not View.HELD:
        assert not any(line.startswith("SCAN ticket") and "INDEX" not in line for line in plan), plan


def test_a_file_of_the_release_before_gets_its_counters(tmp_path):
    path = tmp_path / "desk.sqlite3"
    db = Database(f"sqlite:///{path}", prepare=migrate)

    def grown(tx):
        for change in ({}, {"assignee": VERA}, {"state": State.CLOSED}, {"flags": ("overdue",), "unread": False}):
            tickets.open_(tx, replace(FRESH, **change))
        tx.run("DELETE FROM counter WHERE name LIKE 'queue.%'")
        tx.run("DELETE FROM _sqlite_migrations WHERE name = 'm0022_queue'")
        for name in ("overdue", "unassigned", "unread", "assignee"):
            tx.run(f"DROP INDEX ticket_{name}")
        tx.run("DROP INDEX quarantine_ticket")

    db.write_now(grown)
    db.close()
    db = Database(f"sqlite:///{path}", prepare=migrate)
    counts = db.read_now(lambda tx: queue.counts(tx, VERA))
    db.close()
    assert {view.value: n for view, n in counts.items()} == {
        "open": 3, "overdue": 1, "held": 0, "unassigned": 2, "mine": 1, "unread": 2, "closed": 1,
    }  # fmt: skip
