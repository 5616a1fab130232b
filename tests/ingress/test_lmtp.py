"""The LMTP door with raw clients: LHLO, a reply for each recipient, one arrival for all of them (RFC 2033)."""

import stat

import pytest

from gatepost.core.letter import Door
from gatepost.errors import PermanentError
from gatepost.ingress.sockets import open_door

TEXT = b"From: ada@customer.example\r\nSubject: one\r\n\r\nfirst\r\n"


async def greeted(site):
    peer = await site.lmtp()
    assert await peer.reply() == "220 mx.market.example LMTP"
    assert (await peer.ask("LHLO relay.example")).startswith("250-mx.market.example")
    return peer


async def replies(peer, count):
    return [await peer.reply() for _ in range(count)]


async def test_each_accepted_recipient_has_its_reply_and_the_mail_is_one_arrival(start_site):
    site = await start_site()
    peer = await greeted(site)
    assert (await peer.ask("MAIL FROM:<ada@customer.example>")).startswith("250")
    for recipient, code in (
        ("support@market.example", "250"),
        ("nobody@market.example", "550"),
        ("care@second.example", "250"),
    ):
        assert (await peer.ask(f"RCPT TO:<{recipient}>")).startswith(code)
    assert (await peer.ask("DATA")).startswith("354")
    await peer.send(TEXT + b".\r\n")
    first, second = await replies(peer, 2)
    assert first == second and first.startswith("250 2.0.0 Accepted as ")
    assert (await peer.ask("NOOP")).startswith("250")
    (arrival,) = site.arrivals()
    assert arrival.envelope.recipients == ("support@market.example", "care@second.example")
    assert arrival.envelope.door is Door.LMTP
    assert arrival.raw == TEXT


async def test_a_recipient_named_twice_gets_two_replies(start_site):
    site = await start_site()
    peer = await greeted(site)
    await peer.envelope("ada@customer.example", "support@market.example", "support@market.example")
    await peer.send(TEXT + b".\r\n")
    assert [each[:3] for each in await replies(peer, 2)] == ["250", "250"]
    assert (await peer.ask("QUIT")).startswith("221")
    assert site.arrivals()[0].envelope.recipients == ("support@market.example",)


async def test_one_recipient_waits_and_the_others_are_taken(start_site):
    site = await start_site(postponed=("care@second.example",))
    peer = await greeted(site)
    await peer.envelope(
        "ada@customer.example", "care+order@second.example", "support@market.example", "care@second.example"
    )
    await peer.send(TEXT + b".\r\n")
    assert [each[:9] for each in await replies(peer, 3)] == ["451 4.2.1", "250 2.0.0", "451 4.2.1"]
    assert [arrival.envelope.recipients for arrival in site.arrivals()] == [("support@market.example",)]


async def test_where_all_recipients_wait_nothing_is_stored_and_the_conversation_goes_on(start_site):
    site = await start_site(postponed=("care@second.example",))
    peer = await greeted(site)
    await peer.envelope("ada@customer.example", "care@second.example")
    await peer.send(TEXT + b".\r\n")
    assert (await peer.reply()).startswith("451 4.2.1")
    assert site.arrivals() == []
    assert (await peer.mail(TEXT)).startswith("250")


async def test_smtp_says_it_at_rcpt(start_site):
    site = await start_site(postponed=("care@second.example",))
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<ada@customer.example>")).startswith("250")
    assert (await peer.ask("RCPT TO:<care@second.example>")).startswith("451 4.2.1")
    assert (await peer.ask("RCPT TO:<support@market.example>")).startswith("250")


async def test_a_refused_mail_is_refused_for_each_and_counts_as_one_error(start_site):
    site = await start_site(errors=2)
    peer = await greeted(site)
    for _ in range(2):
        await peer.envelope("ada@customer.example", *["support@market.example"] * 5)
        await peer.send(b"Subject: \0\r\n\r\n.\r\n")
        assert {each[:9] for each in await replies(peer, 5)} == {"550 5.6.0"}
    assert (await peer.ask("NOOP")).startswith("250")


async def test_a_full_disk_is_told_to_each(start_site):
    site = await start_site()
    peer = await greeted(site)

    async def fail(*_):
        raise OSError("no")

    site.gate.spool.accept = fail
    await peer.envelope("ada@customer.example", "support@market.example", "care@second.example")
    await peer.send(TEXT + b".\r\n")
    assert {each[:9] for each in await replies(peer, 2)} == {"451 4.3.0"}


@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
async def test_an_smtp_client_is_told_that_this_is_not_smtp(start_site, verb):
    site = await start_site()
    peer = await greeted(site)
    assert (await peer.ask(f"{verb} client.example")).startswith("500")
    other = await site.lmtp()
    await other.reply()
    assert (await other.ask(f"{verb} client.example")).startswith("500")


async def test_data_without_a_recipient_is_503(start_site):
    peer = await greeted(await start_site())
    await peer.ask("MAIL FROM:<>")
    assert (await peer.ask("DATA")).startswith("503")


async def test_one_address_may_hold_many_connections_and_tls_is_not_asked_for(start_site):
    site = await start_site(connections_per_address=1, connections=3, require_tls=True)
    peers = [await greeted(site) for _ in range(3)]
    assert (await peers[2].ask("MAIL FROM:<>")).startswith("250")
    assert (await (await site.lmtp()).reply()).startswith("421")


async def test_it_listens_on_a_unix_socket_with_its_mode(start_site, tmp_path):
    path = tmp_path / ("deep" * 20) / ("er" * 30) / "lmtp.sock"
    path.parent.mkdir(parents=True)
    listener = open_door(path, 0o660)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert path.stat().st_gid == path.parent.stat().st_gid
    site = await start_site(lmtp=[listener])
    peer = await site.unix(path)
    assert (await peer.reply()).startswith("220")
    await peer.ask("LHLO relay.example")
    assert (await peer.mail(TEXT)).startswith("250")
    assert site.arrivals()[0].envelope.peer == ""
    with pytest.raises(PermanentError, match="somebody does already"):
        open_door(path, 0o660)


def test_a_socket_left_by_a_dead_process_is_replaced_and_a_missing_folder_is_told(tmp_path):
    path = tmp_path / "lmtp.sock"
    open_door(path, 0o600).close()
    second = open_door(path, 0o666)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    second.close()
    with pytest.raises(PermanentError, match="there is no folder"):
        open_door(tmp_path / "nowhere" / "lmtp.sock", 0o600)
