"""The audit log: whole as long as nobody touches it, and whoever touches it behind our back is found, row by row."""

import sqlite3
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost.core.audit import Act, Action, ActorKind, Who
from gatepost.store import audit
from gatepost.store.audit import AuditLog, Filter
from gatepost.store.database import Database, SqliteTx
from gatepost.store.schema import migrate

ADA = Who(kind=ActorKind.CUSTOMER, name="ada@teashop.example", party=7)
BEA = Who(kind=ActorKind.CUSTOMER, name="bea@teashop.example", party=8)
VERA = Who(kind=ActorKind.STAFF, name="vera")
LOG = AuditLog(b"k" * 64)
ACTS = (
    Act(actor=VERA, action=Action.STAFF_SIGNED_IN),
    Act(actor=VERA, action=Action.TICKET_CLOSED, object="ticket 1001", details={"was": "open"}, about=7),
    Act(actor=ADA, action=Action.CONSENT_GIVEN, object="ticket 1001", grant=3, details={"minutes": 20}, about=7),
    Act(actor=VERA, action=Action.TICKET_WRITTEN, object="ticket 1001", on_behalf_of=ADA, grant=3),
    Act(actor=BEA, action=Action.TICKET_FILED, object="ticket 1002", details={"words": 9}),
    Act(actor=VERA, action=Action.TICKET_NOTED, object="ticket 1002"),
)


def fresh(acts=ACTS):
    """A connection without a file, as an intruder has one, with a log in it; and the transaction on it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection)
    tx = SqliteTx(connection)
    for now, act in enumerate(acts, 1_000):
        LOG.write(tx, act, now)
    return connection, tx


def unlock(connection):
    """What an intruder with the file does first: the triggers go."""
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
    ):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA foreign_keys = OFF")


def columns(connection, table):
    return [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]


def changed(value, column):
    """Other values than this one, of its own kind and of another."""
    if isinstance(value, int):
        return [value + 1, str(value) + "x"] if column == "id" else [value + 1, value + 0.5, -1]
    if value is None:
        return [1, 2]
    return [value + "x", "", value[:-1] + ("0" if value[-1:] != "0" else "1")]


def every_change():
    connection, _ = fresh()
    for table in ("audit", "audit_word"):
        for row in connection.execute(f"SELECT * FROM {table}").fetchall():
            for column in columns(connection, table):
                for value in changed(row[column], column):
                    if value != row[column]:
                        yield table, row["id"], column, value
        yield table, 2, None, None


def test_an_untouched_log_is_whole():
    _, tx = fresh()
    assert LOG.verify(tx) is None
    assert [entry.action for entry in audit.entries(tx)] == [act.action.value for act in ACTS]


@pytest.mark.catalogue("J15")
def test_each_changed_column_of_each_row_is_found():
    found = count()
    for table, number, column, value in every_change():
        connection, tx = fresh()
        unlock(connection)
        try:
            if column is None:
                connection.execute(f"DELETE FROM {table} WHERE id = ?", (number,))
            else:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (value, number))
        except sqlite3.Error:
            continue  # The engine itself refuses it: another number that is taken, or no number.
        fault = LOG.verify(tx)
        assert fault is not None, (table, number, column, value)
        if table == "audit" and column not in (None, "id"):
            assert fault.id == number
        next(found)
    assert next(found) > 150


@pytest.mark.catalogue("J15")
@given(st.integers(1, 6), st.integers(1, 6))
def test_swapped_rows_are_found(one, other):
    if one == other:
        return
    connection, tx = fresh()
    unlock(connection)
    connection.executescript(
        f"UPDATE audit SET id = 99 WHERE id = {one}; UPDATE audit SET id = {one} WHERE id = {other};"
        f"UPDATE audit SET id = {other} WHERE id = 99;"
    )
    fault = LOG.verify(tx)
    assert fault is not None and fault.id == min(one, other)


@pytest.mark.catalogue("J15")
def test_a_row_put_in_is_found_also_one_that_another_key_has_sealed():
    connection, tx = fresh()
    unlock(connection)
    AuditLog(b"x" * 64).write(tx, ACTS[0], 9)
    fault = LOG.verify(tx)
    assert fault is not None and fault.id == 7


@pytest.mark.catalogue("J15")
def test_a_word_that_no_row_cites_is_found():
    connection, tx = fresh()
    unlock(connection)
    connection.execute("INSERT INTO audit_word VALUES (99, 'customer', 7, 'eve@x.example', 'a', 'b')")
    fault = LOG.verify(tx)
    assert fault is not None and "99" in fault.said


@pytest.mark.catalogue("J15")
@pytest.mark.parametrize("left", range(6))
def test_a_log_cut_short_is_found_by_what_was_noted_outside(left):
    connection, tx = fresh()
    noted = audit.head(tx)
    unlock(connection)
    connection.execute("DELETE FROM audit WHERE id > ?", (left,))
    connection.execute(
        "DELETE FROM audit_word WHERE id NOT IN (SELECT actor FROM audit UNION SELECT on_behalf_of FROM audit "
        "WHERE on_behalf_of IS NOT NULL UNION SELECT details FROM audit WHERE details IS NOT NULL)"
    )
    assert LOG.verify(tx) is None  # Nothing inside the file tells of it.
    fault = LOG.verify(tx, [noted])
    assert fault is not None and fault.id == left + 1


@pytest.mark.catalogue("J15")
def test_a_log_written_anew_from_a_row_on_is_found_by_what_was_noted_outside():
    connection, tx = fresh()
    noted = audit.head(tx)
    unlock(connection)
    connection.execute("DELETE FROM audit WHERE id > 5")
    LOG.write(tx, ACTS[0], 2_000)  # As by somebody who has stolen the key too.
    fault = LOG.verify(tx, [noted])
    assert fault is not None and fault.id == 6


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET at = 1 WHERE id = 1",
        "DELETE FROM audit WHERE id = 6",
        "INSERT OR REPLACE INTO audit SELECT id, 1, action, object, grant_id, actor, on_behalf_of, details, mac FROM audit WHERE id = 6",
        "INSERT INTO audit SELECT 99, at, action, object, grant_id, actor, on_behalf_of, details, mac FROM audit WHERE id = 6",
        "UPDATE audit_word SET text = 'eve' WHERE id = 1",
        "UPDATE audit_word SET party = 2, text = '', salt = '' WHERE id = 1",
        "DELETE FROM audit_word",
        "INSERT OR REPLACE INTO audit_word VALUES (1, 'staff', 0, 'eve', '', '')",
    ],
)
def test_the_database_itself_refuses_every_change(sql):
    connection, tx = fresh()
    with pytest.raises(sqlite3.IntegrityError, match="only added to"):
        connection.execute(sql)
    assert LOG.verify(tx) is None


@pytest.mark.catalogue("J16")
def test_an_act_whose_row_cannot_be_written_is_not_done(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)

    def act(tx):
        tx.run("INSERT INTO counter (name, value) VALUES ('done', 1)")
        LOG.write(tx, ACTS[0], 5)

    db.write_now(
        lambda tx: tx.run("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE (ABORT, 'full'); END")
    )
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        db.write_now(act)
    assert db.read_now(lambda tx: tx.value("SELECT count(*) FROM counter WHERE name = 'done'")) == 0
    db.write_now(lambda tx: tx.run("DROP TRIGGER full"))
    db.write_now(act)
    assert db.read_now(lambda tx: tx.value("SELECT value FROM counter WHERE name = 'done'")) == 1
    db.close()


def test_a_forgotten_person_is_gone_and_the_chain_holds():
    connection, tx = fresh()
    LOG.forget(tx, actor=VERA, party=7, objects=["ticket 1001"], now=3_000)
    assert LOG.verify(tx) is None
    kept = "\n".join(
        str(tuple(row)) for t in ("audit", "audit_word") for row in connection.execute(f"SELECT * FROM {t}")
    )
    assert "ada@" not in kept and '"minutes"' not in kept
    assert "bea@teashop.example" in kept and "vera" in kept
    assert [entry.action for entry in audit.entries(tx)][-1] == "person.erased"


@pytest.mark.catalogue("J15")
def test_who_blanks_a_name_without_the_erasure_that_says_so_is_found():
    connection, tx = fresh()
    connection.execute("UPDATE audit_word SET text = '', salt = '' WHERE text = 'bea@teashop.example'")
    fault = LOG.verify(tx)
    assert fault is not None and fault.id == 5
    LOG.forget(tx, actor=VERA, party=7, now=3_000)
    assert LOG.verify(tx) == fault


def test_the_rows_are_found_by_person_action_object_and_time():
    _, tx = fresh()

    def found(**wanted):
        return [entry.id for entry in audit.page(tx, Filter(**wanted))]

    assert found() == [6, 5, 4, 3, 2, 1]
    assert found(person="ada@teashop.example") == [4, 3]
    assert found(actor="vera") == [6, 4, 2, 1]
    assert found(action="ticket.written") == [4]
    assert found(object="ticket 1002") == [6, 5]
    assert found(since=1_001, until=1_003) == [3, 2]
    assert found(grant=3, actor="vera") == [4]
    assert [entry.id for entry in audit.page(tx, Filter(), before=4, limit=2)] == [3, 2]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"action": "ticket.closed"}, "audit_action"),
        ({"object": "ticket 1001"}, "audit_object"),
        ({"actor": "vera"}, "audit_actor"),
        ({"person": "ada@teashop.example"}, "audit_actor"),
        ({"person": "ada@teashop.example"}, "audit_on_behalf_of"),
        ({}, "INTEGER PRIMARY KEY"),
    ],
)
def test_a_filter_reads_by_its_index_and_not_the_whole_log(wanted, index):
    _, tx = fresh()
    values = {"before": 9, "limit": 9, **{name: getattr(Filter(**wanted), name) for name in audit._CHOSEN}}
    plan = [row["detail"] for row in tx.rows(f"EXPLAIN QUERY PLAN {audit.page_sql(Filter(**wanted))}", **values)]
    assert any(index in line for line in plan), plan


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(Action), st.text(max_size=20), st.text(max_size=20)), max_size=12))
def test_whatever_is_written_is_read_back_and_whole(acts):
    written = [
        Act(actor=Who(kind=ActorKind.OPERATOR, name=name or "-"), action=action, details={"said": said} if said else {})
        for action, name, said in acts
        if action is not Action.PERSON_ERASED
    ]
    _, tx = fresh(written)
    assert LOG.verify(tx) is None
    assert [entry.actor.text for entry in audit.entries(tx)] == [act.actor.name for act in written]
