"""Credentials in incoming mail (S1): masked for everybody, sealed as they came, told by their kind, never by themselves."""

import pytest
from tests.pipeline.conftest import answered, mail

from gatepost.core import HOUR
from gatepost.privacy.sealing import raw_of
from gatepost.store import messages, sealed, tickets
from gatepost.vault import Unopened, fresh

JANE = "Jane Roe <jane@customer.example>"
ACME = "Ann <tickets@acme.example>"
CANARY = "Gr3en!Canary7"
BODY = f"The planner fails.\n\nLogin: admin\nPassword: {CANARY}\n"


def everything(market) -> bytes:
    """All that the database holds, but for the sealed mails, and all that lies in the outbox, decoded."""
    found = b""
    for table in market.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sealed_raw'"):
        for row in market.rows(f'SELECT * FROM "{table["name"]}"'):
            found += repr(tuple(row)).encode()
    for sent in market.sent():
        for part in sent.message.walk():
            found += part.get_payload(decode=True) or b""
    return found


@pytest.mark.catalogue("F17", "K05", "K07")
def test_a_password_in_a_mail_is_in_no_table_and_in_no_mail_of_ours(market):
    assert market.arrive(mail(JANE, f"Shipping Labels, password: {CANARY}", BODY)) == "opened"
    assert CANARY.encode() not in everything(market)
    (ticket,) = market.sent("ticket")
    assert "Password: [••••••]" in ticket.text
    assert "Login: admin" in ticket.text
    assert "credentials_masked" in market.ticket().flags
    assert market.rows("SELECT count(*) AS n FROM message_words WHERE message_words MATCH 'Canary7'")[0]["n"] == 0


@pytest.mark.catalogue("F17")
def test_the_sender_and_staff_hear_what_kind_it_was_and_where_to_hand_it_over(market):
    market.arrive(mail(JANE, "Shipping Labels", BODY))
    (told,) = market.sent("customer/masked")
    assert told.to == "jane@customer.example"
    assert "a password" in " ".join(told.text.split())
    assert "https://my.orchard.example/secret/give/" in told.text
    (staff,) = market.sent("staff/masked")
    assert "a password" in " ".join(staff.text.split()) and "#1001" in staff.text


def test_a_vendor_who_writes_one_is_told_too_and_the_customer_gets_it_masked(market):
    market.arrive(mail(JANE, "Shipping Labels", "It fails."))
    (ticket,) = market.sent("ticket")
    market.arrive(answered(ticket, ACME, f"Here is mine. User: acme, password: {CANARY}"), ticket.reply_to)
    assert [sent.to for sent in market.sent("customer/masked")] == ["tickets@acme.example"]
    assert CANARY.encode() not in everything(market)


def test_an_operator_can_have_nobody_told(market):
    market.house.secrets = market.house.secrets.model_copy(update={"tell_sender": False, "tell_staff": False})
    market.arrive(mail(JANE, "Shipping Labels", BODY))
    assert not market.sent("customer/masked") and not market.sent("staff/masked")


def test_harmless_talk_is_neither_sealed_nor_told(market):
    market.arrive(mail(JANE, "Shipping Labels", "I forgot my password, and the login page says that it is wrong."))
    assert not market.rows("SELECT * FROM sealed_raw")
    assert not market.sent("customer/masked")
    assert len(market.rows("SELECT * FROM raw")) == 1


@pytest.mark.catalogue("K07")
def test_the_mail_as_it_came_lies_sealed_for_its_hours(market):
    market.arrive(mail(JANE, "Shipping Labels", BODY))
    assert not market.rows("SELECT * FROM raw")
    (row,) = market.rows("SELECT * FROM sealed_raw")
    assert CANARY.encode() not in bytes(row["octets"])
    assert row["until"] == market.now + 72 * HOUR
    assert CANARY.encode() in market.db.read_now(lambda tx: raw_of(tx, market.house.vault, row["arrival"]))
    market.house.vault = fresh()
    with pytest.raises(Unopened):
        market.db.read_now(lambda tx: raw_of(tx, market.house.vault, row["arrival"]))
    purge = market.db.write_now(lambda tx: sealed.purge(tx, market.now + 72 * HOUR, 100))
    assert purge == 1 and not market.rows("SELECT * FROM sealed_raw")


@pytest.mark.catalogue("K07")
def test_with_no_hours_the_mail_as_it_came_is_not_kept(market):
    market.house.secrets = market.house.secrets.model_copy(update={"keep_raw_hours": 0})
    market.arrive(mail(JANE, "Shipping Labels", BODY))
    assert not market.rows("SELECT * FROM raw") and not market.rows("SELECT * FROM sealed_raw")


def test_a_masked_mail_in_quarantine_stays_sealed_until_it_is_decided(market):
    market.house.secrets = market.house.secrets.model_copy(update={"keep_raw_hours": 0})
    market.arrive(mail(JANE, "Shipping Labels", "It fails."))
    (ticket,) = market.sent("ticket")
    stranger = answered(ticket, "Mallory <mallory@evil.example>", BODY)
    assert market.arrive(stranger, ticket.reply_to) == "quarantined"
    (row,) = market.rows("SELECT * FROM sealed_raw")
    assert row["until"] is None
    assert CANARY.encode() not in everything(market)


def test_a_message_of_the_store_is_what_was_masked(market):
    market.arrive(mail(JANE, "Shipping Labels", BODY))
    (message,) = market.db.read_now(lambda tx: messages.of_ticket(tx, 1001))
    assert "[••••••]" in message.text and CANARY not in message.reply_text + message.relay_text
    assert market.db.read_now(lambda tx: tickets.find(tx, 1001)).subject
