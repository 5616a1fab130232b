"""250 means durable, and nothing else is ever lost or told: lost peers, broken disks, slow commits, shutdown."""

import asyncio
import re
import sqlite3
import threading

import pytest

from gatepost.errors import TemporaryError
from gatepost.store.connection import open_writer

TEXT = b"Subject: one\r\n\r\nfirst\r\n"
LARGE = TEXT + b"x" * 76 + b"\r\n" * 150_000


class SlowDisk:
    """A connection whose COMMIT waits for `let_go`; it remembers whether one has begun."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, path, **more):
        return Hooked(open_writer(path, **more), self._before)

    def _before(self, sql: str) -> None:
        if sql == "COMMIT" and not self.let_go.is_set():
            self.begun.set()
            self.let_go.wait(20)


class BrokenDisk:
    """Connections that fail at the n-th statement (or fsync-like COMMIT) after `fail` was called."""

    def __init__(self) -> None:
        self.countdown = -1
        self.error: Exception = sqlite3.OperationalError("disk I/O error")
        self.hit = 0

    def fail(self, nth: int, error: Exception) -> None:
        self.countdown, self.error = nth, error

    def __call__(self, path, **more):
        return Hooked(open_writer(path, **more), self._before)

    def _before(self, sql: str) -> None:
        self.countdown -= 1
        if self.countdown == 0:
            self.hit += 1
            raise self.error


class Hooked:
    """A sqlite3 connection that asks `before` at each statement."""

    def __init__(self, connection, before) -> None:
        self._connection = connection
        self._before = before

    def execute(self, sql, *values):
        self._before(sql)
        return self._connection.execute(sql, *values)

    def executemany(self, sql, rows):
        self._before(sql)
        return self._connection.executemany(sql, rows)

    def __getattr__(self, name):
        return getattr(self._connection, name)


async def until(event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


@pytest.mark.catalogue("B03")
@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
async def test_a_mail_whose_end_did_not_come_is_not_stored(site, how):
    peer = await site.greeted()
    await peer.envelope()
    await peer.send(TEXT + b"the rest never com")
    (talk,) = site.gate.doorway.conversations
    if how == "half-close":
        peer.writer.write_eof()
    elif how == "reset":
        peer.reset()
    else:
        await peer.close()
    await asyncio.wait_for(talk.ended, 10)
    assert site.arrivals() == []
    assert site.gate.doorway.room.taken == 0


@pytest.mark.catalogue("B04")
@pytest.mark.parametrize("text", [TEXT, LARGE], ids=["row", "file"])
@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
async def test_a_peer_that_goes_between_dot_and_250_does_not_stop_the_commit(start_site, how, text):
    disk = SlowDisk()
    disk.let_go.set()
    site = await start_site(spool={"connect": disk})
    disk.let_go.clear()
    peer = await site.greeted()
    await peer.envelope()
    (talk,) = site.gate.doorway.conversations
    await peer.send(text + b".\r\n")
    await until(disk.begun)
    news = await site.news()
    if how == "half-close":
        peer.writer.write_eof()
        disk.let_go.set()
        assert (await peer.reply()).startswith("250")
    else:
        peer.reset() if how == "reset" else await peer.close()
        await asyncio.wait([talk.ended], timeout=0.05)
        disk.let_go.set()
    # The commit of a mail whose peer is gone has no other witness.
    assert await asyncio.wait_for(news.readline(), 10) == b"new\n"
    assert [arrival.raw for arrival in site.arrivals()] == [text]


@pytest.mark.catalogue("A29")
@pytest.mark.parametrize(
    "error",
    [sqlite3.OperationalError("database is locked: /var/lib/gatepost"), OSError(5, "Input/output error", "/var/x"), MemoryError(),
     TemporaryError("secret inside"), RuntimeError("a bug\r\n250 ok"), sqlite3.DatabaseError("malformed")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
async def test_every_fault_of_ours_is_a_451_that_tells_nothing(start_site, error, caplog):
    disk = BrokenDisk()
    site = await start_site(spool={"connect": disk})
    peer = await site.greeted()
    disk.fail(2, error)
    reply = await peer.mail(TEXT)
    assert disk.hit == 1
    assert re.fullmatch(r"451 4\.3\.0 Trouble on our side, try again later \[[0-9a-f]{10}\]", reply)
    assert reply[-11:-1] in caplog.text
    assert site.arrivals() == []
    assert (await peer.mail(TEXT)).startswith("250")
    assert len(site.arrivals()) == 1


@pytest.mark.catalogue("A29")
async def test_a_bug_in_a_command_is_a_451_too(site):
    def broken(octets: int) -> bool:
        raise ValueError("/etc/secret")

    peer = await site.greeted()
    object.__setattr__(site.gate.doorway, "has_room", broken)
    reply = await peer.ask("MAIL FROM:<a@b.example>")
    assert reply.startswith("451 4.3.0") and "secret" not in reply
    assert (await peer.ask("NOOP")).startswith("250")


@pytest.mark.catalogue("B10", "B15")
@pytest.mark.parametrize(
    ("error", "code"),
    [(sqlite3.OperationalError("disk I/O error"), "451 4.3.0"), (sqlite3.OperationalError("database or disk is full"), "452 4.3.1"),
     (OSError(28, "No space left on device"), "452 4.3.1"), (sqlite3.OperationalError("attempt to write a readonly database"), "451 4.3.0")],
    ids=str,
)  # fmt: skip
async def test_whichever_write_fails_the_mail_is_refused_once_and_taken_later(start_site, error, code):
    disk = BrokenDisk()
    site = await start_site(spool={"connect": disk})
    peer = await site.greeted()
    for nth in (1, 2, 3):
        disk.fail(nth, error)
        assert (await peer.mail(TEXT + b"%d\r\n" % nth)).startswith(code)
        assert disk.hit == nth
        assert (await peer.mail(TEXT + b"%d\r\n" % nth)).startswith("250")
    assert [arrival.raw[-3:] for arrival in site.arrivals()] == [b"1\r\n", b"2\r\n", b"3\r\n"]
    assert site.gate.spool.counters.reopened == 3


@pytest.mark.catalogue("B15")
async def test_a_commit_that_failed_but_may_have_happened_is_answered_by_nothing(start_site):
    class Liar(BrokenDisk):
        """Commits, and then says that it did not."""

        def __call__(self, path, **more):
            connection = open_writer(path, **more)

            def before(sql: str) -> None:
                if sql == "COMMIT" and self.countdown == 1:
                    self.countdown = 0
                    connection.execute("COMMIT")
                    raise sqlite3.OperationalError("disk I/O error")

            return Hooked(connection, before)

    disk = Liar()
    site = await start_site(spool={"connect": disk})
    peer = await site.greeted()
    await peer.envelope()
    disk.countdown = 1
    await peer.send(TEXT + b".\r\n")
    assert await peer.closed() == b""
    assert len(site.arrivals()) == 1


@pytest.mark.catalogue("B14")
async def test_a_spool_that_is_deleted_in_use_takes_no_mail_into_a_file_without_a_name(site):
    peer = await site.greeted()
    assert (await peer.mail(LARGE)).startswith("250")
    for path in site.data.glob("spool.sqlite3*"):
        path.unlink()
    assert (await peer.mail(TEXT)).startswith("451 4.3.0")
    assert (await peer.mail(TEXT)).startswith("250")
    assert [arrival.raw for arrival in site.arrivals()] == [TEXT]
    (lost,) = site.data.glob("spool.lost-*")
    assert [path.read_bytes() for path in lost.iterdir()] == [LARGE]


async def test_a_peer_that_pipes_everything_and_half_closes_is_answered_to_the_end(site):
    peer = await site.connect()
    await peer.send(
        b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\n"
        + TEXT
        + b".\r\nNOOP\r\nQUIT\r\n"
    )
    peer.writer.write_eof()
    replies = (await peer.closed()).decode().splitlines()
    assert [reply[:3] for reply in replies if reply[3] == " "] == [
        "220",
        "250",
        "250",
        "250",
        "354",
        "250",
        "250",
        "221",
    ]
    again = await site.connect()
    await again.send(
        b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@market.example>\r\nDATA\r\n" + TEXT + b".\r\nNOOP\r\n"
    )
    again.writer.write_eof()
    assert (await again.closed()).endswith(b"250 2.0.0 Ok\r\n")
    assert len(site.arrivals()) == 2


@pytest.mark.catalogue("B13")
async def test_a_foreign_lock_is_answered_in_time_and_nothing_piles_up(start_site):
    site = await start_site(commit_seconds=0.4, spool={"lock_seconds": 0.3})
    foreign = sqlite3.connect(site.gate.spool.path, isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    peers = [await site.greeted() for _ in range(8)]
    async with asyncio.timeout(10):
        replies = await asyncio.gather(*(peer.mail(TEXT) for peer in peers))
    assert all(reply.startswith("451 4.3.0") for reply in replies)
    foreign.execute("ROLLBACK")
    foreign.close()
    assert (await peers[0].mail(TEXT)).startswith("250")
    assert len(site.arrivals()) == 1


@pytest.mark.catalogue("B05", "B15")
async def test_a_commit_that_takes_longer_than_the_limit_is_still_the_senders_250(start_site):
    """Once its transaction runs, a mail is not taken back: no 4xx is said of a mail that will be delivered."""
    disk = SlowDisk()
    disk.let_go.set()
    site = await start_site(commit_seconds=1.0, spool={"connect": disk})
    disk.let_go.clear()
    first, second = await site.greeted(), await site.greeted()
    await first.envelope()
    await first.send(TEXT + b".\r\n")
    await until(disk.begun)
    # The second has to wait for the first one's transaction and is taken back before its own begins.
    assert (await second.mail(TEXT)).startswith("451 4.3.0")
    disk.let_go.set()
    assert (await first.reply()).startswith("250")
    assert len(site.arrivals()) == 1


@pytest.mark.catalogue("B11")
async def test_little_free_disk_refuses_mail_at_mail(start_site):
    site = await start_site(free_octets=1 << 62)
    peer = await site.greeted()
    assert (await peer.ask("MAIL FROM:<a@b.example>")).startswith("452 4.3.1")


@pytest.mark.catalogue("A31")
async def test_shutdown_finishes_the_commit_and_turns_the_others_away(start_site):
    disk = SlowDisk()
    disk.let_go.set()
    site = await start_site(spool={"connect": disk})
    disk.let_go.clear()
    committing, in_data, idle = await site.greeted(), await site.greeted(), await site.greeted()
    await in_data.envelope()
    await in_data.send(TEXT)
    await committing.envelope()
    await committing.send(TEXT + b".\r\n")
    await until(disk.begun)
    stopping = asyncio.ensure_future(site.gate.stop(10))
    assert (await in_data.reply()).startswith("421 4.3.2")
    assert (await idle.reply()).startswith("421 4.3.2")
    with pytest.raises(OSError):
        await site.connect()
    disk.let_go.set()
    assert (await committing.reply()).startswith("250")
    assert (await committing.reply()).startswith("421 4.3.2")
    await stopping
    assert len(site.arrivals()) == 1


async def test_shutdown_waits_for_a_hung_disk_no_longer_than_its_grace(start_site):
    disk = SlowDisk()
    disk.let_go.set()
    site = await start_site(spool={"connect": disk})
    disk.let_go.clear()
    peer = await site.greeted()
    await peer.envelope()
    await peer.send(TEXT + b".\r\n")
    await until(disk.begun)
    async with asyncio.timeout(5):
        await site.gate.stop(0.1)
    assert await peer.closed() == b""
    disk.let_go.set()
