"""The fingerprint: equal for one mail over several ways, different for another mail, whatever its Message-ID says."""

import pytest

from gatepost.mail.parse import read_letter

MAIL = (
    b"From: ann@shop.example\r\nTo: support@market.example\r\nSubject: a long\r\n subject\r\nMessage-ID: <1@shop.example>\r\n"
    b"Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nContent-Type: text/plain\r\n\r\nIt is broken.\r\nPlease help.\r\n"
)
TRACE = (
    b"Return-Path: <ann@shop.example>\r\nDelivered-To: x@market.example\r\nX-Original-To: x@market.example\r\n"
    b"Received: from a by b; Mon, 23 Nov 2026 10:00:01 +0100\r\nAuthentication-Results: mx; spf=pass\r\n"
    b"DKIM-Signature: v=1\r\nARC-Seal: i=1\r\nX-Received: by c\r\nX-Spam-Status: No\r\nX-Gm-Message-State: q\r\n"
)


def fingerprint(raw):
    return read_letter(raw).fingerprint


@pytest.mark.catalogue("B07")
@pytest.mark.parametrize(
    "copy",
    [
        TRACE + MAIL, MAIL.replace(b"\r\n", b"\n"), MAIL.replace(b"subject\r\n", b"subject\r\nX-UID: 7\r\n"),
        MAIL.replace(b"a long\r\n subject", b"a long\r\n\tsubject"), MAIL.replace(b"a long\r\n subject", b"a long subject"),
        MAIL + b"\r\n", MAIL.rstrip(), b"From ann Mon Nov 23\r\n" + MAIL, TRACE.replace(b"\r\n", b"\n") + MAIL,
    ],
)  # fmt: skip
def test_copies_of_one_mail_have_one_fingerprint(copy):
    assert fingerprint(copy) == fingerprint(MAIL)


@pytest.mark.catalogue("B08")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"broken", b"fixed"), (b"Please", b"please"), (b"ann@", b"eve@"), (b"10:00:00", b"10:00:01"),
        (b"a long", b"a short"), (b"support@", b"sales@"), (b"<1@", b"<2@"), (b"text/plain", b"text/html"),
        (b"broken.\r\n", b"broken."), (b"It is", b"It  is"),
    ],
)  # fmt: skip
def test_another_mail_has_another_fingerprint(old, new):
    assert old in MAIL
    assert fingerprint(MAIL.replace(old, new)) != fingerprint(MAIL)


def test_line_ends_across_the_hashing_chunks_are_alike():
    for shift in range(4):
        body = b"x" * (1_048_570 + shift) + b"\r\n" * 10 + b"end"
        assert fingerprint(MAIL + body) == fingerprint((MAIL + body).replace(b"\r\n", b"\n"))
