"""What ends a mail and what does not: nobody gets a second mail, or a command, out of the text of the first."""

import pytest

TEXT = b"Subject: one\r\n\r\nfirst\r\n"
EVIL = (
    b"MAIL FROM:<evil@evil.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\nSubject: two\r\n\r\nsecond\r\n.\r\n"
)
DEVIANT = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r.\r", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\n.\r\r\n", b"\r\n\0.\r\n",
    b"\r\n.\0\r\n", b"\r\n.\r\0\n", b"\r\n. \r\n", b"\r\n.\t\r\n", b"\r\n..\r\n",
]  # fmt: skip


@pytest.mark.catalogue("A01")
@pytest.mark.parametrize("bare_newline", ["reject", "normalize"])
@pytest.mark.parametrize("ending", DEVIANT, ids=repr)
async def test_a_deviant_end_never_makes_a_second_mail(start_site, ending, bare_newline):
    site = await start_site(bare_newline=bare_newline)
    peer = await site.greeted()
    await peer.envelope()
    await peer.send(TEXT + b"more" + ending + EVIL)
    reply = await peer.reply()
    assert reply[:3] in ("250", "550")
    assert (await peer.ask("NOOP")).startswith("250")
    arrivals = site.arrivals()
    assert len(arrivals) == (reply[:3] == "250")
    assert all(arrival.envelope.mail_from == "ada@customer.example" for arrival in arrivals)


@pytest.mark.catalogue("A02")
@pytest.mark.parametrize(
    ("bad", "code"), [(b"a\nb", "550 5.5.2"), (b"a\rb", "550 5.5.2"), (b"\n\r", "550 5.5.2"), (b"a\0b", "550 5.6.0")]
)
async def test_bare_line_ends_are_refused_after_the_real_end_however_the_bytes_are_cut(site, bad, code):
    text = TEXT + bad + b"\r\n.\r\n"
    peer = await site.greeted()
    for cut in range(len(TEXT), len(text)):
        await peer.envelope()
        await peer.send(text[:cut])
        # The round trip of another peer makes the gate see the two pieces apart.
        other = await site.connect()
        await other.reply()
        await other.close()
        await peer.send(text[cut:])
        assert (await peer.reply()).startswith(code)
        await peer.send(b"RSET\r\n")
        assert (await peer.reply()).startswith("250")
    assert site.arrivals() == []


@pytest.mark.catalogue("A02")
async def test_normalize_reads_a_bare_lf_as_crlf_and_still_refuses_a_bare_cr(start_site):
    site = await start_site(bare_newline="normalize")
    peer = await site.greeted()
    assert (await peer.mail(b"Subject: x\n\na\n.\nb\r\n")).startswith("250")
    assert site.arrivals()[0].raw == b"Subject: x\r\n\r\na\r\n.\r\nb\r\n"
    assert (await peer.mail(b"Subject: x\r\n\r\na\rb\r\n")).startswith("550 5.5.2")


@pytest.mark.catalogue("A03")
@pytest.mark.parametrize("filler", [b"x" * 60 + b"\r\n", b"y" * 62], ids=["too large", "line too long"])
async def test_inside_a_mail_that_is_discarded_nothing_becomes_a_command(start_site, filler):
    site = await start_site(message_octets=200_000, line_octets=1_000)
    peer = await site.greeted()
    await peer.envelope()
    await peer.send(TEXT + filler * 4_500)
    await peer.send(b"\r\nx\n.\nHELP\r\n.\n" + EVIL)
    assert (await peer.reply()).startswith("550 5.5.2")
    assert (await peer.ask("NOOP")).startswith("250")
    assert site.arrivals() == []


@pytest.mark.catalogue("A05")
async def test_a_nul_never_shortens_a_mail_because_it_refuses_it(site):
    peer = await site.greeted()
    assert (await peer.mail(b"Subject: a\0b\r\nTo: x\r\n\r\ntext\r\n")).startswith("550 5.6.0")
    assert (await peer.mail(TEXT)).startswith("250")
    assert [arrival.raw for arrival in site.arrivals()] == [TEXT]


@pytest.mark.catalogue("A10")
async def test_pipelined_and_stepwise_are_the_same_conversation(site):
    steps = [
        b"EHLO client.example\r\n", b"MAIL FROM:<ada@customer.example>\r\n", b"RCPT TO:<nobody@market.example>\r\n",
        b"RCPT TO:<support@market.example>\r\n", b"DATA\r\n", TEXT + b".\r\n", b"NOOP\r\n", b"RSET\r\n", b"BOGUS\r\n",
        b"QUIT\r\n",
    ]  # fmt: skip
    slow = await site.connect()
    said = [await slow.reply()]
    for step in steps:
        await slow.send(step)
        said.append(await slow.reply())
    early = await site.connect()
    await early.send(b"".join(steps))
    heard = [await early.reply() for _ in said]
    first, second = site.arrivals()
    assert [reply.replace(str(second.id), str(first.id)) for reply in heard] == said
    assert (first.raw, first.envelope) == (second.raw, second.envelope)
    assert await early.closed() == b""
