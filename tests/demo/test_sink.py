"""The sink itself: a fake that other tests believe has to be right."""

import asyncio
import smtplib
import threading
from collections.abc import Iterator

import pytest

from gatepost.demo.script import Dribble, Drop, Garbage, Hang, KeepThenDrop, Partial, Reply, Slow, Stage
from gatepost.demo.sink import Caught, Sink


async def say(port: int, *lines: str, answers: int) -> list[str]:
    """Send the lines at once, and read so many answers, or until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    got: list[str] = []
    async with asyncio.timeout(5):
        while len(got) < answers:
            line = (await reader.readline()).decode()
            if not line:
                break
            if line[3:4] != "-":
                got.append(line[:3])
    writer.close()
    return got


async def test_a_whole_conversation_in_one_piece() -> None:
    async with Sink() as sink:
        codes = await say(
            sink.port,
            *("EHLO me", "MAIL FROM:<> SIZE=9 BODY=8BITMIME", "RCPT TO:<a@b.example>", "RCPT TO:<permerror@b.example>"),
            *("DATA", "..dot", "", "text", ".", "NOOP", "QUIT"),
            answers=99,
        )
        assert codes == ["220", "250", "250", "250", "550", "354", "250", "250", "221"]
        assert sink.mails == [
            Caught(
                mail_from="",
                recipients=("a@b.example",),
                parameters="SIZE=9 BODY=8BITMIME",
                content=b".dot\r\n\r\ntext\r\n",
                connection=0,
            )
        ]
        assert sink.refused == [("permerror@b.example", 550)]


async def test_what_comes_out_of_order_is_told_so() -> None:
    async with Sink() as sink:
        lines = ["RCPT TO:<a@b.example>", "DATA", "MAIL FROM:a@b", "MAIL FROM:<a@b>", "DATA", "HELP", "RSET", "DATA"]
        assert await say(sink.port, *lines, answers=9) == [
            "220",
            "503",
            "503",
            "501",
            "250",
            "554",
            "502",
            "250",
            "503",
        ]
        assert sink.mails == []


async def test_content_in_pieces_of_one_byte() -> None:
    async with Sink() as sink:
        _, writer = await asyncio.open_connection("127.0.0.1", sink.port)
        whole = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\none\r\n..two\r\n.\r\n"
        for n in range(len(whole)):
            writer.write(whole[n : n + 1])
            await writer.drain()
        (mail,) = await sink.caught(1)
        assert mail.content == b"one\r\n.two\r\n"
        writer.close()


async def test_an_empty_mail() -> None:
    async with Sink() as sink:
        await say(sink.port, "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", ".", answers=5)
        assert [mail.content for mail in sink.mails] == [b""]


@pytest.mark.parametrize(
    ("action", "codes", "kept"),
    [
        (Reply(450), ["220", "250", "250", "354", "450"], 0),
        (Drop(), ["220", "250", "250", "354"], 0),
        (KeepThenDrop(), ["220", "250", "250", "354"], 1),
        (Slow(0.01), ["220", "250", "250", "354", "250"], 1),
        (Reply(421), ["220", "250", "250", "354", "421"], 0),
    ],
)
async def test_each_way_to_end_a_mail(action: Reply | Drop | KeepThenDrop | Slow, codes: list[str], kept: int) -> None:
    async with Sink(scripts=[[(Stage.END, action)]]) as sink:
        mail = ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "text", "."]
        assert await say(sink.port, *mail, answers=5) == codes
        assert len(sink.mails) == kept
        await say(sink.port, *mail, answers=5)
        assert len(sink.mails) == kept + 1


@pytest.mark.parametrize("action", [Hang(), Garbage(), Partial(), Dribble(every=0.001)])
async def test_after_some_actions_nothing_more_is_answered(action: Hang | Garbage | Partial | Dribble) -> None:
    async with Sink(habits={Stage.MAIL: action}) as sink:
        reader, writer = await asyncio.open_connection("127.0.0.1", sink.port)
        writer.write(b"MAIL FROM:<a@b>\r\nNOOP\r\nNOOP\r\n")
        assert (await reader.readline()).startswith(b"220")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                while True:
                    assert b"250" not in await reader.read(64)
        writer.close()


@pytest.fixture
def sink_in_a_thread() -> Iterator[Sink]:
    """A sink with a loop of its own, for clients that block."""
    sink, ready, loop = Sink(), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        await sink.start()
        ready.set()

    loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert ready.wait(5)
    yield sink
    asyncio.run_coroutine_threadsafe(sink.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def test_the_standard_library_can_talk_to_it(sink_in_a_thread: Sink) -> None:
    with smtplib.SMTP("127.0.0.1", sink_in_a_thread.port, timeout=5) as client:
        client.sendmail("a@b.example", ["c@d.example", "temperror@d.example"], b"Subject: x\r\n\r\n.text\r\n")
    assert sink_in_a_thread.mails[0].content == b"Subject: x\r\n\r\n.text\r\n"
    assert sink_in_a_thread.refused == [("temperror@d.example", 451)]
