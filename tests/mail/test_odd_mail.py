"""Mail that breaks the form and is read all the same: odd header lines, odd names of files, almost nothing in it."""

import base64

import pytest

from gatepost.core.letter import Trouble
from gatepost.mail.fields import one_line
from gatepost.mail.parse import read_letter

FROM = b"From: ada@customer.example\r\n"


@pytest.mark.catalogue("C12")
@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + FROM + b"Subject: one\r\n\r\nwords\r\n",
        FROM + b"no colon here\r\nSubject: one\r\n\r\nwords\r\n",
        b"From : ada@customer.example\r\nSubject : one\r\n\r\nwords\r\n",
        b"\r\n" + FROM + b"Subject: one\r\n\r\nwords\r\n",
        b" " + FROM + b"Subject: one\r\n\r\nwords\r\n",
        b"From ada@customer.example Mon Nov  2 09:00:00 2026\r\n" + FROM + b"Subject: one\r\n\r\nwords\r\n",
    ],
    ids=[
        "BOM first",
        "a line without a colon",
        "a blank before the colon",
        "an empty line first",
        "a blank first",
        "mbox",
    ],
)
def test_a_header_that_breaks_the_form_is_read_as_it_was_meant(raw):
    """RFC 7103 section 7: what is between the mistakes is still a mail."""
    letter = read_letter(raw)
    assert (str(letter.sender), letter.subject, letter.text) == ("ada@customer.example", "one", "words")


def with_file(name: str) -> bytes:
    """A mail with one file of that name."""
    word = base64.b64encode(name.encode()).decode()
    return (
        FROM + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n"
        b"Content-Type: application/octet-stream\r\n"
        + f'Content-Disposition: attachment; filename="=?utf-8?b?{word}?="\r\n\r\nx\r\n--b--\r\n'.encode()
    )


@pytest.mark.catalogue("C15")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../x", "x"), ("/etc/cron.d/x", "x"), ("C:\\x\\y.exe", "y.exe"), ("a\0b", "ab"), ("a\r\nb: c", "a b_ c"),
        ("\u202egpj.exe", "gpj.exe"), ("con", "_con"), (".", "attachment-1.bin"), ("", "attachment-1.bin"),
        ("..", "attachment-1.bin"), ("bericht.pdf", "bericht.pdf"),
    ],
)  # fmt: skip
def test_the_name_of_a_file_leads_nowhere(name, shown):
    (attachment,) = read_letter(with_file(name)).attachments
    assert attachment.filename == shown


@pytest.mark.catalogue("C15")
def test_a_name_of_three_hundred_letters_is_cut():
    (attachment,) = read_letter(with_file("x" * 300 + ".pdf")).attachments
    assert len(attachment.filename) < 130


@pytest.mark.catalogue("C19")
@pytest.mark.parametrize(
    ("rest", "text", "files"),
    [
        (b"\r\n", "", []),
        (b"\r\n-- \r\nAda\r\n", "-- \nAda", []),
        (b"Content-Type: text/html\r\n\r\n<p>Hello</p>", "Hello", []),
        (
            b"MIME-Version: 1.0\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=x.pdf\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n",
            "",
            ["x.pdf"],
        ),
    ],
    ids=["nothing", "only a signature", "only HTML", "only a file"],
)
def test_a_mail_with_almost_nothing_in_it_is_read(rest, text, files):
    letter = read_letter(FROM + rest)
    assert (letter.text, letter.reply_text or letter.text) == (text, text)
    assert [attachment.filename for attachment in letter.attachments] == files


@pytest.mark.catalogue("C18")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/ms-tnef", "winmail.dat"),
        ("application/pkcs7-signature", "smime.p7s"),
        ("application/pgp-encrypted", "version.asc"),
        ("text/calendar", "invite.ics"),
        ("message/delivery-status", "status.txt"),
    ],
)
def test_what_only_other_programs_read_is_kept_as_a_file(kind, name):
    raw = (
        FROM
        + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n"
        + f"Content-Type: {kind}\r\nContent-Disposition: attachment; filename={name}\r\n\r\n".encode()
        + b"Reporting-MTA: dns; x\r\n\r\nAction: failed\r\n--b--\r\n"
    )
    letter = read_letter(raw)
    assert "hi" in letter.text
    assert [attachment.filename for attachment in letter.attachments] == [name]


@pytest.mark.catalogue("C23")
@pytest.mark.parametrize(
    ("author", "confusable"),
    [
        ("p\u0430ypal <help@shop.example>", True),  # A Cyrillic a.
        ("Ada \u0391pple <ada@shop.example>", True),  # A Greek capital alpha before Latin letters.
        ("Ad\u200ba <ada@shop.example>", True),
        ("Ada\U000e0041 <ada@shop.example>", False),  # A tag character: it is taken out where the name is read.
        ("\u0410\u0434\u0430 \u041b\u043e\u0432 <ada@shop.example>", False),  # All of it Cyrillic.
        ("\u0410\u0434\u0430 Lovelace <ada@shop.example>", False),  # Two words, a script each.
        ("J\u00e9r\u00f4me M\u00fcller <jm@shop.example>", False),
        ("\u5c0f\u6797 Hiro <hiro@shop.example>", False),
        ("Ada Lovelace <ada@shop.example>", False),
    ],
)
def test_a_sender_who_can_be_taken_for_another_is_flagged(author, confusable):
    word = base64.b64encode(author.partition(" <")[0].encode()).decode()
    raw = f"From: =?utf-8?b?{word}?= <{author.partition('<')[2]}\r\nSubject: x\r\n\r\nhi\r\n".encode()
    assert (Trouble.FROM_CONFUSABLE in read_letter(raw).troubles) is confusable


@pytest.mark.catalogue("C23")
def test_marks_that_turn_the_direction_never_reach_a_line_that_we_write():
    """What stands in a subject or a name of ours is one line, without the marks that let it read backwards."""
    assert one_line("invoice \u202egpj.exe\u2066 due") == "invoice gpj.exe due"
