"""An outgoing mail, taken apart for the page that shows it."""

import hashlib

import pytest

from gatepost.core.letter import Attachment
from gatepost.mail.compose import compose
from gatepost.mail.look import parts


def test_our_own_mail_is_shown_as_it_was_meant(draft, values, letters):
    content = bytes(range(256))
    file = Attachment(
        filename="größe.bin", content_type="application/x-thing", size=256, sha256=hashlib.sha256(content).hexdigest(), content=content
    )  # fmt: skip
    mail = compose(draft(subject="Größe ändern", values=values(words="Ä ö ü 😀"), attachments=(file,)), letters)
    seen = parts(mail.raw)
    assert seen.header("Subject") == mail.subject == "Größe ändern [#42]"
    assert seen.header("from") == f"Jane Doe via Extension Market <{draft().reply_address}>"
    assert seen.text.strip() == mail.text.strip()
    assert seen.html.replace("\r\n", "\n") == mail.html
    (got,) = seen.attachments
    assert (got.filename, got.content, got.sha256) == ("größe.bin", content, file.sha256)
    assert seen.header("absent") == ""


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n\r\n", b"garbage", b"\x00\xff" * 50, b"Content-Type: text/html\r\n\r\n<p>x", b"A: b\r\n" * 3000]
)
def test_a_mail_that_is_not_ours_never_raises(raw):
    assert isinstance(parts(raw).text, str)


def test_html_alone_is_given_and_an_attached_page_is_not():
    assert parts(b"Content-Type: text/html; charset=latin1\r\n\r\n<p>\xe4</p>").html == "<p>ä</p>"
    assert parts(b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>x</p>").html == ""
