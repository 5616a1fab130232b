"""A mail that staff or a vendor forward opens the ticket for the original sender (M6), and only theirs does."""

import pytest

from gatepost.store import tickets

STAFF_OK = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=staff.example"
ACME_OK = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=acme.example"
BODY = """Could you take this one?

---------- Forwarded message ---------
From: Jane Roe <jane@customer.example>
Date: Mon, 2 Nov 2026 at 08:00
Subject: Shipping Labels prints nothing
To: <triage@staff.example>

It stays blank since the update."""


@pytest.mark.parametrize(
    ("sender", "proof"), [("Ann <triage@staff.example>", STAFF_OK), ("tickets@acme.example", ACME_OK)]
)
def test_the_ticket_is_the_original_senders(strict_market, compose_mail, sender, proof):
    market = strict_market
    assert market.arrive(compose_mail(sender, "Fwd: Shipping Labels prints nothing", BODY, proof)) == "opened"
    ticket = market.ticket()
    assert ticket.subject == "Shipping Labels prints nothing"
    assert {"forwarded", "unverified"} <= set(ticket.flags)
    first = market.db.read_now(lambda tx: tickets.participants(tx, 1001))[0]
    assert (first.address, first.name, first.party_id) == ("jane@customer.example", "Jane", 1)
    (to_vendor,) = market.sent("ticket")
    assert "It stays blank since the update." in to_vendor.text
    assert "Forwarded by:" in to_vendor.text and "Could you take this one?" in to_vendor.text
    assert [sent for sent in market.sent() if sent.to == "jane@customer.example"] == []


def test_the_original_sender_hears_of_it_by_the_answer_and_their_own_proved_words_take_the_mark(
    strict_market, compose_mail, reply_to
):
    market = strict_market
    market.arrive(compose_mail("triage@staff.example", "Fwd: Shipping Labels prints nothing", BODY, STAFF_OK))
    (to_vendor,) = market.sent("ticket")
    market.arrive(reply_to(to_vendor, "tickets@acme.example", "Please update.", ACME_OK), to_vendor.reply_to)
    (answer,) = market.sent("answer")
    assert answer.to == "jane@customer.example"
    ok = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=customer.example"
    market.arrive(reply_to(answer, "jane@customer.example", "Thanks.", ok), answer.reply_to)
    assert "unverified" not in market.ticket().flags


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("triage@staff.example", ()),
        ("eve@evil.example", ("Authentication-Results: mx.orchard.example; dmarc=pass header.from=evil.example",)),
        ("triage@staff.example", (STAFF_OK, "Auto-Submitted: auto-forwarded")),
    ],
)
def test_nobody_else_can_file_in_anothers_name(strict_market, compose_mail, sender, headers):
    market = strict_market
    market.arrive(compose_mail(sender, "Fwd: Shipping Labels prints nothing", BODY, *headers))
    first = market.db.read_now(lambda tx: tickets.participants(tx, 1001))[0]
    assert first.address == sender


@pytest.mark.parametrize("original", ["support@orchard.example", "billing@staff.example", "triage@staff.example"])
def test_what_one_of_us_wrote_opens_no_customers_ticket(strict_market, compose_mail, original):
    body = BODY.replace("jane@customer.example", original)
    strict_market.arrive(compose_mail("triage@staff.example", "Fwd: Labels", body, STAFF_OK))
    first = strict_market.db.read_now(lambda tx: tickets.participants(tx, 1001))[0]
    assert first.address == "triage@staff.example"


def test_a_forwarders_cc_adds_nobody(strict_market, compose_mail):
    raw = compose_mail("triage@staff.example", "Fwd: Shipping Labels", BODY, STAFF_OK, "Cc: boss@office.example")
    strict_market.arrive(raw)
    assert len(strict_market.db.read_now(lambda tx: tickets.participants(tx, 1001))) == 2
