"""The logo below every mail of a person goes on once per ticket (D6); what is a file, or new, always does."""

import base64

JANE = "Jane Roe <jane@customer.example>"
LOGO, SHOT = b"\x89PNG\r\n\x1a\nlogo", b"\x89PNG\r\n\x1a\nscreenshot"


def with_pictures(n, cite, *pictures):
    lines = [
        *cite, f"From: {JANE}", "To: support@orchard.example", "Subject: Shipping Labels", "Date: Mon, 2 Nov 2026 09:00:00 +0000",
        f"Message-ID: <{n}@jane.example>", "MIME-Version: 1.0", 'Content-Type: multipart/related; boundary="b"', "",
        "--b", "Content-Type: text/html; charset=utf-8", "", f"<p>Words {n}.</p><img src='cid:0@x'>",
    ]  # fmt: skip
    for at, (name, octets, how) in enumerate(pictures):
        lines += [
            "--b", f'Content-Type: image/png; name="{name}"', f"Content-ID: <{at}@x>" if how == "inline" else "X-Part: a file",
            f'Content-Disposition: {how}; filename="{name}"', "Content-Transfer-Encoding: base64", "",
            base64.b64encode(octets).decode(),
        ]  # fmt: skip
    return "\n".join([*lines, "--b--", ""])


def names(mail):
    return [part.get_filename() for part in mail.message.walk() if part.get_filename()]


def test_a_logo_goes_on_once_and_everything_else_always(market):
    market.arrive(with_pictures(1, (), ("logo.png", LOGO, "inline")))
    (ack,) = market.sent("acknowledgement")
    cite = (f"In-Reply-To: {ack.message['Message-ID']}",)
    market.arrive(with_pictures(2, cite, ("logo.png", LOGO, "inline"), ("shot.png", SHOT, "inline")), ack.reply_to)
    market.arrive(with_pictures(3, cite, ("logo.png", LOGO, "attachment")), ack.reply_to)
    first, second, third = market.sent("ticket")
    assert names(first) == ["logo.png"]
    assert names(second) == ["shot.png"]
    assert names(third) == ["logo.png"]
