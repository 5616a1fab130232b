"""A vendor's report card of real tickets: what the vendor answered, what others did, what came late (C6)."""

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database as Utils

from gatepost import report_cards
from gatepost.calendars import Calendars
from gatepost.clock import FixedClock
from gatepost.config import ReportCardSection
from gatepost.core import DAY, HOUR, MINUTE
from gatepost.core.report_card import WINDOWS, Card, Share, Times, card, waits
from gatepost.store import holdings, parties, queue, ratings, report_card

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


ADDRESS = {
    "jane": "jane@customer.example",
    "acme": ACME,
    "brill": "help@brill.example",
    "team": "billing@staff.example",
}


def helpers(market, number):
    """Who takes part without having the ticket."""
    rows = market.rows(
        "SELECT address FROM participant WHERE ticket = :n AND role = 'collaborator' AND membership = 'active'",
        n=number,
    )
    return [who for who, address in ADDRESS.items() if address in {row["address"] for row in rows}]


class Hand:
    """What is counted by hand, ticket by ticket, at the moment at which it happens; nothing is read back.

    `waits` are (ticket, since, until, whether it is the first of theirs there, whether they answered), for each vendor.
    """

    def __init__(self):
        self.holder, self.waiting, self.waits = {}, {}, {"acme": [], "brill": []}

    def asked(self, ticket, at):
        if self.waiting[ticket] is None:
            self.waiting[ticket] = at

    def ended(self, ticket, at, by):
        who, since = self.holder[ticket], self.waiting[ticket]
        if who != "team" and since is not None:
            first = not any(wait[0] == ticket for wait in self.waits[who])
            self.waits[who].append((ticket, since, at, first, by == who))
        self.waiting[ticket] = None

    def moved(self, ticket, at, to):
        self.ended(ticket, at, "nobody")
        self.holder[ticket], self.waiting[ticket] = to, at

    def closed(self, ticket, at):
        who = self.holder[ticket]
        if who == "team" or any(wait[0] == ticket for wait in self.waits[who]):
            self.ended(ticket, at, "nobody")

    def all_of(self, vendor):
        open_ = [
            (ticket, since, None, not any(wait[0] == ticket for wait in self.waits[vendor]), False)
            for ticket, since in self.waiting.items()
            if since is not None and self.holder[ticket] == vendor
        ]
        return sorted(self.waits[vendor] + open_, key=str)


def read_by_the_store(market, vendor):
    def read(tx):
        return report_card.said(tx, parties.vendor_named(tx, vendor).id, 0)

    found = waits(market.db.read_now(read))
    return sorted(((w.ticket, w.since, w.until, w.first, w.by_vendor) for w in found), key=str)


@pytest.mark.parametrize("seed", range(3))
def test_tickets_that_move_count_for_each_vendor_while_they_are_theirs(market, compose_mail, reply_to, seed):
    """Two vendors and the billing team hand tickets to each other for weeks, answer, forget and close them."""
    chance, hand = random.Random(seed), Hand()
    product = {"acme": "shipping-labels", "brill": "sails"}
    market.db.write_now(lambda tx: parties.set_away(tx, parties.vendor_named(tx, "brill").id, None))

    def write(number, who, text):
        ours = [mail for mail in market.sent() if (mail.ticket, mail.to) == (number, ADDRESS[who])]
        market.now += MINUTE
        assert market.arrive(reply_to(ours[-1], ADDRESS[who], text), ours[-1].reply_to) == "continued"

    for n in range(160):
        market.now += chance.randrange(1, 30) * HOUR
        number = chance.choice([0, 0, *hand.holder, *hand.holder])
        if not number:
            file(market, compose_mail, n)
            number = 1000 + market.tickets()
            hand.holder[number], hand.waiting[number] = "acme", market.now
            continue
        holder, what = (
            hand.holder[number],
            chance.choice(("ask", "ask", "answer", "answer", "move", "refund", "close", "other")),
        )
        closed = market.ticket(number).state.value == "closed"
        if what == "ask":
            write(number, "jane", f"And now, {n}?")
            hand.asked(number, market.now)
        elif what == "answer":
            write(number, holder, f"Like this, {n}.")
            hand.ended(number, market.now, holder)
        elif what == "other" and (others := helpers(market, number)):
            other = chance.choice(others)
            write(number, other, f"I may help, {n}.")
            hand.ended(number, market.now, other)
        elif what == "move":
            to = {"acme": "brill", "brill": "acme", "team": chance.choice(("acme", "brill"))}[holder]
            write(number, holder, f"#product {product[to]}")
            hand.moved(number, market.now, to)
        elif what == "refund" and holder != "team":
            write(number, holder, "#refund")
            hand.moved(number, market.now, "team")
        elif what == "close" and not closed and holder != "team":
            write(number, holder, "#close")
            hand.closed(number, market.now)
    for vendor in ("acme", "brill"):
        assert read_by_the_store(market, vendor) == hand.all_of(vendor), vendor
        assert hand.waits[vendor]


def test_a_rating_is_about_whose_people_answered_last(market, compose_mail, reply_to):
    ticket = file(market, compose_mail, 1)
    acme, brill = (market.db.read_now(lambda tx, s=s: parties.vendor_named(tx, s).id) for s in ("acme", "brill"))

    def whose():
        return market.db.read_now(lambda tx: ratings.whose(tx, 1001))

    assert whose() == acme  # Nobody has answered: it is about who has it.
    market.arrive(reply_to(ticket, ACME, "Update to 4.2."), ticket.reply_to)
    market.now += HOUR
    market.arrive(reply_to(ticket, ACME, "#product sails\n"), ticket.reply_to)
    assert whose() == acme  # It has moved, but what the customer got came from Acme.
    theirs = market.sent("ticket")[-1]
    market.now += HOUR
    market.arrive(reply_to(theirs, theirs.to, "They need wind."), theirs.reply_to)
    assert whose() == brill
    market.arrive(reply_to(theirs, theirs.to, "#refund\n"), theirs.reply_to)
    billing = market.sent("team")[-1]
    market.arrive(reply_to(billing, billing.to, "You have it back."), billing.reply_to)
    assert whose() == 0  # The marketplace's own people.


def test_an_older_database_knows_as_much_as_its_deadlines_tell(market, compose_mail, reply_to):
    """Who had a ticket was not written down then: a ticket that came counts from then on, one that left until then."""
    file(market, compose_mail, 1)
    gone = file(market, compose_mail, 2)
    market.now += HOUR
    left = market.now
    market.arrive(reply_to(gone, ACME, "#refund\n"), gone.reply_to)
    market.arrive(compose_mail("Sam <sam@customer.example>", "Sails", "They flap."))
    wrong = market.sent("ticket")[-1]
    market.now += HOUR
    came = market.now
    market.arrive(reply_to(wrong, wrong.to, "#product shipping-labels\n"), wrong.reply_to)
    market.arrive(compose_mail(JANE, "I want a refund for Tax Pro", "Please."))
    assert market.ticket(1004).route.value == "team"
    written = read_by_the_store(market, "acme")
    with closing(sqlite3.connect(market.db.path)) as connection:
        connection.execute("DROP TABLE holding")
        holdings.m0111_holdings(Utils(connection))
        connection.commit()
    assert read_by_the_store(market, "acme") == written
    rows = market.rows("SELECT ticket, vendor <> 0 AS theirs, at FROM holding ORDER BY id")
    told = {(row["ticket"], row["theirs"], row["at"]) for row in rows}
    filed = {n: market.ticket(n).filed for n in range(1001, 1005)}
    assert told == {
        (1001, 1, filed[1001]), (1002, 1, filed[1002]), (1002, 0, left), (1003, 1, came), (1004, 0, filed[1004]),
    }  # fmt: skip


def test_a_ticket_that_a_team_has_is_not_among_the_vendors_open_ones(market, compose_mail, reply_to):
    ticket = file(market, compose_mail, 1)

    def theirs(tx):
        acme = parties.vendor_named(tx, "acme").id
        return report_card.counts(tx, acme, 0)[0], [line.number for line in queue.of_vendor(tx, acme)]

    assert market.db.read_now(theirs) == (1, [1001])
    market.arrive(reply_to(ticket, ACME, "#refund\n"), ticket.reply_to)
    assert market.db.read_now(theirs) == (0, [])


def test_spam_is_nobodys_support(market, acme, compose_mail):
    file(market, compose_mail, 1)
    market.now += 9 * DAY
    assert acme().shares[0].count == 1
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET flags = 'spam'"))
    assert acme().shares[0].count == 0


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
