"""The daily digest: at the recipient's hour, once a day, only where there is something (C7)."""

from dataclasses import replace

import pytest

from gatepost.core import DAY, HOUR
from gatepost.digest import write

JANE = "jane@customer.example"


@pytest.fixture
def look(market):
    def look(by=0):
        market.now += by
        return market.db.write_now(lambda tx: write(tx, market.house, 7, market.now))

    return look


def test_nothing_is_told_where_there_is_nothing(market, look):
    assert look() == 0
    assert market.sent() == []


def test_a_vendor_hears_once_a_day_what_waits(market, look, compose_mail, reply_to):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    assert (look(), look(), look(HOUR)) == (1, 0, 0)
    (digest,) = market.sent("vendor/digest")
    assert (digest.to, digest.message["Auto-Submitted"], digest.mail_from) == (
        "tickets@acme.example", "auto-generated", "",
    )  # fmt: skip
    assert "1 open, 0 overdue, 0 due today" in digest.message["Subject"]
    assert "#1001  Shipping Labels" in digest.text
    # Monday 10:00 in Berlin; the night brings none, the morning after a week of downtime one.
    assert look(14 * HOUR) == 0
    assert (look(7 * DAY + 10 * HOUR), look(60_000)) == (1, 0)
    (ticket,) = market.sent("ticket")
    market.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
    assert look(DAY) == 0


def test_staff_hear_of_what_is_overdue(market, look, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    market.now += 2 * DAY
    market.do_what_is_due()
    assert look() == 2
    (digest,) = market.sent("staff/digest")
    assert (digest.to, "1 overdue" in digest.message["Subject"]) == ("staff@staff.example", True)


def test_a_masked_vendor_reads_no_address_and_no_token_in_a_subject(market, look, compose_mail):
    market.house.brands["orchard"] = replace(market.house.brands["orchard"], masking=True)
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    (ack,) = market.sent("acknowledgement")
    market.arrive(compose_mail(JANE, f"Shipping Labels of {JANE} by {ack.reply_to}", "It jams too."))
    assert look() == 1
    (digest,) = market.sent("vendor/digest")
    assert "Shipping Labels of … by support+…@orchard.example" in digest.text
    assert "customer.example" not in digest.text
    assert ack.reply_to not in digest.text
