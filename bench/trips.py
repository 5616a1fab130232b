"""The rows of the whole daemon: a mail in and both mails out, the answer's way back, growth, memory, start."""

import email
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from gatepost.core.ticket import Ticket
from gatepost.store import tickets
from gatepost.store.database import Tx

from .figures import Row, Sample
from .processes import Server, busy, gatepost, generate, scratch, server

_PATIENCE = 300.0


def trip(reps: int, quick: bool) -> Iterator[Row]:
    """SMTP in, read, identified, judged, filed, written to vendor and customer, both delivered; then the answers."""
    count = 200 if quick else 1_000
    there = Row("whole trip", "mails/s", base_name="aiosmtpd")
    back = Row("answer trip", "mails/s", base_name="aiosmtpd")
    with (
        scratch() as folder,
        server("aiosmtpd") as base,
        server("sink") as sink,
        gatepost(Path(folder), sink.port) as house,
    ):
        through(house, sink, 30, 2, run="warm")
        for turn in range(reps):
            there.base.append(_base(base, count))
            first = house.count("SELECT coalesce(max(number), 0) FROM ticket")
            there.ours.append(through(house, sink, count, 2, run=f"t{turn}"))
            if (filed := house.count(f"SELECT count(*) FROM ticket WHERE number > {first}")) != count:
                raise RuntimeError(f"{count} mails were sent and {filed} tickets filed")
            answers = Path(folder) / "answers"
            answers.write_text("\n".join(_answers(house, first)), encoding="ascii")
            back.base.append(_base(base, count))
            back.ours.append(through(house, sink, count, 1, run="", letters=str(answers)))
    yield there
    yield back


def growth(reps: int, quick: bool, *, long: bool = False) -> Iterator[Row]:
    """The same trip where the house already holds many tickets, against one that holds 1,000."""
    if quick:
        return
    sizes = (10_000, 100_000, 1_000_000) if long else (10_000, 100_000)
    for size in sizes:
        row = Row(f"trip with {size:,} tickets", "mails/s", base_name="1,000 tickets")
        for _ in range(reps):
            for held, into in ((1_000, row.base), (size, row.ours)):
                into.append(_holding(held))
        yield row


def _holding(held: int) -> Sample:
    """The trip in a house that holds so many tickets."""

    def prepare(tx: Tx) -> None:
        _fill(tx, held)

    with scratch() as folder, server("sink") as sink, gatepost(Path(folder), sink.port, prepare=prepare) as house:
        through(house, sink, 30, 2, run="warm")
        return through(house, sink, 400, 2, run="g")


def memory(reps: int, quick: bool) -> Iterator[Row]:
    """All processes together, after some work."""
    row = Row("memory, all processes", "MB")
    with scratch() as folder, server("sink") as sink, gatepost(Path(folder), sink.port) as house:
        through(house, sink, 50 if quick else 500, 2, run="m")
        row.ours.append(Sample(house.memory() / 1e6))
    yield row


def start(reps: int, quick: bool) -> Iterator[Row]:
    """From the command to the first 220, with a backlog of tickets."""
    row = Row("start until 220", "ms")
    with scratch() as folder:
        for turn in range(reps):
            home = Path(folder) / str(turn)
            home.mkdir()
            with gatepost(home, 9) as house:
                row.ours.append(Sample(1000 * house.greeted_after))
    yield row


def _base(base: Server, count: int) -> Sample:
    figures = generate(base.port, connections=8, count=max(count, 500), run=f"{time.monotonic_ns():x}")
    return Sample(figures["acknowledged"] / figures["seconds"])


def through(house: Server, sink: Server, count: int, mails_each: int, *, run: str, letters: str = "") -> Sample:
    """Send, and wait until the sink has everything that follows from it."""
    before, spent, everybody, sinks = sink.taken(), house.cpu(), busy(), sink.cpu()
    began = time.perf_counter()
    figures = generate(house.port, connections=8, count=count, run=run, letters=letters)
    while (taken := sink.taken() - before) < mails_each * count:
        if time.perf_counter() - began > _PATIENCE:
            raise TimeoutError(f"the sink has {taken} mails of {mails_each * count}")
        time.sleep(0.01)
    elapsed = time.perf_counter() - began
    spent = house.cpu() - spent
    others = (busy() - everybody - spent - figures["cpu"] - (sink.cpu() - sinks)) / elapsed
    return Sample(
        value=count / elapsed,
        cpu_ms=1000 * spent / count,
        p50=figures["latencies"][count // 2] / 1000,
        p99=figures["latencies"][count * 99 // 100] / 1000,
        others=max(0.0, others),
    )


def _answers(house: Server, after: int) -> Iterator[str]:
    """The vendor's plain reply to each ticket mail, as a line for the generator."""
    assert house.data is not None
    connection = sqlite3.connect(house.data / "desk.sqlite3")
    rows = connection.execute(
        "SELECT ticket, raw FROM outbox WHERE template LIKE '%ticket' AND ticket > :after ORDER BY id", {"after": after}
    )
    for ticket, raw in rows:
        sent = email.message_from_bytes(raw)
        reply = str(sent["Reply-To"]).rpartition("<")[2].rstrip(">")
        text = (
            f"From: Ann <tickets@acme.example>\r\nTo: <{reply}>\r\nSubject: Re: {ticket}\r\n"
            f"Date: Mon, 2 Nov 2026 11:00:00 +0000\r\nMessage-ID: <answer.{ticket}@acme.example>\r\n"
            f"In-Reply-To: {sent['Message-ID']}\r\n\r\nPlease update to 4.2, case {ticket}.\r\n\r\nAnn\r\n"
        )
        yield json.dumps([reply, text])
    connection.close()


def _fill(tx: Tx, count: int) -> None:
    """Tickets as they lie there after a while, each with its message in the search index."""
    now = int(time.time() * 1000)
    for number in range(count):
        filed = now - (count - number) * 1_000
        ticket = Ticket(
            number=0,
            brand="orchard",
            subject=f"An older question {number}",
            filed=filed,
            customer_id=1 + number % 500,
            product_id=1,
            vendor_id=1,
            last_activity=filed,
            language="en",
        )
        tickets.open_(tx, ticket)
