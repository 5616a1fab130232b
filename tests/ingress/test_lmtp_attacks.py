"""The LMTP door under attack by raw sockets: whatever comes, each reply belongs to one recipient, and no mail is lost.

A server in front counts replies (RFC 2033 4.2). One too few or too many, and it takes the answer to one recipient for
that to another, or loses a mail that it believes delivered.
"""

import asyncio
import os
import stat

import pytest

from gatepost.core.letter import Door
from gatepost.ingress.sockets import open_door

TEXT = b"From: ada@customer.example\r\nSubject: one\r\n\r\nfirst\r\n"
EVIL = b"RSET\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\nSubject: two\r\n\r\nsecond\r\n.\r\n"
OURS, SECOND, THIRD = "support@market.example", "help@market.example", "care@second.example"
DEVIANT = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r.\r", b"\r\n.\r", b"\n.\r", b"\r.\n", b"\r\n.\r\r\n", b"\r\n\0.\r\n",
    b"\r\n.\0\r\n", b"\r\n. \r\n", b"\r\n..\r\n",
]  # fmt: skip


async def greeted(site):
    peer = await site.lmtp()
    await peer.reply()
    assert (await peer.ask("LHLO relay.example")).startswith("250-")
    return peer


async def replies(peer, count):
    return [await peer.reply() for _ in range(count)]


async def in_step(peer):
    """Whether the next reply is the one to the next command: no reply too many lies there, none is missing."""
    return (await peer.ask("VRFY somebody")).startswith("252") and (await peer.ask("BOGUS")).startswith("500")


def envelope(*recipients):
    return b"MAIL FROM:<ada@customer.example>\r\n" + b"".join(
        b"RCPT TO:<%s>\r\n" % each.encode() for each in recipients
    )


@pytest.mark.catalogue("A01")
@pytest.mark.parametrize("ending", DEVIANT, ids=repr)
async def test_a_deviant_end_never_makes_a_second_mail_and_keeps_the_count(start_site, ending):
    site = await start_site()
    peer = await greeted(site)
    await peer.envelope("ada@customer.example", OURS, THIRD)
    await peer.send(TEXT + b"more" + ending + EVIL)
    first, second = await replies(peer, 2)
    assert first == second and first[:3] in ("250", "550")
    assert await in_step(peer)
    assert all(each.envelope.mail_from == "ada@customer.example" for each in site.arrivals())


@pytest.mark.catalogue("A01")
async def test_the_end_may_be_cut_anywhere(start_site):
    site = await start_site()
    peer = await greeted(site)
    whole = TEXT + b"\r\n.\r\nNOOP\r\n"
    for cut in range(len(TEXT) - 1, len(whole)):
        await peer.envelope("ada@customer.example", OURS, THIRD)
        await peer.send(whole[:cut])
        other = await site.lmtp()
        await other.reply()
        await other.close()
        await peer.send(whole[cut:])
        assert [each[:3] for each in await replies(peer, 3)] == ["250", "250", "250"]
    assert {each.raw for each in site.arrivals()} == {TEXT + b"\r\n"}


@pytest.mark.catalogue("A10")
async def test_a_pipeline_is_the_conversation_step_by_step_with_mixed_replies(start_site):
    site = await start_site(postponed=(THIRD,))
    steps = [
        (b"LHLO relay.example\r\n", 1), (b"MAIL FROM:<ada@customer.example>\r\n", 1), (b"RCPT TO:<nobody@market.example>\r\n", 1),
        (b"RCPT TO:<support@market.example>\r\n", 1), (b"RCPT TO:<care@second.example>\r\n", 1),
        (b"RCPT TO:<a@elsewhere.example>\r\n", 1), (b"RCPT TO:<support@market.example>\r\n", 1), (b"DATA\r\n", 1),
        (TEXT + b".\r\n", 3), (b"MAIL FROM:<>\r\n", 1), (b"RSET\r\n", 1), (b"BOGUS\r\n", 1), (b"QUIT\r\n", 1),
    ]  # fmt: skip
    slow = await site.lmtp()
    said = [await slow.reply()]
    for step, count in steps:
        await slow.send(step)
        said += await replies(slow, count)
    early = await site.lmtp()
    await early.send(b"".join(step for step, _ in steps))
    heard = await replies(early, len(said))
    first, second = site.arrivals()
    assert [reply.replace(str(second.id), str(first.id)) for reply in heard] == said
    assert [reply[:3] for reply in said[9:12]] == ["250", "451", "250"]
    assert (first.raw, first.envelope) == (second.raw, second.envelope)
    assert await early.closed() == b""


async def test_rset_lhlo_and_quit_in_the_middle_leave_nothing_behind(start_site):
    site = await start_site()
    for middle, code in (
        (b"RSET\r\n", "250"),
        (b"LHLO again.example\r\n", "250"),
        (b"MAIL FROM:<x@y.example>\r\n", "503"),
    ):
        peer = await greeted(site)
        await peer.send(envelope(OURS, SECOND))
        assert [each[:3] for each in await replies(peer, 3)] == ["250"] * 3
        await peer.send(middle)
        assert (await peer.reply()).startswith(code)
        if code == "250":
            assert (await peer.ask("DATA")).startswith("503")
            await peer.send(envelope(THIRD))
            assert [each[:3] for each in await replies(peer, 2)] == ["250"] * 2
        assert (await peer.ask("DATA")).startswith("354")
        await peer.send(TEXT + b".\r\n")
        assert [each[:3] for each in await replies(peer, 1 if code == "250" else 2)] == ["250"] * (
            1 if code == "250" else 2
        )
        assert await in_step(peer)
    assert [each.envelope.recipients for each in site.arrivals()] == [(THIRD,), (THIRD,), (OURS, SECOND)]
    last = await greeted(site)
    await last.send(envelope(OURS) + b"QUIT\r\n" + b"DATA\r\n" + TEXT + b".\r\n")
    assert [each[:3] for each in await replies(last, 3)] == ["250", "250", "221"]
    assert await last.closed() == b"" and len(site.arrivals()) == 3


@pytest.mark.parametrize(
    ("verb", "code"),
    [("HELO x.example", "500"), ("EHLO x.example", "500"), ("STARTTLS", "502"), ("AUTH PLAIN AGEAYg==", "503"),
     ("BDAT 5 LAST", "502"), ("XCLIENT ADDR=192.0.2.1", "500"), ("XFORWARD ADDR=192.0.2.1", "500"), ("TURN", "500")],
)  # fmt: skip
async def test_what_is_no_command_of_ours_changes_nothing(start_site, verb, code):
    site = await start_site()
    peer = await greeted(site)
    await peer.send(envelope(OURS, THIRD))
    await replies(peer, 3)
    assert (await peer.ask(verb)).startswith(code)
    assert (await peer.ask("DATA")).startswith("354")
    await peer.send(TEXT + b".\r\n")
    assert [each[:3] for each in await replies(peer, 2)] == ["250", "250"]
    (arrival,) = site.arrivals()
    assert arrival.envelope.helo == "relay.example" and arrival.envelope.peer == "127.0.0.1"


@pytest.mark.parametrize(
    "size", ["SIZE=99999999999", "BODY=BINARYMIME", "BODY=8BITMIME BODY=7BIT", "RET=FULL", "SIZE=-1", "SIZE=1x"]
)
async def test_parameters_that_lie_are_refused_before_anything_is_taken(start_site, size):
    peer = await greeted(await start_site())
    assert (await peer.ask(f"MAIL FROM:<a@b.example> {size}"))[:3] in ("501", "552", "555")
    assert (await peer.ask(f"RCPT TO:<{OURS}>")).startswith("503")


async def test_eight_bits_that_were_not_announced_are_kept_as_they_came(start_site):
    site = await start_site()
    peer = await greeted(site)
    raw = "Subject: Grüße\r\n\r\nżółw\r\n".encode() + bytes(range(128, 256)) + b"\r\n"
    assert (await peer.ask("MAIL FROM:<a@b.example> BODY=7BIT")).startswith("250")
    await peer.ask(f"RCPT TO:<{OURS}>")
    assert (await peer.ask("DATA")).startswith("354")
    await peer.send(raw + b".\r\n")
    assert (await peer.reply()).startswith("250")
    assert site.arrivals()[0].raw == raw


@pytest.mark.parametrize(
    ("text", "code", "limits"),
    [
        (b"Subject: x\r\n\r\n" + b"y" * 70_000 + b"\r\n", "552 5.6.0", {"line_octets": 65_536}),
        (b"X: " + b"y" * 900 + b"\r\n" * 1 + (b"X: " + b"y" * 900 + b"\r\n") * 30 + b"\r\n", "552 5.6.0", {"header_octets": 16_384}),
        ((b"z" * 70 + b"\r\n") * 1_500, "552 5.3.4", {"message_octets": 100_000}),
        (b"Subject: x\0\r\n\r\n", "550 5.6.0", {}),
        (b"Subject: x\r\n\r\na\rb\r\n", "550 5.5.2", {}),
    ],
)  # fmt: skip
async def test_what_is_refused_is_refused_for_each_and_the_count_holds(start_site, text, code, limits):
    site = await start_site(**limits)
    peer = await greeted(site)
    await peer.envelope("ada@customer.example", OURS, SECOND, THIRD)
    await peer.send(text + b".\r\n")
    assert [each[:9] for each in await replies(peer, 3)] == [code] * 3
    # The envelope is gone with the mail (RFC 5321 4.1.1.4).
    assert (await peer.ask("DATA")).startswith("503")
    assert await in_step(peer)
    assert site.arrivals() == []


async def test_where_memory_ends_each_recipient_is_told_and_the_count_holds(start_site, monkeypatch):
    site = await start_site()
    peer = await greeted(site)

    def no_memory(_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("gatepost.ingress.data.DataReader.finish", no_memory)
        await peer.envelope("ada@customer.example", OURS, SECOND, THIRD)
        await peer.send(TEXT + b".\r\n")
        assert [each[:9] for each in await replies(peer, 3)] == ["451 4.3.0"] * 3
    assert (await peer.ask("DATA")).startswith("503")
    assert await in_step(peer)
    await peer.envelope("ada@customer.example", OURS, THIRD)
    await peer.send(TEXT + b".\r\n")
    assert [each[:3] for each in await replies(peer, 2)] == ["250", "250"]


async def test_more_recipients_than_the_limit_wait_and_the_count_is_that_of_the_accepted(start_site):
    site = await start_site(recipients=2, commands=30_000, errors=30_000)
    peer = await greeted(site)
    asked = [OURS, SECOND, THIRD, *[OURS] * 1_000, *["nobody@market.example"] * 1_000, THIRD]
    sending = asyncio.create_task(peer.send(envelope(*asked) + b"DATA\r\n"))
    said = [each[:3] for each in await replies(peer, 1 + len(asked))]
    await sending
    assert said == ["250"] * 3 + ["452"] + ["250"] * 1_000 + ["550"] * 1_000 + ["452"]
    assert (await peer.reply()).startswith("354")
    await peer.send(TEXT + b".\r\n")
    assert [each[:3] for each in await replies(peer, 1_002)] == ["250"] * 1_002
    assert await in_step(peer)
    assert [each.envelope.recipients for each in site.arrivals()] == [(OURS, SECOND)]


async def test_ten_thousand_recipients_end_in_a_cut_by_the_limits_as_shipped(start_site):
    site = await start_site()
    peer = await greeted(site)
    sending = asyncio.create_task(peer.send(envelope(*[OURS] * 10_000)))
    said = (await peer.closed()).decode().splitlines()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert said[-1].startswith("421 4.7.0 Too many commands") and len(said) < 10_000
    assert site.arrivals() == [] and site.gate.doorway.room.taken == 0


@pytest.mark.parametrize(
    "junk", [b"x" * 3_000 + b"\r\n", b"LHLO a\0b\r\n", b"LHLO a b c\r\n", b"LHLO \r\n", b"LHLO " + b"h" * 300 + b"\r\n"]
)
async def test_broken_commands_are_one_reply_each(start_site, junk):
    peer = await greeted(await start_site())
    await peer.send(junk)
    assert (await peer.reply())[:3] in ("500", "501")
    assert await in_step(peer)


async def test_a_line_end_without_cr_ends_the_conversation(start_site):
    site = await start_site()
    peer = await greeted(site)
    await peer.send(envelope(OURS) + b"DATA\n" + TEXT + b".\r\n")
    assert [each[:3] for each in await replies(peer, 3)] == ["250", "250", "500"]
    assert await peer.closed() == b"" and site.arrivals() == []


@pytest.mark.parametrize(
    "said", [b"", b"LHLO relay.example\r\n", envelope(OURS), envelope(OURS, THIRD) + b"DATA\r\n" + TEXT]
)
async def test_silence_ends_it_in_time_and_takes_nothing(start_site, said):
    site = await start_site(idle_seconds=1.0)
    peer = await site.lmtp()
    await peer.send(b"LHLO relay.example\r\n" + said)
    assert b"421 4.4.2" in await peer.closed()
    assert site.arrivals() == [] and site.gate.doorway.room.taken == 0


@pytest.mark.catalogue("B14")
@pytest.mark.parametrize("how", ["reset", "close"])
async def test_a_peer_who_goes_before_the_replies_leaves_the_mail_stored_once(start_site, how):
    """It was not told, so it comes again: the desk knows the copy by its fingerprint, as every mail that comes twice."""
    site = await start_site()
    gone, going = asyncio.Event(), asyncio.Event()
    accept = site.gate.spool.accept

    async def slow(*arguments, **more):
        going.set()
        await gone.wait()
        return await accept(*arguments, **more)

    site.gate.spool.accept = slow
    peer = await greeted(site)
    await peer.envelope("ada@customer.example", OURS, THIRD)
    await peer.send(TEXT + b".\r\n")
    await going.wait()
    if how == "reset":
        peer.reset()
    else:
        await peer.close()
    gone.set()
    site.gate.spool.accept = accept
    # The next mail is committed behind the first.
    other = await greeted(site)
    await other.envelope("ada@customer.example", OURS, THIRD)
    await other.send(TEXT + b".\r\n")
    assert [each[:3] for each in await replies(other, 2)] == ["250", "250"]
    assert [each.raw for each in site.arrivals()] == [TEXT, TEXT]
    assert site.gate.doorway.room.taken == 0


async def test_a_peer_who_does_not_read_its_replies_is_cut(start_site):
    site = await start_site(commands=1_000_000, junk_commands=1_000_000)
    peer = await greeted(site)
    sending = asyncio.create_task(peer.send(b"NOOP\r\n" * 2_000_000))
    async with asyncio.timeout(120):
        while site.gate.doorway.conversations:
            await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_commit_of_which_nobody_knows_is_answered_to_nobody(start_site):
    from gatepost.store.spool import CommitUnknownError  # noqa: PLC0415

    site = await start_site()
    peer = await greeted(site)

    async def unknown(*_):
        raise CommitUnknownError("the disk is silent")

    site.gate.spool.accept = unknown
    await peer.envelope("ada@customer.example", OURS, THIRD)
    await peer.send(TEXT + b".\r\n")
    assert await peer.closed() == b""


async def test_the_socket_is_closed_to_others_before_it_can_be_reached(tmp_path):
    """Its rights are set before it listens, whatever the umask is."""
    umask = os.umask(0)
    try:
        listener = open_door(tmp_path / "lmtp.sock", 0o660)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "lmtp.sock").stat().st_mode) == 0o660
    listener.close()


async def test_a_link_that_somebody_lays_where_the_socket_stood_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / "lmtp.sock").symlink_to(target)
    from gatepost.errors import PermanentError  # noqa: PLC0415

    with pytest.raises(PermanentError, match="cannot listen"):
        open_door(tmp_path / "lmtp.sock", 0o660)
    assert target.read_text() == "kept"


async def test_a_unix_peer_is_counted_in_all(start_site, tmp_path):
    path = tmp_path / "lmtp.sock"
    site = await start_site(lmtp=[open_door(path, 0o660)], connections=3)
    peers = [await site.unix(path) for _ in range(3)]
    assert [(await each.reply())[:3] for each in peers] == ["220"] * 3
    assert (await (await site.unix(path)).reply()).startswith("421")
    await peers[0].ask("LHLO x")
    assert (await peers[0].mail(TEXT)).startswith("250")
    assert site.arrivals()[0].envelope.door is Door.LMTP
