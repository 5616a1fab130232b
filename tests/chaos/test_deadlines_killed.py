"""What is due is done once, though the desk that does it is killed in the middle of it, again and again."""

import asyncio
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parseaddr

import chaos_daemon
import pytest
from bench.imap_server import ImapServer, Rule, first

from gatepost.config import load
from gatepost.core import DAY
from gatepost.core.letter import Arrival, Envelope
from gatepost.demo.sink import Sink
from gatepost.mail.parse import read_letter
from gatepost.parts import build_house, open_database
from gatepost.pipeline import handle
from gatepost.store.spool import Spool

PACE = "\n[clock]\ncatch_up_per_minute = 100000\n"


def owed(daemon, count):
    """So many tickets, answered a week ago, whose customers are to be asked for a rating now; nothing else is owed."""
    config = load(daemon.folder / "config.toml")
    house, now = build_house(config), int(time.time() * 1000)
    with closing(open_database(config)) as db:
        for number in range(1, count + 1):
            raw = (
                f"From: jane0@customer.example\r\nSubject: Shipping Labels, case {number}\r\n\r\nIt jams.\r\n".encode()
            )
            envelope = Envelope(mail_from="jane0@customer.example", recipients=("support@orchard.example",))
            arrival = Arrival(id=number, received=now - 8 * DAY, envelope=envelope, raw=raw)
            db.write_now(lambda tx, a=arrival, raw=raw: handle(tx, house, a, read_letter(raw), a.received))

        def answered(tx):
            tx.run("UPDATE ticket SET waiting_since = NULL")
            tx.run("UPDATE deadline SET state = 'released' WHERE kind <> 'rating'")
            tx.run("UPDATE delivery SET state = 'dropped', next = NULL")

        db.write_now(answered)


def asked(daemon):
    """How many rating mails are in the outbox, and how many deadlines are still open."""
    with closing(sqlite3.connect(daemon.data / "desk.sqlite3")) as connection:
        mails = connection.execute("SELECT count(*) FROM outbox WHERE template = 'rating'").fetchone()[0]
        return mails, connection.execute("SELECT count(*) FROM deadline WHERE state = 'open'").fetchone()[0]


async def killed_and_reckoned(folder, *, tickets, kills):
    async with Sink() as sink:
        daemon = chaos_daemon.DaemonUnderTest(folder, sink.port, limits=PACE)
        owed(daemon, tickets)
        daemon.start()
        try:
            await daemon.ready()
            async with asyncio.timeout(60 + 30 * kills):
                for kill in range(1, kills + 1):
                    while asked(daemon)[0] < kill * tickets // (kills + 1):
                        await asyncio.sleep(0.01)
                    assert daemon.kill("desk")
                while asked(daemon)[1] or len({ident(mail) for mail in sink.mails}) < tickets:
                    await asyncio.sleep(0.05)
        finally:
            daemon.kill_all()
        with closing(sqlite3.connect(daemon.data / "desk.sqlite3")) as connection:
            rows = connection.execute("SELECT ticket, count(*) FROM outbox WHERE template = 'rating' GROUP BY ticket")
            assert sorted(rows.fetchall()) == [(1001 + n, 1) for n in range(tickets)]
            met = connection.execute("SELECT count(*) FROM deadline WHERE kind = 'rating' AND state = 'met'")
            assert met.fetchone()[0] == tickets
        copies = Counter(ident(mail) for mail in sink.mails)
        assert len(copies) == tickets
        assert max(copies.values()) <= kills + 1


async def fill_spool(daemon, mails):
    """Mails that the gate has accepted while no desk was there: (raw, recipient, sender, when)."""
    spool = Spool(daemon.data, now=lambda: int(time.time() * 1000))
    spool.start()
    try:
        for raw, to, sender, at in mails:
            await spool.accept(Envelope(mail_from=sender, recipients=(to,)), raw.encode(), at)
    finally:
        assert await asyncio.to_thread(spool.close, 30.0)


def one_waiting(daemon, filed):
    """A ticket of that instant; the reply address that its vendor got, and the vendor's address."""
    config = load(daemon.folder / "config.toml")
    house, raw = build_house(config), b"From: jane0@customer.example\r\nSubject: Shipping Labels\r\n\r\nIt jams.\r\n"
    envelope = Envelope(mail_from="jane0@customer.example", recipients=("support@orchard.example",))
    arrival = Arrival(id=100_000, received=filed, envelope=envelope, raw=raw)
    with closing(open_database(config)) as db:
        db.write_now(lambda tx: handle(tx, house, arrival, read_letter(raw), filed))
        ((vendor, sent),) = db.read_now(
            lambda tx: [tuple(r) for r in tx.rows("SELECT address, raw FROM outbox WHERE template = 'ticket'")]
        )
    return parseaddr(message_from_bytes(sent)["Reply-To"])[1], vendor


@pytest.mark.catalogue("M06")
@pytest.mark.parametrize("waited_in", ["spool", "mailbox"])
async def test_an_answer_that_waited_through_a_downtime_was_in_time(tmp_path, waited_in):
    """The vendor answered the same day, while no desk was there; behind a pile of other mail it still counts."""
    async with Sink() as sink:
        with ImapServer() as mailbox:
            port = mailbox.port if waited_in == "mailbox" else 0
            daemon = chaos_daemon.DaemonUnderTest(tmp_path, sink.port, limits=PACE, imap=port)
            filed = (int(time.time()) - 20 * DAY // 1000) * 1000
            reply_to, vendor = one_waiting(daemon, filed)
            mails = [
                (
                    f"From: jane0@customer.example\r\nTo: support@orchard.example\r\nSubject: Shipping Labels, case {n}\r\n\r\n"
                    "It jams.\r\n",
                    "support@orchard.example", "jane0@customer.example", filed + 1_000,
                )
                for n in range(1, 101)
            ]  # fmt: skip
            answer = f"From: {vendor}\r\nTo: {reply_to}\r\nSubject: Re: Labels\r\n\r\nPlease update to 4.2.\r\n"
            mails.append((answer, reply_to, vendor, filed + 2_000))
            if waited_in == "spool":
                await fill_spool(daemon, mails)
            else:
                # A server that takes its time: what it has is not known for some seconds.
                mailbox.scripts.append([Rule("LOGIN", first(lambda: mailbox.stopping.wait(4.0)))])
                for raw, _, _, at in mails:
                    mailbox.add(raw.encode(), at=datetime.fromtimestamp(at / 1000, UTC))
            daemon.start()
            try:
                async with asyncio.timeout(300):
                    while "answer to" not in trace_of(daemon, 1001):
                        await asyncio.sleep(0.1)
                    # The others are overdue, and that is done too.
                    while "overdue came due" not in trace_of(daemon, 1002):
                        await asyncio.sleep(0.1)
            finally:
                daemon.kill_all()
        said = trace_of(daemon, 1001)
        assert "nudge, overdue: answered" in said
        assert "came due" not in said.replace("rating came due", "")


def trace_of(daemon, ticket):
    with closing(sqlite3.connect(daemon.data / "desk.sqlite3")) as connection:
        rows = connection.execute("SELECT said FROM trace WHERE ticket = ? ORDER BY id", (ticket,)).fetchall()
    return "\n".join(row[0] for row in rows)


def ident(mail):
    """The Message-ID, by which copies of one mail are known."""
    head = mail.content.partition(b"\r\n\r\n")[0].decode()
    return next(line for line in head.split("\r\n") if line.lower().startswith("message-id:"))


@pytest.mark.catalogue("M01", "F18")
async def test_each_customer_is_asked_once_though_the_desk_is_killed_meanwhile(tmp_path):
    await killed_and_reckoned(tmp_path, tickets=40, kills=3)


@pytest.mark.chaos
async def test_each_of_many_customers_is_asked_once_through_many_kills(tmp_path):
    await killed_and_reckoned(tmp_path, tickets=400, kills=40)
