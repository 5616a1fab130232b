"""Delivery reports as mail systems write them: RFC 3464, broken RFC 3464, prose; and mails that only speak of bounces."""

from email import message_from_bytes

import pytest

from gatepost.core.letter import Report
from gatepost.mail.bounce import report

RETURNED = "Message-ID: <d.7.abc@mail.market.example>\nFrom: t.abc@mail.market.example\nTo: help@vendor.example\nSubject: Ticket 42\n"
CITED = ("<d.7.abc@mail.market.example>",)


def read(raw: str) -> Report | None:
    return report(message_from_bytes(raw.replace("\n", "\r\n").encode()))


def dsn(
    status: str, *, head: str = "", text: str = "Your mail could not be delivered.", returned: str = RETURNED
) -> str:
    """A multipart/report as RFC 3464 wants it, with the given delivery-status part."""
    return (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.vendor.example\nSubject: Undelivered Mail Returned to Sender\n"
        f"{head}MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\n{text}\n\n--b\nContent-Type: message/delivery-status\n\n{status}\n"
        f"--b\nContent-Type: message/rfc822\n\n{returned}\nHello\n\n--b--\n"
    )


def prose(sender: str, subject: str, text: str, *, head: str = "Return-Path: <>\n") -> str:
    return f"{head}From: {sender}\nTo: t.abc@mail.market.example\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}"


MTA = "Reporting-MTA: dns; mx.vendor.example\n\n"
HELP = "help@vendor.example"
SAMPLES = [
    ("Postfix, failed for good", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nOriginal-Recipient: rfc822;{HELP}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n"), [(HELP, "failed", "5.1.1")], CITED),
    ("Postfix, delayed", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Fri, 8 Mar 2024 09:12:44 +0100\n"), [(HELP, "delayed", "4.4.1")], CITED),
    ("Exchange, rejected by policy", dsn(MTA + f"Final-Recipient: rfc822;{HELP}\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp;550 5.7.1 TRANSPORT.RULES.RejectMessage\n"), [(HELP, "failed", "5.7.1")], CITED),
    ("delivered", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: delivered\nStatus: 2.1.5\n"), [(HELP, "delivered", "2.1.5")], CITED),
    ("relayed to a system without reports", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: relayed\nStatus: 2.0.0\n"), [(HELP, "relayed", "2.0.0")], CITED),
    ("two recipients, one delayed", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: failed\nStatus: 5.2.2\n\nFinal-Recipient: rfc822; b@vendor.example\nAction: delayed\nStatus: 4.2.2\n"), [(HELP, "failed", "5.2.2"), ("b@vendor.example", "delayed", "4.2.2")], CITED),
    ("rewritten on the way: the address we wrote to counts", dsn(MTA + f"Final-Recipient: rfc822; box17@internal.example\nOriginal-Recipient: rfc822; {HELP}\nAction: failed\nStatus: 5.1.1\n"), [(HELP, "failed", "5.1.1")], CITED),
    ("malformed: no blank line between recipients", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; b@vendor.example\nAction: failed\nStatus: 5.1.2\n"), [(HELP, "failed", "5.1.1"), ("b@vendor.example", "failed", "5.1.2")], CITED),
    ("malformed: no type before the address, brackets around it", dsn(MTA + f"Final-Recipient: <{HELP}>\nAction: Failed\nStatus: 5.0.0 (permanent failure)\n"), [(HELP, "failed", "5.0.0")], CITED),
    ("malformed: no Action; a status of class 4 is a delay", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nStatus: 4.4.7\n"), [(HELP, "delayed", "4.4.7")], CITED),
    ("malformed: no Status; the diagnosis has it", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: failed\nDiagnostic-Code: smtp; 550-5.2.1 The account is disabled\n"), [(HELP, "failed", "5.2.1")], CITED),
    ("malformed: an action nobody knows", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: exploded\nStatus: 5.3.0\n"), [(HELP, "failed", "5.3.0")], CITED),
    ("malformed: an empty status part; the text names the address", dsn("", text=f"Delivery to the following recipient failed permanently:\n\n     {HELP}\n\n550 5.1.1 no such user"), [(HELP, "failed", "5.1.1")], CITED),
    ("malformed: the status part is base64", dsn(MTA, head="").replace("Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.vendor.example\n\n", "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nRmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGhlbHBAdmVuZG9yLmV4YW1wbGUKQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjEuMQo=\n"), [(HELP, "failed", "5.1.1")], CITED),
    ("headers of the returned mail only", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: failed\nStatus: 5.1.1\n").replace("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers"), [(HELP, "failed", "5.1.1")], CITED),
    ("no mail returned", dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: failed\nStatus: 5.1.1\n", returned="Subject: x\n"), [(HELP, "failed", "5.1.1")], ()),
    ("qmail", prose("MAILER-DAEMON@mx.vendor.example", "failure notice", f"Hi. This is the qmail-send program at mx.vendor.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{HELP}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <x@market.example>\n{RETURNED}"), [(HELP, "failed", "5.1.1")], CITED),
    ("Exim", prose("Mail Delivery System <Mailer-Daemon@mx.vendor.example>", "Mail delivery failed: returning message to sender", f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {HELP}\n    unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\n{RETURNED}", head=f"Return-Path: <>\nX-Failed-Recipients: {HELP}\n"), [(HELP, "failed", "")], CITED),
    ("Exim, delayed", prose("Mail Delivery System <Mailer-Daemon@mx.vendor.example>", "Warning: message 1rhX-0004 delayed 24 hours", f"This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\nThe address to which the message has not yet been delivered is:\n\n  {HELP}\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n"), [(HELP, "delayed", "")], ()),
    ("sendmail of old", prose("Mail Delivery Subsystem <MAILER-DAEMON@mx.vendor.example>", "Returned mail: User unknown", f"The original message was received at Tue, 5 Mar 2024 09:12:44 +0100\n\n   ----- The following addresses had permanent fatal errors -----\n<{HELP}>\n\n   ----- Transcript of session follows -----\n550 5.1.1 <{HELP}>... User unknown\n"), [(HELP, "failed", "5.1.1")], ()),
    ("Exchange of old", prose("System Administrator <postmaster@vendor.example>", "Undeliverable: Ticket 42", f"Your message\n\n  To:      Help\n  Subject: Ticket 42\n  Sent:    Tue, 5 Mar 2024 09:12:44 +0100\n\ndid not reach the following recipient(s):\n\n{HELP} on Tue, 5 Mar 2024 09:12:50 +0100\n    The recipient name is not recognized\n"), [(HELP, "failed", "")], ()),
    ("Lotus Domino", prose("MAILER-DAEMON@notes.vendor.example", "DELIVERY FAILURE: User help (help@vendor.example) not listed in Domino Directory", f"Your message\n\n  Subject: Ticket 42\n\nwas not delivered to:\n\n  {HELP}\n\nbecause:\n\n  User help ({HELP}) not listed in Domino Directory\n"), [(HELP, "failed", "")], ()),
    ("Yahoo", prose("MAILER-DAEMON@yahoo.example", "Failure Notice", f"Sorry, we were unable to deliver your message to the following address.\n\n<{HELP}>:\n554: delivery error: dd This user doesn't have an account [-5]\n\n--- Below this line is a copy of the message.\n\n{RETURNED}"), [(HELP, "failed", "")], CITED),
    ("Google", prose("Mail Delivery Subsystem <mailer-daemon@google.example>", "Delivery Status Notification (Failure)", f"Delivery to the following recipient failed permanently:\n\n     {HELP}\n\nTechnical details of permanent failure:\n550 5.1.1 The email account that you tried to reach does not exist.\n\n----- Original message -----\n\n{RETURNED}"), [(HELP, "failed", "5.1.1")], CITED),
    ("a Japanese carrier", prose("Postmaster <Postmaster@keitai.example>", "Mail System Error - Returned Mail", f"次のあて先へのメッセージはエラーのため送信できませんでした。\n\n送信先メールアドレスが見つかりません。\n\n<{HELP}>\n"), [(HELP, "failed", "")], ()),
    ("German words", prose("Mailer-Daemon <mailer-daemon@post.example>", "Mail konnte nicht zugestellt werden", f"Ihre Nachricht konnte an folgende Empfänger nicht zugestellt werden:\n\n{HELP}: 550 Postfach unbekannt\n"), [(HELP, "failed", "")], ()),
    ("a title of encoded words", prose("postmaster@post.example", "=?utf-8?B?VW56dXN0ZWxsYmFyOiBUaWNrZXQgNDI=?=", f"Fehler bei der Übermittlung an folgende Empfänger:\n\n{HELP}\n"), [(HELP, "failed", "")], ()),
    ("Google, an empty status part", dsn("", text=f"** Address not found **\n\nYour message wasn't delivered to {HELP} because the address couldn't be found.\n\n550 5.1.1 The email account does not exist."), [(HELP, "failed", "5.1.1")], CITED),
    ("Coremail", prose("Postmaster@163.example", "=?gb2312?B?z7XNs83L0MU=?=", f"抱歉，您的邮件被退回来了……\n      原邮件信息：\n            主 题 Ticket 42\n            收件人 {HELP}\n\n 退信原因：550 No such user here\n", head="X-CM-Original-Message-ID: <d.7.abc@mail.market.example>\n"), [(HELP, "failed", "")], CITED),
    ("a full mailbox, no null path", prose("Mail Delivery System <MAILER-DAEMON@mx.vendor.example>", "Undelivered Mail Returned to Sender", f"I'm sorry to have to inform you that your message could not be delivered.\n\n<{HELP}>: host mx said: 552 5.2.2 Mailbox full\n", head=""), [(HELP, "failed", "5.2.2")], ()),
]  # fmt: skip


@pytest.mark.catalogue("E08")
@pytest.mark.parametrize(("raw", "recipients", "cited"), [row[1:] for row in SAMPLES], ids=[row[0] for row in SAMPLES])
def test_a_delivery_report_is_read(raw, recipients, cited):
    found = read(raw)
    assert found is not None
    assert [(one.address, one.action, one.status) for one in found.recipients] == recipients
    assert found.cited == cited


FORWARDED = "From: jane@customer.example\nSubject: Fwd: Undelivered Mail\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\nWhat does this mean?\n\n--m\nContent-Type: message/rfc822\n\n"
NOT_REPORTS = [
    ("a plain letter", "From: jane@customer.example\nSubject: Crash\n\nIt crashes.\n"),
    ("a letter about a bounce", "From: jane@customer.example\nSubject: Undelivered mail\n\nMy customers get “550 5.1.1 user unknown” from your plugin. Why?\n"),
    ("an answer to a bounce", "From: jane@customer.example\nSubject: Re: Undelivered Mail Returned to Sender\n\nIt says that <help@vendor.example> does not exist.\n"),
    ("a forwarded bounce", FORWARDED + dsn(MTA + f"Final-Recipient: rfc822; {HELP}\nAction: failed\nStatus: 5.1.1\n") + "\n--m--\n"),
    ("a list post that quotes a bounce", f"From: bob@x.example\nList-Id: <users.x.example>\nPrecedence: list\nSubject: Undeliverable: what now\n\nI got:\n\nDelivery to the following recipient failed permanently:\n   {HELP}\n"),
    ("an administrator", "From: Administrator <administrator@customer.example>\nSubject: Server\n\nThe log says: connection refused, 550 timed out. What now?\n"),
    ("a postmaster who writes", "From: Bob <postmaster@customer.example>\nReturn-Path: <postmaster@customer.example>\nSubject: Plugin\n\nThe plugin says: mailbox unavailable.\n"),
    ("an absence notice", "From: jane@customer.example\nReturn-Path: <>\nSubject: Automatic reply: Ticket 42\nAuto-Submitted: auto-replied\n\nI am away. If your message is urgent, write to bob@customer.example.\n"),
    ("a read receipt", "From: jane@customer.example\nReturn-Path: <>\nSubject: Read: Ticket 42\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nYour message was read.\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; jane@customer.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n"),
    ("an abuse report", "From: abuse@isp.example\nReturn-Path: <>\nSubject: Abuse\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n"),
    ("nothing at all", ""),
]  # fmt: skip


@pytest.mark.catalogue("E08", "E10")
@pytest.mark.parametrize("raw", [row[1] for row in NOT_REPORTS], ids=[row[0] for row in NOT_REPORTS])
def test_what_only_speaks_of_bounces_is_none(raw):
    assert read(raw) is None


@pytest.mark.catalogue("E08")
@pytest.mark.parametrize(
    "raw",
    [
        b"From: \xff\xfe MAILER-DAEMON\r\nSubject: =?x-unknown?Q?=FF?= failure notice\r\n\r\n\xff <a@b.example>:",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno parts",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\xff\xff: x\r\nAction\r\n: y\r\n--b--",
        b"From: MAILER-DAEMON\r\nSubject: failure notice\r\nContent-Type: text/plain; charset=x-none\r\n\r\n<\xe9@b.example>:",
        b"From: MAILER-DAEMON\r\nSubject: failure notice\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient:\r\nStatus: 5.x.1.2.3\r\n",
    ],
)  # fmt: skip
def test_a_broken_report_is_still_a_report_and_raises_nothing(raw):
    assert report(message_from_bytes(raw)) is not None


def test_values_from_strangers_are_capped():
    long = f"Final-Recipient: rfc822; {'a' * 5_000}@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; {'x' * 9_000}\n\n"
    found = read(dsn(MTA + long * 400))
    assert found is not None
    assert len(found.recipients) == 100
    assert max(len(one.address) for one in found.recipients) <= 320
    assert max(len(one.diagnostic) for one in found.recipients) <= 500
