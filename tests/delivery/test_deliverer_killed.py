"""A deliverer that is killed between the server's 250 and its own mark, again and again."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gatepost.core.outgoing import Outgoing
from gatepost.demo.sink import Sink
from gatepost.store import mail_limits, outbox, outbox_tables, outbox_view
from gatepost.store.database import Database, Tx

MAILS = 60

# What the killed process runs: it delivers until nothing is left.
DELIVER = """
import asyncio, random, sys
from gatepost.clock import Clock
from gatepost.config import DeliverySection
from gatepost.delivery.courier import Courier
from gatepost.delivery.outbox import Deliverer
from gatepost.store.database import Database
from gatepost.store.outbox_view import waiting

async def main(path, port, owner):
    db = Database(f"sqlite:///{path}")
    settings = DeliverySection(smarthost=f"127.0.0.1:{port}", tls="none")
    courier, done = Courier(settings, hostname="gate.example"), asyncio.Event()
    deliverer = Deliverer(
        db, courier, Clock(), settings, owner=owner, chance=random.Random(1), on_result=lambda *_: done.set()
    )
    deliverer.start()
    while sum((await db.read(waiting)).values()):
        done.clear()
        await done.wait()
    await deliverer.close(5.0)
    await courier.close()
    db.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.catalogue("F08")
@pytest.mark.parametrize("point", ["deliver.before_record", "store.before_commit", "store.committed"])
async def test_kills_cost_copies_but_never_a_mail(tmp_path: Path, point: str) -> None:
    kills = 3
    path = tmp_path / "desk.db"
    _fill(path)
    async with Sink() as sink:
        for n in range(kills):
            ended = await _deliver(path, sink.port, "desk-1", crash=f"{point}:{2 + n}")
            assert ended == -9
        assert await _deliver(path, sink.port, "desk-1") == 0
        copies = Counter(mail.content for mail in sink.mails)
        recipients = Counter(mail.recipients for mail in sink.mails)
    assert len(copies) == len(recipients) == MAILS
    assert max(copies.values()) <= 1 + kills
    # A kill costs a copy of what was under way or not written down, twice the connections at most, and nothing else.
    assert len(sink.mails) <= MAILS + kills * 2 * 16
    assert len(sink.mails) > MAILS or point != "deliver.before_record"
    _check_all_sent(path)


def _fill(path: Path) -> None:
    def fill(tx: Tx) -> None:
        for statement in (*outbox_tables.TABLES, *outbox_tables.INDEXES, *mail_limits.TABLES):
            tx.run(statement)
        for n in range(MAILS):
            raw = f"Message-ID: <{n}@market.example>\r\n\r\ntext\r\n".encode()
            mail = Outgoing(
                key=f"message-{n}", recipients=(f"p{n}@a{n % 7}.example",), message_id=f"<{n}@market.example>", raw=raw
            )
            outbox.put(tx, mail, 1)

    db = Database(f"sqlite:///{path}")
    db.write_now(fill)
    db.close()


def _check_all_sent(path: Path) -> None:
    db = Database(f"sqlite:///{path}")
    assert sum(db.read_now(outbox_view.waiting).values()) == 0
    assert db.read_now(lambda tx: tx.value("SELECT count(*) FROM delivery WHERE state = 'sent'")) == MAILS
    assert db.read_now(lambda tx: tx.value("PRAGMA integrity_check")) == "ok"
    db.close()


async def _deliver(path: Path, port: int, owner: str, crash: str = "") -> int:
    """Run the deliverer in a process of its own; its exit code."""
    environment = {**os.environ, "GATEPOST_CRASH": crash}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DELIVER, str(path), str(port), owner, env=environment, stderr=subprocess.DEVNULL
    )
    async with asyncio.timeout(60):
        return await process.wait()
