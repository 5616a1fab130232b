"""The mails of the measurements: 512 different ones of a size, since caches flatter whoever repeats himself."""

import random

VARIETY = 512
_TEXT = """
    the label printer shows order before after update checkout customer price shipping page plugin theme version
    would could please again nothing only when every since yesterday number address error message blank wrong
    store product settings button email report country tax total cart payment window screen file upload export
"""
_WORDS = tuple(_TEXT.split())


def mail(number: int, octets: int, *, run: str = "0") -> bytes:
    """Mail `number` of about `octets`, CRLF lines, no line starting with a dot; its Message-ID is its own."""
    chance = random.Random(number % VARIETY)
    head = (
        f"Received: from mx{number % 7}.client.example (mx.client.example [192.0.2.{number % 250}])\r\n"
        f"\tby mail.orchard.example with ESMTP id {number:08x}; Mon, 2 Nov 2026 09:00:{number % 60:02d} +0000\r\n"
        f"From: {chance.choice(_WORDS).title()} Roe <jane{number % VARIETY}@customer.example>\r\n"
        f"To: Orchard Support <support@orchard.example>\r\n"
        f"Subject: Shipping Labels: {' '.join(chance.sample(_WORDS, 5))} {number}\r\n"
        f"Date: Mon, 2 Nov 2026 09:00:{number % 60:02d} +0000\r\n"
        f"Message-ID: <{run}.{number}@client.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    lines = [f"Hello, this is about case {run}-{number}.", ""]
    have = len(head) + len(lines[0]) + 4
    # A large mail repeats a few thousand lines: writing megabytes of words would cost more than sending them.
    pool = [
        " ".join(chance.choices(_WORDS, k=chance.randint(6, 12))) + "." for _ in range(min(2_000, octets // 60 + 1))
    ]
    while have < octets:
        line = pool[len(lines) % len(pool)]
        lines.append(line)
        have += len(line) + 2
    return (head + "\r\n".join(lines) + "\r\n").encode("ascii")
