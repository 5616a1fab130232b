"""What a file says of itself counts for nothing: only real pictures are shown in a page, everything else is saved (C17)."""

import pytest

from gatepost.core.letter import Attachment
from gatepost.portal.files import file_answer

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
SCRIPT = b"<html><script>alert(1)</script></html>"


def answer(kind, content, name="x"):
    return file_answer(Attachment(filename=name, content_type=kind, size=len(content), sha256="", content=content))


@pytest.mark.catalogue("C17")
@pytest.mark.parametrize(
    ("kind", "content", "shown", "served"),
    [
        ("image/png", PNG, True, "image/png"),
        ("image/png", b"MZ\x90\x00" + b"\x00" * 60, False, "application/octet-stream"),
        ("image/png", SCRIPT, False, "application/octet-stream"),
        ("image/svg+xml", b"<svg onload='alert(1)'/>", False, "application/octet-stream"),
        ("text/html", SCRIPT, False, "application/octet-stream"),
        ("application/xhtml+xml", SCRIPT, False, "application/octet-stream"),
        ("text/plain", SCRIPT, False, "text/plain; charset=utf-8"),
        ("application/x-msdownload", b"MZ", False, "application/octet-stream"),
        ("application/pdf", b"%PDF-1.7" + SCRIPT, False, "application/pdf"),
        ("IMAGE/GIF", b"GIF89a" + SCRIPT, True, "image/gif"),
    ],
    ids=["picture", "program", "page as picture", "SVG", "page", "XHTML", "text", "installer", "PDF", "polyglot"],
)
def test_only_a_picture_that_is_one_is_shown(kind, content, shown, served):
    headers = answer(kind, content).headers
    assert headers["content-disposition"].startswith("inline" if shown else "attachment")
    assert headers["content-type"] == served
    assert (
        "sandbox" in headers["content-security-policy"] and "default-src 'none'" in headers["content-security-policy"]
    )


@pytest.mark.catalogue("C17")
def test_the_name_of_a_lying_file_cannot_break_out_of_its_header():
    said = answer("image/png", PNG, 'x"; inline\u202egpj.exe').headers["content-disposition"]
    assert said.count('"') == 2 and said.isascii() and "\n" not in said
