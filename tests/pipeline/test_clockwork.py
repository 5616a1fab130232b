"""What is due is done once: after weeks of downtime, under a clock that jumps, by two schedulers at the same moment."""

import asyncio
import logging
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.clock import Clock, Steps
from gatepost.clockwork import Clockwork
from gatepost.core import DAY, HOUR, MINUTE, SECOND
from gatepost.events import came_due
from gatepost.pace import Pace
from gatepost.store import deadlines
from gatepost.store.database import Database

JANE = "jane@customer.example"


class StoppedClock(Clock):
    """Both clocks stand still until they are set, each by itself."""

    def __init__(self, now):
        super().__init__()
        self.at, self.passed = now, 0.0

    def now(self):
        return self.at

    def monotonic(self):
        return self.passed


def clockwork(market, clock, per_minute=60):
    return Clockwork(house=market.house, db=market.db, clock=clock, wake_delivery=lambda: None, per_minute=per_minute)


@pytest.fixture
def file_tickets(market, compose_mail):
    def file(count):
        for number in range(count):
            market.arrive(compose_mail(JANE, "Shipping Labels", f"Case {number}."))
            market.now += SECOND

    return file


@pytest.mark.catalogue("M06")
def test_three_weeks_are_caught_up_with_at_the_pace_that_is_configured(market, file_tickets):
    file_tickets(40)
    clock = StoppedClock(market.now + 21 * DAY)
    work = clockwork(market, clock, per_minute=20)
    done = []
    for _ in range(12):
        done.append(asyncio.run(work.look()))
        clock.passed += 30
        clock.at += 30 * SECOND
    # 40 reminders that are left out, 40 notices, 40 requests for a rating, which wait as the customer does.
    assert done == [20, *[10] * 10, 0]
    assert len(market.sent("staff/overdue")) == 40
    assert market.rows("SELECT count(*) AS n FROM deadline WHERE state = 'open' AND kind = 'overdue'")[0]["n"] == 0


@pytest.mark.catalogue("M06")
def test_a_request_for_a_rating_that_comes_weeks_too_late_is_left_out(market, compose_mail, reply_to):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    (ticket,) = market.sent("ticket")
    market.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
    market.now += (7 + 15) * DAY
    assert market.do_what_is_due() == ["rating"]
    assert market.sent("rating") == []
    assert "too late" in market.rows("SELECT said FROM trace WHERE kind = 'note' ORDER BY id DESC LIMIT 1")[0]["said"]


@pytest.mark.catalogue("F18")
def test_two_schedulers_on_two_connections_do_nothing_twice(market, file_tickets):
    file_tickets(8)
    market.now += 3 * DAY
    other = Database(f"sqlite:///{market.db.path}")
    start = threading.Barrier(2)
    done: list[bool] = []

    def scheduler(db):
        due = db.read_now(lambda tx: deadlines.due(tx, market.now, 100))
        start.wait(10)
        for one in due:
            done.append(db.write_now(lambda tx, one=one: came_due(tx, market.house, one, market.now)))

    threads = [threading.Thread(target=scheduler, args=(db,)) for db in (market.db, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    other.close()
    assert (len(done), sum(done)) == (32, 16)
    assert len(market.sent("staff/overdue")) == 8
    said = market.rows("SELECT said FROM trace WHERE kind = 'deadline'")
    assert sorted(row["said"] for row in said) == ["nudge came due"] * 8 + ["overdue came due"] * 8


@pytest.mark.catalogue("M06")
def test_mail_that_came_before_a_deadline_is_handled_before_it(market, file_tickets):
    """The mail may be an answer that waits since a downtime: what was due before it came is done, what is later waits."""
    file_tickets(2)
    early, late = (row["due"] for row in market.rows("SELECT due FROM deadline WHERE kind = 'overdue' ORDER BY due"))
    clock, oldest = StoppedClock(market.now + 4 * DAY), []

    async def mail_waits():
        return oldest[-1]

    work = Clockwork(
        house=market.house, db=market.db, clock=clock, wake_delivery=lambda: None, per_minute=60, mail_waits=mail_waits
    )
    done = []
    for oldest_mail in (market.now, late - 1, None):
        oldest.append(oldest_mail)
        asyncio.run(work.look())
        done.append([mail.ticket for mail in market.sent("vendor/overdue")])
    assert early < late
    assert done == [[], [1001], [1001, 1002]]


JUMPS = st.lists(
    st.sampled_from([HOUR, -HOUR, DAY, -DAY, 3 * DAY, -3 * DAY, 40 * MINUTE, -SECOND, 0]), min_size=1, max_size=12
)


@pytest.mark.catalogue("M03")
@settings(max_examples=15)
@given(jumps=JUMPS)
def test_whatever_the_clock_does_everything_is_sent_once(make_market, compose_mail, reply_to, jumps):
    """Two tickets, one answered, one not; the clock jumps about and then goes on as clocks do."""
    with make_market() as market:
        market.arrive(compose_mail(JANE, "Shipping Labels", "Answered."))
        (ticket,) = market.sent("ticket")
        market.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
        market.arrive(compose_mail(JANE, "Tax Pro", "Left alone."))
        for jump in jumps:
            market.now += jump
            market.do_what_is_due()
            market.do_what_is_due()
        farthest = market.now + sum(abs(jump) for jump in jumps)
        while market.now < farthest + 12 * DAY:
            market.now += 6 * HOUR
            market.do_what_is_due()
        sent = [(mail.template, mail.ticket) for mail in market.sent()]
        # The notices to staff: the vendor's wait, and that of the team to which the ticket went after it.
        assert sent.count(("staff/overdue", 1002)) == 2
        assert sent.count(("team", 1002)) == 1
        assert sent.count(("vendor/nudge", 1002)) <= 1
        assert sent.count(("rating", 1001)) == 1
        assert sent.count(("vendor/overdue", 1002)) == 1
        assert ("vendor/overdue", 1001) not in sent


@pytest.mark.catalogue("M03")
@pytest.mark.catalogue("M03")
def test_ten_years_back_and_forth_lose_nothing_and_send_nothing_twice(market, compose_mail):
    """A machine without a battery starts in the past; mail comes; then the time is set."""
    years = 3_652 * DAY
    market.arrive(compose_mail(JANE, "Shipping Labels", "Before."))
    market.now -= years
    assert market.do_what_is_due() == []
    market.arrive(compose_mail(JANE, "Tax Pro", "In the past."))
    market.now += years
    for _ in range(4 * 4):
        market.now += 6 * HOUR
        market.do_what_is_due()
    sent = [(mail.template, mail.ticket) for mail in market.sent()]
    # In the past nobody had a subscription yet, so the second one is a team's.
    assert (sent.count(("vendor/overdue", 1001)), sent.count(("staff/overdue", 1002))) == (1, 1)
    acknowledged = [number for template, number in sent if template.startswith("acknowledgement")]
    assert sorted(acknowledged) == [1001, 1002]


def test_a_step_of_the_clock_is_told_and_a_slow_drift_is_not(market, caplog):
    clock = StoppedClock(market.now)
    work = clockwork(market, clock)
    with caplog.at_level(logging.WARNING):
        for step in (1.0, 60.5, -1.0):
            asyncio.run(work.look())
            clock.passed += 30
            clock.at += 30 * SECOND + round(step * 1000)
        asyncio.run(work.look())
        clock.at -= 3650 * DAY
        asyncio.run(work.look())
    assert [record.getMessage().split()[1] for record in caplog.records] == ["seconds=+60", "seconds=-315360000"]


def test_steps_and_pace_count_from_the_first_look():
    steps = Steps()
    assert steps.look(5_000_000, 7.0) == 0
    assert steps.look(5_000_000 + HOUR, 7.0) == HOUR
    pace = Pace(60)
    assert pace.left(1000.0) == 60
    pace.took(60)
    assert (pace.left(1000.5), pace.left(1001.0), pace.left(5000.0)) == (0, 1, 60)


def test_a_deadline_that_fails_is_put_off_and_the_others_are_done(market, file_tickets, monkeypatch, caplog):
    file_tickets(2)
    clock = StoppedClock(market.now + 3 * DAY)
    first = market.rows("SELECT min(id) AS id FROM deadline")[0]["id"]

    def came(tx, house, one, now):
        if one.id == first:
            raise ValueError("a fault")
        return came_due(tx, house, one, now)

    monkeypatch.setattr("gatepost.clockwork.came_due", came)
    assert asyncio.run(clockwork(market, clock).look()) == 4
    assert "deadline.failed" in caplog.text
    rows = market.rows(
        "SELECT id, due FROM deadline WHERE state = 'open' AND due <= :soon", soon=clock.at + 15 * MINUTE
    )
    assert [(row["id"], row["due"]) for row in rows] == [(first, clock.at + 15 * MINUTE)]
