"""The readers: a mail that kills its reader costs one try, and the next mail is read."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.mail.parse import Cause, HostileMail, ReadLimits, read_letter
from gatepost.reader import frame
from gatepost.reader.pool import Death, ReaderDied, ReaderPool

MAIL = b"From: ann@shop.example\nSubject: Hello\n\nIt is broken.\n"

# A child that is the real one, but misbehaves over one marked mail.
FAULTY = """
import os, signal, sys
from gatepost.reader import __main__ as reader, frame
real = reader.read_letter
def read_letter(raw, **kwargs):
    if b"die" in raw:
        os._exit(3)
    if b"spin" in raw:
        while True: pass
    if b"hang" in raw:
        signal.pause()
    if b"eat" in raw:
        hoard = []
        while True: hoard.append(bytes(16_000_000))
    if b"raise" in raw:
        raise RuntimeError("unforeseen")
    if b"babble" in raw:
        os.write(4, b"\\x00\\x00\\x00\\x02[]")
        os.write(3, b"\\x00\\x00\\x00\\x02[]")
    if b"flood" in raw:
        for piece in frame.of_letter(real(raw)):
            write(sinks[0], piece)
        write(sinks[0], bytes(8_000_000))
    if b"open" in raw:
        try:
            open("/etc/hostname")
        except OSError as error:
            raw = b"Subject: " + str(error.errno).encode() + b"\\n\\n"
    if b"socket" in raw:
        import _socket
        try:
            _socket.socket()
        except OSError as error:
            raw = b"Subject: " + str(error.errno).encode() + b"\\n\\n"
    return real(raw, **kwargs)
reader.read_letter = read_letter
import _socket
sinks, write = [], reader._write
def note_and_write(sink, piece):
    sinks.append(sink)
    write(sink, piece)
reader._write = note_and_write
reader.main(sys.argv[1:])
"""


@pytest.fixture
async def pool():
    # The wall is far away: on a machine that others share, a second of CPU may take long.
    made = ReaderPool(
        cpu_seconds=1, wall_seconds=120, memory_octets=400_000_000, command=(sys.executable, "-c", FAULTY)
    )
    yield made
    await made.close()


async def test_a_letter_comes_back_as_it_was_read(pool):
    assert await pool.read(MAIL) == read_letter(MAIL)


@pytest.mark.catalogue("C20")
@pytest.mark.parametrize(
    ("word", "cause"),
    [
        (b"die", Death.CRASH),
        (b"raise", Death.CRASH),
        (b"spin", Death.CPU),
        (b"eat", Death.OOM),
    ],
)
async def test_a_mail_that_kills_its_reader_costs_one_try(pool, word, cause):
    with pytest.raises(ReaderDied) as died:
        await pool.read(MAIL + word)
    assert died.value.cause is cause
    assert died.value.temporary
    assert (await pool.read(MAIL)).subject == "Hello"


@pytest.mark.catalogue("C20")
async def test_a_reader_that_hangs_is_killed_at_the_wall_limit():
    pool = ReaderPool(wall_seconds=120, command=(sys.executable, "-c", FAULTY))
    try:
        await pool.read(MAIL)
        hung = pool.pids
        pool._wall = 0.5
        with pytest.raises(ReaderDied) as died:
            await pool.read(MAIL + b"hang")
        assert died.value.cause is Death.TIMEOUT
        pool._wall = 120
        assert (await pool.read(MAIL)).subject == "Hello"
        assert pool.pids != hung
    finally:
        await pool.close()


def test_a_reader_that_crashes_tells_nothing_of_the_mail():
    raw = MAIL + b"raise"
    ran = subprocess.run(
        [sys.executable, "-c", FAULTY, "1", "400000000", "{}"],
        input=frame.length(len(raw)) + raw, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.stdout == frame.READY
    assert ran.stderr == b"reader: ended by RuntimeError\n"


@pytest.mark.catalogue("C20")
async def test_a_reader_that_says_more_than_it_was_asked_holds_nobody_up(pool):
    """asyncio stops reading at two megabytes, and tells of a child's end only once its pipe was read to the end."""
    await pool.read(MAIL + b"flood")
    stdout = pool._readers[0]._process.stdout
    async with asyncio.timeout(60):
        while len(stdout._buffer) < 2_000_000:
            await asyncio.sleep(0.01)
        with pytest.raises(ReaderDied) as died:
            await pool.read(MAIL)
        assert died.value.cause is Death.CRASH
        assert (await pool.read(MAIL)).subject == "Hello"


@pytest.mark.catalogue("M08")
async def test_without_memory_for_an_answer_the_mail_costs_one_try(pool, monkeypatch):
    content = bytes(range(256)) * 24_000
    mail = b"Content-Type: application/zip\nContent-Transfer-Encoding: binary\n\n" + content
    real = asyncio.StreamReader.readexactly

    async def readexactly(stream, octets):
        if octets > 1_000_000:
            # The whole of it has come by then, and asyncio reads on no further.
            await real(stream, 64_000)
            raise MemoryError
        return await real(stream, octets)

    monkeypatch.setattr(asyncio.StreamReader, "readexactly", readexactly)
    async with asyncio.timeout(60):
        with pytest.raises(ReaderDied) as died:
            await pool.read(mail)
        assert died.value.cause is Death.OOM
        assert (await pool.read(MAIL)).subject == "Hello"


@pytest.mark.parametrize("word", [b"open", b"socket"])
async def test_a_reader_can_open_nothing(pool, word):
    assert (await pool.read(MAIL + word)).subject == "24"


async def test_a_hostile_mail_is_refused_by_its_cause_and_the_reader_lives():
    pool = ReaderPool(limits=ReadLimits(message_octets=100))
    try:
        await pool.read(MAIL)
        before = pool.pids
        with pytest.raises(HostileMail) as refused:
            await pool.read(MAIL + b"x" * 100)
        assert refused.value.cause is Cause.MESSAGE_TOO_LARGE
        assert pool.pids == before
    finally:
        await pool.close()


async def test_a_cancelled_read_leaves_no_stale_answer(pool):
    await pool.read(MAIL)
    task = asyncio.create_task(pool.read(MAIL + b"hang"))
    await asyncio.sleep(0)
    while not pool._idle.empty():
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pool.read(MAIL.replace(b"Hello", b"Next"))).subject == "Next"


async def test_two_readers_read_side_by_side_and_close_leaves_no_process():
    pool = ReaderPool(count=2)
    letters = await asyncio.gather(*(pool.read(MAIL.replace(b"Hello", b"n%d" % n)) for n in range(8)))
    assert [letter.subject for letter in letters] == [f"n{n}" for n in range(8)]
    pids = pool.pids
    assert len(pids) == 2
    await pool.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_file_of_megabytes_comes_through_whole(pool):
    content = bytes(range(256)) * 12_000
    mail = b"Content-Type: application/zip\nContent-Transfer-Encoding: binary\n\n" + content
    letter = await pool.read(mail)
    assert letter.attachments[0].content == content
    # The peak that the kernel reports for children includes ours, which they had before their exec.
    (pid,) = pool.pids
    status = Path(f"/proc/{pid}/status").read_text()
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < 150_000


@pytest.mark.catalogue("M09")
async def test_a_reader_that_dies_before_it_is_ready_costs_no_mail_a_try(tmp_path):
    """An end from outside, as by the kernel's hunt for memory: nobody can blame the mail that happened to wait."""
    marker = tmp_path / "starts"
    child = f"""
import sys
with open({str(marker)!r}, "a") as file:
    file.write("x")
if len(open({str(marker)!r}).read()) < 4:
    sys.exit(1)
from gatepost.reader import __main__ as reader
reader.main(sys.argv[1:])
"""
    pool = ReaderPool(command=(sys.executable, "-c", child))
    try:
        assert (await pool.read(MAIL)).subject == "Hello"
        assert marker.read_text() == "xxxx"
    finally:
        await pool.close()
