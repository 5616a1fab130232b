"""The desk between spool and gate: what it has done is cleared, whatever the gate forgets."""

import asyncio

from gatepost.clock import FixedClock
from gatepost.core.letter import Arrival, Door, Envelope
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
