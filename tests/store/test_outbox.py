"""The outbox in SQL: claims, leases, fairness, lines, and what each end of a try makes of a delivery."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.core.outgoing import Due, Expired, Later, Outgoing, Refused, Sent
from gatepost.store import claims, outbox, outbox_tables, outbox_view
from gatepost.store.connection import open_writer
from gatepost.store.database import SqliteTx, Tx

NOW = 1_000_000
LEASE = 60_000


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    connection = open_writer(tmp_path / "desk.db")
    for statement in (*outbox_tables.TABLES, *outbox_tables.INDEXES):
        connection.execute(statement)
    connection.execute("BEGIN IMMEDIATE")
    yield SqliteTx(connection)
    connection.close()


def letter(n: int = 1, *, to: tuple[str, ...] = ("ann@a.example",), ticket: int = 0, **more: object) -> Outgoing:
    mail = Outgoing(
        ticket=ticket,
        key=f"message-{n}",
        recipients=to,
        message_id=f"<{n}@market.example>",
        mail_from="bounces@market.example",
        raw=b"Subject: x\r\n\r\ntext\r\n",
    )
    return replace(mail, **more)  # type: ignore[arg-type]


def take(tx: Tx, now: int = NOW, limit: int = 10, per_destination: int = 10, owner: str = "desk") -> list[Due]:
    return claims.claim(tx, now=now, limit=limit, lease=LEASE, owner=owner, per_destination=per_destination)


def state(tx: Tx, id_: int = 1) -> str:
    return str(tx.value("SELECT state FROM delivery WHERE id = :id", id=id_))


def test_a_mail_put_is_due_at_once_and_claimed_once(tx: Tx) -> None:
    outbox.put(tx, letter(), NOW)
    (due,) = take(tx)
    assert (due.recipient, due.destination, due.attempts, due.lease_until) == (
        "ann@a.example",
        "a.example",
        1,
        NOW + LEASE,
    )
    assert due.raw == b"Subject: x\r\n\r\ntext\r\n"
    assert take(tx) == []


def test_the_same_effect_is_put_once(tx: Tx) -> None:
    first = outbox.put(tx, letter(ticket=7), NOW)
    assert outbox.put(tx, letter(ticket=7), NOW + 5) == first
    assert tx.value("SELECT count(*) FROM delivery") == 1


def test_the_envelope_sender_may_name_the_mail(tx: Tx) -> None:
    id_ = outbox.put(tx, letter(), NOW, sender=lambda id_: f"bounce+{id_}@market.example")
    assert take(tx)[0].mail_from == f"bounce+{id_}@market.example"


@pytest.mark.catalogue("F16")
def test_a_mail_that_could_not_be_composed_goes_nowhere_until_mended(tx: Tx) -> None:
    id_ = outbox.put(tx, letter(error="templates/mail/customer/answer.en.txt.j2: 'brand' is undefined", raw=b""), NOW)
    assert take(tx) == []
    assert outbox_view.waiting(tx)["error"] == 1
    assert outbox.mend(tx, id_, letter(error="still undefined"), NOW)
    assert [mail.error for mail in outbox_view.in_error(tx)] == ["still undefined"]
    assert outbox.mend(tx, id_, letter(), NOW)
    assert [due.recipient for due in take(tx)] == ["ann@a.example"]
    assert not outbox.mend(tx, id_, letter(), NOW)


@pytest.mark.parametrize(
    ("result", "expected", "next_due"),
    [
        (Sent(code=250, said="queued as 1"), "sent", None),
        (Refused(code=550, said="no such user"), "failed", None),
        (Expired(code=450, said="tried for five days"), "dead", None),
        (Later(code=450, said="busy", until=NOW + 9), "deferred", NOW + 9),
    ],
)
def test_each_end_of_a_try(
    tx: Tx, result: Sent | Refused | Expired | Later, expected: str, next_due: int | None
) -> None:
    outbox.put(tx, letter(), NOW)
    (due,) = take(tx)
    assert outbox.record(tx, due, result, NOW + 3, took_ms=2, host="127.0.0.1:25")
    assert state(tx) == expected
    assert outbox.next_due(tx) == next_due
    (posted,) = outbox_view.of_ticket(tx, 0)
    (delivery,) = posted.deliveries
    (attempt,) = delivery.attempts
    assert (attempt.at, attempt.code, attempt.said, attempt.took_ms, attempt.host) == (
        NOW + 3,
        result.code,
        result.said,
        2,
        "127.0.0.1:25",
    )


@pytest.mark.catalogue("F08")
def test_a_claim_that_was_never_finished_comes_back_after_its_lease(tx: Tx) -> None:
    outbox.put(tx, letter(), NOW)
    (lost,) = take(tx)
    assert claims.release_expired(tx, NOW + LEASE - 1) == 0
    assert claims.release_expired(tx, NOW + LEASE, but="desk") == 0
    assert claims.release_expired(tx, NOW + LEASE) == 1
    (again,) = take(tx, NOW + LEASE, owner="other")
    assert (again.message_id, again.attempts) == (lost.message_id, 2)


def test_at_start_every_claim_comes_back_at_once(tx: Tx) -> None:
    outbox.put(tx, letter(), NOW)
    take(tx, owner="desk-1")
    assert claims.release_all(tx, NOW) == 1
    assert len(take(tx, owner="desk-1")) == 1


@pytest.mark.parametrize(
    ("late", "expected"),
    [(Sent(code=250, said="ok"), "sent"), (Refused(code=550, said="no"), "sending"), (Later(said="lost"), "sending")],
)
def test_who_lost_the_lease_can_only_say_that_it_was_sent(tx: Tx, late: Sent | Refused | Later, expected: str) -> None:
    outbox.put(tx, letter(), NOW)
    (first,) = take(tx)
    claims.release_expired(tx, NOW + LEASE)
    take(tx, NOW + LEASE)
    assert outbox.record(tx, first, late, NOW + LEASE) == (expected == "sent")
    assert state(tx) == expected
    (posted,) = outbox_view.of_ticket(tx, 0)
    lost, told = posted.deliveries[0].attempts
    assert (lost.at, lost.code, told.said) == (NOW, 0, late.said)
    assert "gatepost ended meanwhile" in lost.said


def test_a_claim_given_back_leaves_no_trace(tx: Tx) -> None:
    outbox.put(tx, letter(), NOW)
    (due,) = take(tx)
    claims.give_back(tx, due, NOW)
    assert state(tx) == "queued"
    assert take(tx)[0].attempts == 1


@pytest.mark.catalogue("F13")
def test_a_backlog_to_one_destination_leaves_room_for_the_others(tx: Tx) -> None:
    for n in range(300):
        outbox.put(tx, letter(n, to=("v@dead.example",)), NOW)
    for n in range(300, 306):
        outbox.put(tx, letter(n, to=(f"v@alive{n % 3}.example",)), NOW + 1)
    got = [due.destination for due in take(tx, NOW + 1, limit=8, per_destination=2)]
    assert got.count("dead.example") == 2
    assert sorted(set(got)) == ["alive0.example", "alive1.example", "alive2.example", "dead.example"]
    assert take(tx, NOW + 1, limit=8, per_destination=2) == []


def test_the_bound_of_a_destination_counts_earlier_claims(tx: Tx) -> None:
    for n in range(5):
        outbox.put(tx, letter(n), NOW)
    assert len(take(tx, per_destination=2)) == 2
    assert len(take(tx, per_destination=3)) == 1
    assert len(take(tx, limit=1, per_destination=5)) == 1


def test_the_order_of_a_ticket_holds_for_each_recipient(tx: Tx) -> None:
    outbox.put(tx, letter(1, ticket=7, to=("ann@a.example", "bob@a.example")), NOW)
    outbox.put(tx, letter(2, ticket=7), NOW)
    outbox.put(tx, letter(3, ticket=7), NOW)
    outbox.put(tx, letter(4, ticket=8), NOW)
    first, bob, other = take(tx)
    assert (first.outbox, bob.recipient, other.outbox) == (1, "bob@a.example", 4)
    outbox.record(tx, first, Later(code=450, said="busy", until=NOW + 10), NOW)
    assert take(tx) == []
    (first,) = take(tx, NOW + 10)
    outbox.record(tx, first, Sent(code=250, said="ok"), NOW + 11)
    (second,) = take(tx, NOW + 11)
    assert second.outbox == 2
    outbox.record(tx, second, Refused(code=550, said="no"), NOW + 12)
    assert [due.outbox for due in take(tx, NOW + 12)] == [3]


def test_a_dead_letter_goes_out_again_behind_what_is_on_its_way(tx: Tx) -> None:
    outbox.put(tx, letter(1, ticket=7), NOW)
    outbox.put(tx, letter(2, ticket=7), NOW)
    (first,) = take(tx)
    assert not outbox.requeue(tx, first.id, NOW)
    outbox.record(tx, first, Expired(said="too long"), NOW)
    assert outbox.requeue(tx, first.id, NOW + 5)
    (second,) = take(tx, NOW + 5)
    assert second.outbox == 2
    outbox.record(tx, second, Sent(code=250, said="ok"), NOW + 6)
    (again,) = take(tx, NOW + 6)
    assert (again.outbox, again.attempts, again.since) == (1, 1, NOW + 5)


def test_an_unreachable_host_does_not_count_as_a_try(tx: Tx) -> None:
    outbox.put(tx, letter(), NOW)
    (due,) = take(tx)
    outbox.record(tx, due, Later(said="connection refused", unreachable=True, until=NOW + 1), NOW)
    (due,) = take(tx, NOW + 1)
    assert due.attempts == 1
    assert tx.value("SELECT count(*) FROM attempt") == 1


def test_why_mails_wait_is_told_by_the_most_frequent_words(tx: Tx) -> None:
    for n in range(5):
        outbox.put(tx, letter(n), NOW)
    for n, due in enumerate(take(tx)):
        why = Later(code=450, said="busy") if n % 2 else Later(said="connect: refused", unreachable=True)
        outbox.record(tx, due, why, NOW)
    assert outbox_view.reasons(tx) == {"connect: refused": 3, "450 busy": 2}
    assert list(outbox_view.reasons(tx, limit=1)) == ["connect: refused"]


@pytest.mark.catalogue("F10")
def test_patience_ends_for_those_that_wait_in_line_too(tx: Tx) -> None:
    outbox.put(tx, letter(1, ticket=7), NOW)
    outbox.put(tx, letter(2, ticket=7), NOW)
    assert outbox.tired(tx, NOW) == []
    for due in outbox.tired(tx, NOW + 1):
        assert outbox.record(tx, due, Expired(said="the host was never there"), NOW + 1)
    assert outbox_view.waiting(tx) == {"queued": 0, "sending": 0, "deferred": 0, "failed": 0, "dead": 2, "error": 0}
    assert [row["said"] for row in outbox_view.list_(tx, state="dead")] == ["the host was never there"] * 2


def test_a_large_mail_is_read_only_when_it_is_wanted(tx: Tx) -> None:
    raw = b"x" * 300_000
    id_ = outbox.put(tx, letter(raw=raw), NOW)
    (due,) = take(tx)
    assert (due.raw, due.octets) == (b"", 300_000)
    assert outbox.content(tx, id_) == raw


def test_the_claim_walks_an_index(tx: Tx) -> None:
    plan = tx.rows(
        "EXPLAIN QUERY PLAN SELECT id, destination, next FROM delivery WHERE next <= :now AND destination NOT IN ("
        "SELECT destination FROM delivery WHERE lease_until IS NOT NULL GROUP BY destination HAVING count(*) >= 4) "
        "ORDER BY next, id LIMIT 64",
        now=NOW,
    )
    told = [str(row["detail"]) for row in plan]
    assert any("COVERING INDEX delivery_due" in line for line in told), told
    assert any("INDEX delivery_leased" in line for line in told), told
    assert not any("TEMP B-TREE" in line for line in told), told


def test_a_state_of_no_meaning_is_refused(tx: Tx) -> None:
    outbox.put(tx, letter(), NOW)
    with pytest.raises(sqlite3.IntegrityError):
        tx.run("UPDATE delivery SET state = 'perhaps'")


class Explaining:
    """A transaction that remembers how SQLite goes about each statement."""

    lock = ""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.scans: list[str] = []

    def __getattr__(self, name: str) -> object:
        done = getattr(self._tx, name)

        def explained(sql: str, **values: object) -> object:
            for row in self._tx.rows(f"EXPLAIN QUERY PLAN {sql}", **values):
                detail = str(row["detail"])
                if re.match(
                    r"SCAN (?!\(|window|placed)(?!.* INDEX )|SEARCH d USING INTEGER PRIMARY KEY \(rowid>", detail
                ):
                    self.scans.append(f"{detail}: {sql}")
            return done(sql, **values)

        return explained


def test_nothing_walks_a_whole_table(tx: Tx) -> None:
    for n in range(50):
        outbox.put(tx, letter(n, ticket=n), NOW)
    explaining = Explaining(tx)
    watched: Tx = explaining  # type: ignore[assignment]
    for due in take(watched):
        outbox.record(watched, due, Sent(code=250, said="ok"), NOW)
    claims.give_back(watched, take(tx, limit=1)[0], NOW)
    claims.release_expired(watched, NOW)
    claims.release_all(watched, NOW)
    outbox.tired(watched, NOW)
    outbox.next_due(watched, NOW)
    outbox_view.waiting(watched)
    outbox_view.reasons(watched)
    outbox_view.of_ticket(watched, 7)
    outbox_view.in_error(watched)
    for name in ("queued", "sending", "deferred", "failed", "dead"):
        outbox_view.list_(watched, state=name)
    assert explaining.scans == []
