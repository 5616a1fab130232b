"""A vendor whose address bounces for good: somebody else gets the ticket, whole, and staff hear of it (D7, E08, E06)."""

import pytest

from gatepost.core.verdict import Route
from gatepost.store import mail_limits

JANE = "Jane Roe <jane@customer.example>"


def report(to, recipient, action="failed", status="5.1.1", words="550 no such user", extra=""):
    """A delivery report as mail systems write it (RFC 3464)."""
    return "\n".join(
        [
            "From: MAILER-DAEMON@relay.example", f"To: {to}", f"Subject: Delivery Status Notification {action} {status}{extra}",
            "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
            "--b", "Content-Type: text/plain", "", f"It {action}.", "--b", "Content-Type: message/delivery-status", "",
            "Reporting-MTA: dns; relay.example", "", f"Final-Recipient: rfc822; {recipient}", f"Action: {action}",
            f"Status: {status}", f"Diagnostic-Code: smtp; {words}", "", "--b--", "",
        ]
    )  # fmt: skip


@pytest.fixture
def filed(market, compose_mail):
    market.arrive(compose_mail(JANE, "Shipping Labels prints nothing", "It stays blank."))
    (ack,) = market.sent("acknowledgement")
    market.arrive(
        compose_mail(JANE, "Re: Labels", "Version 4.1.", f"In-Reply-To: {ack.message['Message-ID']}"), ack.reply_to
    )
    market.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent', next = NULL"))
    return market


def test_the_triage_team_gets_the_whole_history_once_and_staff_are_told(filed):
    first, second = filed.sent("ticket")
    for mail in (first, second):
        assert filed.arrive(report(mail.mail_from, "tickets@acme.example"), mail.mail_from, mail_from=None) == "report"
    history = filed.sent("team")
    assert [mail.to for mail in history] == ["triage@staff.example"]
    assert ["It stays blank." in history[0].text, "Version 4.1." in history[0].text] == [True, True]
    assert [mail.to for mail in filed.sent("undeliverable")] == ["staff@staff.example"]
    ticket = filed.ticket()
    assert (ticket.route, ticket.team) == (Route.TRIAGE, "triage")
    assert "vendor_unreachable" in ticket.flags
    assert ticket.waiting_since is not None


def test_later_mail_goes_to_the_team_alone_and_a_late_answer_of_the_vendor_still_arrives(filed, compose_mail):
    (first, _), (ack,) = filed.sent("ticket"), filed.sent("acknowledgement")
    filed.arrive(report(first.mail_from, "tickets@acme.example"), first.mail_from, mail_from=None)
    before = len(filed.sent())
    filed.arrive(compose_mail(JANE, "Re: Labels", "Hello?", f"In-Reply-To: {ack.message['Message-ID']}"), ack.reply_to)
    assert [mail.to for mail in filed.sent()[before:]] == ["triage@staff.example"]
    answer = compose_mail(
        "tickets@acme.example", "Re: Labels", "Update.", f"In-Reply-To: {first.message['Message-ID']}"
    )
    assert filed.arrive(answer, first.reply_to) == "continued"
    assert len([mail for mail in filed.sent("answer") if mail.to == "jane@customer.example"]) == 1


@pytest.mark.catalogue("E08")
@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0")])
def test_a_report_of_delay_or_success_moves_nothing(filed, action, status):
    first = filed.sent("ticket")[0]
    filed.arrive(report(first.mail_from, "tickets@acme.example", action, status), first.mail_from, mail_from=None)
    assert filed.ticket().route is Route.VENDOR
    assert filed.ticket().flags == ()
    assert filed.sent("undeliverable") == []


@pytest.mark.catalogue("E06")
def test_the_bounce_of_an_automatic_mail_and_the_bounce_of_a_bounce_are_answered_by_nobody(filed):
    (ack,) = filed.sent("acknowledgement")
    assert ack.mail_from == ""
    before = len(filed.sent())
    for n in range(20):
        raw = report("support@orchard.example", "jane@customer.example", extra=f" {n}")
        assert filed.arrive(raw, ack.reply_to, mail_from=None) in ("quarantined", "event", "report", "continued")
    assert len(filed.sent()) == before
    assert filed.tickets() == 1


@pytest.mark.catalogue("E09", "E10")
def test_an_absence_notice_a_receipt_and_a_challenge_are_events(filed, compose_mail):
    first = filed.sent("ticket")[0]
    before, waiting = len(filed.sent()), filed.ticket().waiting_since
    cite = f"In-Reply-To: {first.message['Message-ID']}"
    mails = [
        compose_mail("tickets@acme.example", "Automatic reply: Labels", "I am out of the office.", "Auto-Submitted: auto-replied", cite),
        compose_mail("tickets@acme.example", "Read: Labels", "Read.", "Content-Type: multipart/report; report-type=disposition-notification; boundary=x", cite),
        compose_mail("tickets@acme.example", "Please confirm", "Click https://c.example/1.", "X-Challenge-Response: 1", cite),
    ]  # fmt: skip
    for raw in mails:
        assert filed.arrive(raw, first.reply_to) in ("continued", "event", "quarantined")
    assert len(filed.sent()) == before
    assert filed.ticket().waiting_since == waiting


def test_a_vendor_who_has_lost_the_ticket_cannot_take_it_from_the_next_one(filed, reply_to):
    """They know the envelope sender of the mail that they got, and may write a report to it at any time."""
    first = filed.sent("ticket")[0]
    filed.arrive(reply_to(first, "tickets@acme.example", "#product sails\n"), first.reply_to)
    brill = filed.sent("ticket")[-1]
    assert brill.to == "partner@brill.example"
    assert filed.arrive(report(first.mail_from, "tickets@acme.example"), first.mail_from, mail_from=None) == "report"
    ticket = filed.ticket()
    assert (ticket.route, ticket.flags) == (Route.VENDOR, ())
    assert filed.sent("team") == filed.sent("undeliverable") == []
    said = filed.rows("SELECT said FROM trace WHERE ticket = 1001 AND kind = 'note' ORDER BY id DESC LIMIT 1")
    assert said[0]["said"].endswith("they have left the ticket")


def test_a_flood_of_reports_counts_once_and_names_whom_we_wrote_to(filed):
    first = filed.sent("ticket")[0]
    for n in range(40):
        raw = report(first.mail_from, f"boss{n}@elsewhere.example", words=f"550 {n}", extra=f" {n}")
        assert filed.arrive(raw, first.mail_from, mail_from=None) == "report"
    flags = filed.rows("SELECT said FROM trace WHERE kind = 'flag' AND ticket = 1001")
    assert [row["said"] for row in flags] == ["vendor_unreachable: tickets@acme.example: 5.1.1 550 0"]
    (letter,) = filed.sent("undeliverable")
    assert "tickets@acme.example" in letter.text
    assert "elsewhere.example" not in letter.text


def test_a_forged_report_about_the_size_teaches_nothing_of_a_domain(filed):
    """Else one customer could have everybody's files at their provider sent as links."""
    first = filed.sent("ticket")[0]
    raw = report(first.mail_from, "tickets@acme.example", status="5.3.4", words="552 5.3.4 message too big")
    filed.arrive(raw, first.mail_from, mail_from=None)
    limit = filed.db.read_now(lambda tx: mail_limits.known(tx, "x@acme.example", filed.now))
    assert limit is None
