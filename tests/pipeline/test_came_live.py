"""A mail that an archive brought before its live copy: handled as if the live one had come first, and one message."""

import pytest

from gatepost.core import DAY, HOUR
from gatepost.core.copy import Copy, revived
from gatepost.core.letter import Door
from gatepost.core.quarantine import Cause
from gatepost.core.ticket import State
from gatepost.core.trip import Aside, Continues, Kept, Opens

JANE, US = "jane@customer.example", "support@orchard.example"
VENDOR = "tickets@acme.example"
SUBJECT = "Shipping Labels: blank pages"


def mail(sender, to, subject, body, ident, *headers):
    lines = [*headers, f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Mon, 2 Nov 2026 08:00:00 +0000"]
    return "\n".join([*lines, f"Message-ID: <{ident}@c.example>", "", body, ""])


def importing(market, raw, *to, age=HOUR):
    return market.arrive(raw, *to, door=Door.IMPORT, received=market.now - age)


def messages(market):
    return market.rows("SELECT id, ticket, author, received FROM message ORDER BY id")


QUESTION = mail(JANE, US, SUBJECT, "They are blank.", "1")


@pytest.mark.catalogue("B07")
@pytest.mark.parametrize("door", [Door.SMTP, Door.LMTP, Door.IMAP])
def test_the_live_copy_opens_what_the_archive_has_closed(market, door):
    assert importing(market, QUESTION) == "opened"
    assert market.ticket().state is State.CLOSED and market.sent() == []
    assert market.arrive(QUESTION, door=door) == "opened"
    ticket = market.ticket()
    assert (ticket.state, ticket.filed, ticket.waiting_since) == (State.OPEN, market.now, market.now)
    assert ticket.unread and ticket.rating_wanted and ticket.clock_wanted and not ticket.flags
    assert [sent.to for sent in market.sent("acknowledgement")] == [JANE]
    assert [sent.to for sent in market.sent("ticket")] == [VENDOR]
    assert "They are blank." in market.sent("ticket")[0].text
    assert [(row["ticket"], row["received"]) for row in messages(market)] == [(1001, market.now)]
    closed = market.rows("SELECT value FROM counter WHERE name = 'ticket.closed'")
    assert [row["value"] for row in closed] in ([], [0])
    assert any("known out of an archive alone" in row["said"] for row in market.rows("SELECT said FROM trace"))
    # Further copies, by whatever way, are copies.
    assert [market.arrive(QUESTION, door=each) for each in (Door.SMTP, Door.IMAP, Door.IMPORT)] == ["duplicate"] * 3
    assert len(market.sent()) == 2


def test_the_conversation_goes_on_as_any_other(market, reply_to):
    importing(market, QUESTION)
    market.arrive(QUESTION)
    answer = reply_to(market.sent("ticket")[0], VENDOR, "Update the driver.")
    assert market.arrive(answer, market.sent("ticket")[0].reply_to) == "continued"
    assert [sent.to for sent in market.sent("answer")] == [JANE]
    assert market.ticket().waiting_since is None


@pytest.mark.parametrize(("age", "outcome"), [(0, "opened"), (3 * DAY, "opened"), (3 * DAY + 1, "duplicate")])
def test_what_the_archive_holds_from_long_ago_is_answered_nobody(market, age, outcome):
    importing(market, QUESTION, age=age)
    assert market.arrive(QUESTION) == outcome
    assert bool(market.sent()) is (outcome == "opened")


def test_a_mailbox_that_is_fetched_long_after_it_was_imported_answers_nobody(market):
    """A mail that is fetched bears the date at which it came to the mailbox."""
    importing(market, QUESTION, age=30 * DAY)
    assert market.arrive(QUESTION, door=Door.IMAP, received=market.now - 30 * DAY) == "duplicate"
    assert market.sent() == []


def test_what_was_answered_in_the_archive_is_not_waited_for(market):
    importing(market, QUESTION)
    answer = mail(US, JANE, f"Re: {SUBJECT}", "Update the driver.", "2", "In-Reply-To: <1@c.example>")
    assert importing(market, answer) == "continued"
    assert market.arrive(QUESTION) == "duplicate" and market.sent() == []


def test_a_second_question_in_the_archive_is_no_answer(market):
    importing(market, QUESTION)
    more = mail(JANE, US, f"Re: {SUBJECT}", "And the second page, too.", "2", "In-Reply-To: <1@c.example>")
    assert importing(market, more) == "continued"
    assert [market.arrive(QUESTION), market.arrive(more)] == ["opened", "continued"]
    assert [sent.template for sent in market.sent()].count("acknowledgement") == 1
    assert [sent.to for sent in market.sent("ticket")] == [VENDOR, VENDOR]
    assert market.tickets() == 1 and len(messages(market)) == 2


def test_a_follow_up_of_an_old_thread_goes_to_whoever_answers_and_is_waited_for(market):
    importing(market, mail(JANE, US, SUBJECT, "They are blank.", "1"), age=400 * DAY)
    more = mail(JANE, US, f"Re: {SUBJECT}", "Blank again.", "2", "In-Reply-To: <1@c.example>")
    assert importing(market, more) == "continued"
    assert market.arrive(more) == "continued"
    assert [sent.to for sent in market.sent()] == [VENDOR] and "Blank again." in market.sent()[0].text
    ticket = market.ticket()
    assert ticket.state is State.OPEN and ticket.waiting_since == market.now and "imported" in ticket.flags
    assert {row["kind"] for row in market.rows("SELECT kind FROM deadline")} == {"nudge", "overdue"}
    assert len(messages(market)) == 2


def test_a_reply_to_us_that_an_archive_brings_first_still_reaches_the_other_side(market, reply_to):
    market.arrive(QUESTION)
    sent = market.sent("ticket")[0]
    answer = reply_to(sent, VENDOR, "Update the driver.")
    assert importing(market, answer, sent.reply_to, age=0) == "continued"
    assert market.sent("answer") == []
    assert market.arrive(answer, sent.reply_to) == "continued"
    assert [each.to for each in market.sent("answer")] == [JANE]
    assert market.ticket().waiting_since is None and len(messages(market)) == 2
    assert market.arrive(answer, sent.reply_to) == "duplicate"


def test_commands_that_an_archive_has_only_recorded_are_carried_out(market, reply_to):
    market.arrive(QUESTION)
    sent = market.sent("ticket")[0]
    answer = reply_to(sent, VENDOR, "#close\n\nUpdate the driver.")
    importing(market, answer, sent.reply_to, age=0)
    assert market.ticket().state is State.OPEN
    market.arrive(answer, sent.reply_to)
    assert market.ticket().state is State.CLOSED
    (told,) = market.sent("answer")
    assert "Update the driver." in told.text and "#close" not in told.text


def test_a_sender_who_is_not_proved_is_asked_as_ever(evaluating_market):
    market = evaluating_market
    importing(market, QUESTION)
    assert market.arrive(QUESTION) == "opened"
    assert "unverified" in market.ticket().flags
    assert market.sent("acknowledgement") == []
    (asked,) = [sent for sent in market.sent() if sent.to == JANE]
    assert "They are blank." not in asked.text and [sent.to for sent in market.sent("ticket")] == [VENDOR]


def test_a_machine_s_mail_stays_a_record(market):
    auto = mail(JANE, US, SUBJECT, "I am away.", "1", "Auto-Submitted: auto-replied")
    importing(market, auto)
    market.arrive(auto)
    assert market.sent("acknowledgement") == []


def test_whoever_looks_after_it_and_what_staff_have_marked_stays(market):
    importing(market, QUESTION)
    market.db.write_now(
        lambda tx: tx.run("UPDATE ticket SET assignee = 'lea@staff.example', flags = 'imported important'")
    )
    market.arrive(QUESTION)
    assert (market.ticket().assignee, market.ticket().flags) == ("lea@staff.example", ("important",))


COPY = Copy(message=7, ticket=1001, same_mail=True, at=0, archived=True, first=True, author=1)


@pytest.mark.parametrize(
    ("copy", "decision", "expected"),
    [
        (COPY, Opens(), Opens()),
        (COPY, Continues(ticket=1001, author=3), Continues(ticket=1001, author=3)),
        (COPY, Continues(ticket=1002, author=3), None),
        (COPY, Kept(reason=""), None),
        (COPY, Aside(cause=Cause.LOOP, detail=""), None),
        (None, Opens(), None),
        (Copy(message=7, ticket=1001, same_mail=False, archived=True), Opens(), None),
        (Copy(message=7, ticket=1001, same_mail=True, archived=False), Opens(), None),
        (
            Copy(message=7, ticket=1001, same_mail=True, archived=True, author=4),
            Opens(),
            Continues(ticket=1001, author=4),
        ),
    ],
)
def test_what_a_copy_makes_of_a_record(copy, decision, expected):
    assert revived(copy, decision, 0) == expected
