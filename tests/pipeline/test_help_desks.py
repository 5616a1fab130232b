"""Vendors' help desks as they are: each answers every mail of ours at once, a thousand times; ours stays silent (A6, E03).

A simulator takes a mail of ours and gives what its desk sends back: bytes, envelope recipient, envelope sender.
"""

from email.utils import parseaddr

import pytest

from gatepost.core import DAY, HOUR
from gatepost.core.party import Customer, Standing, Subscription
from gatepost.core.report_card import By
from gatepost.core.ticket import State
from gatepost.store import parties, report_card

JANE = "Jane Roe <jane@customer.example>"
GERMAN = "Vielen Dank für Ihre Anfrage. Sie ist bei uns eingegangen. Ihre Ticketnummer lautet {n}.\n\nIhr Team von Acme"
ZENDESK = "Your request ({n}) has been received and is being reviewed by our support staff.\n\nTo add additional comments, reply to this email."
FRESHDESK = "Dear Orchard,\n\nWe would like to acknowledge that we have received your request and a ticket has been created with Ticket ID - {n}."
OSTICKET = "A request for support has been created and assigned ticket #{n}. A representative will follow-up with you as soon as possible."


def written(sender, to, subject, text, n, *fields):
    lines = [
        *fields, f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Mon, 2 Nov 2026 09:00:05 +0000",
        f"Message-ID: <{n}.{abs(hash((sender, subject))) % 10**9}@desk.acme.example>", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text.format(n=n),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def zendesk(mail, n):
    """Keeps our address and our references, and says what it is."""
    fields = (
        "X-Mailer: Zendesk Mailer", "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All",
        f"In-Reply-To: {mail.message['Message-ID']}", f"References: {mail.message['Message-ID']}",
    )  # fmt: skip
    raw = written(
        "Acme <tickets@acme.example>", mail.reply_to, f"[Acme] Re: {mail.message['Subject']}", ZENDESK, n, *fields
    )
    return [(raw, mail.reply_to, "tickets@acme.example")]


def stripped(mail, n):
    """Keeps our address, rewrites the subject, loses every field."""
    subject = f"Ticket Received - [#{n}] {mail.message['Subject']}"
    return [
        (written("tickets@acme.example", mail.reply_to, subject, FRESHDESK, n), mail.reply_to, "tickets@acme.example")
    ]


def tokenless(mail, n):
    """Cuts our address down to the one without the plus, and loses the references."""
    subject = f"[#{n}] {mail.message['Subject']}"
    to = "support@orchard.example"
    return [(written("tickets@acme.example", to, subject, ZENDESK, n), to, "tickets@acme.example")]


def twofold(mail, n):
    """Two mails at once: the receipt, and the notice of the change of its state."""
    first = written("tickets@acme.example", mail.reply_to, f"{mail.message['Subject']} [#{n}]", OSTICKET, n)
    text = "The status of your ticket {n} has been changed to Open. This is an automated message."
    second = written("tickets@acme.example", mail.reply_to, f"[#{n}] Ticket updated", text, f"{n}")
    return [(raw, mail.reply_to, "tickets@acme.example") for raw in (first, second)]


def noreply(mail, n):
    """Writes from an address of the desk's maker that nobody has listed, and that reads nothing."""
    sender = "Acme <noreply@mail.deskmaker.example>"
    raw = written(
        sender, mail.reply_to, f"Request #{n} received", ZENDESK + "\n\nPlease do not reply to this email.", n
    )
    return [(raw, mail.reply_to, "noreply@mail.deskmaker.example")]


def german(mail, n):
    """Another language, another local part of a listed domain each time."""
    sender = f"ticket-{n}@desk.acme.example"
    raw = written(sender, mail.reply_to, f"[Ticket#{n}] {mail.message['Subject']}", GERMAN, n)
    return [(raw, mail.reply_to, sender)]


LATE = "Hello {name},\n\nwe have registered what you wrote under the number {n}, and one of us takes care of it.\n\nYour friends at Acme"


def late(mail, n, text=LATE):
    """Comes in hours, names the customer, keeps our address, and shows no program in any way."""
    name = ("Jane Roe", "Joe Channel", "Al Vendor")[n % 3]
    raw = written(
        "tickets@acme.example", mail.reply_to, f"[#{n}] {mail.message['Subject']}", text.replace("{name}", name), n
    )
    return [(raw, mail.reply_to, "tickets@acme.example")]


DESKS = [zendesk, stripped, tokenless, twofold, noreply, german]


@pytest.mark.catalogue("E03")
@pytest.mark.parametrize("desk", DESKS)
def test_exchanges_with_a_help_desk(market, compose_mail, desk):
    exchange(market, compose_mail, desk, 120)


@pytest.mark.chaos
@pytest.mark.catalogue("E03")
@pytest.mark.parametrize("desk", DESKS)
def test_a_thousand_exchanges_with_a_help_desk(market, compose_mail, desk):
    exchange(market, compose_mail, desk, 1_000)


def exchange(market, compose_mail, desk, exchanges):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    (deadline,) = market.rows("SELECT due FROM deadline WHERE kind = 'overdue' AND state = 'open'")
    (ticket,) = market.sent("ticket")
    for n in range(4_000, 4_000 + exchanges):
        market.now += 2_000
        if n % 50 == 49:
            # The customer asks again, and the vendor gets another mail to answer by machine.
            (ack,) = market.sent("acknowledgement")
            token = f"In-Reply-To: {ack.message['Message-ID']}"
            market.arrive(compose_mail(JANE, "Re: Shipping Labels", f"Anybody? {n}", token), ack.reply_to)
            ticket = market.sent("ticket")[-1]
            market.now += 2_000
        for raw, to, sender in desk(ticket, n):
            assert market.arrive(raw, to, mail_from=sender) in ("continued", "event")
    automatic = [mail for mail in market.sent() if mail.message["Auto-Submitted"]]
    assert [mail.template for mail in automatic] == ["acknowledgement"]
    assert market.sent("answer") == []
    assert market.tickets() == 1
    assert market.rows("SELECT due FROM deadline WHERE kind = 'overdue' AND state = 'open'") == [deadline]
    assert market.rows("SELECT count(*) AS n FROM quarantine")[0]["n"] == 0


@pytest.mark.parametrize("desk", [zendesk, stripped, twofold, german])
def test_a_notice_does_not_reopen_a_closed_ticket_and_an_answer_through_the_same_desk_arrives(
    market, compose_mail, desk
):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET state = :closed", closed=State.CLOSED.value))
    (ticket,) = market.sent("ticket")
    market.now += 3_000
    for raw, to, sender in desk(ticket, 4711):
        market.arrive(raw, to, mail_from=sender)
    assert market.ticket().state is State.CLOSED
    market.now += 3_600_000
    (raw, to, sender), *_ = desk(ticket, 4712)
    head, _, _ = raw.partition("\n\n")
    answer = f"{head}\n\nHi Jane,\n\nyour printer wants millimetres: please update to 4.2, it converts them.\n\nAnn\n"
    assert market.arrive(answer, to, mail_from=sender) == "continued"
    (sent,) = market.sent("answer")
    assert "please update to 4.2" in sent.text
    assert market.ticket().state is State.OPEN
    assert market.ticket().waiting_since is None


@pytest.fixture
def entitled(market):
    """Two more customers with subscriptions, beside Jane."""

    def fill(tx):
        labels = next(product for product in parties.products(tx) if product.slug == "shipping-labels")
        for name in ("joe", "al"):
            who, _ = parties.put_customer(tx, Customer(id=0, address=f"{name}@customer.example", name=name.title()))
            right = Subscription(
                id=0, customer_id=who, product_id=labels.id, status=Standing.ACTIVE, starts=market.now - 1,
                ends=market.now + 400 * DAY, reference=f"S-{name}",
            )  # fmt: skip
            parties.put_subscription(tx, right)

    market.db.write_now(fill)


def hours_later(market, compose_mail, text, tickets=4):
    """That many customers write; hours later the desk acknowledges each. How often the customer was sent that."""
    for n in range(tickets):
        who = (
            "Jane Roe <jane@customer.example>",
            "Joe Channel <joe@customer.example>",
            "Al Vendor <al@customer.example>",
        )[n % 3]
        market.arrive(compose_mail(who, f"Shipping Labels prints nothing, case {n}", "It stays blank."))
        ticket = market.sent("ticket")[-1]
        assert ticket.ticket == 1001 + n
        market.now += 3 * 3_600_000
        for raw, to, sender in late(ticket, 4_000 + n, text):
            market.arrive(raw, to, mail_from=sender)
    return len(market.sent("answer"))


@pytest.mark.catalogue("E03")
def test_a_late_receipt_without_any_sign_is_known_by_saying_nothing_else(market, compose_mail, entitled):
    text = "Hello {name},\n\nyour request has been received under the number {n}, and we will get back to you soon.\n\nThe Acme Team"
    assert hours_later(market, compose_mail, text) == 0
    assert market.ticket().waiting_since is not None


@pytest.mark.catalogue("E03")
def test_a_late_receipt_in_words_that_nobody_knows_is_known_when_it_comes_again_to_whomever(
    market, compose_mail, entitled
):
    assert hours_later(market, compose_mail, LATE + "\n\nWe have received your message.", 6) <= 1


PARTLY = LATE + "\n\nWe have received your message."


def on_two_tickets(market, compose_mail, between=lambda: None):
    """A receipt that nobody knows is relayed on 1001, and is known when it comes on 1002; the promise of 1001."""
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    (promised,) = clock(market)
    (first,) = market.sent("ticket")
    market.now += 3 * HOUR
    ((raw, to, sender),) = late(first, 4_000, PARTLY)
    market.arrive(raw, to, mail_from=sender)
    assert clock(market) == []
    assert acme_answers(market) == 1
    market.now += HOUR
    between()
    market.arrive(compose_mail("Joe <joe@customer.example>", "Shipping Labels prints black", "All of it."))
    second = market.sent("ticket")[-1]
    market.now += 3 * HOUR
    ((raw, to, sender),) = late(second, 4_001, PARTLY)
    assert market.arrive(raw, to, mail_from=sender) == "continued"
    return promised


def clock(market):
    return [
        (row["kind"], row["due"], row["since"])
        for row in market.rows(
            "SELECT kind, due, since FROM deadline WHERE ticket = 1001 AND kind = 'overdue' AND state = 'open'"
        )
    ]


def acme_answers(market):
    vendor = market.db.read_now(lambda tx: parties.vendor_named(tx, "acme"))
    said = market.db.read_now(lambda tx: report_card.said(tx, vendor.id, 0))
    return sum(one.by is By.VENDOR for one in said)


@pytest.mark.catalogue("E03")
def test_what_a_receipt_has_stopped_goes_on_when_it_is_known_for_one(market, compose_mail, entitled):
    promised = on_two_tickets(market, compose_mail)
    assert clock(market) == [promised]
    assert market.ticket().waiting_since == promised[2]
    assert acme_answers(market) == 0
    said = [row["said"] for row in market.rows("SELECT said FROM trace WHERE ticket = 1001 AND kind = 'note'")]
    assert said[-1].startswith("message 2 was no answer: a help desk's acknowledgement, weight ")
    assert "the same words came on one other ticket" in said[-1]
    assert said[-1].endswith("; the clock that it stopped is set again, from the customer's message on")
    # It becomes overdue as though nothing had come: the vendor and the staff are told.
    market.now = promised[1]
    market.do_what_is_due()
    assert "overdue" in market.ticket().flags
    assert [mail.ticket for mail in market.sent("vendor/overdue")] == [1001]


def test_a_wait_that_a_person_has_ended_since_is_not_begun_again(market, compose_mail, entitled):
    def answer():
        (ticket,) = market.sent("ticket")
        raw = written("tickets@acme.example", ticket.reply_to, "Re: Shipping Labels", "Please update to 4.2.", 9)
        market.arrive(raw, ticket.reply_to)

    on_two_tickets(market, compose_mail, answer)
    assert clock(market) == []
    assert market.ticket().waiting_since is None
    assert acme_answers(market) == 1


def test_a_ticket_that_was_closed_since_stays_closed(market, compose_mail, entitled):
    def close():
        (ticket,) = market.sent("ticket")
        raw = written("tickets@acme.example", ticket.reply_to, "Re: Shipping Labels", "#close", 9)
        market.arrive(raw, ticket.reply_to)
        assert market.ticket().state is State.CLOSED

    on_two_tickets(market, compose_mail, close)
    assert market.ticket().state is State.CLOSED
    assert clock(market) == []


def test_a_further_question_meanwhile_waits_as_long_as_the_first(market, compose_mail, entitled):
    def ask():
        (ack,) = market.sent("acknowledgement")
        market.arrive(
            compose_mail(JANE, "Re: Shipping Labels", "And now?", f"In-Reply-To: {ack.message['Message-ID']}")
        )
        assert clock(market) != []

    promised = on_two_tickets(market, compose_mail, ask)
    assert clock(market) == [promised]


def test_the_same_answer_to_everybody_is_an_answer(market, compose_mail, entitled):
    """A bad week: one fault, one answer through the help desk with its number, and customers who write back."""
    macro = "Hi {name},\n\nplease update to 4.2, which prints again. Your case is {n}.\n\nAnn"
    assert hours_later(market, compose_mail, macro, 12) == 12
    for number in range(1001, 1013):
        assert market.ticket(number).waiting_since is None


def test_who_forges_a_vendors_mail_teaches_nothing(strict_market, compose_mail, reply_to):
    """Else whoever has had an answer could send it back in the vendor's name, until it counted for a receipt."""
    market = strict_market
    proved = "Authentication-Results: mx.orchard.example; dmarc=pass header.from="
    text = "Thank you for contacting us. Please update to 4.2, it prints again."
    for n in range(4):
        forged = written("tickets@acme.example", "support@orchard.example", f"[#{n + 10}] Labels", text, n)
        market.arrive(forged, mail_from="x@evil.example")
    assert market.rows("SELECT count(*) AS n FROM vendor_words")[0]["n"] == 0
    market.arrive(compose_mail(JANE, "Shipping Labels", "It jams.", f"{proved}customer.example"))
    ticket = market.sent("ticket")[-1]
    market.now += HOUR
    market.arrive(reply_to(ticket, "tickets@acme.example", text, f"{proved}acme.example"), ticket.reply_to)
    assert len(market.sent("answer")) == 1


def test_who_has_only_the_reply_address_unsays_no_answer(market, compose_mail, reply_to):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    (ticket,) = market.sent("ticket")
    text = "Thank you for contacting us. Please update to 4.2, it prints again."
    market.now += HOUR
    market.arrive(reply_to(ticket, "tickets@acme.example", text), ticket.reply_to)
    assert (acme_answers(market), clock(market)) == (1, [])
    copied = written(
        "jane@customer.example", ticket.reply_to, "[#12] Ticket received", text, 1, "Auto-Submitted: auto-replied"
    )
    market.arrive(copied, ticket.reply_to)
    assert (acme_answers(market), clock(market)) == (1, [])


@pytest.mark.parametrize("text", ["", "  \n\n"])
def test_an_empty_mail_answers_nobody(market, compose_mail, reply_to, text):
    """Else a vendor kept every promise by pressing two keys."""
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    promised = clock(market)
    (ticket,) = market.sent("ticket")
    market.now += HOUR
    assert market.arrive(reply_to(ticket, "tickets@acme.example", text), ticket.reply_to) == "continued"
    assert (market.sent("answer"), clock(market), acme_answers(market)) == ([], promised, 0)
    said = market.rows("SELECT said FROM trace WHERE ticket = 1001 AND kind = 'note'")
    assert said[-1]["said"] == "kept as an event, sent to nobody: it says nothing and brings nothing"
    # Who writes all of it into the subject has written.
    raw = written(
        "tickets@acme.example", ticket.reply_to, "Re: Shipping Labels prints nothing: take 4.2, it prints", "", 1
    )
    market.arrive(raw, ticket.reply_to)
    assert (len(market.sent("answer")), clock(market)) == (1, [])


def test_a_rating_request_is_flagged_and_kept_and_one_below_an_answer_is_flagged_and_relayed(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    (ticket,) = market.sent("ticket")
    market.now += 7_200_000
    text = "How would you rate the support you received?\n\nGood https://a.example/1\nBad https://a.example/0"
    raw = written("tickets@acme.example", ticket.reply_to, "How would you rate us?", text, 1)
    assert market.arrive(raw, ticket.reply_to) == "continued"
    assert market.sent("answer") == []
    assert market.ticket().flags == ("asks_for_rating",)
    assert market.ticket().waiting_since is not None
    text = "Please update to 4.2, which converts them.\n\nHappy? Please leave us a review!"
    market.arrive(written("tickets@acme.example", ticket.reply_to, "Re: Shipping Labels", text, 2), ticket.reply_to)
    assert len(market.sent("answer")) == 1
    assert market.ticket().flags == ("asks_for_rating",)
    weighed = market.rows("SELECT said FROM trace WHERE kind = 'judged' AND said LIKE '%weight%'")
    assert "it offers links to choose from" in weighed[0]["said"]


def test_a_person_behind_an_unlisted_address_is_still_held(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    (ticket,) = market.sent("ticket")
    raw = written("ann@home.example", ticket.reply_to, "Re: Shipping Labels", "Please update to 4.2.", 1)
    assert market.arrive(raw, ticket.reply_to) == "quarantined"
    assert parseaddr(ticket.message["To"])[1] == "tickets@acme.example"
