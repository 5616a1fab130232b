"""Held mail and who may say whose it is: the mailbox that was asked, by a plain yes, once, within a week."""

import asyncio

import pytest

from gatepost.mail.parse import read_letter
from gatepost.release import Releases
from gatepost.store import parties, quarantine, tickets

JANE = "Jane Roe <jane@customer.example>"
OK = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=customer.example"
HOUR, DAY = 3_600_000, 24 * 3_600_000


class _Reader:
    async def read(self, raw):
        return read_letter(raw)


class _Clock:
    def __init__(self, market):
        self._market = market

    def now(self):
        return self._market.now


def run_released(market):
    """What the desk does every second: run again what somebody has said yes to."""
    asyncio.run(Releases(db=market.db, house=market.house, reader=_Reader(), clock=_Clock(market)).look())


def held(market):
    return market.db.read_now(quarantine.page)


def people(market, number=1001):
    return market.db.read_now(lambda tx: tickets.participants(tx, number))


@pytest.fixture
def filed(strict_market, compose_mail):
    strict_market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank.", OK))
    return strict_market


@pytest.fixture
def unproved(filed, reply_to):
    """Jane's proved ticket, and a reply in her name that nobody can prove to be hers."""
    (ack,) = filed.sent("acknowledgement")
    filed.now += HOUR
    filed.arrive(reply_to(ack, JANE, "Version 4.1."), ack.reply_to)
    return filed


@pytest.mark.catalogue("D04", "D24")
def test_a_held_reply_is_asked_about_at_the_real_address_and_a_yes_releases_it(unproved, reply_to):
    (question,) = unproved.sent("customer/confirm-reply")
    assert (question.to, question.mail_from) == ("jane@customer.example", "")
    assert "Version 4.1." not in question.raw.decode()
    assert "Re: " in question.text and "2 November 2026" in question.text
    assert (
        f"https://my.orchard.example/confirm/{question.reply_to.partition('+')[2].partition('@')[0]}" in question.text
    )
    assert unproved.arrive(reply_to(question, JANE, "yes"), question.reply_to) == "event"
    run_released(unproved)
    assert held(unproved) == ()
    assert "Version 4.1." in unproved.sent("ticket")[-1].text
    assert unproved.rows("SELECT * FROM trace WHERE kind = 'confirmed' AND ticket = 1001")


def test_nothing_goes_to_the_address_that_the_held_mail_claims(filed, reply_to):
    """From, Reply-To and Sender of a held mail are claims; only the participant is asked (D16)."""
    (ack,) = filed.sent("acknowledgement")
    forged = reply_to(ack, JANE, "Send it elsewhere.", "Reply-To: <thief@evil.example>", "Sender: <thief@evil.example>")
    filed.arrive(forged, ack.reply_to)
    assert {sent.to for sent in filed.sent() if sent.to.endswith("evil.example")} == set()
    assert [sent.to for sent in filed.sent("customer/confirm-reply")] == ["jane@customer.example"]


@pytest.mark.parametrize(
    ("sender", "body", "headers"),
    [
        (JANE, "No, I did not write that.", ()),
        (JANE, "What is this about?", ()),
        ("Eve <eve@evil.example>", "yes", ()),
        (JANE, "yes", ("Auto-Submitted: auto-replied",)),
    ],
)
def test_what_is_no_plain_yes_of_the_asked_mailbox_confirms_nothing(unproved, reply_to, sender, body, headers):
    (question,) = unproved.sent("customer/confirm-reply")
    before = len(unproved.sent("ticket"))
    unproved.arrive(reply_to(question, sender, body, *headers), question.reply_to)
    run_released(unproved)
    assert len(unproved.sent("ticket")) == before
    assert "sender_unverified" in [one.cause.word for one in held(unproved)]


def test_a_persons_words_at_a_questions_address_are_kept_whole(unproved, reply_to):
    (question,) = unproved.sent("customer/confirm-reply")
    unproved.arrive(reply_to(question, JANE, "What is this about?"), question.reply_to)
    assert [one.cause.word for one in held(unproved)] == ["unclear_answer", "sender_unverified"]


def test_a_yes_with_more_words_is_a_message_too(unproved, reply_to):
    (question,) = unproved.sent("customer/confirm-reply")
    words = "Yes, that was me. By the way, the printer is a Zebra ZD421 with firmware 84.20.21, if that helps."
    unproved.arrive(reply_to(question, JANE, words), question.reply_to)
    run_released(unproved)
    assert held(unproved) == ()
    texts = " ".join(sent.text for sent in unproved.sent("ticket"))
    assert "Version 4.1." in texts and "Zebra ZD421" in texts


def test_a_question_is_answered_once_and_within_a_week(unproved, reply_to):
    (question,) = unproved.sent("customer/confirm-reply")
    unproved.now += 8 * DAY
    unproved.arrive(reply_to(question, JANE, "yes"), question.reply_to)
    run_released(unproved)
    assert "too old" in held(unproved)[0].detail
    assert len(unproved.sent("ticket")) == 1
    unproved.now -= 3 * DAY
    unproved.arrive(reply_to(question, JANE, "Yes."), question.reply_to)
    unproved.arrive(reply_to(question, JANE, "Yes!"), question.reply_to)
    run_released(unproved)
    assert "answered before" in held(unproved)[0].detail
    assert len(unproved.sent("ticket")) == 2


def test_one_address_is_asked_at_most_once_an_hour(unproved, reply_to):
    (ack,) = unproved.sent("acknowledgement")
    unproved.arrive(reply_to(ack, JANE, "And it is loud."), ack.reply_to)
    assert len(unproved.sent("customer/confirm-reply")) == 1
    unproved.now += HOUR + 1
    unproved.arrive(reply_to(ack, JANE, "And hot."), ack.reply_to)
    assert len(unproved.sent("customer/confirm-reply")) == 2
    assert len(held(unproved)) == 3


def test_no_question_is_asked_about_a_programs_mail(filed, reply_to):
    (ack,) = filed.sent("acknowledgement")
    filed.arrive(reply_to(ack, JANE, "I am out of office.", "Auto-Submitted: auto-replied"), ack.reply_to)
    assert filed.sent("customer/confirm-reply") == []


@pytest.mark.catalogue("D12")
def test_a_vendors_unproved_answer_is_asked_about_at_the_support_address(filed, reply_to):
    (ticket,) = filed.sent("ticket")
    assert filed.arrive(reply_to(ticket, "Ann <ann@desk.acme.example>", "Pay here."), ticket.reply_to) == "quarantined"
    assert filed.sent("answer") == []
    (question,) = filed.sent("vendor/confirm-reply")
    assert question.to == "tickets@acme.example"
    filed.arrive(reply_to(question, "Ann <ann@desk.acme.example>", "Yes, that was us."), question.reply_to)
    run_released(filed)
    assert "Pay here." in filed.sent("answer")[0].text


@pytest.mark.catalogue("D12")
def test_another_vendor_with_this_vendors_reply_address_is_held_for_staff(filed, reply_to):
    (ticket,) = filed.sent("ticket")
    assert filed.arrive(reply_to(ticket, "help@brill.example", "Use ours."), ticket.reply_to) == "quarantined"
    assert filed.sent("vendor/confirm-reply") == filed.sent("customer/confirm-alias") == []


# Mail that opens a ticket without a proof (D01, P7, A5).


@pytest.mark.catalogue("D01")
def test_an_unproved_new_mail_makes_a_ticket_and_tells_its_address_nothing(strict_market, compose_mail):
    market = strict_market
    assert market.arrive(compose_mail(JANE, "Shipping Labels secret words", "Blank.")) == "opened"
    assert "unverified" in market.ticket().flags
    (ack,) = market.sent("customer/acknowledgement-unverified")
    said = ack.raw.decode() + ack.text
    for word in ("Shipping Labels", "secret", "Jane", "Acme", "active"):
        assert word not in said
    assert "1001" in ack.text
    (ticket,) = market.sent("ticket")
    assert "not verified" in ticket.text


def test_a_yes_takes_the_mark_from_the_ticket(strict_market, compose_mail, reply_to):
    market = strict_market
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    (ack,) = market.sent("customer/acknowledgement-unverified")
    assert market.arrive(reply_to(ack, JANE, "yes"), ack.reply_to) == "event"
    assert "unverified" not in market.ticket().flags
    assert market.rows("SELECT * FROM trace WHERE ticket = 1001 AND kind = 'confirmed'")


def test_an_unproved_address_is_acknowledged_once_in_24_hours(strict_market, compose_mail):
    market = strict_market
    for n in range(3):
        market.arrive(compose_mail(JANE, f"Shipping Labels {n}", "Blank."))
        market.now += 8 * HOUR
    assert len(market.sent("customer/acknowledgement-unverified")) == 1
    market.now += HOUR
    market.arrive(compose_mail(JANE, "Shipping Labels again", "Blank."))
    assert len(market.sent("customer/acknowledgement-unverified")) == 2
    assert market.tickets() == 4


# Aliases (I6, D05, D11).


def test_an_unknown_second_address_becomes_an_alias_by_a_yes(filed, reply_to):
    (ack,) = filed.sent("acknowledgement")
    filed.now += HOUR
    filed.arrive(reply_to(ack, "Jane <jane@home.example>", "From home."), ack.reply_to)
    (question,) = filed.sent("customer/confirm-alias")
    assert question.to == "jane@customer.example"
    assert "jane@home.example" in question.text and "From home." not in question.text
    assert filed.arrive(reply_to(question, JANE, "Yes, mine."), question.reply_to) == "event"
    run_released(filed)
    assert "From home." in filed.sent("ticket")[-1].text
    assert filed.db.read_now(lambda tx: parties.customer_of(tx, "JANE@home.example")).id == 1
    proved = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=home.example"
    assert filed.arrive(reply_to(ack, "jane@home.example", "Once more.", proved), ack.reply_to) == "continued"


def test_an_alias_of_who_is_no_customer_holds_on_that_ticket(strict_market, compose_mail, reply_to):
    market = strict_market
    ok = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=stranger.example"
    market.arrive(compose_mail("new@stranger.example", "Shipping Labels", "Hello?", ok))
    (ack,) = market.sent("acknowledgement-no-subscription")
    market.now += HOUR
    market.arrive(reply_to(ack, "other@home.example", "Me again."), ack.reply_to)
    (question,) = market.sent("customer/confirm-alias")
    market.arrive(reply_to(question, "new@stranger.example", "yes"), question.reply_to)
    assert people(market)[0].aliases == ("other@home.example",)
    assert market.db.read_now(lambda tx: parties.customer_of(tx, "other@home.example")) is None


@pytest.mark.catalogue("D11")
@pytest.mark.parametrize("subject", ["Your Slack code: 123-456", "Please confirm your address"])
def test_a_service_that_mails_a_code_to_a_reply_address_never_becomes_somebody(filed, subject):
    """Ticket Trick: such a mail cites nothing of ours. It is kept for staff; the customer sees nothing of it."""
    (ack,) = filed.sent("acknowledgement")
    before = len(filed.sent())
    code = "\n".join(
        [
            "Authentication-Results: mx.orchard.example; dmarc=pass header.from=chat.example",
            "From: Chat <feedback@chat.example>", f"To: {ack.reply_to}", f"Subject: {subject}",
            "Date: Mon, 2 Nov 2026 11:00:00 +0000", "Message-ID: <code@chat.example>", "", "Enter 123-456 to join.",
        ]
    )  # fmt: skip
    assert filed.arrive(code, ack.reply_to) == "quarantined"
    assert len(filed.sent()) == before
    assert filed.rows("SELECT count(*) AS n FROM message")[0]["n"] == 1


def test_an_address_of_another_customer_is_not_asked_about(filed, reply_to):
    """Mail never merges two accounts (D25)."""
    (ack,) = filed.sent("acknowledgement")
    assert filed.arrive(reply_to(ack, "sam@customer.example", "It is me.", OK), ack.reply_to) == "quarantined"
    assert filed.sent("customer/confirm-alias") == []


# People copied in (D10).


@pytest.fixture
def copied(strict_market, compose_mail):
    cc = "Cc: Bob <bob@home.example>, support@orchard.example, tickets@acme.example, triage@staff.example"
    strict_market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", OK, cc))
    return strict_market


@pytest.mark.catalogue("D10")
def test_people_in_cc_get_nothing_until_the_requester_says_yes(copied, reply_to):
    assert [(p.address, p.membership.value) for p in people(copied)[2:]] == [("bob@home.example", "pending")]
    (question,) = copied.sent("customer/confirm-copies")
    assert question.to == "jane@customer.example" and "bob@home.example" in question.text
    ticket = copied.sent("ticket")[0]
    acme = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=acme.example"
    copied.arrive(reply_to(ticket, "tickets@acme.example", "First answer.", acme), ticket.reply_to)
    assert {sent.to for sent in copied.sent() if "bob" in sent.to} == set()
    copied.now += HOUR
    assert copied.arrive(reply_to(question, JANE, "Yes"), question.reply_to) == "event"
    bob = people(copied)[2]
    assert (bob.active, bob.joined) == (True, copied.now)
    copied.arrive(reply_to(ticket, "tickets@acme.example", "Second answer.", acme), ticket.reply_to)
    (to_bob,) = [sent for sent in copied.sent("answer") if sent.to == "bob@home.example"]
    assert "Second answer." in to_bob.text and "First answer." not in to_bob.text


@pytest.mark.catalogue("D10")
def test_an_unproved_mail_adds_nobody(strict_market, compose_mail, reply_to):
    """Zendesk 2024: the forger copies himself in, on a new ticket and on one that is there."""
    market = strict_market
    cc = "Cc: thief@evil.example"
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", cc))
    assert len(people(market)) == 2
    market.arrive(compose_mail(JANE, "Tax Pro", "Rounds.", OK))
    (ack,) = market.sent("acknowledgement")
    market.arrive(reply_to(ack, JANE, "Add him.", cc), ack.reply_to)
    assert len(people(market, 1002)) == 2
    assert {sent.to for sent in market.sent() if "thief" in sent.to} == set()


@pytest.mark.catalogue("D10")
def test_a_vendors_or_copied_persons_cc_adds_nobody(copied, reply_to):
    ticket = copied.sent("ticket")[0]
    acme = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=acme.example"
    answer = reply_to(ticket, "tickets@acme.example", "Ask them.", acme, "Cc: partner@other.example")
    assert copied.arrive(answer, ticket.reply_to) == "continued"
    assert len(people(copied)) == 3


@pytest.mark.catalogue("D10")
def test_a_crowd_in_cc_is_cut_and_asked_about_once(strict_market, compose_mail):
    cc = "Cc: " + ", ".join(f"p{n}@home.example" for n in range(40))
    strict_market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", OK, cc))
    assert len(people(strict_market)) == 12
    assert len(strict_market.sent("customer/confirm-copies")) == 1


@pytest.mark.catalogue("D26")
def test_a_removed_persons_reply_address_lets_nothing_in(copied, reply_to):
    bob = people(copied)[2]
    copied.db.write_now(lambda tx: tx.run("UPDATE participant SET membership = 'removed' WHERE number = 3"))
    address = copied.house.reply_address(copied.house.brands["orchard"], bob)
    (ack,) = copied.sent("acknowledgement")
    raw = reply_to(ack, "bob@home.example", "Still here.", OK.replace("customer", "home")).replace(
        ack.reply_to, address
    )
    assert copied.arrive(raw, address) == "quarantined"
    assert held(copied)[0].cause.word == "participant_removed"
