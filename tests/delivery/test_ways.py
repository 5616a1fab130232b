"""Destinations with a way out of their own: each mail takes its way, with that way's TLS, whatever becomes of the others."""

import asyncio
import random

import pytest

from gatepost.clock import FixedClock
from gatepost.config import DeliverySection, RouteSection
from gatepost.core.outgoing import Later, Outgoing, Sent
from gatepost.delivery.outbox import Deliverer
from gatepost.delivery.ways import Ways
from gatepost.store import mail_limits, outbox, outbox_view
from gatepost.store.database import Database
from gatepost.store.schema import migrate

NOW = 1_700_000_000_000


class Post:
    """A database with mails, and the ways on which they go out; remembers how each try ended."""

    def __init__(self, folder):
        self.db = Database(f"sqlite:///{folder / 'desk.sqlite3'}", prepare=migrate)
        self.clock = FixedClock(NOW)
        self.ends, self._ended = [], asyncio.Event()
        self.ways = None

    def put(self, *recipients):
        for recipient in recipients:
            mail = Outgoing(
                key=recipient, recipients=(recipient,), message_id=f"<{recipient}>", mail_from="b@market.example",
                raw=b"Subject: x\r\n\r\nx\r\n",
            )  # fmt: skip
            self.db.write_now(lambda tx, mail=mail: outbox.put(tx, mail, NOW))

    def start(self, smarthost, **routes):
        patience = {"connect_seconds": 5.0, "command_seconds": 5.0, "data_seconds": 5.0}
        delivery = DeliverySection(smarthost=f"127.0.0.1:{smarthost}", tls="none", **patience)
        self.ways = Ways(delivery, routes, hostname="gate.example", make=self._make)
        self.ways.start()

    def _make(self, courier, section, lane, name):
        return Deliverer(
            self.db, courier, self.clock, section, owner=f"desk-{name}", chance=random.Random(1),
            on_result=self._told, lane=lane,
        )  # fmt: skip

    def _told(self, due, result):
        self.ends.append((due.recipient, type(result)))
        self._ended.set()

    async def ended(self, count):
        async with asyncio.timeout(30):
            while len(self.ends) < count:
                self._ended.clear()
                await self._ended.wait()
        return dict(self.ends)


@pytest.fixture
async def post(tmp_path):
    made = Post(tmp_path)
    yield made
    await made.ways.close(5)
    made.db.close()


def route(port, *domains, tls="none"):
    return RouteSection(domains=domains, smarthost=f"127.0.0.1:{port}", tls=tls)


async def test_each_mail_takes_its_way(post, sink_with):
    usual, acme = await sink_with(), await sink_with()
    post.put("ann@a.example", "bob@acme.example", "cy@ACME.example", "dan@sub.acme.example")
    post.start(usual.port, acme=route(acme.port, "acme.example"))
    assert set((await post.ended(4)).values()) == {Sent}
    assert sorted(mail.recipients[0] for mail in acme.mails) == ["bob@acme.example", "cy@ACME.example"]
    assert sorted(mail.recipients[0] for mail in usual.mails) == ["ann@a.example", "dan@sub.acme.example"]


@pytest.mark.catalogue("F11")
async def test_a_destination_that_demands_tls_gets_no_mail_without_it_and_the_others_do(post, sink_with):
    usual, bare = await sink_with(), await sink_with()
    post.put("ann@a.example", "bob@acme.example")
    post.start(usual.port, acme=route(bare.port, "acme.example", tls="required"))
    assert await post.ended(2) == {"ann@a.example": Sent, "bob@acme.example": Later}
    assert bare.mails == []
    (waits,) = post.db.read_now(lambda tx: outbox_view.list_(tx, state="deferred"))
    assert "STARTTLS" in waits["said"]


@pytest.mark.catalogue("F13")
async def test_a_way_whose_host_is_away_holds_up_nobody_else(post, sink_with):
    usual, gone = await sink_with(), await sink_with()
    await gone.close()
    post.put(*(f"bob{n}@acme.example" for n in range(50)), *(f"ann{n}@a.example" for n in range(50)))
    post.start(usual.port, acme=route(gone.port, "acme.example"))
    async with asyncio.timeout(30):
        await usual.caught(50)
    assert {kind for to, kind in post.ends if to.endswith("@acme.example")} <= {Later}
    assert post.db.read_now(outbox_view.waiting)["failed"] == 0
    await gone.start(port=gone.port)
    post.clock.at += 10 * 60_000
    post.ways.wake()
    async with asyncio.timeout(30):
        await gone.caught(50)


@pytest.mark.catalogue("F19")
async def test_the_size_that_a_route_takes_counts_for_its_own_destinations(post, sink_with):
    usual = await sink_with(extensions=("PIPELINING", "SIZE 50000000"))
    small = await sink_with(extensions=("PIPELINING", "SIZE 100000"))
    post.put("ann@a.example", "bob@acme.example")
    post.start(usual.port, acme=route(small.port, "acme.example"))
    await post.ended(2)
    await post.ways.close(5)
    known = post.db.read_now(lambda tx: [mail_limits.known(tx, to, NOW) for to in ("x@a.example", "x@acme.example")])
    assert known == [50_000_000, 100_000]
