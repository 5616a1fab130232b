"""Commands: what is answered to each, in every order, and what is never taken for one."""

import logging
import re

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

TEXT = b"Subject: one\r\n\r\nfirst\r\n"


@pytest.mark.catalogue("A04")
@pytest.mark.parametrize("line", [b"EHLO t\nMAIL FROM:<a@b.example>\r\n", b"EHLO t\n", b"\n"])
async def test_a_bare_lf_ends_no_command_but_the_connection(site, line):
    peer = await site.connect()
    await peer.reply()
    await peer.send(line)
    assert (await peer.reply()).startswith("500 5.5.2")
    assert await peer.closed() == b""


@pytest.mark.catalogue("A11", "A28")
@pytest.mark.parametrize(
    "first",
    [
        b"POST / HTTP/1.1",
        b"GET / HTTP/1.0",
        b"CONNECT mx:25 HTTP/1.1",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2",
        b"\x16\x03\x01",
    ],
)
async def test_another_protocol_is_cut_off_at_its_first_line(site, first):
    peer = await site.connect()
    await peer.reply()
    await peer.send(
        first + b"\r\nHost: x\r\n\r\nEHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\n"
        b"Subject: smuggled\r\n\r\n.\r\n"
    )
    assert (await peer.reply()).startswith("500 5.5.2")
    assert b"250" not in await peer.closed()
    assert site.arrivals() == []


async def test_http_is_cut_off_even_after_ehlo(site):
    peer = await site.greeted()
    assert (await peer.ask("GET / HTTP/1.1")).startswith("500 5.5.2")
    assert await peer.closed() == b""


@pytest.mark.catalogue("A21")
@pytest.mark.parametrize("command", ["NOOP", "RSET", "BOGUS", "EHLO x", "VRFY x", "HELP"])
async def test_a_flood_of_commands_ends_the_connection(start_site, command):
    site = await start_site(junk_commands=50, errors=1_000)
    peer = await site.greeted()
    replies = []
    for _ in range(200):
        replies.append(await peer.ask(command))
        if replies[-1].startswith("421"):
            break
    assert replies[-1].startswith("421 4.7.0")
    assert 45 <= len(replies) <= 52
    assert await peer.closed() == b""


async def test_commands_in_all_are_counted_since_the_last_accepted_mail(start_site):
    site = await start_site(commands=10)
    peer = await site.greeted()
    for _ in range(5):
        assert (await peer.mail(TEXT)).startswith("250")
    replies = [await peer.ask("MAIL FROM:<a@b.example>") for _ in range(11)]
    assert replies[-1].startswith("421 4.7.0")


@pytest.mark.catalogue("A14")
async def test_asking_for_recipients_is_limited(start_site):
    site = await start_site(errors=20)
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    await peer.send(b"".join(b"RCPT TO:<user%d@market.example>\r\n" % n for n in range(40)))
    replies = (await peer.closed()).split(b"\r\n")
    assert sum(reply.startswith(b"550") for reply in replies) == 21
    assert replies[-2].startswith(b"421 4.7.0")


@pytest.mark.catalogue("A22")
async def test_limits_belong_to_one_session(start_site):
    site = await start_site(junk_commands=30)
    one, other = await site.greeted(), await site.greeted()
    for _ in range(25):
        assert (await one.ask("EHLO again.example")).startswith("250")
    long = "MAIL FROM:<" + "a" * 64 + "@" + "b" * 60 + ".example> SIZE=1000 BODY=8BITMIME SMTPUTF8"
    third = await site.greeted()
    assert (await other.ask(long)).startswith("250")
    assert (await third.ask(long)).startswith("250")
    assert (await other.ask("NOOP")).startswith("250")


HOSTILE = [
    b"EHLO " + b"x" * 3_000, b"EHLO", b"EHLO gr\xc3\xbc\xc3\x9fe", b"HELO a b", b"EHLO \x1b[31m", b"MAIL FROM:<a\x1b[2Jb@c.example>",
    b"MAIL FROM:<a\0b@c.example>", b"MAIL FROM:<a\rb@c.example>", b"MAIL FROM:<\xff\xfe@c.example>", b"MAIL FROM:<" + b"a" * 300 + b"@c.example>",
    b"MAIL FROM:<a@" + b"b." * 200 + b"c>", b"MAIL FROM:a@b.example", b"MAIL FROM:<a@b.example", b"MAIL FROM:<a..b@c.example>", b"MAIL FROM:<a b@c.example>",
    b"MAIL FROM:<a@b.example>X", b"MAIL FROM:<a@b.example> SIZE=x", b"MAIL FROM:<a@b.example> SIZE=1 SIZE=1", b"MAIL FROM:<a@b.example> BODY=9",
    b"MAIL <a@b.example>", b"MAIL", b"MAIL FROM:<", b"MAIL FROM:<@>", b"MAIL FROM:<a@-b.example>", b"DATA now", b"RSET now",
]  # fmt: skip


@pytest.mark.catalogue("A23")
@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: repr(line[:30]))
async def test_a_malformed_command_is_refused_and_the_session_goes_on(site, line, caplog):
    caplog.set_level(logging.DEBUG)
    peer = await site.greeted()
    assert (await peer.ask(line))[:3] in ("500", "501", "503")
    assert (await peer.mail(TEXT)).startswith("250")
    assert all(re.search(r"[\x00-\x1f\x7f-\x9f]", record.getMessage()) is None for record in caplog.records)


@pytest.mark.catalogue("A23")
@pytest.mark.parametrize(
    "line", [b"RCPT TO:<", b"RCPT TO:<a\x1bb@market.example>", b"RCPT TO:<a b@market.example>", b"RCPT TO:<>"]
)
async def test_a_malformed_recipient_is_refused(site, line):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    assert (await peer.ask(line))[:3] in ("500", "501")


UMLAUT = "ü".encode()
DECOMPOSED = "u\u0308".encode()


@pytest.mark.catalogue("A24")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<j" + UMLAUT + b"rgen@b.example>", "553 5.6.7"),
        (b"MAIL FROM:<j" + UMLAUT + b"rgen@b.example> SMTPUTF8", "250"),
        (b"MAIL FROM:<j" + DECOMPOSED + b"rgen@b.example> SMTPUTF8", "250"),
        (b"MAIL FROM:<a@b" + UMLAUT + b"cher.example>", "553 5.6.7"),
        (b"MAIL FROM:<a@b" + UMLAUT + b"cher.example> BODY=8BITMIME SMTPUTF8", "250"),
        (b"MAIL FROM:<j\xfcrgen@b.example> SMTPUTF8", "501"),
        (b"MAIL FROM:<a\xc3@b.example> SMTPUTF8", "501"),
        (b"MAIL FROM:<a@b.example> SMTPUTF8=yes", "501"),
        (b"MAIL FROM:<\xd0\xb0dmin@b.example> SMTPUTF8", "250"),
        (b"MAIL FROM:<a\xe2\x80\xaeb@b.example> SMTPUTF8", "501"),
        (b"MAIL FROM:<\xe6\x97\xa5\xe6\x9c\xac@b.example> SMTPUTF8 SIZE=10", "250"),
        (b"MAIL FROM:<a@b.example> SMTPUTF8", "250"),
    ],
)
async def test_international_addresses_need_smtputf8(site, line, code):
    peer = await site.greeted()
    assert (await peer.ask(line)).startswith(code)
    if code != "250":
        return
    assert (await peer.ask("RCPT TO:<support@market.example>")).startswith("250")
    assert (await peer.ask("DATA")).startswith("354")
    await peer.send(TEXT + b".\r\n")
    assert (await peer.reply()).startswith("250")
    stored = site.arrivals()[0].envelope.mail_from
    assert "\u0308" not in stored and stored.encode("utf-8")


@pytest.mark.catalogue("A24")
async def test_an_international_recipient_needs_smtputf8(site):
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("250")
    assert (await peer.ask("RCPT TO:<sup+ü@market.example>".encode())).startswith("553 5.6.7")
    assert (await peer.ask("RSET")).startswith("250")
    assert (await peer.ask("MAIL FROM:<a@b.example> SMTPUTF8")).startswith("250")
    assert (await peer.ask("RCPT TO:<support+ü@market.example>".encode())).startswith("250")


@pytest.mark.catalogue("A27")
async def test_auth_is_neither_offered_nor_taken_and_the_password_is_not_logged(site, caplog):
    caplog.set_level(logging.DEBUG)
    peer = await site.connect()
    await peer.reply()
    assert "AUTH" not in await peer.ask("EHLO x")
    assert (await peer.ask("AUTH PLAIN AGFkYQBodW50ZXIy")).startswith("503")
    assert (await peer.ask("AUTH LOGIN")).startswith("503")
    assert "AGFkYQBodW50ZXIy" not in caplog.text


@pytest.mark.catalogue("A14")
async def test_vrfy_and_expn_tell_nothing(site):
    peer = await site.greeted()
    assert await peer.ask("VRFY support@market.example") == await peer.ask("VRFY nobody@market.example")
    assert (await peer.ask("VRFY x")).startswith("252")
    assert (await peer.ask("EXPN staff")).startswith("502")


class Model(RuleBasedStateMachine):
    """What RFC 5321 4.1.4 says of the order of commands, beside the real conversation."""

    @initialize()
    def connect(self):
        self.helo = False
        self.sender = False
        self.recipients = 0
        self.mails = 0
        self.talk = self.open_talk()

    def expect(self, line, code):
        assert self.talk.ask(line).startswith(code), line

    @rule(verb=st.sampled_from(["EHLO", "HELO", "ehlo"]))
    def greet(self, verb):
        self.expect(f"{verb} client.example", "250")
        self.helo, self.sender, self.recipients = True, False, 0

    @rule(sender=st.sampled_from(["", "ada@customer.example", '"a b"@customer.example', "a@[192.0.2.1]"]))
    def mail(self, sender):
        self.expect(f"MAIL FROM:<{sender}>", "250" if self.helo and not self.sender else "503")
        self.sender = self.sender or self.helo

    @rule(good=st.booleans())
    def rcpt(self, good):
        name = "support" if good else "nobody"
        self.expect(f"RCPT TO:<{name}@market.example>", ("250" if good else "550") if self.sender else "503")
        self.recipients += good and self.sender

    @rule()
    def data(self):
        if not self.recipients:
            return self.expect("DATA", "503")
        self.expect("DATA", "354")
        self.expect("Subject: x\r\n\r\n.", "250")
        self.mails += 1
        self.sender, self.recipients = False, 0
        return None

    @rule()
    def rset(self):
        self.expect("RSET", "250")
        self.sender, self.recipients = False, 0

    @rule(line=st.sampled_from(["BDAT 10 LAST", "EXPN x", "STARTTLS"]))
    def refused(self, line):
        self.expect(line, "502")

    @rule(line=st.sampled_from(["NOOP", "VRFY x", "HELP"]))
    def harmless(self, line):
        self.expect(line, "2")

    @rule()
    def unknown(self):
        if self.talk.commands:
            self.expect("XBOGUS", "500")

    @invariant()
    def every_mail_is_there_once(self):
        assert self.talk.accepted == self.mails


@pytest.mark.catalogue("A26")
def test_every_order_of_commands_is_answered_as_the_model_says(bare_talk):
    class Machine(Model):
        open_talk = staticmethod(bare_talk)

    Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
    Machine.TestCase("runTest").runTest()
