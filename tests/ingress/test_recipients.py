"""Who is taken at RCPT: only addresses of ours, and no way round."""

import sys

import pytest

TEXT = b"Subject: one\r\n\r\nfirst\r\n"
TOKEN = "ab2c" * 10

FOREIGN = [
    "<victim@elsewhere.example>", "<victim%elsewhere.example@market.example>", "<elsewhere.example!victim@market.example>",
    "<@market.example:victim@elsewhere.example>", "<@elsewhere.example:support@market.example>",
    '<"victim@elsewhere.example"@market.example>', "<victim@[192.0.2.1]>", "<support@[127.0.0.1]>", "<support@market.example.evil.example>",
    "<support@xmarket.example>", "<support@sub.market.example>", "<victim%elsewhere.example%other.example@market.example>",
    '<"support"@elsewhere.example>', "<support%market.example@elsewhere.example>", '<"support%x"@market.example>', "<a!b!support@market.example>",
    "<triage@teams.example>", "<staff@elsewhere.example>", "<support@localhost>", "<support@mx.market.example>",
    "<support@[IPv6:::1]>", '<"a b"@elsewhere.example>', "<support+x@elsewhere.example>", "<@a.example,@b.example:support@market.example>",
    "<postmaster@elsewhere.example>",
]  # fmt: skip


@pytest.mark.catalogue("A12")
@pytest.mark.parametrize("path", FOREIGN)
async def test_nothing_is_relayed(site, path):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    assert (await peer.ask(f"RCPT TO:{path}")).startswith("550 5.7.1")
    assert (await peer.ask("DATA")).startswith("503")
    assert site.arrivals() == []


@pytest.mark.catalogue("A12")
@pytest.mark.parametrize(
    "path",
    [
        "<support@market.example.>",
        "<victim@elsewhere.example@market.example>",
        "<support@market.example..>",
        "support@market.example",
        "<support@.market.example>",
    ],
)
async def test_a_sloppy_path_is_no_address_of_ours(site, path):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    assert (await peer.ask(f"RCPT TO:{path}"))[:3] in ("501", "550")


OURS = [
    "<support@market.example>", "<SUPPORT@Market.Example>", '<"support"@market.example>', "<help@market.example>", "<care@second.example>",
    "<support+anything@market.example>", f"<support+{TOKEN}@market.example>", f"<Support+{TOKEN.upper()}@MARKET.example>",
    f"<{TOKEN}@reply.market.example>", "<product+gift-basket@market.example>", "<gift-basket+product@second.example>",
    f"<bounce+{TOKEN}@market.example>", "<postmaster>", "<PostMaster>", "<Postmaster@MARKET.example>", "<postmaster@second.example>",
    "<postmaster@reply.market.example>", "<Postmaster@MX.market.example>",
]  # fmt: skip


@pytest.mark.catalogue("A12", "A13")
@pytest.mark.parametrize("path", OURS)
async def test_every_form_of_our_addresses_is_taken(site, path):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    assert (await peer.ask(f"RCPT TO:{path}")).startswith("250")
    assert (await peer.ask("DATA")).startswith("354")
    await peer.send(TEXT + b".\r\n")
    assert (await peer.reply()).startswith("250")
    assert len(site.arrivals()) == 1


@pytest.mark.catalogue("A13")
@pytest.mark.parametrize(
    "path",
    ["nobody@market.example", "product@market.example", "bounce@market.example", "support-x@market.example", "+support@market.example",
     "triage@market.example", "staff@market.example", "x@reply.market.example", f"{TOKEN}x@reply.market.example", f"{TOKEN}@market.example"],
)  # fmt: skip
async def test_an_unknown_address_is_refused_at_rcpt(site, path):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    assert (await peer.ask(f"RCPT TO:<{path}>")).startswith("550 5.1.1")


@pytest.mark.catalogue("A14")
def test_an_unknown_token_costs_what_a_known_one_costs(bare_talk):
    """No token is looked up at RCPT, so the two cannot differ: one code path, one reply."""
    talk = bare_talk()
    talk.ask("EHLO x")
    talk.ask("MAIL FROM:<a@b.example> ")

    def calls(token: str) -> list[str]:
        """Every function that answers the command, in order: the same for all tokens, so is what it costs."""
        seen: list[str] = []
        sys.setprofile(lambda frame, event, argument: seen.append(f"{event} {frame.f_code.co_qualname}"))
        try:
            reply = talk.ask(f"RCPT TO:<support+{token}@market.example>")
        finally:
            sys.setprofile(None)
        assert reply.startswith("250")
        return seen

    talk.ask(f"RCPT TO:<support+{TOKEN}@market.example>")
    assert calls("zy7x" * 10) == calls("ab2d" * 10)
    assert len(calls("zy7x" * 10)) > 20


@pytest.mark.catalogue("A15")
async def test_recipients_beyond_the_limit_wait_and_the_first_are_kept(site):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    await peer.send(b"".join(b"RCPT TO:<support+%d@market.example>\r\n" % n for n in range(150)))
    replies = [await peer.reply() for _ in range(150)]
    assert all(reply.startswith("250") for reply in replies[:100])
    assert all(reply.startswith("452 4.5.3") for reply in replies[100:])
    assert (await peer.ask("DATA")).startswith("354")
    await peer.send(TEXT + b".\r\n")
    assert (await peer.reply()).startswith("250")
    assert len(site.arrivals()[0].envelope.recipients) == 100


async def test_the_same_recipient_twice_is_one(site):
    peer = await site.greeted()
    assert (await peer.mail(TEXT, "a@b.example", "support@market.example", "support@market.example")).startswith("250")
    assert site.arrivals()[0].envelope.recipients == ("support@market.example",)
