"""The main job, mail by mail: filed, routed with the subscription, answered back, in the same thread on both sides."""

import pytest

from gatepost.core.letter import Arrival, Door, Envelope
from gatepost.core.party import Participant, Role
from gatepost.mail.parse import read_letter
from gatepost.pipeline import handle
from gatepost.store import tickets

JANE = "Jane Roe <jane@customer.example>"


def test_a_customers_mail_reaches_the_vendor_with_the_subscription(market, compose_mail):
    assert (
        market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank since the update."))
        == "opened"
    )
    (ticket,) = market.sent("ticket")
    assert ticket.to == "tickets@acme.example"
    assert "Shipping Labels" in ticket.text
    assert "active" in ticket.text
    assert "It stays blank since the update." in ticket.text
    assert "jane@customer.example" in ticket.text
    assert "orders@acme.example" not in ticket.raw.decode()


def test_the_customer_gets_one_acknowledgement_with_the_policies(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank."))
    (ack,) = market.sent("acknowledgement")
    assert ack.to == "jane@customer.example"
    assert ack.mail_from == ""
    assert ack.message["Auto-Submitted"] == "auto-replied"
    assert "https://orchard.example/privacy" in ack.text
    assert "https://orchard.example/data-use" in ack.text
    assert "1001" in ack.text


@pytest.fixture
def filed(market, compose_mail):
    """A ticket filed by Jane; the vendor's mail and hers."""
    market.arrive(
        compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank.", message_id="first@jane.example")
    )
    return market


def test_the_vendors_answer_from_another_help_desk_goes_to_the_customer_in_the_same_thread(filed, reply_to):
    (ticket,) = filed.sent("ticket")
    answer = reply_to(ticket, "Ann <ann@desk.acme.example>", "Please update to 4.2.")
    assert filed.arrive(answer, ticket.reply_to) == "continued"
    (sent,) = filed.sent("answer")
    assert sent.to == "jane@customer.example"
    assert "Please update to 4.2." in sent.text
    assert "<first@jane.example>" in sent.message["References"]
    assert "Acme" in sent.message["From"]
    assert "via Orchard Extensions" in sent.message["From"]
    vendor_token = ticket.reply_to.partition("+")[2].partition("@")[0]
    assert vendor_token not in sent.raw.decode()
    assert sent.reply_to != ticket.reply_to


@pytest.mark.catalogue("D15")
def test_nothing_of_the_vendors_token_reaches_the_customer_even_if_quoted(filed, reply_to):
    (ticket,) = filed.sent("ticket")
    token = ticket.reply_to.partition("+")[2].partition("@")[0]
    body = f"Done.\n\nWrite to {ticket.reply_to} or {token.upper()} if not."
    filed.arrive(reply_to(ticket, "tickets@acme.example", body), ticket.reply_to)
    (sent,) = filed.sent("answer")
    assert token not in sent.text.lower()
    assert "Done." in sent.text


def test_the_customers_reply_goes_to_the_vendor_in_the_vendors_own_thread(filed, reply_to):
    (ack,) = filed.sent("acknowledgement")
    filed.arrive(reply_to(ack, JANE, "It is version 4.1."), ack.reply_to)
    first, second = filed.sent("ticket")
    assert "It is version 4.1." in second.text
    assert first.message["Message-ID"] in second.message["References"]
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    assert filed.tickets() == 1


@pytest.mark.catalogue("D29")
def test_a_thread_holds_where_the_provider_replaced_our_message_id(filed):
    """The token also closes References, so a reply to the support address still comes home."""
    (ack,) = filed.sent("acknowledgement")
    reply = "\n".join(
        [
            f"From: {JANE}", "To: support@orchard.example", "Subject: Re: help", "Date: Mon, 2 Nov 2026 11:00:00 +0000",
            "Message-ID: <r@jane.example>", "In-Reply-To: <rewritten@gmail.example>",
            f"References: {ack.message['References']} <rewritten@gmail.example>", "", "Version 4.1.",
        ]
    )  # fmt: skip
    assert filed.arrive(reply) == "continued"


@pytest.mark.catalogue("D02")
def test_a_number_in_the_subject_alone_never_attaches_a_mail(filed, compose_mail):
    assert filed.arrive(compose_mail(JANE, "Re: [#1001] Shipping Labels prints nothing", "More.")) == "opened"
    assert filed.tickets() == 2


@pytest.mark.catalogue("D30")
def test_tokens_of_two_tickets_the_recipient_wins_and_the_conflict_is_told(filed, compose_mail, reply_to):
    filed.arrive(compose_mail(JANE, "Tax Pro rounds up", "By a cent.", message_id="second@jane.example"))
    one, two = filed.sent("acknowledgement")
    reply = reply_to(one, JANE, "Still blank.").replace(one.reply_to, two.reply_to)
    assert filed.arrive(reply, two.reply_to) == "continued"
    (row,) = filed.rows("SELECT ticket FROM message WHERE text LIKE '%Still blank%'")
    assert row["ticket"] == two.ticket
    assert filed.rows("SELECT * FROM trace WHERE said LIKE 'conflict: the mail also cites ticket 1001%'")


@pytest.mark.catalogue("D05", "D14")
def test_a_token_used_by_somebody_else_is_held(filed, compose_mail, reply_to):
    (ticket,) = filed.sent("ticket")
    before = len(filed.sent())
    assert filed.arrive(reply_to(ticket, "Mallory <m@evil.example>", "Pay me."), ticket.reply_to) == "quarantined"
    assert filed.arrive(reply_to(ticket, JANE, "I have your token."), ticket.reply_to) == "quarantined"
    assert len(filed.sent()) == before
    assert [r["cause"] for r in filed.rows("SELECT cause FROM quarantine")] == ["other_user_update"] * 2


@pytest.mark.catalogue("D03", "D04")
def test_a_reply_counts_only_from_a_proved_sender(strict_market, compose_mail, reply_to):
    market = strict_market
    ok = "Authentication-Results: mx.orchard.example; dmarc=pass header.from=customer.example"
    bad = "Authentication-Results: mx.orchard.example; dmarc=fail header.from=customer.example"
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "Blank.", ok))
    (ack,) = market.sent("acknowledgement")
    assert market.arrive(reply_to(ack, JANE, "Version 4.1.", ok), ack.reply_to) == "continued"
    assert market.arrive(reply_to(ack, JANE, "Forged.", bad), ack.reply_to) == "quarantined"
    assert market.arrive(reply_to(ack, JANE, "Unproved."), ack.reply_to) == "quarantined"
    assert len(market.sent("ticket")) == 2


def test_a_copied_persons_reply_is_theirs_and_the_answer_still_goes_to_the_requester(filed, reply_to):
    """I7: the requester stays the requester."""
    copied = Participant(ticket=1001, number=3, role=Role.COPIED, address="bob@customer.example", name="Bob")
    filed.db.write_now(lambda tx: tickets.join(tx, copied))
    address = filed.house.reply_address(filed.house.brands["orchard"], copied)
    (ack,) = filed.sent("acknowledgement")
    reply = reply_to(ack, "Bob <bob@customer.example>", "I see it too.").replace(ack.reply_to, address)
    assert filed.arrive(reply, address) == "continued"
    (row,) = filed.rows("SELECT author FROM message WHERE text LIKE '%I see it too%'")
    assert row["author"] == 3
    ticket, (heard,) = filed.sent("ticket")[-1], filed.sent("answer")
    assert heard.to == "jane@customer.example" and "Bob wrote:" in heard.text and "I see it too." in heard.text
    filed.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
    assert sorted(sent.to for sent in filed.sent("answer")[1:]) == ["bob@customer.example", "jane@customer.example"]
    assert filed.ticket().customer_id == 1


@pytest.mark.parametrize(
    ("sender", "subject", "body", "to", "acknowledgement"),
    [
        ("eddie@customer.example", "Shipping Labels", "It broke.", "", "acknowledgement-expired"),
        ("carl@customer.example", "Tax Pro", "Rounds up.", "", "acknowledgement-expired"),
        ("new@stranger.example", "Shipping Labels", "Hello?", "", "acknowledgement-no-subscription"),
        ("jane@customer.example", "I want a refund", "For Tax Pro.", "billing@staff.example", "acknowledgement-team"),
        ("new@stranger.example", "A question", "Which one?", "triage@staff.example", "acknowledgement-which-product"),
    ],
)
def test_each_standing_takes_its_own_route(market, compose_mail, sender, subject, body, to, acknowledgement):
    market.arrive(compose_mail(sender, subject, body))
    kinds = {sent.template: sent for sent in market.sent()}
    assert acknowledgement in kinds
    assert "ticket" not in kinds
    if to:
        assert kinds["team"].to == to


def test_an_absent_vendors_substitute_gets_the_ticket(market, compose_mail):
    market.arrive(compose_mail("sam@customer.example", "Sails", "They flap."))
    (ticket,) = market.sent("ticket")
    assert ticket.to == "partner@brill.example"
    (ack,) = market.sent("acknowledgement")
    assert "We are at sea." in ack.text


@pytest.mark.catalogue("B06")
def test_the_same_mail_to_two_of_our_addresses_is_one_ticket_and_one_acknowledgement(market, compose_mail):
    raw = compose_mail(JANE, "Shipping Labels", "Blank.")
    assert market.arrive(raw, "support@orchard.example", "help@orchard.example") == "opened"
    assert market.arrive(raw, "help@orchard.example") == "duplicate"
    assert market.tickets() == 1
    assert len(market.sent("acknowledgement")) == 1
    ways = market.rows("SELECT recipients FROM arrival WHERE ticket = 1001 ORDER BY id")
    assert [row["recipients"] for row in ways] == [
        '["support@orchard.example", "help@orchard.example"]', '["help@orchard.example"]',
    ]  # fmt: skip


@pytest.mark.catalogue("B07")
def test_the_same_mail_with_other_trace_headers_is_one_ticket(market, compose_mail):
    raw = compose_mail(JANE, "Shipping Labels", "Blank.")
    traced = "Received: from a by b; Mon, 2 Nov 2026 09:00:01 +0000\nDelivered-To: support@orchard.example\n" + raw
    assert market.arrive(raw) == "opened"
    assert market.arrive(traced, door=Door.IMAP) == "duplicate"


@pytest.mark.catalogue("B08")
@pytest.mark.parametrize("first", ["real", "attack"])
def test_another_mail_that_reuses_a_message_id_is_kept(market, compose_mail, first):
    real = compose_mail(JANE, "Shipping Labels", "Blank.", message_id="known@jane.example")
    attack = compose_mail("m@evil.example", "Shipping Labels", "Suppress this.", message_id="known@jane.example")
    order = (real, attack) if first == "real" else (attack, real)
    assert [market.arrive(raw) for raw in order] == ["opened", "opened"]
    assert market.tickets() == 2
    assert "msgid_collision" in market.ticket(1002).flags


@pytest.mark.catalogue("B09")
def test_the_same_words_without_message_id_a_day_apart_are_two_messages(market):
    raw = f"From: {JANE}\nTo: support@orchard.example\nSubject: Shipping Labels\n\nBlank again.\n"
    assert market.arrive(raw) == "opened"
    assert market.arrive(raw) == "duplicate"
    market.now += 24 * 3_600_000
    assert market.arrive(raw) == "opened"


def test_a_second_look_at_an_arrival_changes_nothing(market, compose_mail):
    raw = compose_mail(JANE, "Shipping Labels", "Blank.")
    market.arrive(raw)
    sent = len(market.sent())
    market.spool -= 1
    assert market.arrive(raw) == "opened"
    assert (market.tickets(), len(market.sent())) == (1, sent)


@pytest.mark.catalogue("A30")
def test_a_null_sender_is_never_answered(market):
    raw = "From: Robot <robot@customer.example>\nTo: support@orchard.example\nSubject: Shipping Labels\n\nHello.\n"
    market.spool += 1
    octets = raw.replace("\n", "\r\n").encode()
    envelope = Envelope(mail_from="", recipients=("support@orchard.example",))
    arrival = Arrival(id=market.spool, received=market.now, envelope=envelope, raw=octets)
    market.db.write_now(lambda tx: handle(tx, market.house, arrival, read_letter(octets), market.now))
    assert not [sent for sent in market.sent() if sent.to == "robot@customer.example"]


@pytest.mark.catalogue("F16")
def test_a_broken_template_keeps_the_ticket_and_sends_nothing_half_made(market, compose_mail, tmp_path):
    folder = tmp_path / "templates" / "customer"
    folder.mkdir(parents=True)
    (folder / "acknowledgement.en.txt.j2").write_text("Subject: {{ subject }}\n\n{{ customer.no_such_value }}\n")
    market.house.letters.reload()
    assert market.arrive(compose_mail(JANE, "Shipping Labels", "Blank.")) == "opened"
    (ack,) = market.sent("acknowledgement")
    assert (ack.state, ack.raw) == ("error", b"")
    assert "no_such_value" in ack.error
    assert market.rows("SELECT count(*) AS n FROM delivery WHERE recipient = 'jane@customer.example'")[0]["n"] == 0
    assert market.sent("ticket")[0].state == "ready"


def test_the_overdue_and_rating_deadlines_are_written_with_the_ticket_and_come_due(filed, reply_to):
    """C1: rows, written with their cause; each is done once."""
    rows = filed.rows("SELECT kind, due FROM deadline WHERE kind <> 'nudge' ORDER BY due")
    assert [row["kind"] for row in rows] == ["overdue", "rating"]
    assert filed.do_what_is_due() == []
    filed.now = rows[0]["due"] - 1
    assert filed.do_what_is_due() == ["nudge"]
    filed.now = rows[0]["due"]
    assert filed.do_what_is_due() == ["overdue"]
    assert filed.do_what_is_due() == []
    assert "overdue" in filed.ticket().flags
    assert [sent.to for sent in filed.sent("vendor/overdue")] == ["tickets@acme.example"]
    assert [sent.to for sent in filed.sent("staff/overdue")] == ["staff@staff.example"]
    (ticket,) = filed.sent("ticket")
    filed.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
    assert "overdue" not in filed.ticket().flags
    filed.now = rows[1]["due"]
    assert filed.do_what_is_due() == ["rating"]
    (rating,) = filed.sent("rating")
    assert (rating.to, rating.message["Auto-Submitted"]) == ("jane@customer.example", "auto-generated")
    filed.now += 30 * 24 * 3_600_000
    assert filed.do_what_is_due() == []


def test_a_rating_waits_while_the_customer_waits(filed):
    rows = filed.rows("SELECT kind, due FROM deadline WHERE kind = 'rating'")
    filed.now = rows[0]["due"]
    filed.do_what_is_due()
    assert filed.sent("rating") == []
    filed.now += 24 * 3_600_000
    assert "rating" in filed.do_what_is_due()
    assert filed.sent("rating") == []


def test_an_answer_stops_the_clock_and_a_bump_does_not_restart_it(filed, reply_to):
    (due,) = filed.rows("SELECT due FROM deadline WHERE kind = 'overdue'")
    (ack,) = filed.sent("acknowledgement")
    filed.now += 3_600_000
    filed.arrive(reply_to(ack, JANE, "Anybody?"), ack.reply_to)
    assert filed.rows("SELECT due FROM deadline WHERE kind = 'overdue' AND state = 'open'") == [due]
    ticket = filed.sent("ticket")[0]
    filed.arrive(reply_to(ticket, "tickets@acme.example", "Update."), ticket.reply_to)
    assert filed.rows("SELECT due FROM deadline WHERE kind = 'overdue' AND state = 'open'") == []


@pytest.mark.catalogue("E07")
def test_a_report_changes_only_the_delivery_that_it_cites(filed):
    (ticket,) = filed.sent("ticket")
    filed.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent'"))
    report = "\n".join(
        [
            "From: MAILER-DAEMON@relay.example", f"To: {ticket.mail_from}", "Subject: Undelivered Mail Returned to Sender",
            "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
            "--b", "Content-Type: text/plain", "", "It bounced.", "--b", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; relay.example", "", "Final-Recipient: rfc822; tickets@acme.example", "Action: failed",
            "Status: 5.1.1", "Diagnostic-Code: smtp; 550 no such user", "", "--b--", "",
        ]
    )  # fmt: skip
    assert filed.arrive(report, "support@orchard.example", mail_from=None) == "quarantined"
    assert "vendor_unreachable" not in filed.ticket().flags
    report = report.replace("It bounced.", "It bounced again.")
    assert filed.arrive(report, ticket.mail_from, mail_from=None) == "report"
    assert "vendor_unreachable" in filed.ticket().flags
    (row,) = filed.rows("SELECT state, said FROM delivery WHERE recipient = 'tickets@acme.example'")
    assert (row["state"], "no such user" in row["said"]) == ("failed", True)
    (notice,) = filed.sent("undeliverable")
    assert notice.to == "staff@staff.example"
    assert "tickets@acme.example: " in notice.text


def test_a_requester_beyond_ascii_is_answered(market, compose_mail):
    """RFC 6532: the local part stands in To as it is, the domain as A-labels; nothing else in the mail is 8-bit."""
    assert market.arrive(compose_mail("Ада <ада@почта.example>", "Shipping Labels", "Blank.")) == "opened"
    (ack,) = [mail for mail in market.sent() if mail.to == "ада@xn--80a1acny.example"]
    (to,) = [line for line in ack.raw.split(b"\r\n") if line.startswith(b"To:")]
    assert to.endswith("<ада@xn--80a1acny.example>".encode())
    assert ack.raw.replace(to, b"").isascii()
    assert "requester_unreachable" not in market.ticket().flags
    answer = compose_mail(
        "Ада <ада@почта.example>", "Re: Labels", "Version 4.", f"In-Reply-To: {ack.message['Message-ID']}"
    )
    assert market.arrive(answer, ack.reply_to) == "continued"


def test_a_requester_whose_address_cannot_be_written_to_leaves_no_row_behind_and_a_flag(market, compose_mail):
    """Staff see it on the ticket, and nothing stays in state error."""
    assert market.arrive(compose_mail("a@b_c.example", "Shipping Labels", "Blank.")) == "opened"
    assert "requester_unreachable" in market.ticket().flags
    assert [sent.state for sent in market.sent()] == ["ready"]
    assert market.rows(
        "SELECT said FROM trace WHERE kind = 'unsent' AND said LIKE '%cannot%' OR said LIKE '%not an address%'"
    )


def test_a_licence_code_from_another_address_names_the_product_and_gives_no_right_to_it(market, compose_mail):
    """R1: the code says what the mail is about; what the sender may expect say their own subscriptions alone (R2)."""
    assert market.arrive(compose_mail("Joe <joe@elsewhere.example>", "Help", "My licence: (S-jane-1).")) == "opened"
    ticket = market.ticket()
    assert (ticket.product_id, ticket.route.value, market.sent("ticket")) == (1, "triage", [])
    said = market.rows("SELECT said FROM trace WHERE kind = 'opened'")[0]["said"]
    assert said == "product: the mail names the purchase S-jane-1 of another address"
