"""Leave and sessions in the store: a start counts once, and what was taken back stops what hangs on it."""

import asyncio
from dataclasses import replace

import pytest

from gatepost.core import HOUR, MINUTE
from gatepost.core.consent import Consent, Impersonation, Scope, Stage, approve, withdraw
from gatepost.core.party import Customer
from gatepost.store import consents, parties
from gatepost.store.database import Database
from gatepost.store.schema import migrate

NOW = 1_793_610_000_000


@pytest.fixture
def db(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)
    yield database
    database.close()


@pytest.fixture
def jane(db):
    return db.write_now(lambda tx: parties.put_customer(tx, Customer(id=0, address="jane@x.example", name="Jane")))[0]


def asked(db, jane):
    wanted = Consent(
        id=0, customer=jane, staff="anna", staff_name="Anna", brand="orchard", ticket=1001, reason="why",
        scope=Scope.ACT, until=NOW + HOUR, asked=NOW,
    )  # fmt: skip
    return db.write_now(lambda tx: consents.ask(tx, wanted))


def minted(db, consent, start="token-hash"):
    session = Impersonation(
        id=0, consent=consent.id, customer=consent.customer, staff="anna", staff_name="Anna", brand="orchard",
        ticket=1001, reason="why", scope=Scope.READ, started=NOW, ends=NOW + 30 * MINUTE, seen=NOW,
    )  # fmt: skip
    return db.write_now(lambda tx: consents.mint(tx, session, staff_session=5, start=start))


def granted(db, jane):
    consent = asked(db, jane)
    yes = approve(consent, scope=Scope.ACT, until=consent.until, now=NOW)
    assert db.write_now(lambda tx: consents.answer(tx, yes, Stage.OPEN))
    return yes


def test_an_answer_is_taken_once(db, jane):
    consent = asked(db, jane)
    yes = approve(consent, scope=Scope.READ, until=NOW + MINUTE, now=NOW)
    assert db.write_now(lambda tx: consents.answer(tx, yes, Stage.OPEN))
    assert not db.write_now(lambda tx: consents.answer(tx, replace(yes, scope=Scope.ACT), Stage.OPEN))
    kept = db.read_now(lambda tx: consents.find(tx, consent.id))
    assert (kept.stage, kept.scope, kept.until) == (Stage.APPROVED, Scope.READ, NOW + MINUTE)


@pytest.mark.catalogue("J03")
async def test_of_many_starts_at_once_one_counts(db, jane):
    number = minted(db, granted(db, jane))

    def start(n):
        return lambda tx: consents.begin(tx, number, cookie=f"c{n}", ends=NOW + MINUTE, peer="", now=NOW)

    begun = await asyncio.gather(*(db.write(start(n)) for n in range(50)))
    assert sorted(begun) == [False] * 49 + [True]
    winner = begun.index(True)
    assert db.read_now(lambda tx: consents.by_cookie(tx, f"c{winner}")).session.id == number


@pytest.mark.catalogue("J03")
def test_one_leave_starts_one_session(db, jane):
    consent = granted(db, jane)
    first, second = minted(db, consent, "one"), minted(db, consent, "two")
    begin = {"ends": NOW + MINUTE, "peer": "", "now": NOW}
    assert db.write_now(lambda tx: consents.begin(tx, first, cookie="a", **begin))
    assert not db.write_now(lambda tx: consents.begin(tx, second, cookie="b", **begin))
    assert db.read_now(lambda tx: consents.by_cookie(tx, "b")) is None


@pytest.mark.catalogue("J03")
def test_a_start_waits_for_a_minute(db, jane):
    minted(db, granted(db, jane))
    assert db.read_now(lambda tx: consents.waiting(tx, "token-hash", NOW - 1, NOW)) is not None
    assert db.read_now(lambda tx: consents.waiting(tx, "token-hash", NOW, NOW)) is None
    assert db.read_now(lambda tx: consents.waiting(tx, "token-hash", NOW - 2, NOW - 1)) is None, (
        "the clock was set back"
    )
    assert db.read_now(lambda tx: consents.waiting(tx, "another", NOW - 1, NOW)) is None


def test_a_session_stands_on_its_leave_and_falls_with_it(db, jane):
    consent = granted(db, jane)
    number = minted(db, consent)
    db.write_now(lambda tx: consents.begin(tx, number, cookie="c", ends=NOW + MINUTE, peer="", now=NOW))
    live = db.read_now(lambda tx: consents.by_cookie(tx, "c"))
    assert live.staff_session == 5
    assert db.read_now(lambda tx: consents.leave_of(tx, live.session)) is Scope.ACT
    used = db.read_now(lambda tx: consents.find(tx, consent.id))
    assert used.stage is Stage.USED
    db.write_now(lambda tx: consents.answer(tx, withdraw(used, now=NOW), Stage.USED))
    assert db.read_now(lambda tx: consents.leave_of(tx, live.session)) is None


def test_the_switch_is_a_leave_while_it_is_on(db, jane):
    assert db.read_now(lambda tx: consents.standing(tx, jane)) is None
    db.write_now(lambda tx: consents.set_switch(tx, jane, Scope.READ, NOW))
    db.write_now(lambda tx: consents.set_switch(tx, jane, Scope.ACT, NOW))
    assert db.read_now(lambda tx: consents.standing(tx, jane)) is Scope.ACT
    db.write_now(lambda tx: consents.set_switch(tx, jane, None, NOW))
    assert db.read_now(lambda tx: consents.standing(tx, jane)) is None


def test_what_was_done_is_kept_with_the_session(db, jane):
    number = minted(db, granted(db, jane))
    db.write_now(lambda tx: consents.begin(tx, number, cookie="c", ends=NOW + HOUR, peer="192.0.2.1", now=NOW))
    for did, said in ((False, "looked at ticket 1001"), (True, "wrote on ticket 1001")):
        db.write_now(
            lambda tx, did=did, said=said: consents.done(tx, number, did=did, said=said, ticket=1001, now=NOW + 5)
        )
    assert [(a.did, a.said) for a in db.read_now(lambda tx: consents.acts(tx, number))] == [
        (False, "looked at ticket 1001"),
        (True, "wrote on ticket 1001"),
    ]
    assert db.write_now(lambda tx: consents.end(tx, number, "over", NOW + 9))
    assert not db.write_now(lambda tx: consents.end(tx, number, "again", NOW + 10))
    (past,) = db.read_now(lambda tx: consents.history(tx, jane))
    assert (past.ended, past.why, past.seen) == (NOW + 9, "over", NOW + 5)
    assert db.read_now(lambda tx: consents.by_cookie(tx, "c")) is None
