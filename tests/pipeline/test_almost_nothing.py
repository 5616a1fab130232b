"""A mail without words opens a ticket all the same, and whoever gets it can see that nothing is missing (C19)."""

import pytest


@pytest.mark.catalogue("C19")
@pytest.mark.parametrize(
    ("body", "shown"),
    [("", "The mail had no text of its own."), ("-- \nAda\n", "Ada"), ("> only a quote\n", "> only a quote")],
)
def test_a_mail_with_almost_nothing_in_it_makes_a_ticket_that_reaches_its_vendor(market, compose_mail, body, shown):
    assert market.arrive(compose_mail("Jane Roe <jane@customer.example>", "Shipping Labels", body)) == "opened"
    (ticket,) = market.sent("ticket")
    assert ticket.to == "tickets@acme.example"
    assert len(market.sent("acknowledgement")) == 1
    assert shown in ticket.text.splitlines()
