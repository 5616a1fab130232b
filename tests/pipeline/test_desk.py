"""The desk between spool and gate: what it has done is cleared, whatever the gate forgets."""

import asyncio
import random

from gatepost.clock import FixedClock
from gatepost.config import DeliverySection
from gatepost.core.letter import Arrival, Door, Envelope
from gatepost.delivery.courier import Courier
from gatepost.delivery.outbox import Deliverer
from gatepost.demo.sink import Sink
from gatepost.desk import Desk
from gatepost.mail.parse import read_letter


class Spool:
    """Accepted mails that stay until the gate clears them."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    def pending(self, after: int, limit: int) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if arrival.id > after][:limit]


class Gate:
    """Remembers what it was told; the first time it dies before it does anything about it."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[list[int]] = asyncio.Queue()

    async def done(self, ids) -> None:
        self.told.put_nowait(list(ids))


class Readers:
    async def read(self, raw: bytes):
        return read_letter(raw)


async def test_a_gate_that_died_before_it_cleared_is_told_again_when_it_is_back(market, compose_mail):
    spool, gate = Spool(), Gate()
    desk = Desk(
        house=market.house,
        db=market.db,
        spool=spool,
        gate=gate,
        readers=Readers(),
        clock=FixedClock(market.now),
        wake_delivery=lambda: None,
    )
    envelope = Envelope(mail_from="jane@customer.example", recipients=("support@orchard.example",), door=Door.SMTP)
    raw = compose_mail("Jane <jane@customer.example>", "Shipping Labels", "Blank.").replace("\n", "\r\n").encode()
    spool.arrivals.append(Arrival(id=5, received=market.now, envelope=envelope, raw=raw))
    work = asyncio.create_task(desk.run())
    try:
        async with asyncio.timeout(20):
            assert await gate.told.get() == [5]
            desk.wake(gate_is_new=True)
            assert await gate.told.get() == [5]
        assert market.tickets() == 1
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


class SlowReaders:
    """Read one mail for each word that is given them."""

    def __init__(self) -> None:
        self.words = asyncio.Semaphore(0)

    async def read(self, raw: bytes):
        await self.words.acquire()
        return read_letter(raw)


async def test_the_desk_says_how_far_it_is_behind(market, compose_mail):
    spool, gate, readers = Spool(), Gate(), SlowReaders()
    desk = Desk(
        house=market.house, db=market.db, spool=spool, gate=gate, readers=readers, clock=FixedClock(market.now),
        wake_delivery=lambda: None,
    )  # fmt: skip
    assert await desk.unhandled_since() is None
    envelope = Envelope(mail_from="jane@customer.example", recipients=("support@orchard.example",), door=Door.SMTP)
    for n in (1, 2):
        raw = compose_mail("Jane <jane@customer.example>", f"Shipping Labels {n}", "Blank.").replace("\n", "\r\n")
        spool.arrivals.append(Arrival(id=n, received=market.now + n, envelope=envelope, raw=raw.encode()))
    work = asyncio.create_task(desk.run())
    try:
        async with asyncio.timeout(30):
            assert await desk.unhandled_since() == market.now + 1
            readers.words.release()
            readers.words.release()
            assert await gate.told.get() == [1, 2]
        # The spool still has them, but they are handled.
        assert await desk.unhandled_since() is None
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_delivery_keeps_up_while_mail_pours_in(market, compose_mail):
    """What is filed makes mails of its own; they do not wait until the last mail of a flood is filed."""
    limits = dict.fromkeys(("automatic_per_address_day", "automatic_per_domain_hour", "automatic_per_minute"), 10_000)
    market.house.limits = market.house.limits.model_copy(
        update=limits | {"breaker_per_address": 10_000, "breaker_per_domain": 10_000, "breaker_floor": 10_000}
    )
    clock, spool, gate = FixedClock(market.now), Spool(), Gate()
    envelope = Envelope(mail_from="jane@customer.example", recipients=("support@orchard.example",), door=Door.SMTP)
    for number in range(1, 129):
        mail = compose_mail("Jane <jane@customer.example>", f"Shipping Labels, case {number}", f"Blank {number}.")
        raw = mail.replace("\n", "\r\n").encode()
        spool.arrivals.append(Arrival(id=number, received=market.now, envelope=envelope, raw=raw))
    async with Sink() as sink:
        settings = DeliverySection(smarthost=f"127.0.0.1:{sink.port}", tls="none")
        courier = Courier(settings, hostname="gate.example")
        deliverer = Deliverer(market.db, courier, clock, settings, owner="desk", chance=random.Random(1))
        deliverer.start()
        desk = Desk(
            house=market.house, db=market.db, spool=spool, gate=gate, readers=Readers(), clock=clock,
            wake_delivery=deliverer.wake,
        )  # fmt: skip
        work = asyncio.create_task(desk.run())
        try:
            async with asyncio.timeout(60):
                filed = 0
                while filed < 128:
                    filed += len(await gate.told.get())
                assert len(sink.mails) > 128
                await sink.caught(256)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await deliverer.close(5)
            await courier.close()
