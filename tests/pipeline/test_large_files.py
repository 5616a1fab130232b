"""Files that are too large for the recipient's mail go as links that expire (D6, F19)."""

import base64
import random
from dataclasses import replace

import pytest

from gatepost.core import DAY
from gatepost.core.letter import Envelope
from gatepost.core.outgoing import Refused
from gatepost.lighter import send_lighter
from gatepost.links import For, LinkError
from gatepost.mail import look
from gatepost.store import claims, mail_limits, outbox

JANE = "Jane Roe <jane@customer.example>"


def with_files(subject, *files):
    """A mail with files of these names and sizes, of bytes that nothing makes smaller."""
    lines = [
        f"From: {JANE}", "To: support@orchard.example", f"Subject: {subject}", "Date: Mon, 2 Nov 2026 09:00:00 +0000",
        f"Message-ID: <{abs(hash((subject, files)))}@jane.example>", "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "It prints nothing.", "",
    ]  # fmt: skip
    for name, octets in files:
        content = base64.encodebytes(random.Random(octets).randbytes(octets)).decode().rstrip("\n")
        lines += [
            "--b", f'Content-Type: application/zip; name="{name}"', "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="{name}"', "", content, "",
        ]  # fmt: skip
    return "\n".join([*lines, "--b--", ""])


@pytest.fixture
def small(market):
    """Mails of at most 600 kB."""
    market.house.message_octets = 600_000
    return market


def named(mail):
    return sorted(file.filename for file in look.parts(mail.raw).attachments)


def link_in(text):
    return next(line for line in text.splitlines() if line.startswith("https://my.orchard.example/files/"))


@pytest.mark.catalogue("F19")
def test_what_does_not_fit_goes_as_a_link_that_expires(small):
    small.arrive(with_files("Shipping Labels", ("log.zip", 90_000), ("video.zip", 700_000), ("shot.zip", 200_000)))
    (ticket,) = small.sent("ticket")
    assert named(ticket) == ["log.zip", "shot.zip"]
    assert len(ticket.raw) <= 600_000
    assert "log.zip, shot.zip" in ticket.text
    assert "video.zip, 700 kB" in ticket.text
    part = link_in(ticket.text).rpartition("/")[2].strip()
    attachment, number, participant = small.house.links.read(For.ATTACHMENT, part, small.now + 30 * DAY - 1_000)
    assert small.rows("SELECT filename FROM attachment WHERE id = :id", id=attachment)[0]["filename"] == "video.zip"
    assert (number, participant) == (1001, ticket.participant)
    with pytest.raises(LinkError) as old:
        small.house.links.read(For.ATTACHMENT, part, small.now + 30 * DAY + 1_000)
    assert old.value.expired


def test_a_mail_with_room_for_all_has_no_link(small):
    small.arrive(with_files("Shipping Labels", ("log.zip", 90_000), ("shot.zip", 200_000)))
    (ticket,) = small.sent("ticket")
    assert named(ticket) == ["log.zip", "shot.zip"]
    assert "/files/" not in ticket.text


def test_many_files_leave_as_few_behind_as_can_be(small):
    small.arrive(with_files("Shipping Labels", *((f"{n}.zip", 40_000 + 10_000 * n) for n in range(9))))
    (ticket,) = small.sent("ticket")
    assert named(ticket) == [f"{n}.zip" for n in range(5)]
    assert len(ticket.raw) <= 600_000


@pytest.mark.catalogue("F19")
def test_a_smarthost_that_takes_less_gets_less(small):
    small.db.write_now(lambda tx: mail_limits.learn(tx, mail_limits.SMARTHOST, 200_000, small.now))
    small.arrive(with_files("Shipping Labels", ("log.zip", 50_000), ("shot.zip", 120_000)))
    assert named(small.sent("ticket")[0]) == ["log.zip"]
    small.db.write_now(lambda tx: mail_limits.learn(tx, mail_limits.SMARTHOST, 0, small.now))
    small.arrive(with_files("Shipping Labels again", ("log.zip", 50_000), ("shot.zip", 120_000)))
    assert named(small.sent("ticket")[1]) == ["log.zip", "shot.zip"]


def test_without_a_portal_the_mail_says_where_the_file_is(small):
    small.house.brands["orchard"] = replace(small.house.brands["orchard"], portal="")
    small.arrive(with_files("Shipping Labels", ("video.zip", 700_000)))
    (ticket,) = small.sent("ticket")
    assert named(ticket) == []
    assert "video.zip, 700 kB" in ticket.text
    assert "It is kept with this ticket. Reply to this mail" in ticket.text


def test_the_answer_to_the_customer_has_them_too(small, reply_to):
    small.arrive(with_files("Shipping Labels", ("log.zip", 90_000)))
    (ticket,) = small.sent("ticket")
    head, _, body = with_files("x", ("patch.zip", 700_000)).partition("\n\n")
    mime = [line for line in head.splitlines() if line.startswith(("MIME", "Content"))]
    answer = reply_to(ticket, "tickets@acme.example", body, *mime)
    assert small.arrive(answer, ticket.reply_to) == "continued"
    (mail,) = small.sent("answer")
    assert named(mail) == []
    assert "patch.zip, 700 kB" in mail.text
    part = link_in(mail.text).rpartition("/")[2].strip()
    assert small.house.links.read(For.ATTACHMENT, part, small.now)[2] == mail.participant


def refuse(market, mail, said):
    """The smarthost's answer to the mail, written down as the deliverer does."""

    again = []

    def told(tx, due, _):
        again.append(send_lighter(tx, market.house, due.outbox, said, market.now))

    def run(tx):
        due = claims.claim(tx, now=market.now, limit=50, lease=60_000, owner="t", per_destination=50)
        one = next(each for each in due if each.recipient == mail.to and each.message_id == mail.message_id)
        outbox.record(tx, one, Refused(code=int(said[:3]), said=said[4:]), market.now, on_failed=told)

    market.db.write_now(run)
    return again[0]


@pytest.mark.catalogue("F19")
@pytest.mark.parametrize(
    "said",
    ["552 5.3.4 Message size exceeds fixed limit", "550 5.2.3 too large for this mailbox", "552 message too big"],
)
def test_a_mail_refused_for_its_size_goes_once_more_without_its_files(small, said):
    small.house.message_octets = 6_000_000
    small.arrive(with_files("Shipping Labels", ("video.zip", 1_200_000)))
    (heavy,) = small.sent("ticket")
    assert named(heavy) == ["video.zip"]
    assert refuse(small, heavy, said)
    heavy, light = small.sent("ticket")
    assert (named(light), light.to, light.reply_to) == ([], heavy.to, heavy.reply_to)
    assert link_in(light.text)
    assert light.message_id != heavy.message_id
    assert small.ticket().flags == ()
    assert any("too large" in row["said"] for row in small.rows("SELECT said FROM trace WHERE kind = 'lighter'"))
    # It is remembered for that domain; and what is refused twice stays refused.
    small.arrive(with_files("Shipping Labels, another", ("film.zip", 1_200_001)))
    assert named(small.sent("ticket")[2]) == []
    assert not refuse(small, light, said)
    assert len(small.sent("ticket")) == 3


@pytest.mark.catalogue("F19")
def test_who_came_to_a_ticket_gets_the_whole_conversation_in_the_lighter_mail_too(small, compose_mail, reply_to):
    small.house.message_octets = 6_000_000
    small.arrive(with_files("Shipping Labels", ("video.zip", 1_200_000)))
    (ack,) = small.sent("acknowledgement")
    small.arrive(reply_to(ack, JANE, "And it smells."), ack.reply_to)
    (vendor, _) = small.sent("ticket")
    small.arrive(reply_to(vendor, "tickets@acme.example", "#refund\n"), vendor.reply_to)
    (heavy,) = small.sent("team")
    assert ("And it smells." in heavy.text, named(heavy)) == (True, ["video.zip"])
    assert refuse(small, heavy, "552 5.3.4 Message size exceeds fixed limit")
    _, light = small.sent("team")
    assert ("And it smells." in light.text, named(light)) == (True, [])
    # A report about the lighter mail is about that one, and not about the first.
    assert light.mail_from != heavy.mail_from
    rows = small.rows("SELECT id, mail_from FROM outbox WHERE template = 'team' ORDER BY id")
    token = small.house.returned(Envelope(mail_from="", recipients=(light.mail_from,)))
    assert token.ticket == rows[1]["id"]


@pytest.mark.parametrize("said", ["550 5.1.1 no such user", "552 5.2.2 mailbox full", "554 5.7.1 refused"])
def test_any_other_refusal_sends_nothing_again(small, said):
    small.house.message_octets = 6_000_000
    small.arrive(with_files("Shipping Labels", ("video.zip", 1_200_000)))
    assert not refuse(small, small.sent("ticket")[0], said)
    assert len(small.sent("ticket")) == 1


@pytest.mark.catalogue("F19")
def test_a_report_that_the_recipients_server_takes_less_does_the_same(small):
    small.house.message_octets = 6_000_000
    small.arrive(with_files("Shipping Labels", ("video.zip", 1_200_000)))
    (heavy,) = small.sent("ticket")
    small.db.write_now(lambda tx: tx.run("UPDATE delivery SET state = 'sent', next = NULL"))
    report = "\n".join(
        [
            "From: MAILER-DAEMON@relay.example", f"To: {heavy.mail_from}", "Subject: Undelivered", "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "", "--b", "", "Sorry.", "--b",
            "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; relay.example", "",
            f"Final-Recipient: rfc822; {heavy.to}", "Action: failed", "Status: 5.2.3",
            "Diagnostic-Code: smtp; 552 5.2.3 message exceeds local size limit", "", "--b--", "",
        ]
    )  # fmt: skip
    assert small.arrive(report, heavy.mail_from, mail_from=None) == "report"
    assert [named(mail) for mail in small.sent("ticket")] == [["video.zip"], []]
    assert small.ticket().flags == ()
    assert small.sent("undeliverable") == []
