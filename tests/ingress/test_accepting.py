"""The plain way of a mail into the spool: what is said, what is stored."""

import hashlib

import pytest

from gatepost.core.letter import Door

TEXT = b"From: ada@customer.example\r\nSubject: hello\r\n\r\nWhere is my order?\r\n"


async def test_a_mail_is_stored_as_it_came_and_then_answered(site):
    peer = await site.greeted()
    reply = await peer.mail(TEXT)
    (arrival,) = site.arrivals()
    assert reply == f"250 2.0.0 Accepted as {arrival.id}"
    assert arrival.raw == TEXT
    assert arrival.envelope.mail_from == "ada@customer.example"
    assert arrival.envelope.recipients == ("support@market.example",)
    assert (arrival.envelope.door, arrival.envelope.peer, arrival.envelope.helo) == (
        Door.SMTP, "127.0.0.1", "client.example",
    )  # fmt: skip
    assert (await peer.ask("QUIT")).startswith("221")


async def test_many_mails_go_over_one_connection(site):
    peer = await site.greeted()
    for number in range(20):
        assert (await peer.mail(TEXT + b"%d\r\n" % number)).startswith("250")
    assert [arrival.raw[-4:] for arrival in site.arrivals()][-1] == b"19\r\n"[-4:]
    assert len(site.arrivals()) == 20


@pytest.mark.catalogue("A30")
async def test_the_null_sender_is_taken(site):
    peer = await site.greeted()
    assert (await peer.mail(TEXT, "")).startswith("250")
    assert site.arrivals()[0].envelope.mail_from == ""


@pytest.mark.catalogue("A25")
async def test_eight_bit_text_is_kept_without_8bitmime(site):
    peer = await site.greeted()
    text = b"Subject: gr\xfc\xdfe\r\n\r\n" + bytes(range(128, 256)) + b"\r\n"
    assert (await peer.mail(text)).startswith("250")
    assert hashlib.sha256(site.arrivals()[0].raw).digest() == hashlib.sha256(text).digest()


async def test_a_large_mail_becomes_a_file_and_the_same_bytes(site):
    peer = await site.greeted()
    text = TEXT + b"x" * 76 + b"\r\n" + b"..dots\r\n" + (b"y" * 998 + b"\r\n") * 400
    assert (await peer.mail(text.replace(b"\r\n.", b"\r\n.."))).startswith("250")
    assert site.arrivals()[0].raw == text
    assert len(list((site.data / "spool").iterdir())) == 1


async def test_ehlo_offers_what_is_honoured_and_no_auth(site):
    peer = await site.connect()
    await peer.reply()
    offer = (await peer.ask("EHLO client.example")).splitlines()
    assert [line[4:].split()[0] for line in offer] == [
        "mx.market.example", "SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES",
    ]  # fmt: skip
