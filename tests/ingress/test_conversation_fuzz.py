"""Random dialogues: nothing breaks a conversation, and where the library is right we say what it says."""

import asyncio
import logging
import re
from itertools import pairwise

import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LINES = [
    b"EHLO client.example\r\n", b"HELO client.example\r\n", b"MAIL FROM:<a@b.example>\r\n", b"MAIL FROM:<>\r\n",
    b"MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\n", b"RCPT TO:<support@market.example>\r\n", b"RSET\r\n", b"NOOP\r\n", b"DATA\r\n",
    b"Subject: x\r\n\r\ntext\r\n.\r\n", b"..dots\r\n.\r\n", b"\r\n.\r\n", b".\r\n", b"VRFY <a@b.example>\r\n", b"EXPN x\r\n",
]  # fmt: skip
# The fixtures give functions that make a fresh conversation for each dialogue.
FRESH = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NOISE = [
    b"\n", b"\r", b"\0", b"\xff\xfe", b"MAIL FROM:<", b"x" * 3_000, b"\r\n.\n", b"STARTTLS\r\n", b"QUIT\r\n", b"AUTH PLAIN eA==\r\n",
    b"GET / HTTP/1.1\r\n", b"RCPT TO:<\"a\\\"b\"@market.example>\r\n", b"BDAT 5\r\nabcde", b"\x16\x03\x01\x02", b"MAIL FROM:<@a,@b:c@d.example>\r\n",
]  # fmt: skip
REPLY = re.compile(rb"(?:[2345][0-9]{2}[ -][\x20-\x7e]*\r\n)*")


@pytest.mark.catalogue("A23")
@FRESH
@given(
    st.lists(st.sampled_from(LINES + NOISE) | st.binary(max_size=60), max_size=20),
    st.lists(st.integers(0, 4_000), max_size=8),
)
def test_whatever_comes_every_reply_is_one(fuzz_talk, pieces, cuts):
    stream = b"".join(pieces)
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    heard = fuzz_talk([stream[start:stop] for start, stop in pairwise(edges)])
    assert REPLY.fullmatch(heard), heard


class NoDisk:
    """A handler for the library's own server that takes all of ours."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        return "250 OK"


SOUND = [
    # HELO is left out: after it the library refuses parameters of MAIL, which we take.
    LINES[0], *LINES[2:8], b"VRFY <a@b.example>\r\n", b"EXPN x\r\n", b"MAIL FROM:<a..b@>\r\n", b"RCPT TO:<support@market.example> NOTIFY=NEVER\r\n",
    *(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\n" + text + b".\r\n"
      for text in (b"", b"\r\n", b"Subject: x\r\n\r\ntext\r\n", b"..dots\r\n", b"..\r\n", b"x" * 900 + b"\r\n")),
]  # fmt: skip


@FRESH
@given(st.lists(st.sampled_from(SOUND), max_size=20))
def test_well_formed_dialogues_end_as_with_the_library(fuzz_talk, stock_talk, pieces):
    """Reply by reply, whether it is yes, go on, or no; which refusal it is, is ours to choose."""
    dialogue = [b"EHLO client.example\r\n", *pieces, b"QUIT\r\n"]
    assert codes(fuzz_talk(dialogue)) == codes(stock_talk(dialogue))


def codes(heard: bytes) -> list[bytes]:
    return [line[:1] for line in heard.split(b"\r\n") if line[3:4] == b" "]


@pytest.fixture
def fuzz_talk(bare_talk):
    """Say the pieces to a fresh conversation; everything that it said."""

    def say(pieces: list[bytes]) -> bytes:
        talk = bare_talk()
        for piece in pieces:
            talk.say(piece)
        return talk.heard

    return say


class TakesAll:
    """A handler for the library's own server."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        return "250 OK"


@pytest.fixture
def stock_talk():
    """The same to the library's own server, over loopback."""
    loop = asyncio.new_event_loop()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)

    async def serve():
        return await loop.create_server(lambda: SMTP(TakesAll(), hostname="x", loop=loop), "127.0.0.1", 0)

    server = loop.run_until_complete(serve())

    async def talk(pieces: list[bytes]) -> bytes:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"".join(pieces))
        heard = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        return heard

    yield lambda pieces: loop.run_until_complete(talk(pieces))
    server.close()
    loop.run_until_complete(server.wait_closed())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
