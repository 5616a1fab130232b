"""The circuit breaker and the caps on the way: what robots cost at most, and what staff hear of it (A4, A5)."""

import re

import pytest

from gatepost import alarm
from gatepost.core import DAY, HOUR, MINUTE
from gatepost.store import arrivals, breakers


def robot(market, compose_mail, sender, n):
    """A robot that looks like a person opens a ticket with every mail."""
    return market.arrive(compose_mail(sender, f"Shipping Labels {n}", f"Words {n}.", message_id=f"{n}@robot.example"))


def auto_to(market, domain):
    return [m for m in market.sent() if m.to.endswith(domain) and m.message["Auto-Submitted"]]


@pytest.mark.catalogue("E04")
def test_a_robot_that_answers_every_acknowledgement_is_met_with_silence_and_staff_hear_of_it_once(market, compose_mail):
    for n in range(30):
        market.now += MINUTE
        robot(market, compose_mail, "bot@robot.example", n)
    assert len(auto_to(market, "robot.example")) <= 5
    sent, kept = market.db.read_now(lambda tx: arrivals.automatic_day(tx, market.now))
    assert (sent + kept >= 30, kept >= 25) == (True, True)
    (notice,) = market.sent("staff/breaker")
    assert notice.to == "staff@staff.example"
    assert "bot@robot.example" in notice.text
    assert [one.pair for one in market.db.read_now(breakers.all_open)] == ["bot@robot.example"]


@pytest.mark.catalogue("E04")
def test_a_ring_of_three_with_changing_local_parts_opens_the_breaker_of_the_domain(market, compose_mail):
    for n in range(300):
        market.now += 10_000
        robot(market, compose_mail, f"ticket-{n}@ring{n % 3}.example", n)
    for domain in ("ring0.example", "ring1.example", "ring2.example"):
        assert len(auto_to(market, domain)) <= 21
    pairs = {one.pair for one in market.db.read_now(breakers.all_open)}
    assert pairs == {"@ring0.example", "@ring1.example", "@ring2.example"}
    assert len(market.sent("staff/breaker")) == 3


def test_a_breaker_closes_by_time_and_staff_hear_of_that_once_too(market, compose_mail):
    for n in range(10):
        robot(market, compose_mail, "bot@robot.example", n)
    before = len(auto_to(market, "robot.example"))

    def look():
        market.db.write_now(lambda tx: alarm.look(tx, market.house, market.now, delay_hours=4))

    market.now += 30 * MINUTE
    look()
    assert len(market.sent("staff/breaker")) == 1
    market.now += 31 * MINUTE
    look()
    look()
    opened, closed = market.sent("staff/breaker")
    assert closed.message["Subject"] == "Closed again: bot@robot.example"
    assert opened.message["Auto-Submitted"] == "auto-generated"
    market.now += DAY
    robot(market, compose_mail, "bot@robot.example", 99)
    assert len(auto_to(market, "robot.example")) == before + 1


def test_a_ticket_on_which_two_programs_talk_as_people_goes_to_quarantine(market, compose_mail):
    market.arrive(compose_mail("Jane <jane@customer.example>", "Shipping Labels", "Blank."))
    (ticket,) = market.sent("ticket")
    outcomes = []
    for n in range(200):
        market.now += 20_000
        raw = compose_mail(
            "tickets@acme.example", "Re: Labels", f"So say we, number {n}.", message_id=f"{n}@acme.example"
        )
        outcomes.append(market.arrive(raw, ticket.reply_to))
    assert outcomes.count("continued") <= 61
    assert outcomes[-1] == "quarantined"
    assert len(market.sent("staff/breaker")) == 1
    assert "ticket 1001" in market.sent("staff/breaker")[0].text


@pytest.mark.catalogue("E11")
def test_forged_mails_by_the_hundred_turn_us_into_nobodys_loudspeaker(strict_market, compose_mail):
    flood(strict_market, compose_mail, 150, victims=20)


@pytest.mark.chaos
@pytest.mark.catalogue("E11")
def test_ten_thousand_forged_mails(strict_market, compose_mail):
    flood(strict_market, compose_mail, 10_000, victims=500)


def flood(market, compose_mail, mails, victims):
    """Each mail forges one of the victims and holds words that the attacker would like them to read."""
    for n in range(mails):
        market.now += 500
        who = f"Win a car <victim{n % victims}@victims{n % 7}.example>"
        market.arrive(compose_mail(who, f"Buy pills {n}", f"http://evil.example/{n}", message_id=f"{n}@evil.example"))
    answers = [m for m in market.sent() if m.message["Auto-Submitted"] == "auto-replied"]
    assert answers
    assert max(sum(m.to == one.to for m in answers) for one in answers) == 1
    bodies = {re.sub(r"https://my.orchard.example/\S+", "LINK", m.text).replace(str(m.ticket), "N") for m in answers}
    assert len(bodies) == 1
    for mail in answers:
        assert len(mail.raw) <= 2_048
        for word in (b"pills", b"evil", b"Win a car", b"victims", b"=?"):
            # Its own Message-ID is cited, as RFC 3834 3.1.5 asks; nothing else of it comes back.
            told = re.sub(rb"\r\n(?:In-Reply-To|References|To):[^\r]*(?:\r\n [^\r]*)*", b"", mail.raw)
            assert word not in told
    assert len(answers) <= market.house.limits.automatic_per_domain_hour * 7 * (1 + market.now // HOUR % 3)
