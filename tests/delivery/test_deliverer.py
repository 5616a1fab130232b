"""The deliverer on a real database against a sink, with a clock that stands still until it is set."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gatepost.clock import FixedClock
from gatepost.config import DeliverySection
from gatepost.core import HOUR, MINUTE, SECOND
from gatepost.core.outgoing import Due, Expired, Later, Outgoing, Refused, Result, Sent
from gatepost.delivery.courier import Courier
from gatepost.delivery.outbox import Deliverer
from gatepost.delivery.plan import Host, planned, wait
from gatepost.demo.script import Hang, KeepThenDrop, Reply, Slow, Stage
from gatepost.demo.sink import Sink
from gatepost.errors import TemporaryError
from gatepost.store import claims, mail_limits, outbox, outbox_tables, outbox_view
from gatepost.store.database import Database, Tx

NOW = 1_700_000_000_000
OpenSink = Callable[..., Awaitable[Sink]]


class Desk:
    """A database, a clock and a deliverer that remembers every end and every failure told."""

    def __init__(self, path: Path) -> None:
        self.db = Database(f"sqlite:///{path / 'desk.db'}")
        self.db.write_now(self._tables)
        self.clock = FixedClock(NOW)
        self.ends: list[tuple[str, Result]] = []
        self.told: list[tuple[str, str]] = []
        self.deliverer: Deliverer | None = None
        self._ended = asyncio.Event()
        self.numbers = 0

    @staticmethod
    def _tables(tx: Tx) -> None:
        for statement in (*outbox_tables.TABLES, *outbox_tables.INDEXES, *mail_limits.TABLES):
            tx.run(statement)

    def start(self, port: int, *, seconds: float = 10.0, owner: str = "desk", **more: object) -> Deliverer:
        settings = DeliverySection(
            smarthost=f"127.0.0.1:{port}",
            tls="none",
            connect_seconds=seconds,
            command_seconds=seconds,
            data_seconds=seconds,
            **more,
        )
        self.courier = Courier(settings, hostname="gate.example")
        self.deliverer = Deliverer(
            self.db,
            self.courier,
            self.clock,
            settings,
            owner=owner,
            chance=random.Random(1),
            on_failed=self._failed,
            on_result=self._result,
        )
        self.deliverer.start()
        return self.deliverer

    def _failed(self, tx: Tx, due: Due, result: Refused | Expired) -> None:
        self.told.append((due.recipient, result.said))

    def _result(self, due: Due, result: Result) -> None:
        self.ends.append((due.recipient, result))
        self._ended.set()

    async def put(self, *recipients: str, ticket: int = 0, **more: object) -> int:
        self.numbers += 1
        mail = Outgoing(
            ticket=ticket,
            key=f"message-{self.numbers}",
            recipients=recipients,
            message_id=f"<{self.numbers}@market.example>",
            mail_from="bounces@market.example",
            raw=f"Message-ID: <{self.numbers}@market.example>\r\n\r\ntext\r\n".encode(),
        )
        return await self.db.write(lambda tx: outbox.put(tx, replace(mail, **more), self.clock.now()))  # type: ignore[arg-type]

    async def ended(self, count: int) -> list[Result]:
        """The ends of tries, as soon as there are `count` of them."""
        async with asyncio.timeout(60):
            while len(self.ends) < count:
                self._ended.clear()
                await self._ended.wait()
        return [result for _, result in self.ends]

    async def pass_(self, millis: int) -> None:
        """Let time pass."""
        self.clock.at += millis
        if self.deliverer is not None:
            self.deliverer.wake()

    async def counts(self) -> dict[str, int]:
        found = await self.db.read(outbox_view.waiting)
        return {state: n for state, n in found.items() if n}

    async def stop(self, grace: float = 5.0) -> None:
        if self.deliverer is not None:
            await self.deliverer.close(grace)
            await self.courier.close()
            self.deliverer = None


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    await made.stop()
    made.db.close()


async def test_what_is_put_goes_out(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()
    await desk.put("ann@a.example", "bob@b.example")
    desk.start(sink.port)
    assert await desk.ended(2) == [Sent(code=250, said="2.0.0 queued as 1"), Sent(code=250, said="2.0.0 queued as 2")]
    assert await desk.counts() == {}
    await desk.put("eve@c.example")
    await desk.pass_(0)
    await desk.ended(3)
    assert sink.mails[2].recipients == ("eve@c.example",)


async def test_recipients_at_one_destination_travel_together(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()
    await desk.put("ann@a.example", "bob@a.example")
    desk.start(sink.port)
    await desk.ended(2)
    assert [mail.recipients for mail in sink.mails] == [("ann@a.example", "bob@a.example")]


@pytest.mark.catalogue("F05")
async def test_the_retries_follow_the_plan_until_it_works(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with(habits={Stage.RCPT: Reply(450, "4.2.0 not now")})
    await desk.put("ann@a.example")
    desk.start(sink.port)
    minutes = [1, 5, 15, 30, 60, 120, 240, 240]
    for n, expected in enumerate(minutes, start=1):
        (*_, result) = await desk.ended(n)
        assert isinstance(result, Later)
        waited = result.until - desk.clock.now()
        assert 0.8 * expected * MINUTE <= waited <= 1.2 * expected * MINUTE
        await desk.pass_(waited - 1)
        await asyncio.sleep(0)
        assert len(desk.ends) == n
        await desk.pass_(1)
    await desk.ended(len(minutes) + 1)
    sink.habits.clear()
    await desk.pass_(5 * HOUR)
    assert isinstance((await desk.ended(len(minutes) + 2))[-1], Sent)
    (posted,) = await desk.db.read(lambda tx: outbox_view.of_ticket(tx, 0))
    assert [attempt.code for attempt in posted.deliveries[0].attempts] == [450] * 9 + [250]


@pytest.mark.catalogue("F06")
async def test_a_refusal_is_told_in_its_transaction_and_never_tried_again(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()
    await desk.put("permerror@a.example", ticket=7)
    desk.start(sink.port)
    assert await desk.ended(1) == [Refused(code=550, said="5.1.1 no such mailbox, on request")]
    assert desk.told == [("permerror@a.example", "5.1.1 no such mailbox, on request")]
    await desk.pass_(200 * HOUR)
    await desk.put("ann@a.example")
    await desk.pass_(0)
    await desk.ended(2)
    assert await desk.counts() == {"failed": 1}
    assert len(sink.refused) == 1


async def test_a_failure_that_cannot_be_told_is_a_failure_all_the_same(
    desk: Desk, sink_with: OpenSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink = await sink_with()

    def told(tx: Tx, due: Due, result: Refused | Expired) -> None:
        tx.run("UPDATE outbox SET subject = 'half done'")
        raise ValueError("a fault in the pipeline")

    desk._failed = told  # type: ignore[method-assign]
    await desk.put("permerror@a.example")
    desk.start(sink.port)
    await desk.ended(1)
    assert await desk.counts() == {"failed": 1}
    assert "outbox.failure_not_told" in caplog.text
    (posted,) = await desk.db.read(lambda tx: outbox_view.of_ticket(tx, 0))
    assert posted.subject == ""


@pytest.mark.catalogue("F07")
async def test_only_those_who_failed_are_tried_again(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with([(Stage.RCPT, Reply(450, "greylisted"))])
    await desk.put("ann@a.example", "bob@a.example", "permerror@a.example")
    desk.start(sink.port)
    await desk.ended(3)
    await desk.pass_(2 * MINUTE)
    await desk.ended(4)
    copies = Counter(recipient for mail in sink.mails for recipient in mail.recipients)
    assert copies == {"ann@a.example": 1, "bob@a.example": 1}
    assert await desk.counts() == {"failed": 1}


@pytest.mark.catalogue("F08")
async def test_a_kill_between_the_250_and_the_mark_costs_one_copy_more(tmp_path: Path, sink_with: OpenSink) -> None:
    sink = await sink_with()
    desk = Desk(tmp_path)
    await desk.put("ann@a.example")
    (due,) = await desk.db.write(
        lambda tx: claims.claim(tx, now=NOW, limit=1, lease=MINUTE, owner="killed", per_destination=1)
    )
    courier = Courier(DeliverySection(smarthost=f"127.0.0.1:{sink.port}", tls="none"), hostname="gate.example")
    await courier.send(due.mail_from, [due.recipient], due.raw)
    await courier.close()
    desk.start(sink.port, owner="its successor")
    await desk.ended(1)
    assert [mail.content for mail in sink.mails] == [due.raw, due.raw]
    assert await desk.counts() == {}
    await desk.stop()
    desk.db.close()


@pytest.mark.catalogue("F08")
async def test_a_lost_answer_costs_one_copy_more(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with([(Stage.END, KeepThenDrop())])
    await desk.put("ann@a.example")
    desk.start(sink.port)
    await desk.ended(1)
    await desk.pass_(2 * MINUTE)
    await desk.ended(2)
    assert len(sink.mails) == 2
    assert sink.mails[0].content == sink.mails[1].content


@pytest.mark.catalogue("F10")
async def test_after_five_days_a_mail_is_a_dead_letter_with_its_reason(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with(habits={Stage.MAIL: Reply(451, "4.3.0 disk full")})
    id_ = await desk.put("ann@a.example")
    desk.start(sink.port)
    tries = 0
    while not isinstance(result := (await desk.ended(tries := tries + 1))[-1], Expired):
        assert result.until <= NOW + 120 * HOUR
        await desk.pass_(result.until - desk.clock.now())
    assert desk.clock.now() == NOW + 120 * HOUR
    assert result == Expired(code=451, said="4.3.0 disk full")
    assert desk.told == [("ann@a.example", "4.3.0 disk full")]
    assert await desk.counts() == {"dead": 1}
    sink.habits.clear()
    assert await desk.db.write(lambda tx: outbox.requeue(tx, id_, desk.clock.now()))
    await desk.pass_(0)
    assert isinstance((await desk.ended(tries + 1))[-1], Sent)


@pytest.mark.catalogue("F09")
async def test_a_host_that_is_down_for_two_days_loses_nothing_and_drains_at_once(
    desk: Desk, sink_with: OpenSink
) -> None:
    await two_days_down(desk, await sink_with(), mails=200, lines=10)


@pytest.mark.chaos
async def test_ten_thousand_mails_outlast_two_days_too(desk: Desk, sink_with: OpenSink) -> None:
    await two_days_down(desk, await sink_with(), mails=10_000, lines=2_000)


async def two_days_down(desk: Desk, sink: Sink, *, mails: int, lines: int) -> None:
    """Put so many mails, in so many lines of one ticket and recipient, before a sink that comes back after 48 hours."""
    await sink.close()
    for n in range(mails):
        await desk.put(f"person{n % lines}@a{n % 5}.example", ticket=n % lines + 1)
    desk.start(sink.port)
    tries = 0
    while desk.clock.now() < NOW + 48 * HOUR:
        result = (await desk.ended(tries := tries + 1))[-1]
        assert isinstance(result, Later) and result.unreachable
        await desk.pass_(max(result.until - desk.clock.now(), 30 * MINUTE))
    probes = len(desk.ends)
    assert 90 <= probes <= 16 + 48 * 2 + 1
    await sink.start(port=sink.port)
    await desk.pass_(6 * MINUTE)
    ends = await desk.ended(probes + mails)
    assert Counter(type(end) for end in ends[probes:]) == {Sent: mails}
    assert await desk.counts() == {}
    came: dict[tuple[str, ...], list[int]] = {}
    for mail in sink.mails:
        number = int(mail.content.partition(b"<")[2].partition(b"@")[0])
        came.setdefault(mail.recipients, []).append(number)
    assert len(sink.mails) == mails
    assert all(numbers == sorted(numbers) and len(numbers) == mails // lines for numbers in came.values())


@pytest.mark.catalogue("F10")
async def test_mails_that_were_never_tried_are_given_up_too(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()
    await sink.close()
    for n in range(40):
        await desk.put(f"ann{n}@a.example")
    desk.start(sink.port)
    await desk.ended(1)
    await desk.pass_(120 * HOUR + 2 * MINUTE)
    async with asyncio.timeout(10):
        while (await desk.counts()).get("dead") != 40:
            await desk.ended(len(desk.ends) + 1)
    assert len(desk.told) == 40
    assert all("connect:" in said for _, said in desk.told)


async def test_a_mail_that_outlived_its_time_while_we_were_down_is_still_tried(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()
    await desk.put("ann@a.example")
    await desk.pass_(500 * HOUR)
    desk.start(sink.port)
    assert isinstance((await desk.ended(1))[0], Sent)


@pytest.mark.catalogue("F12", "F13")
async def test_a_host_that_hangs_does_not_keep_the_others_waiting(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()

    def backlog(tx: Tx) -> None:
        for n in range(10_000):
            mail = Outgoing(key=f"dead-{n}", recipients=("timeout@dead.example",), message_id="<m@x>", raw=b"x\r\n")
            outbox.put(tx, mail, NOW - 1)

    await desk.db.write(backlog)
    for n in range(200):
        await desk.put(f"ann@alive{n % 9}.example")
    desk.start(sink.port, seconds=30.0)
    await desk.ended(200)
    assert all(recipient.startswith("ann@alive") for recipient, _ in desk.ends)
    assert len(sink.mails) == 200
    assert (await desk.counts())["sending"] == 16
    await desk.stop(grace=0.0)
    assert await desk.counts() == {"queued": 9_996, "deferred": 4}


async def test_who_waited_past_the_lease_is_put_back_and_sent_once(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with([(Stage.END, Slow(0.05))])
    await desk.put("ann@a.example")
    await desk.put("bob@a.example")
    desk.start(sink.port, seconds=5.0, connections_per_destination=1)
    while not sink.open:
        await asyncio.sleep(0)
    await desk.pass_(round(2 * desk.courier.patience * SECOND))
    assert [type(end) for end in await desk.ended(2)] == [Sent, Sent]
    assert [mail.recipients for mail in sink.mails] == [("ann@a.example",), ("bob@a.example",)]


async def test_who_listens_and_fails_stops_nothing(
    desk: Desk, sink_with: OpenSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink = await sink_with()
    heard: list[str] = []

    def listen(due: Due, result: Result) -> None:
        heard.append(due.recipient)
        desk.ends.append((due.recipient, result))
        desk._ended.set()
        raise ValueError("a fault in the page")

    desk._result = listen  # type: ignore[method-assign]
    await desk.put("ann@a.example", "bob@b.example")
    desk.start(sink.port)
    await desk.ended(2)
    assert sorted(heard) == ["ann@a.example", "bob@b.example"]
    assert "delivery.result_not_told" in caplog.text


async def test_closing_lets_the_mail_under_way_finish(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with([(Stage.END, Slow(0.1))])
    await desk.put("ann@a.example")
    desk.start(sink.port, seconds=5.0)
    while not sink.connections:
        await asyncio.sleep(0)
    await desk.stop()
    assert [type(result) for _, result in desk.ends] == [Sent]


async def test_a_database_that_fails_for_a_moment_forgets_no_end(
    desk: Desk, sink_with: OpenSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = await sink_with()
    await desk.put("ann@a.example")
    write, calls = desk.db.write, 0

    async def sometimes(run: Callable[[Tx], object]) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:  # The first releases, the second claims, the third writes the end down.
            desk.deliverer and desk.deliverer.wake()
            raise TemporaryError("the disk is full")
        return await write(run)

    monkeypatch.setattr(desk.db, "write", sometimes)
    desk.start(sink.port)
    await desk.ended(1)
    assert calls > 3
    assert len(sink.mails) == 1


async def test_a_mail_put_while_the_deliverer_looks_is_not_overlooked(
    desk: Desk, sink_with: OpenSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = await sink_with()
    write = desk.db.write
    looked = 0

    async def then_put(run: Callable[[Tx], object]) -> object:
        nonlocal looked
        outcome = await write(run)
        looked += 1
        if looked == 2:  # The first look has found nothing, and has not been told yet.
            monkeypatch.setattr(desk.db, "write", write)
            await desk.put("ann@a.example")
            await desk.pass_(0)
        return outcome

    monkeypatch.setattr(desk.db, "write", then_put)
    desk.start(sink.port)
    async with asyncio.timeout(20):
        await desk.ended(1)


async def test_a_large_mail_is_fetched_when_its_turn_comes(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with()
    raw = (b"x" * 76 + b"\r\n") * 10_000
    for n in range(5):
        await desk.put(f"ann{n}@a.example", raw=raw)
    desk.start(sink.port, seconds=10.0)
    await desk.ended(5)
    assert [len(mail.content) for mail in sink.mails] == [len(raw)] * 5


def test_the_wait_grows_and_its_last_step_repeats() -> None:
    middle = random.Random()
    middle.uniform = lambda low, high: (low + high) / 2  # type: ignore[method-assign]
    assert [wait((1, 5, 15), n, middle) // MINUTE for n in (0, 1, 2, 3, 4, 99)] == [1, 1, 5, 15, 15, 15]


def test_a_host_that_is_down_is_asked_by_one_mail_at_a_time() -> None:
    host = Host(random.Random(1))
    assert host.room(NOW, 16, 0) == 16
    first = host.unreachable("refused", NOW)
    assert first == host.unreachable("refused", NOW + SECOND)
    assert (host.room(first - 1, 16, 0), host.room(first, 16, 0), host.room(first, 16, 1)) == (0, 1, 0)
    second = host.unreachable("refused", first)
    assert second - first > first - NOW
    for _ in range(20):
        last, second = second, host.unreachable("refused", second)
    assert second - last <= 6 * MINUTE
    host.answered()
    assert host.room(NOW, 16, 3) == 16


def test_the_last_try_is_at_the_end_of_the_life() -> None:
    due = Due(
        id=1, outbox=1, ticket=0, participant=0, recipient="a@b", destination="b", mail_from="", message_id="",
        attempts=1, since=NOW, lease_until=NOW, octets=1,
    )  # fmt: skip
    later = Later(code=450, said="busy")
    assert planned(due, later, NOW + 90, 100, NOW + 1) == Later(code=450, said="busy", until=NOW + 90)
    assert planned(due, later, NOW + 190, 100, NOW + 1) == Later(code=450, said="busy", until=NOW + 100)
    assert planned(due, later, NOW + 190, 100, NOW + 100) == Expired(code=450, said="busy")


async def test_a_host_that_hangs_up_at_once_is_asked_less_and_less(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with(habits={Stage.CONNECT: Hang()})
    for n in range(50):
        await desk.put(f"ann{n}@a{n}.example")
    desk.start(sink.port, seconds=0.05)
    await desk.ended(16)
    assert await desk.counts() == {"queued": 34, "deferred": 16}
    await desk.pass_(10 * SECOND)
    assert sink.connections == 16
    for n in range(17, 20):
        await desk.pass_(6 * MINUTE)
        await desk.ended(n)
        assert sink.connections == n


@pytest.mark.catalogue("F19")
async def test_what_the_smarthost_takes_at_most_is_written_down(desk: Desk, sink_with: OpenSink) -> None:
    sink = await sink_with(extensions=("PIPELINING", "SIZE 123456"))
    await desk.put("ann@a.example")
    deliverer = desk.start(sink.port)
    await desk.ended(1)
    await desk.put("bob@b.example")
    deliverer.wake()
    await desk.ended(2)
    await desk.stop()
    assert await desk.db.read(lambda tx: mail_limits.known(tx, "anybody@c.example", NOW)) == 123_456
    silent = await sink_with(extensions=("PIPELINING",))
    await desk.put("cy@c.example")
    desk.start(silent.port)
    await desk.ended(3)
    await desk.stop()
    assert await desk.db.read(lambda tx: mail_limits.known(tx, "anybody@c.example", NOW)) is None
