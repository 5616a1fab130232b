"""Erasing a person (L02, L03, L05): nothing of them is left in any file, what is of others stays, a kill loses nothing."""

import sqlite3

import pytest
from tests.privacy.conftest import ADDRESS, CANARIES, NAME, ROOT, WORD, found_in, found_packed, live, mail, run

from gatepost.core.audit import Act, Action, ActorKind, Who
from gatepost.errors import PermanentError
from gatepost.privacy.control import Privacy
from gatepost.store import audit, drafts, erasure, erasure_steps, erasure_sweep, messages, persons, tickets
from gatepost.store.database import Database
from gatepost.store.drafts import Draft
from gatepost.store.erasure_steps import STEPS
from gatepost.store.erasure_sweep import sweeps
from gatepost.store.schema import migrate


@pytest.mark.catalogue("L02", "K05")
def test_after_an_erasure_no_file_of_the_data_folder_holds_the_person(market, privacy):
    live(market)
    folder = market.db.path.parent
    assert {hit.partition(": ")[2] for hit in found_in(folder)} >= {"canaria", "zzyzx", WORD}
    run(privacy.erase(ADDRESS.upper(), ROOT))
    assert not found_in(folder)
    assert not found_packed(market)
    fault = market.db.read_now(market.house.audit.verify)
    assert fault is None
    entries = market.db.read_now(lambda tx: list(audit.entries(tx)))
    assert entries[-1].action == Action.PERSON_ERASED.value
    assert not any(canary in repr(entries).lower() for canary in CANARIES)


@pytest.mark.catalogue("L02")
def test_what_they_wrote_as_a_guest_and_have_not_confirmed_goes_too(market, privacy):
    live(market)
    draft = Draft(
        address=ADDRESS, name=NAME, recipient="support@orchard.example", subject=WORD, once="0" * 32,
        expires=market.now + 1, raw=f"Subject: {WORD}\r\n\r\n{WORD}".encode(),
    )  # fmt: skip
    market.db.write_now(lambda tx: drafts.put(tx, draft, "secret", per_hour=3, now=market.now))
    run(privacy.erase(ADDRESS, ROOT))
    assert not market.rows("SELECT * FROM draft") and not found_in(market.db.path.parent)


@pytest.mark.catalogue("L02")
def test_who_has_signed_in_a_thousand_times_is_erased_as_well(market, privacy):
    live(market)
    who = Who(
        kind=ActorKind.CUSTOMER, name=ADDRESS, party=market.db.read_now(lambda tx: persons.find(tx, ADDRESS)).customer
    )

    def sign_in(tx):
        for n in range(1_600):
            act = Act(actor=who, action=Action.CUSTOMER_SIGNED_IN, details={"way": f"mail {n}"}, about=who.party)
            market.house.audit.write(tx, act, market.now)

    market.db.write_now(sign_in)
    run(privacy.erase(ADDRESS, ROOT))
    assert market.db.read_now(market.house.audit.verify) is None
    words = market.rows("SELECT text FROM audit_word WHERE text LIKE '%mail 1%' OR text LIKE '%canaria%'")
    assert words == []


@pytest.mark.catalogue("L02")
def test_what_is_of_others_and_of_the_marketplace_stays(market, privacy):
    live(market)
    before = market.rows("SELECT number, filed, product, vendor, state FROM ticket ORDER BY number")
    run(privacy.erase(ADDRESS, ROOT))
    assert market.rows("SELECT number, filed, product, vendor, state FROM ticket ORDER BY number") == before
    jane = market.db.read_now(lambda tx: messages.of_ticket(tx, 1002))[0]
    assert jane.sender == "jane@customer.example" and jane.text.startswith("Ask (erased) as well.")
    people = market.db.read_now(lambda tx: tickets.participants(tx, 1001))
    assert [(p.role.value, p.address) for p in people] == [("requester", ""), ("vendor", "tickets@acme.example")]
    assert market.rows("SELECT rowid FROM message_words WHERE message_words MATCH 'jane'")
    assert not market.rows("SELECT rowid FROM message_words WHERE message_words MATCH 'canaria'")
    assert market.rows("SELECT count(*) AS n FROM customer WHERE name LIKE 'Jane%'")[0]["n"] == 1
    market.db.read_now(lambda tx: tx.rows("SELECT * FROM message_words WHERE message_words MATCH 'erased'"))


@pytest.mark.catalogue("L02")
def test_what_had_not_gone_out_does_not_go(market, privacy):
    live(market)
    run(privacy.erase(ADDRESS, ROOT))
    open_ones = market.rows("SELECT * FROM delivery WHERE state IN ('queued', 'sending', 'deferred') AND ticket = 1001")
    assert not open_ones


@pytest.mark.catalogue("L02")
@pytest.mark.parametrize(
    "words", [f"Ask {ADDRESS} as well.", f"Ask {ADDRESS} as well, mật khẩu không đúng ạ, cảm ơn nhiều."]
)
def test_a_mail_to_somebody_else_that_names_them_and_has_not_gone_out_does_not_go_and_that_is_told(
    market, privacy, words
):
    live(market)
    market.arrive(mail("Jane Roe <jane@customer.example>", "Shipping Labels again", words))
    (waits,) = market.rows("SELECT * FROM outbox WHERE ticket = 1003 AND address = 'tickets@acme.example'")
    market.arrive(mail("Jane Roe <jane@customer.example>", "Shipping Labels once more", "Nobody is named."))
    run(privacy.erase(ADDRESS, ROOT))
    (delivery,) = market.rows("SELECT state, said FROM delivery WHERE outbox = :id", id=waits["id"])
    assert tuple(delivery) == ("dropped", "not sent: it names a person who was erased")
    traced = [row["said"] for row in market.rows("SELECT said FROM trace WHERE ticket = 1003 AND kind = 'dropped'")]
    assert "a mail to tickets@acme.example: not sent: it names a person who was erased" in traced
    left = market.rows("SELECT count(*) AS n FROM delivery WHERE ticket = 1004 AND state = 'queued'")[0]["n"]
    assert left == len(market.rows("SELECT 1 FROM delivery WHERE ticket = 1004")) > 0
    assert not found_in(market.db.path.parent)


@pytest.mark.catalogue("L02")
def test_a_store_of_many_pieces_is_swept_piece_by_piece_and_none_is_left_out(market, privacy, monkeypatch):
    """With pieces of two rows and batches of one every seam lies where something of theirs is."""
    for module in (erasure, erasure_steps, erasure_sweep):
        monkeypatch.setattr(module, "ROWS", 2)
    monkeypatch.setattr(erasure_steps, "_BATCH", 1)
    monkeypatch.setattr(erasure, "_PIECES", 2)
    monkeypatch.setattr(erasure, "_PAGES", 1)
    live(market)
    for number in range(9):
        market.arrive(mail("Jane Roe <jane@customer.example>", f"Shipping Labels {number}", "Nobody is named."))
    market.arrive(mail("Jane Roe <jane@customer.example>", "Shipping Labels again", f"Ask {NAME} <{ADDRESS}>."))
    run(privacy.erase(ADDRESS, ROOT))
    assert not found_in(market.db.path.parent) and not found_packed(market)
    assert len(market.rows("SELECT 1 FROM message WHERE text LIKE 'Nobody is named%'")) == 9
    assert market.rows("SELECT rowid FROM message_words WHERE message_words MATCH 'nobody'")
    assert market.db.read_now(market.house.audit.verify) is None


@pytest.mark.catalogue("L03")
def test_a_legal_hold_refuses_an_erasure_with_its_reason_on_record(market, privacy):
    live(market)
    run(privacy.hold(ADDRESS, "court order 12/26", ROOT))
    with pytest.raises(PermanentError, match="court order 12/26"):
        run(privacy.erase(ADDRESS, ROOT))
    assert WORD in market.db.read_now(lambda tx: messages.of_ticket(tx, 1001))[0].text
    assert [row["state"] for row in market.rows("SELECT state, why FROM erasure")] == ["refused"]
    actions = [row["action"] for row in market.rows("SELECT action FROM audit ORDER BY id")]
    assert actions[-2:] == [Action.PERSON_HELD.value, Action.PERSON_KEPT.value]
    assert run(privacy.release(ADDRESS, "the case is closed", ROOT)) == 1
    run(privacy.erase(ADDRESS, ROOT))
    assert not found_in(market.db.path.parent)


@pytest.mark.catalogue("L03")
def test_an_open_refund_refuses_an_erasure(market, privacy):
    live(market)
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET route = 'team', team = 'billing' WHERE number = 1001"))
    with pytest.raises(PermanentError, match="a refund is open on ticket 1001"):
        run(privacy.erase(ADDRESS, ROOT))


def test_nobody_is_erased_who_is_not_known(privacy):
    with pytest.raises(PermanentError, match="nothing is known"):
        run(privacy.erase("nobody@nowhere.example", ROOT))


@pytest.mark.catalogue("L02")
@pytest.mark.parametrize("pieces", [0, 1, 3, len(STEPS), len(STEPS) + 9])
def test_an_erasure_that_was_cut_short_is_carried_on(market, privacy, retention, pieces):
    live(market)
    person = market.db.read_now(lambda tx: persons.find(tx, ADDRESS))
    number = market.db.write_now(lambda tx: erasure.begin(tx, person, by="root", now=market.now))
    for _ in range(pieces):
        market.db.write_now(lambda tx: erasure.advance(tx, number))
    again = Privacy(db=market.db, house=market.house, clock=privacy._clock)
    assert run(again.go_on()) == 1
    assert not found_in(market.db.path.parent)
    assert run(again.go_on()) == 0
    assert market.db.read_now(market.house.audit.verify) is None


@pytest.mark.catalogue("L05")
def test_a_restore_erases_again_who_was_erased_since(market, privacy, tmp_path):
    live(market)
    old = tmp_path / "old" / "desk.sqlite3"
    old.parent.mkdir()
    with sqlite3.connect(market.db.path) as source, sqlite3.connect(old) as target:
        source.backup(target)
    run(privacy.erase(ADDRESS, ROOT))
    rows = market.db.read_now(erasure.erased)
    assert not any(canary in repr(rows).lower() for canary in CANARIES)
    restored = Database(f"sqlite:///{old}", prepare=migrate)
    try:
        assert restored.write_now(lambda tx: erasure.replay(tx, rows, market.now)) == 1
        house = market.house
        assert run(Privacy(db=restored, house=house, clock=privacy._clock).go_on()) == 1
        assert not found_in(old.parent)
        assert restored.write_now(lambda tx: erasure.replay(tx, rows, market.now)) == 0
    finally:
        restored.close()


@pytest.mark.catalogue("L02")
def test_a_person_who_is_no_customer_is_erased_by_their_tickets(market, privacy):
    market.arrive(mail(f"{NAME} <{ADDRESS}>", f"A question {WORD}", f"Do you {WORD}?"))
    run(privacy.erase(ADDRESS, ROOT))
    assert not found_in(market.db.path.parent)


def test_every_table_with_a_customer_in_it_is_known_to_the_erasure(market):
    known = {
        "access_account", "account", "consent", "consent_switch", "customer_alias", "customer_note", "erasure",
        "impersonation", "legal_hold", "purchase", "rating", "session", "subscription", "ticket",
    }  # fmt: skip
    tables = [row["name"] for row in market.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    holding = {
        table
        for table in tables
        if any(column["name"] == "customer" for column in market.rows(f"SELECT name FROM pragma_table_info('{table}')"))
    }
    assert holding <= known | {"address_claim"}, "say in erasure_steps.py what becomes of it"
    assert any("address" in each.columns for each in market.db.read_now(sweeps) if each.table == "outbox")
