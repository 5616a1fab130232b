"""Imported mail: recorded as closed tickets with its own dates, threads found, and nothing ever leaves."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost.core import DAY, HOUR
from gatepost.core.effect import Flag, Label, Note
from gatepost.core.event import CameDue, DeadlineKind, Filed, Undeliverable, Wrote
from gatepost.core.letter import Door
from gatepost.core.nature import Author, Kind, Nature
from gatepost.core.party import Participant, Role
from gatepost.core.subject import plain_subject
from gatepost.core.ticket import State, Terms, Ticket, advance
from gatepost.core.verdict import Route, Verdict

YEAR_AGO = 1_762_000_000_000


def importing(market, raw, *to, at=YEAR_AGO):
    return market.arrive(raw, *to, door=Door.IMPORT, received=at)


def mail(sender, to, subject, body, ident, *headers):
    lines = [*headers, f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Sat, 1 Nov 2025 12:26:40 +0000"]
    return "\n".join([*lines, f"Message-ID: <{ident}@old.example>", "", body, ""])


JANE, US = "jane@customer.example", "support@orchard.example"


def assert_nothing_left(market):
    for table in ("outbox", "deadline", "automatic"):
        assert market.rows(f"SELECT * FROM {table}") == []


def test_a_mail_of_the_past_is_a_closed_ticket_with_its_own_dates(market):
    assert importing(market, mail(JANE, US, "Shipping Labels: blank pages", "They are blank.", "1")) == "opened"
    ticket = market.ticket()
    assert (ticket.state, ticket.filed, ticket.last_activity) == (State.CLOSED, YEAR_AGO, YEAR_AGO)
    assert (ticket.waiting_since, ticket.rating_wanted, ticket.clock_wanted, ticket.unread) == (
        None,
        False,
        False,
        False,
    )
    assert "imported" in ticket.flags
    assert [row["received"] for row in market.rows("SELECT received FROM message")] == [YEAR_AGO]
    assert market.rows("SELECT value FROM counter WHERE name = 'ticket.closed'")[0]["value"] == 1
    assert_nothing_left(market)


def test_a_conversation_is_one_ticket_by_the_message_ids_it_cites(market):
    importing(market, mail(JANE, US, "Shipping Labels: blank pages", "They are blank.", "1"))
    answer = mail(
        US, JANE, "Re: Shipping Labels: blank pages", "Update the driver.", "2", "In-Reply-To: <1@old.example>"
    )
    assert importing(market, answer, at=YEAR_AGO + HOUR) == "continued"
    thanks = mail(JANE, US, "thanks!", "It works.", "3", "References: <1@old.example> <2@old.example>")
    assert importing(market, thanks, at=YEAR_AGO + 2 * HOUR) == "continued"
    assert market.tickets() == 1
    rows = market.rows("SELECT author, author_kind FROM message ORDER BY id")
    assert [(row["author"], row["author_kind"]) for row in rows] == [(1, "human"), (2, "human"), (1, "human")]
    assert market.ticket().last_activity == YEAR_AGO + 2 * HOUR
    assert market.ticket().state is State.CLOSED
    assert_nothing_left(market)


def test_a_vendor_of_the_past_answers_as_the_vendor(market):
    importing(market, mail(JANE, US, "Shipping Labels: blank pages", "They are blank.", "1"))
    answer = mail("tickets@acme.example", f"{US}, {JANE}", "Re: blank", "Update.", "2", "In-Reply-To: <1@old.example>")
    assert importing(market, answer) == "continued"
    assert market.rows("SELECT author FROM message ORDER BY id")[1]["author"] == 2


def test_the_subject_threads_as_a_last_resort_and_only_a_reply_of_the_same_person(market):
    importing(market, mail(JANE, US, "[ext] Blank pages", "They are blank.", "1"))
    assert importing(market, mail(JANE, US, "AW: Re: Blank   pages", "Still.", "2"), at=YEAR_AGO + DAY) == "continued"
    assert importing(market, mail(US, JANE, "Re[2]: blank pages", "Update.", "3"), at=YEAR_AGO + 2 * DAY) == "continued"
    assert importing(market, mail(JANE, US, "Blank pages", "Another printer.", "4"), at=YEAR_AGO + DAY) == "opened"
    assert importing(market, mail("eddie@customer.example", US, "Re: Blank pages", "Me too.", "5")) == "opened"
    late = mail(JANE, US, "Re: Blank pages", "Again.", "6").replace("1 Nov 2025", "1 Feb 2026").replace("Sat", "Sun")
    assert importing(market, late, at=YEAR_AGO + 92 * DAY) == "opened"
    assert_nothing_left(market)


def test_a_stranger_who_cites_a_thread_does_not_enter_it(market):
    importing(market, mail(JANE, US, "Blank", "They are blank.", "1"))
    other = mail("mallory@elsewhere.example", US, "Re: Blank", "Show me.", "2", "In-Reply-To: <1@old.example>")
    assert importing(market, other) == "opened"
    assert market.tickets() == 2


def test_a_live_ticket_is_not_changed_by_a_mail_of_the_past(market, reply_to):
    market.arrive(mail(JANE, US, "Shipping Labels: blank pages", "They are blank.", "1"))
    before, outbox = market.ticket(), len(market.sent())
    old = reply_to(market.sent("acknowledgement")[0], JANE, "One more thing.")
    assert importing(market, old, market.sent("acknowledgement")[0].reply_to) == "continued"
    assert market.ticket() == before
    assert len(market.sent()) == outbox
    cites = mail(JANE, US, "Re: blank", "Old words.", "9", "In-Reply-To: <1@old.example>")
    assert importing(market, cites) == "opened"


@pytest.mark.catalogue("B07")
def test_a_mail_that_came_by_smtp_is_a_duplicate_in_the_archive_with_its_way(market):
    raw = mail(JANE, US, "Shipping Labels: blank pages", "They are blank.", "1")
    market.arrive(raw)
    outbox = len(market.sent())
    for_archive = "Return-Path: <jane@customer.example>\nDelivered-To: support@orchard.example\nStatus: RO\n" + raw
    assert importing(market, for_archive) == "duplicate"
    assert market.tickets() == 1 and len(market.sent()) == outbox
    assert any("came again by import" in row["said"] for row in market.rows("SELECT said FROM trace"))


def test_the_same_archive_twice_is_one(market):
    raw = mail(JANE, US, "Blank", "They are blank.", "1")
    assert [importing(market, raw), importing(market, raw)] == ["opened", "duplicate"]


def test_what_is_no_message_is_kept_and_nobody_is_asked(market):
    sent_alone = mail(US, "new@elsewhere.example", "News", "We moved.", "1")
    assert importing(market, sent_alone) == "event"
    assert market.tickets() == 0
    assert "only kept" in market.rows("SELECT cause FROM arrival")[0]["cause"]
    assert_nothing_left(market)


words = st.sampled_from(
    ["refund please", "cancel my subscription", "Shipping Labels: blank", "out of office", "", "Re: Blank", "help"]
)
people = st.sampled_from(
    [JANE, US, "tickets@acme.example", "eddie@customer.example", "x@strange.example", "staff@staff.example", ""]
)
extra = st.lists(
    st.sampled_from(
        [
            "Auto-Submitted: auto-replied", "List-Id: <a.b.example>", "Precedence: bulk", "Return-Path: <>",
            "In-Reply-To: <1@old.example>", "References: <2@old.example> <3@old.example>", "X-Loop: support@orchard.example",
            "Reply-To: someone@else.example", "X-Auto-Response-Suppress: All",
        ]
    ),
    max_size=3,
)  # fmt: skip
numbers = itertools.count()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(people, people, words, extra, st.integers(0, 5)), min_size=1, max_size=4))
def test_whatever_is_imported_nothing_leaves_and_nothing_is_owed(market, mails):
    if not market.sent():
        market.arrive(mail(JANE, US, "Shipping Labels: blank pages", "They are blank.", "live"))
    tables = ("outbox", "deadline", "automatic", "confirmation", "quarantine")
    before = {table: len(market.rows(f"SELECT * FROM {table}")) for table in tables}
    live = market.ticket()
    token = market.sent("acknowledgement")[0].reply_to
    for sender, to, subject, headers, number in mails:
        outcome = importing(market, mail(sender, to, subject, f"words {next(numbers)}", number, *headers), to or token)
        assert outcome in ("opened", "continued", "duplicate", "event")
    assert {table: len(market.rows(f"SELECT * FROM {table}")) for table in tables} == before
    assert market.ticket() == live
    assert market.rows("SELECT * FROM ticket WHERE state = 'open' AND number <> 1001") == []


natures = st.builds(
    Nature, author=st.sampled_from(Author), kind=st.sampled_from(Kind), answerable=st.booleans(), reason=st.just("why")
)
events = st.one_of(
    st.builds(Filed, message=st.just(1), nature=natures),
    st.builds(Wrote, message=st.just(2), author=st.integers(1, 3), nature=natures),
    st.builds(CameDue, kind=st.sampled_from(DeadlineKind), since=st.just(5)),
    st.builds(Undeliverable, participant=st.integers(0, 3), address=st.just("a@b.example"), reason=st.just("gone")),
)
verdicts = st.builds(
    Verdict, route=st.sampled_from(Route), acknowledge=st.sampled_from(["", "acknowledgement"]), flags=st.just(("odd",)),
    labels=st.just(("refund",)), notes=st.just(("look",)), rating=st.booleans(), clock=st.booleans(),
)  # fmt: skip
tickets = st.builds(
    Ticket, number=st.just(7), brand=st.just("b"), subject=st.just("s"), filed=st.just(1), state=st.sampled_from(State),
    waiting_since=st.sampled_from([None, 5]), flags=st.sampled_from([(), ("overdue",)]),
)  # fmt: skip
PEOPLE = tuple(
    Participant(ticket=7, number=number, role=role, address=f"{number}@p.example")
    for number, role in enumerate((Role.REQUESTER, Role.VENDOR, Role.COLLABORATOR), start=1)
)


@given(events, verdicts, tickets)
def test_advance_sends_and_promises_nothing_for_an_archive(event, verdict, ticket):
    terms = Terms(participants=PEOPLE, overdue_at=lambda since: since + 1, staff_address="s@p.example", archived=True)
    after, effects = advance(ticket, event, verdict, terms, 9)
    assert all(isinstance(effect, Flag | Label | Note) for effect in effects)
    if isinstance(event, Filed):
        assert (after.state, after.waiting_since, after.rating_wanted, after.clock_wanted) == (
            State.CLOSED,
            None,
            False,
            False,
        )
    else:
        assert (
            after.state is ticket.state and after.waiting_since == ticket.waiting_since and after.flags == ticket.flags
        )


@pytest.mark.parametrize(
    ("subject", "plain"),
    [
        ("Re: Blank pages", ("blank pages", True)),
        ("RE: Fwd: [Ticket 12] AW:  Blank\tpages", ("blank pages", True)),
        ("Re[2]: Blank", ("blank", True)),
        ("回复：打印", ("打印", True)),
        ("Printer: blank", ("printer: blank", False)),
        ("[ext] blank", ("blank", False)),
        ("Re:", ("", True)),
        ("", ("", False)),
    ],
)
def test_the_subject_of_a_thread(subject, plain):
    assert plain_subject(subject) == plain
