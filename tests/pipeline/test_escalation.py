"""A vendor who does not answer: the reminder, the notice, the team, the reroute, on the wire and in working hours."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatepost.case import case_of
from gatepost.core import DAY, HOUR
from gatepost.core.party import Hours
from gatepost.due_date import explain
from gatepost.store import parties, tickets

JANE = "jane@customer.example"


@pytest.fixture
def silent(market, compose_mail):
    """Jane has written, the vendor has got it."""
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    return market


def pass_hours(market, hours):
    """Let time pass hour by hour; what came due, with the hour."""
    done = []
    for _ in range(hours):
        market.now += HOUR
        done += [(kind, market.now) for kind in market.do_what_is_due()]
    return done


def test_the_promise_of_a_new_ticket_counts_in_the_vendors_calendar(market, compose_mail):
    """Monday 09:00 UTC is Monday 22:00 in Auckland: two business days there are Tuesday and Wednesday."""

    def move(tx):
        parties.put_vendor(tx, replace(parties.vendor_named(tx, "acme"), hours=Hours(zone="Pacific/Auckland")))

    market.db.write_now(move)
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    promised = {r["kind"]: r["due"] for r in market.rows("SELECT kind, due FROM deadline WHERE kind <> 'rating'")}
    thursday_nine = datetime(2026, 11, 5, 9, tzinfo=ZoneInfo("Pacific/Auckland"))
    wednesday_nine = thursday_nine - timedelta(days=1)
    assert promised == {
        "overdue": round(thursday_nine.timestamp() * 1000),
        "nudge": round(wednesday_nine.timestamp() * 1000),
    }


def test_the_ladder_is_climbed_once_and_in_order(silent):
    start = silent.now
    came = [(kind, at - start) for kind, at in pass_hours(silent, 24 * 5)]
    assert [kind for kind, _ in came[:4]] == ["nudge", "overdue", "help", "reroute"]
    # Monday 10:00 in Berlin: a reminder after one of two business days, the rungs one and two business days later.
    assert [at for _, at in came[:4]] == [DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    assert [sent.to for sent in silent.sent("vendor/nudge")] == ["tickets@acme.example"]
    assert [sent.to for sent in silent.sent("team")] == ["triage@staff.example"]
    assert "It jams." in silent.sent("team")[0].text
    assert (silent.ticket().route.value, silent.ticket().flags) == ("triage", ("overdue", "escalated"))


def test_who_was_passed_over_may_still_answer(silent, reply_to):
    pass_hours(silent, 24 * 4)
    (ticket,) = silent.sent("ticket")
    assert silent.arrive(reply_to(ticket, "tickets@acme.example", "Sorry. Update."), ticket.reply_to) == "continued"
    assert "Sorry. Update." in silent.sent("answer")[0].text
    assert silent.rows("SELECT kind FROM deadline WHERE state = 'open' AND kind <> 'rating'") == []


def test_the_team_may_answer_too(silent, reply_to):
    pass_hours(silent, 24 * 3)
    (team,) = silent.sent("team")
    assert silent.arrive(reply_to(team, "triage@staff.example", "We look into it."), team.reply_to) == "continued"
    assert [answer.to for answer in silent.sent("answer")] == [JANE]


@pytest.mark.catalogue("M06")
def test_after_three_weeks_of_downtime_each_thing_is_done_once(silent):
    """The mark is there at once, the mails go in the morning, and the rungs begin when the vendor has been told."""
    silent.now += 21 * DAY + 12 * HOUR
    silent.do_what_is_due()
    assert silent.ticket().flags == ("overdue",)
    assert silent.sent("vendor/overdue") == silent.sent("staff/overdue") == []
    pass_hours(silent, 24)
    assert silent.sent("vendor/nudge") == []
    assert len(silent.sent("vendor/overdue")) == 1
    assert silent.sent("team") == []


def explained(market):
    def read(tx):
        return list(
            explain(tx, market.house, case_of(tx, market.house, tickets.find(tx, 1001), market.now), market.now)
        )

    return market.db.read_now(read)


def test_a_notice_that_is_put_off_does_not_move_what_was_promised(silent):
    promise = [
        "Waiting since Mon 2 Nov 10:00 Europe/Berlin; overdue at Wed 4 Nov 10:00 Europe/Berlin:",
        "  Mon 2 Nov 10:00–17:00 Europe/Berlin: 7 h",
        "  Tue 3 Nov 09:00–17:00 Europe/Berlin: 8 h",
        "  Wed 4 Nov 09:00–10:00 Europe/Berlin: 1 h",
    ]
    assert explained(silent)[:4] == promise
    silent.now += 3 * DAY + 12 * HOUR  # A downtime that ends on Thursday night.
    silent.do_what_is_due()
    since = promise[0].replace("overdue at", "overdue since")
    said = explained(silent)
    assert said[:4] == [since, *promise[1:]]
    assert said[4] == "Overdue notice to vendor and staff at Fri 6 Nov 09:00 Europe/Berlin."
    silent.now += 12 * HOUR
    silent.do_what_is_due()
    assert len(silent.sent("vendor/overdue")) == 1
    assert explained(silent)[:4] == [since, *promise[1:]]
