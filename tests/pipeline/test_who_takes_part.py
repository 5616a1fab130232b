"""Absence, vendors who left, late answers, guessed addresses, our own mail come back: who takes part, and how."""

import pytest

from gatepost.core.letter import Arrival, Envelope
from gatepost.mail.parse import read_letter
from gatepost.pipeline import handle
from gatepost.store import quarantine, tickets, trace

JANE = "Jane Roe <jane@customer.example>"
DAY = 24 * 3_600_000


@pytest.fixture
def filed(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.", message_id="first@jane.example"))
    return market


def people(market, number=1001):
    return market.db.read_now(lambda tx: tickets.participants(tx, number))


def close(market):
    market.db.write_now(lambda tx: tx.run("UPDATE ticket SET state = 'closed'"))


# Absence notices (M5).


def away(sent, sender, words, reply_to):
    return reply_to(sent, sender, words, "Auto-Submitted: auto-replied").replace(
        "Subject: Re:", "Subject: Out of office:"
    )


def test_a_customers_absence_is_told_to_the_vendor_until_they_are_back(filed, reply_to):
    (ack,) = filed.sent("acknowledgement")
    state = filed.ticket()
    assert filed.arrive(
        away(ack, JANE, "I am out of office. I will be back on 8 January 2027.", reply_to), ack.reply_to
    )
    after = filed.ticket()
    assert (after.state, after.waiting_since, after.route) == (state.state, state.waiting_since, state.route)
    assert people(filed)[0].back == "2027-01-08"
    assert filed.rows("SELECT * FROM trace WHERE kind = 'absence' AND said LIKE '%2027-01-08%'")
    filed.db.write_now(
        lambda tx: tx.run(
            """INSERT INTO participant (ticket, number, role, address, name, party, membership, language, joined, back)
               VALUES (1001, 3, 'copied', 'bob@customer.example', 'Bob', 0, 'active', 'en', 0, '')"""
        )
    )
    bob = filed.house.reply_address(filed.house.brands["orchard"], people(filed)[2])
    filed.arrive(reply_to(ack, "bob@customer.example", "She asked me.").replace(ack.reply_to, bob), bob)
    assert "is away until 8 January 2027" in filed.sent("ticket")[-1].text
    filed.arrive(reply_to(ack, JANE, "I am here again."), ack.reply_to)
    assert people(filed)[0].back == ""
    assert "away until" not in filed.sent("ticket")[-1].text


def test_a_vendors_absence_is_told_to_the_customer_with_the_next_answer(filed, reply_to):
    (ticket,) = filed.sent("ticket")
    notice = away(ticket, "tickets@acme.example", "I am out of office. I will be back on 8 January 2027.", reply_to)
    filed.arrive(notice, ticket.reply_to)
    assert filed.sent("answer") == []
    assert people(filed)[1].back == "2027-01-08"


# A vendor who has left (D13).


@pytest.fixture
def without_acme(filed):
    filed.db.write_now(lambda tx: tx.run("UPDATE vendor SET active = 0 WHERE slug = 'acme'"))
    return filed


@pytest.mark.catalogue("D13")
def test_a_vendor_who_left_is_held_and_the_ticket_goes_to_triage(without_acme, reply_to):
    market = without_acme
    (ticket,) = market.sent("ticket")
    assert market.arrive(reply_to(ticket, "tickets@acme.example", "Pay us."), ticket.reply_to) == "quarantined"
    assert market.db.read_now(quarantine.page)[0].cause.word == "vendor_inactive"
    (ack,) = market.sent("acknowledgement")
    assert market.arrive(reply_to(ack, JANE, "Any news?"), ack.reply_to) == "continued"
    assert len(market.sent("ticket")) == 1
    assert [sent.to for sent in market.sent("team")] == ["triage@staff.example"]
    assert market.ticket().route.value == "triage"
    assert [(p.role.value, p.membership.value) for p in people(market)[1:]] == [
        ("vendor", "removed"),
        ("staff", "active"),
    ]
    market.arrive(reply_to(ack, JANE, "Hello?"), ack.reply_to)
    assert len(market.sent("team")) == 2
    assert len(people(market)) == 3


# A reply to a closed ticket (D28, D08).


@pytest.mark.catalogue("D28")
def test_a_person_opens_a_closed_ticket_again_within_the_days(filed, reply_to):
    close(filed)
    (ack,) = filed.sent("acknowledgement")
    filed.now += 59 * DAY
    assert filed.arrive(reply_to(ack, JANE, "It is back."), ack.reply_to) == "continued"
    assert filed.ticket().state.value == "open"


@pytest.mark.catalogue("D28", "D08")
def test_a_later_answer_opens_a_new_ticket_that_follows(filed, reply_to):
    close(filed)
    (ack,) = filed.sent("acknowledgement")
    filed.now += 61 * DAY
    assert filed.arrive(reply_to(ack, JANE, "It is back."), ack.reply_to) == "opened"
    assert filed.ticket(1001).state.value == "closed"
    assert filed.ticket(1002).product_id == filed.ticket(1001).product_id
    said = [row["said"] for row in filed.rows("SELECT said FROM trace WHERE kind = 'linked' ORDER BY ticket")]
    assert [words.partition(":")[0] for words in said] == ["see 1002", "follows 1001"]


@pytest.mark.catalogue("D28")
def test_a_program_opens_nothing_again_and_a_vendor_may_answer_late(filed, reply_to):
    close(filed)
    (ack,), (ticket,) = filed.sent("acknowledgement"), filed.sent("ticket")
    filed.now += 61 * DAY
    filed.arrive(reply_to(ack, JANE, "Away.", "Auto-Submitted: auto-replied"), ack.reply_to)
    assert (filed.ticket().state.value, filed.tickets()) == ("closed", 1)
    assert filed.arrive(reply_to(ticket, "tickets@acme.example", "Mended at last."), ticket.reply_to) == "continued"
    assert filed.tickets() == 1


@pytest.mark.catalogue("D28")
def test_a_reply_to_a_ticket_that_is_gone_opens_a_new_one(filed, reply_to):
    (ack,) = filed.sent("acknowledgement")
    gone = filed.house.reply_address(filed.house.brands["orchard"], people(filed)[0].__class__(
        ticket=4711, number=1, role=people(filed)[0].role, address="jane@customer.example"))  # fmt: skip
    raw = reply_to(ack, JANE, "Shipping Labels again.").replace(ack.reply_to, gone)
    raw = "\n".join(line for line in raw.split("\n") if not line.startswith(("In-Reply-To", "References")))
    assert filed.arrive(raw, gone) == "opened"


# What identity rests on (D16, D27, A14).


@pytest.mark.catalogue("D16")
def test_reply_to_and_sender_say_nothing_about_who_wrote(filed, reply_to):
    (ack,) = filed.sent("acknowledgement")
    forged = reply_to(ack, "Eve <eve@evil.example>", "Refund me.", "Reply-To: jane@customer.example", "Sender: " + JANE)
    assert filed.arrive(forged, ack.reply_to) == "quarantined"
    assert filed.rows("SELECT count(*) AS n FROM message")[0]["n"] == 1


@pytest.mark.catalogue("D27")
def test_the_token_is_taken_from_the_envelope_not_from_to(filed, compose_mail):
    (ack,) = filed.sent("acknowledgement")
    assert filed.arrive(compose_mail(JANE, "More", "Version 4.1."), ack.reply_to) == "continued"
    bare = compose_mail(JANE, "Bcc", "Version 4.2.").replace("To: support@orchard.example\n", "")
    assert filed.arrive(bare, ack.reply_to) == "continued"
    lured = compose_mail(JANE, "Shipping Labels lured", "New.").replace(
        "To: support@orchard.example", f"To: {ack.reply_to}"
    )
    assert filed.arrive(lured, "support@orchard.example") == "opened"


@pytest.mark.catalogue("A14")
def test_a_guessed_reply_address_is_told_and_counted(filed, compose_mail):
    (ack,) = filed.sent("acknowledgement")
    token = ack.reply_to.partition("+")[2].partition("@")[0]
    guess = "support+" + ("b" if token[0] == "a" else "a") + token[1:] + "@orchard.example"
    assert filed.arrive(compose_mail(JANE, "Shipping Labels guess", "Hello."), guess) == "opened"
    assert filed.tickets() == 2
    assert filed.rows("SELECT * FROM trace WHERE kind = 'token' AND said LIKE :said", said=f"{guess}%")
    assert filed.db.read_now(trace.counters)["token.unknown"] == 1


# Our own mail, and what comes back (E05, E06).


@pytest.mark.catalogue("E05")
@pytest.mark.parametrize("template", ["acknowledgement", "ticket"])
def test_our_own_mail_come_back_is_logged_as_ours(filed, template):
    (sent,) = filed.sent(template)
    before = len(filed.sent())
    assert filed.arrive(sent.raw, "support@orchard.example") == "self"
    assert (filed.tickets(), len(filed.sent())) == (1, before)


@pytest.mark.catalogue("E05")
def test_a_mail_from_our_own_address_is_logged_as_ours(filed, compose_mail):
    assert filed.arrive(compose_mail("support@orchard.example", "Shipping Labels", "Hello.")) == "self"
    assert filed.tickets() == 1


def report(to, cited):
    return "\n".join(
        [
            "From: MAILER-DAEMON@relay.example", f"To: {to}", "Subject: Undelivered Mail Returned to Sender",
            "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
            "--b", "Content-Type: text/plain", "", "It bounced.", "--b", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; relay.example", "", "Final-Recipient: rfc822; jane@customer.example", "Action: failed",
            "Status: 5.1.1", "Diagnostic-Code: smtp; 550 no such user", "", "--b", "Content-Type: text/rfc822-headers",
            "", f"Message-ID: <{cited}>", "Subject: x", "", "--b--", "",
        ]
    )  # fmt: skip


def arrive_with_null_sender(market, raw, to):
    market.spool += 1
    octets = raw.replace("\n", "\r\n").encode()
    arrival = Arrival(
        id=market.spool, received=market.now, envelope=Envelope(mail_from="", recipients=(to,)), raw=octets
    )
    return market.db.write_now(lambda tx: handle(tx, market.house, arrival, read_letter(octets), market.now)).value


@pytest.mark.catalogue("E06")
def test_a_bounce_of_our_automatic_mail_is_written_to_its_delivery_and_answered_by_nobody(filed):
    """Its envelope sender was null, so a report that comes all the same comes to From, and cites our Message-ID."""
    filed.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent'"))
    (ack,) = filed.sent("acknowledgement")
    assert arrive_with_null_sender(filed, report(ack.reply_to, ack.message_id), ack.reply_to) == "report"
    (row,) = filed.rows("SELECT state, said FROM delivery WHERE recipient = 'jane@customer.example'")
    assert (row["state"], "no such user" in row["said"]) == ("failed", True)
    assert {sent.to for sent in filed.sent() if "daemon" in sent.to.lower() or "relay" in sent.to} == set()


@pytest.mark.catalogue("E06")
def test_a_report_that_cites_none_of_our_mails_changes_nothing(filed):
    filed.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent'"))
    (ack,) = filed.sent("acknowledgement")
    before = len(filed.sent())
    forged = ack.message_id.partition(".")[0] + ".0123456789abcdef@mail.orchard.example"
    arrive_with_null_sender(filed, report("support@orchard.example", forged), "support@orchard.example")
    assert [row["state"] for row in filed.rows("SELECT DISTINCT state FROM delivery")] == ["sent"]
    assert len(filed.sent()) == before
