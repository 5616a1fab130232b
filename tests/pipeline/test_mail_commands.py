"""Mail commands on their whole way: what happens to the ticket, who hears of it, and what the sender is told."""

from dataclasses import replace

import pytest

from gatepost.core.discount import Discount
from gatepost.core.party import Membership
from gatepost.core.ticket import State
from gatepost.core.verdict import Route
from gatepost.store import marks, parties, tickets
from gatepost.topics.catalogue import Shelf

DISCOUNTS = {
    "WINTER-20": Discount(code="WINTER-20", percent=20, text="on every licence", until="2026-12-31"),
    "OLD-10": Discount(code="OLD-10", percent=10, until="2026-01-31"),
    "SLEEPY": Discount(code="SLEEPY", percent=5, active=False),
}


@pytest.fixture
def filed(market, compose_mail):
    """A ticket with Acme about Shipping Labels, and its mail to Acme."""
    market.house.discounts = DISCOUNTS
    market.house.brands["orchard"] = replace(
        market.house.brands["orchard"], product_page="https://orchard.example/p/{slug}"
    )
    market.arrive(compose_mail("jane@customer.example", "Shipping Labels are blank", "The labels print blank."))
    return market.sent("ticket")[0]


@pytest.fixture
def say(market, filed, reply_to):
    """Acme answers with these lines, or somebody else to their own mail; the transcript's text."""

    def write(*lines, sender="tickets@acme.example", to=None, at=60_000):
        market.now += at
        mail = to or filed
        outcome = market.arrive(reply_to(mail, sender, "\n".join(lines)), mail.reply_to)
        assert outcome == "continued"
        found = [one for one in market.sent("transcript") if one.to == sender]
        return found[-1].text.replace("\r\n", "\n") if found else ""

    return write


def people(market, number=1001):
    return market.db.read_now(lambda tx: tickets.participants(tx, number))


def open_deadlines(market):
    return sorted(row["kind"] for row in market.rows("SELECT kind FROM deadline WHERE state = 'open'"))


def test_an_answer_with_a_command_goes_on_without_it(market, say):
    told = say("#close", "", "Please update to 2.1, it is fixed there.")
    (answer,) = market.sent("answer")
    assert answer.to == "jane@customer.example"
    assert "Please update to 2.1" in answer.text
    assert "#close" not in answer.text
    assert market.ticket().state is State.CLOSED
    assert open_deadlines(market) == ["rating"]
    assert "#close\nThe ticket is closed." in told


def test_a_command_alone_sends_the_customer_nothing(market, say):
    say("#close", "-- ", "Acme support")
    assert market.sent("answer") == []
    assert market.ticket().state is State.CLOSED
    say("#open")
    assert market.ticket().state is State.OPEN


@pytest.mark.parametrize(
    "line", ["#clsoe", "#product nosuch", "#assign me", "#discount SLEEPY", "#away until yesterday"]
)
def test_one_bad_line_and_nothing_of_the_mail_is_done_or_passed_on(market, say, line):
    before = market.ticket()
    told = say("#topic refund", line, "This is only for you.")
    assert market.sent("answer") == []
    assert "Nothing of your mail was done or passed on" in told
    assert "#topic refund\nNot done, because of another line of this mail." in told
    assert "#product SLUG" in told
    after = market.ticket()
    assert (after.state, after.product_id, after.waiting_since) == (
        before.state,
        before.product_id,
        before.waiting_since,
    )
    assert market.rows("SELECT * FROM label") == []


def test_a_misspelt_command_is_told_the_right_one(say):
    assert "There is no such command. Did you mean #close?" in say("#clsoe")


def test_a_customers_line_with_a_hash_is_text(market, filed, reply_to):
    acknowledgement = market.sent("acknowledgement")[0]
    market.arrive(
        reply_to(acknowledgement, "jane@customer.example", "#close\n#refund\nplease"), acknowledgement.reply_to
    )
    assert market.ticket().state is State.OPEN
    assert "#close" in market.sent("ticket")[-1].text
    assert market.sent("transcript") == []


@pytest.mark.catalogue("D15")
def test_a_note_goes_to_nobody(market, say):
    say("#note He called, he is angry.", "Do not tell him.")
    assert market.sent("answer") == []
    (note,) = market.rows("SELECT said FROM trace WHERE kind = 'note' AND said LIKE '%angry%'")
    assert "Do not tell him." in note["said"]
    say("#copy billing")
    (copied,) = market.sent("collaborator")
    assert "labels print blank" in copied.text
    assert "angry" not in copied.text


def test_the_wrong_product_moves_with_all_that_was_said(market, say, filed, reply_to):
    say("It is your theme.")
    told = say("#product sails", "These are our colleagues.")
    ticket = market.ticket()
    assert ticket.route is Route.VENDOR
    moved = [mail for mail in market.sent("ticket") if mail.to == "partner@brill.example"]
    assert len(moved) == 1
    for words in ("The labels print blank.", "It is your theme.", "These are our colleagues."):
        assert words in moved[0].text
    assert [mail.to for mail in market.sent("customer/moved")] == ["jane@customer.example"]
    assert ticket.waiting_since == market.now
    assert "The ticket is now with Brill, about Sails." in " ".join(told.split())
    old = next(p for p in people(market) if p.address == "tickets@acme.example")
    assert old.membership is Membership.REMOVED
    assert market.arrive(reply_to(filed, "tickets@acme.example", "Late answer"), filed.reply_to) == "quarantined"
    market.arrive(reply_to(moved[0], "partner@brill.example", "Set the sails."), moved[0].reply_to)
    assert "Set the sails." in market.sent("answer")[-1].text


def test_another_product_of_the_same_vendor_changes_nothing_else(market, say):
    say("#product tax-pro")
    assert market.sent("customer/moved") == []
    assert len(market.sent("ticket")) == 1


def test_a_vendor_who_is_copied_in_may_answer_until_taken_off(market, say, filed, reply_to):
    say("#copy brill")
    (copied,) = market.sent("collaborator")
    assert copied.reply_to != filed.reply_to
    market.arrive(reply_to(copied, "partner@brill.example", "We know this one."), copied.reply_to)
    assert "We know this one." in market.sent("answer")[-1].text
    assert "We know this one." in market.sent("ticket")[-1].text
    say("#uncopy brill")
    assert market.arrive(reply_to(copied, "partner@brill.example", "Another thing"), copied.reply_to) == "quarantined"
    (held,) = market.rows("SELECT cause FROM quarantine")
    assert held["cause"] == "participant_removed"
    say("#copy  Brill")
    assert [p.address for p in people(market)].count("partner@brill.example") == 1


def test_a_refund_goes_to_billing_and_asks_for_no_rating(market, say):
    told = say("#refund", "I have asked our marketplace to look at it.")
    ticket = market.ticket()
    assert (ticket.route, ticket.team, ticket.rating_wanted) == (Route.TEAM, "billing", False)
    assert open_deadlines(market) == ["overdue"]
    (team,) = market.sent("team")
    assert team.to == "billing@staff.example"
    assert "labels print blank" in team.text
    assert "Billing decides about it" in told


def test_staff_assign_and_unassign(market, say):
    say("#refund")
    (team,) = market.sent("team")
    told = say("#assign triage@staff.example", sender="billing@staff.example", to=team)
    assert "assigned to triage@staff.example" in told
    assert market.ticket().assignee == "triage@staff.example"
    say("#unassign", sender="billing@staff.example", to=team)
    assert market.ticket().assignee == ""
    say("#assign me", sender="billing@staff.example", to=team)
    assert market.ticket().assignee == "billing@staff.example"


def vendor(market, slug):
    return market.db.read_now(lambda tx: parties.vendor_named(tx, slug))


def test_a_vendor_says_that_they_are_away_in_their_own_zone(market, say, compose_mail):
    told = say("#away until 2027-01-08", "We are skiing.", "Back soon.")
    away = vendor(market, "acme").away
    assert away.ends == 1_799_362_800_000  # 2027-01-08T00:00 in Berlin
    assert away.text == "We are skiing.\nBack soon."
    assert away.covers(market.now)
    assert market.sent("answer") == []
    assert "back on 8 January 2027" in " ".join(told.split())
    market.arrive(compose_mail("jane@customer.example", "Tax Pro counts twice", "Help."))
    assert "We are skiing." in market.sent()[-1].text
    say("#away off")
    assert vendor(market, "acme").away is None


def test_a_vendor_cannot_send_another_vendor_away_and_staff_can(market, say):
    assert "for yourself only" in say("#away brill until 2027-01-08")
    say("#refund")
    (team,) = market.sent("team")
    say("#away brill from 2026-12-24 until 2027-01-08", sender="billing@staff.example", to=team)
    away = vendor(market, "brill").away
    assert (away.substitute, away.text) == ("partner@brill.example", "")
    assert not away.covers(market.now)


def test_cards_stand_below_the_answer_in_text_and_html(market, say):
    say("#link tax-pro sails", "#discount winter-20", "Have a look at these.")
    (answer,) = market.sent("answer")
    assert "https://orchard.example/p/tax-pro" in answer.text
    assert "WINTER-20 (−20 % · on every licence)" in answer.text
    html = (
        next(p for p in answer.message.walk() if p.get_content_type() == "text/html").get_payload(decode=True).decode()
    )
    assert 'href="https://orchard.example/p/sails"' in html
    assert "WINTER-20" in html


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("#discount OLD-10", "was valid until 2026-01-31"),
        ("#discount SLEEPY", "The code SLEEPY is not active."),
        ("#discount WINTER20", "Did you mean WINTER-20?"),
        ("#link a b c", "There is no product a."),
    ],
)
def test_a_card_that_cannot_be_given_is_refused_with_the_reason(market, say, line, why):
    assert why in say(line, "Here you are.")
    assert market.sent("answer") == []


def test_a_vendor_sees_the_subscriptions_to_their_own_products_alone(market, say):
    market.db.write_now(lambda tx: tx.run("UPDATE product SET vendor = 2 WHERE slug = 'tax-pro'"))
    market.db.write_now(parties._changed)
    told = " ".join(say("#subscriptions").split())
    assert "Shipping Labels: active, 29 August 2026 – 29 August 2027, S-jane-1" in told
    assert "Tax Pro" not in told
    assert market.sent("answer") == []


@pytest.fixture
def named_topics(market, tmp_path):
    """Two topics that an operator has named; there is no model."""
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "topics.toml").write_text('[shipping]\nname = "Shipping"\n[returns]\nname = "Returns"\n')
    market.house._topics = Shelf(tmp_path / "topics")


def test_a_topic_is_given_and_one_that_nobody_named_is_refused(named_topics, market, say):
    assert "The ticket has the topic shipping." in say("#topic Shipping")
    assert [row["topic"] for row in market.rows("SELECT topic FROM label")] == ["shipping"]
    assert "There is no topic shiping. Did you mean shipping?" in say("#topic shiping", "Our answer.")
    assert market.sent("answer") == []


def test_what_staff_say_of_a_topic_is_kept_for_the_next_training_and_a_vendors_word_is_not(
    named_topics, market, say, compose_mail
):
    say("#topic shipping")
    assert market.db.read_now(marks.corrections) == {}
    market.arrive(compose_mail("jane@customer.example", "Refund", "I want my money back for Shipping Labels."))
    team = market.sent("team")[-1]
    say("#topic shipping", "#topic returns", sender=team.to, to=team)
    assert market.db.read_now(marks.corrections) == {1002: "returns"}


def test_help_lists_what_this_sender_may_do(say):
    told = say("#help")
    assert "#close\nCloses the ticket" in told
    assert "#assign" not in told


@pytest.mark.parametrize(
    ("language", "done", "near"),
    [
        ("de", "Das Ticket ist geschlossen.", "Diesen Befehl gibt es nicht. Meinten Sie #close?"),
        ("fr", "Le ticket est fermé.", "Cette commande n'existe pas. Vouliez-vous dire #close\u00a0?"),
        ("pl", "Zgłoszenie jest zamknięte.", "Nie ma takiego polecenia. Czy chodziło o #close?"),
        ("ja", "The ticket is closed.", "There is no such command. Did you mean #close?"),
    ],
)
def test_the_transcript_is_in_the_senders_language(market, say, language, done, near):
    market.db.write_now(
        lambda tx: tx.run("UPDATE participant SET language = :language WHERE role = 'vendor'", language=language)
    )
    assert done in say("#close")
    assert near in " ".join(say("#clsoe").split(" "))


def test_an_unverified_command_is_none(strict_market, compose_mail, reply_to):
    pass_line = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=customer.example"
    strict_market.arrive(compose_mail("jane@customer.example", "Shipping Labels", "Blank.", pass_line))
    ticket = strict_market.sent("ticket")[0]
    assert strict_market.arrive(reply_to(ticket, "tickets@acme.example", "#close"), ticket.reply_to) == "quarantined"
    assert strict_market.ticket().state is State.OPEN
    assert strict_market.sent("transcript") == []


COPIES = """
[[rule]]
name = "labels also to brill"
when = { words = "labels" }
then = { copies = ["brill", "audit@staff.example", "nosuch"] }

[[rule.hit]]
text = "labels"

[[rule.miss]]
text = "tax"
"""


def test_a_rule_copies_vendors_and_addresses_in(market, tmp_path, compose_mail, reply_to):
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / "45-copies.toml").write_text(COPIES)
    assert market.house.rulebook.reload().changed
    market.arrive(compose_mail("jane@customer.example", "Shipping Labels are blank", "The labels print blank."))
    copied = market.sent("collaborator")
    assert [mail.to for mail in copied] == ["partner@brill.example", "audit@staff.example"]
    assert len({mail.reply_to for mail in (*copied, *market.sent("ticket"))}) == 3
    market.arrive(reply_to(copied[0], "partner@brill.example", "We know this one."), copied[0].reply_to)
    assert "We know this one." in market.sent("answer")[-1].text


def test_a_reply_that_names_the_product_brings_the_ticket_to_its_vendor(market, compose_mail, reply_to):
    market.arrive(compose_mail("jane@customer.example", "Help", "It does not work."))
    (asked,) = market.sent("acknowledgement-which-product")
    market.arrive(reply_to(asked, "jane@customer.example", "Not sure what you mean."), asked.reply_to)
    assert market.ticket().route is Route.TRIAGE
    market.arrive(reply_to(asked, "jane@customer.example", "It is Sails."), asked.reply_to)
    assert market.ticket().product_id == 0, "she has no subscription to it"
    market.arrive(reply_to(asked, "jane@customer.example", "Sorry: Tax Pro, of course."), asked.reply_to)
    assert market.ticket().route is Route.VENDOR
    (ticket,) = [mail for mail in market.sent("ticket") if mail.to == "tickets@acme.example"]
    assert "It does not work." in ticket.text
    assert "Tax Pro, of course." in ticket.text
    (told,) = market.sent("customer/moved")
    assert told.to == "jane@customer.example"
    assert market.sent("transcript") == []
