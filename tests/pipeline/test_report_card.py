"""A vendor's report card of real tickets: what the vendor answered, what others did, what came late (C6)."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gatepost import report_cards
from gatepost.calendars import Calendars
from gatepost.clock import FixedClock
from gatepost.config import ReportCardSection
from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.report_card import WINDOWS, Card, Share, Times, card
from gatepost.store import parties, report_card

JANE = "Jane Roe <jane@customer.example>"
ACME, TRIAGE = "tickets@acme.example", "triage@staff.example"
BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = 15 * MINUTE


@pytest.fixture
def acme(market):
    def read(days=90):
        vendor = market.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))
        return card(
            said=market.db.read_now(lambda tx: report_card.said(tx, vendor.id, market.now - 90 * DAY)),
            ratings=(), calendar=Calendars().get(vendor.hours, market.now), business_days=2, overdue=0, complaints=0,
            days=days, now=market.now,
        )  # fmt: skip

    return read


def file(market, compose_mail, n):
    """A ticket for Acme; the mail that Acme got."""
    market.arrive(compose_mail(JANE, f"Shipping Labels, case {n}", f"It jams in way {n}."))
    return market.sent("ticket")[-1]


def do_what_is_due(market, until):
    """Step by step until that instant, so that each deadline is done when it comes."""
    while market.now < until:
        market.now = min(until, market.now + HOUR)
        market.do_what_is_due()


def test_a_teams_answer_is_not_the_vendors(market, acme, compose_mail, reply_to):
    file(market, compose_mail, 1)
    do_what_is_due(market, market.now + 4 * DAY)  # Friday morning: overdue since Wednesday, and triage helps.
    team = market.sent("team")[-1]
    assert team.to == TRIAGE
    market.arrive(reply_to(team, TRIAGE, "Please hold it upright."), team.reply_to)
    assert market.ticket().waiting_since is None
    late = file(market, compose_mail, 2)
    market.now += HOUR
    market.arrive(reply_to(late, ACME, "Update to 4.2."), late.reply_to)
    made = acme()
    assert (made.first_response.count, made.first_response.median) == (1, HOUR)
    # The first ticket was overdue before anybody helped: that counts against the vendor, whoever answered.
    assert [(share.in_time, share.count) for share in made.shares] == [(1, 2)] * 4


def test_a_ticket_that_left_the_vendor_early_says_nothing_about_them(market, acme, compose_mail, reply_to):
    ticket = file(market, compose_mail, 1)
    market.now += HOUR
    market.arrive(reply_to(ticket, ACME, "#refund\n"), ticket.reply_to)
    assert market.ticket().team == "billing"
    market.now += 9 * DAY
    billing = market.sent("team")[-1]
    market.arrive(reply_to(billing, "billing@staff.example", "You have it back."), billing.reply_to)
    made = acme()
    assert (made.first_response.count, made.shares[0].count) == (0, 0)


def test_a_ticket_that_came_from_another_vendor_counts_from_then(market, acme, compose_mail, reply_to):
    market.arrive(compose_mail("Sam <sam@customer.example>", "Sails", "They flap."))
    wrong = market.sent("ticket")[-1]
    assert wrong.to == "partner@brill.example"
    market.now += 3 * DAY
    market.arrive(reply_to(wrong, "partner@brill.example", "#product shipping-labels\n"), wrong.reply_to)
    right = market.sent("ticket")[-1]
    assert right.to == ACME
    market.now += 2 * HOUR
    market.arrive(reply_to(right, ACME, "They need wind."), right.reply_to)
    made = acme()
    assert (made.first_response.count, made.first_response.median) == (1, 2 * HOUR)
    assert (made.shares[0].in_time, made.shares[0].count) == (1, 1)


def is_open(at):
    shown = datetime.fromtimestamp(at / 1000, UTC).astimezone(BERLIN)
    return shown.weekday() < 5 and 9 <= shown.hour < 17


def slow_open(since, until):
    return sum(QUARTER for at in range(since, until, QUARTER) if is_open(at))


def test_the_figures_are_those_that_were_written_down_by_hand(market, acme, compose_mail, reply_to):
    """Three dozen tickets over two months; what the vendor did is noted when it happens, and nothing is read back."""
    chance = random.Random(27)
    took, kept, missed = [], 0, 0
    for n in range(36):
        market.now += chance.randrange(4, 130) * QUARTER
        ticket, filed = file(market, compose_mail, n), market.now
        if chance.random() < 0.2:
            market.now += chance.randrange(1, 40) * QUARTER
            ack = market.sent("acknowledgement")[-1]
            market.arrive(reply_to(ack, JANE, f"Anybody, {n}?"), ack.reply_to)
        market.now += chance.randrange(1, 200) * QUARTER
        market.arrive(reply_to(ticket, ACME, f"Like this, {n}."), ticket.reply_to)
        needed = slow_open(filed, market.now)
        took.append(needed)
        # Due is the first open instant with two business days behind it: the night after them is still in time.
        in_time = needed < 16 * HOUR or (needed == 16 * HOUR and not is_open(market.now))
        kept, missed = kept + in_time, missed + (not in_time)
    took.sort()
    made = acme()
    assert missed
    assert market.tickets() == 36
    assert (made.first_response.count, made.first_response.median) == (36, (took[17] + took[18]) // 2)
    assert made.first_response.p90 == took[32]
    assert (made.shares[3].in_time, made.shares[3].count) == (kept, 36)


def told(market, template):
    return [(mail.to, mail.message["Subject"]) for mail in market.sent(template)]


@pytest.fixture
def judge(market):
    """Look at Acme's card of 30 days as the daemon does, with so many in time of ten, and ratings of this mean."""
    vendor = market.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))

    def look(in_time, mean=None, *, days=1, **more):
        market.now += days * DAY
        nothing = Times(count=0, median=0, p90=0)
        made = Card(
            days=30, ratings=0 if mean is None else 12, mean=mean, good=None, by_score=(0,) * 5, last=(),
            first_response=nothing, next_response=nothing,
            shares=tuple(Share(days=n, count=10, in_time=in_time) for n in WINDOWS), overdue=0, complaints=0,
        )  # fmt: skip
        section = ReportCardSection(**more)
        market.db.write_now(lambda tx: report_cards.judge(tx, market.house, vendor, made, section, market.now))

    return look


def test_staff_and_vendor_are_told_once_that_a_figure_is_too_low_and_once_that_it_is_not(market, judge):
    for in_time in (9, 7, 6, 7):
        judge(in_time)
    ((staff, to_staff),) = told(market, "staff/report-card")
    ((vendor, to_vendor),) = told(market, "vendor/report-card")
    assert (staff, vendor) == ("staff@staff.example", ACME)
    assert "Acme: figures are too low" in to_staff
    assert "Some of your figures are too low" in to_vendor
    (letter,) = market.sent("vendor/report-card")
    assert "Answered in time: 70% of 10 questions in 30 days. We ask for 80%." in letter.text.replace("\r\n", " ")
    assert letter.message["Auto-Submitted"] == "auto-generated"
    judge(7, 3.0)
    assert "Ratings: 3 of 5 on average, from 12 customers" in market.sent("vendor/report-card")[-1].text.replace(
        "\r\n", " "
    )
    judge(9, 4.0)
    assert "as they should be again" in told(market, "vendor/report-card")[-1][1]
    # What wavers is not told of day by day, but what lasts is.
    judge(7, 4.0)
    assert len(market.sent("vendor/report-card")) == 3
    judge(7, 4.0, days=14)
    assert len(market.sent("vendor/report-card")) == 4


def test_the_config_says_what_is_asked_and_who_is_told(market, judge):
    judge(7, in_time_percent=70)
    judge(7, 1.0, in_time_percent=0, mean_rating=0)
    judge(0, 1.0, least=13)
    assert market.sent() == []
    judge(7, tell_vendor=False)
    assert [mail.template for mail in market.sent()] == ["staff/report-card"]


async def test_the_daemon_looks_in_the_morning_of_the_vendor_and_once_a_day(market, compose_mail, reply_to):
    for n in range(3):
        file(market, compose_mail, n)
    market.now += 7 * DAY - HOUR  # Monday 08:00 UTC, 09:00 in Berlin.
    clock = FixedClock(market.now - 2 * HOUR)
    watch = report_cards.CardWatch(house=market.house, db=market.db, clock=clock, section=ReportCardSection(least=3))
    assert await watch.look() == 0  # 07:00 in Berlin and in Rome.
    clock.at = market.now
    assert (await watch.look(), await watch.look()) == (2, 0)
    assert [mail.to for mail in market.sent("vendor/report-card")] == [ACME]
    assert "0% of 3 questions" in market.sent("vendor/report-card")[0].text
    clock.at += DAY
    assert await watch.look() == 2
    assert len(market.sent("vendor/report-card")) == 1
