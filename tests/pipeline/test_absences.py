"""A vendor is away: by a word of staff, by the config, by the vendor's own mail; what customers read and clocks do (R8)."""

from dataclasses import replace

import pytest

from gatepost import absences
from gatepost.clock import FixedClock
from gatepost.core import DAY, HOUR
from gatepost.core.audit import operator
from gatepost.core.away_plan import AwayPlan, away_of
from gatepost.errors import PermanentError
from gatepost.store import parties

JANE = "Jane Roe <jane@customer.example>"
VERA = operator("vera")
WEEK = AwayPlan(back="2026-11-09")  # From Monday 2 November 2026, 10:00 in Berlin, for a week.


@pytest.fixture
def put(market):
    def run(plan, slug="acme"):
        return market.db.write_now(lambda tx: absences.put(tx, market.house, slug, plan, VERA, market.now))

    return run


def due(market, kind="overdue"):
    (row,) = market.rows("SELECT due FROM deadline WHERE kind = :kind AND state = 'open'", kind=kind)
    return row["due"]


def text(mail):
    return " ".join(mail.text.split())


def test_without_a_substitute_new_tickets_go_to_triage_and_the_customer_reads_why(market, put, compose_mail):
    said = put(replace(WEEK, text="We moor in Gdańsk."))
    assert said == (
        "Acme is away from 2 November 2026, back on 9 November 2026; the triage team answers new tickets, the clock stands still"
    )
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    assert [mail.to for mail in market.sent("team")] == ["triage@staff.example"]
    (ack,) = market.sent("acknowledgement")
    assert "We moor in Gdańsk." in text(ack)
    market.now += 8 * DAY
    market.arrive(compose_mail(JANE, "Shipping Labels again", "It jams."))
    assert [mail.to for mail in market.sent("ticket")] == ["tickets@acme.example"]


def test_a_substitute_answers_and_the_clock_runs_on(market, put, compose_mail):
    put(replace(WEEK, substitute="partner@acme.example"))
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    assert [mail.to for mail in market.sent("ticket")] == ["partner@acme.example"]
    assert due(market) == market.now + 2 * DAY


@pytest.mark.parametrize(("clock", "days"), [("stops", 9), ("runs", 2), ("", 9)])
def test_the_clock_of_open_tickets_does_what_was_said(market, put, compose_mail, clock, days):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    assert due(market) == market.now + 2 * DAY
    put(replace(WEEK, clock=clock))
    # Monday 10:00 in Berlin: of the two business days all is left, and it begins on Monday next at 9.
    assert due(market) == market.now + days * DAY - (HOUR if days == 9 else 0)


def test_who_is_back_early_has_the_due_dates_of_before(market, put, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    before = due(market), due(market, "nudge")
    put(WEEK)
    assert due(market) > before[0]
    assert put(None) == "Acme is here"
    assert (due(market), due(market, "nudge")) == before


def test_the_vendors_own_mail_moves_them_too(market, compose_mail, reply_to):
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams."))
    before = due(market)
    (ticket,) = market.sent("ticket")
    market.arrive(reply_to(ticket, "tickets@acme.example", "#away until 2026-11-09\n"), ticket.reply_to)
    assert due(market) == before + 7 * DAY - HOUR


def test_it_is_written_into_the_audit_log_and_the_trace(market, put):
    put(WEEK)
    (act,) = market.rows("SELECT * FROM trace WHERE kind = 'away'")
    assert "Acme is away from 2 November 2026" in act["said"]
    acts = market.db.read_now(lambda tx: tx.rows("SELECT action, object FROM audit ORDER BY id DESC LIMIT 1"))
    assert [(row["action"], row["object"]) for row in acts] == [("vendor.changed", "vendor acme")]


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (AwayPlan(back="2026-10-01"), "before the absence begins"),
        (AwayPlan(first="2026-12-01", back="2026-12-01"), "before the absence begins"),
        (AwayPlan(first="2026-01-01", back="2026-02-01"), "is over already"),
        (AwayPlan(back="tomorrow"), "is no date like 2027-01-31"),
        (replace(WEEK, substitute="support@orchard.example"), "a loop"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(market, put, plan, why):
    with pytest.raises(PermanentError, match=why):
        put(plan)
    assert market.db.read_now(lambda tx: parties.vendor_named(tx, "acme")).away is None


def test_days_begin_at_midnight_in_the_vendors_zone():
    away = away_of(AwayPlan(first="2026-12-24", back="2027-01-02"), "Asia/Kolkata", 0)
    assert (away.starts, away.ends) == (1_798_050_600_000, 1_798_828_200_000)


async def test_the_config_is_carried_out_once_and_again_when_it_changes(market, put):
    clock = FixedClock(market.now)

    async def look(**plans):
        made = absences.AwayConfig(house=market.house, db=market.db, clock=clock, plans=plans)
        return await made.look()

    def acme():
        return market.db.read_now(lambda tx: parties.vendor_named(tx, "acme")).away

    assert (await look(acme=WEEK, nobody=WEEK), await look(acme=WEEK)) == (1, 0)
    assert acme() is not None
    put(None)  # What is said later holds, though the section still stands.
    assert (await look(acme=WEEK), acme()) == (0, None)
    longer = replace(WEEK, back="2026-11-16")
    assert await look(acme=longer) == 1
    assert acme().ends == market.now + 14 * DAY - 10 * HOUR
    # A section that is taken out takes its absence away; one that somebody else wrote stays.
    assert (await look(), acme()) == (1, None)
    assert await look(acme=longer) == 1
    put(WEEK)
    assert (await look(), acme() is None) == (0, False)
    acts = market.rows("SELECT action FROM audit")
    assert [row["action"] for row in acts] == ["vendor.changed"] * 6


async def test_a_section_that_is_over_does_nothing_and_is_not_tried_again(market):
    made = absences.AwayConfig(
        house=market.house, db=market.db, clock=FixedClock(market.now), plans={"acme": AwayPlan(back="2026-01-01")}
    )
    assert (await made.look(), await made.look()) == (0, 0)
    assert market.db.read_now(lambda tx: parties.vendor_named(tx, "acme")).away is None
