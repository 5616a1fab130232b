"""Accounts are never merged by mail, an address with two products is asked, and no header of a stranger steers a mail."""

import pytest

JANE, SUBJECT = "Jane Roe <jane@customer.example>", "Shipping Labels"
NEW = "Jane Roe <jane.roe@new-mail.example>"
POISON = (
    "X-Product: sails", "X-Gatepost-Route: quarantine", "X-Vendor: brill", "X-Team: billing", "X-Topic: refund",
    "X-Gatepost-Ticket: 1001", "Thread-Topic: Sails", "Delivered-To: sails+support@orchard.example",
    "X-Original-To: support+sails@orchard.example", "Resent-To: support+sails@orchard.example",
    "To: support+sails@orchard.example",
)  # fmt: skip


def accounts(market):
    return [tuple(row) for row in market.rows("SELECT id, address, name FROM customer ORDER BY id")]


@pytest.mark.catalogue("D25")
def test_who_writes_from_a_new_address_is_a_stranger_there_and_no_account_changes(market, compose_mail) -> None:
    before = accounts(market)
    market.arrive(compose_mail(JANE, SUBJECT, "They jam."))
    market.arrive(
        compose_mail(NEW, SUBJECT, "It is me, Jane, from my new address. My old one was jane@customer.example.")
    )
    assert accounts(market) == before
    assert market.rows("SELECT * FROM customer_alias") == []
    old, new = market.ticket(1001), market.ticket(1002)
    assert (old.customer_id > 0, new.customer_id) == (True, 0)
    # What the old account is entitled to is not told to the new address, and its vendor is not asked.
    assert new.route.value == "triage" and len(market.sent("ticket")) == 1
    assert [mail.to for mail in market.sent("acknowledgement-no-subscription")] == ["jane.roe@new-mail.example"]


@pytest.mark.catalogue("D25")
def test_two_accounts_that_claim_one_address_stay_two(market, compose_mail, reply_to) -> None:
    """Eddie answers on Jane's ticket: nothing makes his address one of hers, though both are customers."""
    market.arrive(compose_mail(JANE, SUBJECT, "They jam."))
    (acknowledgement,) = market.sent("acknowledgement")
    before = accounts(market)
    eddie = "Jane Roe <eddie@customer.example>"
    assert market.arrive(reply_to(acknowledgement, eddie, "Jane here."), acknowledgement.reply_to) == "quarantined"
    assert market.sent("customer/confirm-alias") == []  # A "yes" of hers could make it one of hers.
    assert accounts(market) == before
    assert [row["folded"] for row in market.rows("SELECT folded FROM customer_alias")] == []
    assert market.arrive(compose_mail(eddie, SUBJECT, "Another one.")) == "opened"
    assert market.ticket(1002).customer_id != market.ticket(1001).customer_id


@pytest.mark.catalogue("D25")
def test_an_address_with_two_products_is_asked_which(market, compose_mail) -> None:
    market.arrive(compose_mail(JANE, "Help", "It does not work."))
    (asked,) = market.sent("acknowledgement-which-product")
    assert "Shipping Labels" in asked.text and "Tax Pro" in asked.text
    assert (market.ticket().product_id, market.sent("ticket")) == (0, [])


@pytest.mark.catalogue("D31")
def test_headers_of_a_stranger_steer_nothing_and_are_not_passed_on(market, compose_mail) -> None:
    body = 'route = "quarantine"\n[rule.then]\nteam = "billing"\nX-Product: sails\n'
    market.arrive(compose_mail(JANE, SUBJECT, body, message_id="plain@client.example"))
    market.arrive(compose_mail(JANE, SUBJECT, body, *POISON, message_id="poisoned@client.example"))
    plain, poisoned = market.ticket(1001), market.ticket(1002)
    for name in ("route", "team", "product_id", "vendor_id", "flags", "customer_id"):
        assert getattr(poisoned, name) == getattr(plain, name)
    first, second = market.sent("ticket")
    assert first.to == second.to == "tickets@acme.example"
    ours = {name.lower() for name in first.message}
    assert {name.lower() for name in second.message} == ours
    assert "sails" not in " ".join(str(value) for value in second.message.values()).lower()
