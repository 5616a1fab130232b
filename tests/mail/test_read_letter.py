"""A mail is read: who, what, which files; and never an exception."""

from gatepost.core.letter import Mailbox, Trouble
from gatepost.mail.parse import read_letter


def test_a_plain_mail_is_read():
    letter = read_letter(
        b"From: Ann Lee <ann@Shop.Example>\r\nTo: support@market.example, Bob <bob@x.example>\r\nSubject: Hello\r\n"
        b"Message-ID: <1@shop.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nIt is broken.\r\n"
    )
    assert letter.sender == Mailbox(name="Ann Lee", address="ann@shop.example")
    assert [box.address for box in letter.to] == ["support@market.example", "bob@x.example"]
    assert (letter.subject, letter.message_id, letter.text) == ("Hello", "<1@shop.example>", "It is broken.")
    assert letter.date == 1795424400000
    assert letter.troubles == ()


def test_an_empty_mail_is_a_letter_with_its_troubles():
    letter = read_letter(b"")
    assert letter.sender is None
    assert letter.text == ""
    assert Trouble.FROM_MISSING in letter.troubles


def test_a_mail_with_a_file_and_a_forwarded_mail():
    letter = read_letter(
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nSee files.\n--x\n"
        b'Content-Type: application/pdf; name="../../Angebot.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQ=\n'
        b"--x\nContent-Type: message/rfc822\n\nSubject: Old story\nFrom: z@z.example\n\nforeign words\n--x--\n"
    )
    assert letter.text == "See files."
    assert [(f.filename, f.content_type, f.size) for f in letter.attachments] == [
        ("Angebot.pdf", "application/pdf", 8),
        ("Old story.eml", "message/rfc822", 51),
    ]
