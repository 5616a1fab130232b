"""What the rules decide is what happens: routes, quarantine, events, flags; and a reload between two mails."""

from pathlib import Path

import pytest

from gatepost.core.verdict import Route

JANE, SUBJECT = "Jane Roe <jane@customer.example>", "Shipping Labels"
SPAM = """
[[rule]]
name = "lottery"
when = { words = "lottery" }
then = { route = "quarantine", cause = "spam", stop = true }

[[rule.hit]]
text = "You won the lottery"

[[rule.miss]]
text = "The labels are empty"
"""
FLAGGED = """
[[rule]]
name = "urgent"
when = { words = "urgent" }
then = { flags = "urgent", notes = "The customer is in a hurry." }

[[rule.hit]]
text = "urgent"

[[rule.miss]]
text = "no hurry"
"""


def put(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / name).write_text(text)


def test_a_rule_of_the_operator_puts_a_mail_aside(market, compose_mail, tmp_path: Path) -> None:
    put(tmp_path, "05-spam.toml", SPAM)
    assert market.house.rulebook.reload().changed
    assert market.arrive(compose_mail(JANE, SUBJECT, "You won the lottery!")) == "quarantined"
    assert market.tickets() == 0
    assert market.sent() == []


def test_a_rule_puts_a_mail_aside_on_a_ticket_as_well(market, compose_mail, tmp_path: Path) -> None:
    assert market.arrive(compose_mail(JANE, SUBJECT, "The labels are empty.")) == "opened"
    put(tmp_path, "05-spam.toml", SPAM)
    assert market.house.rulebook.reload().changed
    before, (acknowledgement,) = len(market.sent()), market.sent("acknowledgement")
    reply = compose_mail(JANE, SUBJECT, "You won the lottery!")
    assert market.arrive(reply, acknowledgement.reply_to) == "quarantined"
    assert len(market.sent()) == before


def test_flags_of_a_rule_stand_on_the_ticket(market, compose_mail, tmp_path: Path) -> None:
    put(tmp_path, "05-urgent.toml", FLAGGED)
    market.house.rulebook.reload()
    assert market.arrive(compose_mail(JANE, SUBJECT, "It is urgent.")) == "opened"
    assert "urgent" in market.ticket().flags
    assert market.ticket().route is Route.VENDOR


@pytest.mark.catalogue("H08")
def test_a_broken_reload_between_two_mails_routes_both_alike(market, compose_mail, tmp_path: Path) -> None:
    assert market.arrive(compose_mail(JANE, SUBJECT, "The labels are empty.")) == "opened"
    put(tmp_path, "80-vendor.toml", "[[rule]]\nname = ")
    assert market.house.rulebook.reload().error is not None
    assert market.arrive(compose_mail(JANE, SUBJECT, "The labels are still empty.")) == "opened"
    assert [market.ticket(number).route for number in (1001, 1002)] == [Route.VENDOR, Route.VENDOR]


@pytest.mark.catalogue("A13")
@pytest.mark.parametrize("postmaster", ["Postmaster@orchard.example", "postmaster"])
def test_mail_to_the_postmaster_goes_to_the_operators_not_to_a_vendor(market, compose_mail, postmaster) -> None:
    assert market.arrive(compose_mail(JANE, SUBJECT, "Your server refuses us."), postmaster) == "opened"
    assert (market.ticket().route, market.sent("ticket")) == (Route.TRIAGE, [])
