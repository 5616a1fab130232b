"""What the rules decide is what happens: routes, quarantine, events, flags; and a reload between two mails."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.core import HOUR
from gatepost.core.staff import Member
from gatepost.core.verdict import Route
from gatepost.store import whole_way

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


ASSIGNED = """
[[rule]]
name = "Ann looks after printers"
when = {{ words = "printer", ticket = ["new", "existing"] }}
then = {{ assign = "{who}", flags = "hardware", unflags = "waits" }}

[[rule.hit]]
text = "My printer!"

[[rule.miss]]
text = "no device"
"""
ANN = Member(slug="ann", name="Ann", address="ann@staff.example", roles=("agent",), permissions=frozenset())


@pytest.mark.parametrize(
    ("who", "assignee"), [("ann", "ann@staff.example"), ("ANN@staff.example", "ann@staff.example"), ("bob", "")]
)
def test_a_rule_assigns_a_ticket_to_one_of_staff_and_takes_flags_off(
    market, compose_mail, reply_to, tmp_path: Path, who: str, assignee: str
) -> None:
    market.house.members = {"ann": ANN}
    market.arrive(compose_mail(JANE, SUBJECT, "They jam."))
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET flags = 'waits'"))
    put(tmp_path, "05-printers.toml", ASSIGNED.format(who=who))
    assert market.house.rulebook.reload().changed
    (acknowledgement,) = market.sent("acknowledgement")
    market.arrive(reply_to(acknowledgement, JANE, "It is the printer."), acknowledgement.reply_to)
    assert (market.ticket().assignee, market.ticket().flags) == (assignee, ("hardware",))
    market.arrive(compose_mail(JANE, SUBJECT, "Another printer."))
    assert (market.ticket(1002).assignee, market.ticket(1002).flags) == (assignee, ("hardware",))
    notes = [row["said"] for row in market.rows("SELECT said FROM trace WHERE kind = 'note'")]
    assert ("a rule assigns bob, who is nobody of staff, or not of orchard's" in notes) is (who == "bob")


ORDER = """
[[rule]]
name = "order number"
when = { pattern = 'order #?(?P<order_number>[\\w@.-]{3,}\\w)' }
then = { notes = "An order is named." }

[[rule.hit]]
text = "It is about order #55123."

[[rule.miss]]
text = "I want to order it."
"""
CLOSED = """
[[rule]]
name = "at night"
when = { ticket = "new", office_open = false }
then = { flags = "at-night" }

[[rule.hit]]
office_open = false

[[rule.miss]]
"""


def test_what_a_pattern_captures_is_a_field_of_the_ticket_that_the_vendor_reads(
    market, compose_mail, reply_to, tmp_path: Path
) -> None:
    put(tmp_path, "05-order.toml", ORDER)
    assert market.house.rulebook.reload().changed
    market.arrive(compose_mail(JANE, SUBJECT, "It is about order #55123."))
    (brought,) = market.sent("ticket")
    html = next(p for p in brought.message.walk() if p.get_content_type() == "text/html").get_payload(decode=True)
    assert re.search(r"^Order number: +55123$", brought.text.replace("\r", ""), re.M)
    assert b">Order number</th>" in html and b">55123</td>" in html
    (acknowledgement,) = market.sent("acknowledgement")
    market.arrive(reply_to(acknowledgement, JANE, "Sorry, order 66001."), acknowledgement.reply_to)
    assert [(row["name"], row["value"]) for row in market.rows("SELECT * FROM ticket_field")] == [
        ("order_number", "66001")
    ]
    assert "66001" in market.sent("ticket")[-1].text
    way = market.db.read_now(lambda tx: whole_way.of_ticket(tx, 1001))
    assert way["fields"] == ["order_number: 66001"]


def test_a_captured_address_is_masked_where_addresses_are(market, compose_mail, tmp_path: Path) -> None:
    put(tmp_path, "05-order.toml", ORDER)
    assert market.house.rulebook.reload().changed
    market.house.brands["orchard"] = replace(market.house.brands["orchard"], masking=True)
    market.arrive(compose_mail(JANE, SUBJECT, "order jane@customer.example"))
    (brought,) = market.sent("ticket")
    assert (brought.state, brought.error) != ("error", "") and "jane@customer.example" not in brought.text


@pytest.mark.parametrize(("hour", "flags"), [(9, ()), (2, ("at-night",)), (5 * 24 + 9, ("at-night",))])
def test_a_rule_may_ask_whether_the_vendor_works_now(market, compose_mail, tmp_path: Path, hour, flags) -> None:
    put(tmp_path, "05-night.toml", CLOSED)
    assert market.house.rulebook.reload().changed
    market.now += (hour - 9) * HOUR
    market.arrive(compose_mail(JANE, SUBJECT, "The labels are empty."))
    assert market.ticket().flags == flags


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
