"""The running daemon: the story, reloads, an import while it runs, a second instance, the pushed clock, a clean end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gatepost.cli import run
from gatepost.core import DAY
from gatepost.demo import letters
from gatepost.store import arrivals
from gatepost.store.connection import open_reader
from gatepost.store.database import SqliteTx


def test_the_story_is_seen_on_the_wire(capfd):
    assert run(["demo", "--story", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["ok"] is True
    assert len(said["steps"]) == 10


def ask(*arguments: str) -> int:
    """A command in a process of its own, as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "gatepost", *arguments], capture_output=True, timeout=60, check=False
    ).returncode


async def test_an_import_reaches_the_running_daemon(start, tmp_path):
    async with start() as running:
        table = tmp_path / "new.csv"
        table.write_text(
            "customer,product,status,starts,ends\nolu@sunhats.example,gift-basket,active,2026-01-01,2031-01-01\n"
        )
        code = await asyncio.to_thread(ask, "import", "subscriptions", str(table), "-c", str(running.place.config_file))
        assert code == 0
        await running.post(
            letters.write(
                sender="olu@sunhats.example", to="support@orchard.example", subject="Gift Basket", words="Help!\n", at=1
            )
        )
        mail = await running.office.wait_for(lambda mail: mail.to == "support@brightside.example")
        assert "Gift Basket" in mail.parts.text


@pytest.mark.catalogue("H08")
async def test_a_broken_rule_never_serves_and_a_good_one_does(start):
    async with start() as running:
        own = running.place.folder / "rules" / "05-own.toml"
        config = str(running.place.config_file)
        own.write_text('[[rule]]\nname = "odd"\nwhen = { subject_words = ["gift"] }\nthen = { rout = "triage" }\n')
        assert await asyncio.to_thread(ask, "rules", "reload", "-c", config) == 78
        await running.post(letters.filed_with_report(1))
        await running.office.wait_for(lambda mail: mail.to == "support@brightside.example")
        own.write_text(
            '[[rule]]\nname = "gifts to billing"\nwhen = { subject_words = ["gift"], ticket = "new" }\n'
            'then = { route = "team", team = "billing", stop = true }\n'
            '[[rule.hit]]\nsubject = "A gift"\n[[rule.miss]]\nsubject = "Hello"\n'
        )
        assert await asyncio.to_thread(ask, "rules", "reload", "-c", config) == 0
        await running.post(
            letters.write(
                sender="ada@teashop.example", to="support@orchard.example", subject="Another gift", words="Hm.\n", at=2
            )
        )
        mail = await running.office.wait_for(lambda mail: mail.to == "billing@office.example")
        assert "Another gift" in mail.header("subject")


@pytest.mark.catalogue("A32")
async def test_a_second_instance_is_refused(start):
    async with start() as running:
        command = [sys.executable, "-m", "gatepost", "run", "-c", str(running.place.config_file)]
        second = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
        assert second.returncode != 0
        assert "another gatepost (process" in second.stderr


async def test_pushing_the_clock_brings_what_is_due_once(start):
    """From a Monday morning on, so that what is due comes in working hours."""
    monday = int(datetime(2027, 3, 1, 10, tzinfo=UTC).timestamp() * 1000)
    async with start() as running:
        running.place.push(monday - running.place.clock.now())
        await running.post(letters.filed_with_report(1))
        await running.office.wait_for(lambda mail: mail.to == "ada@teashop.example")
        for _ in range(2):
            running.place.push(3 * DAY)
            await running.office.wait_for(
                lambda mail: mail.to == "leads@office.example" and "[#1001]" in mail.header("subject")
            )
        await asyncio.to_thread(running.daemon.stop)
        with closing(open_reader(running.place.config().data / "desk.sqlite3")) as connection:
            tx = SqliteTx(connection)
            met = tx.rows("SELECT kind FROM deadline WHERE ticket = 1001 AND state = 'met'")
            told = tx.rows("SELECT address FROM outbox WHERE ticket = 1001 AND template LIKE '%overdue'")
        assert "overdue" in [row["kind"] for row in met]
        assert sorted(row["address"] for row in told) == ["leads@office.example", "support@brightside.example"]


async def test_it_stops_cleanly_and_finishes_at_the_next_start_what_was_accepted(start, tmp_path):
    async with start() as running:
        for number in range(20):
            await running.post(
                letters.write(
                    sender="ada@teashop.example", to="support@orchard.example", subject=f"Checkout Composer {number}",
                    words=f"Number {number}.\n", at=number + 1,
                )
            )  # fmt: skip
        assert await asyncio.to_thread(running.daemon.stop) == 0
        again = type(running.daemon)(running.place)
        try:
            await asyncio.to_thread(again.wait_until_open)
            for number in range(20):
                await running.office.wait_for(
                    lambda mail, number=number: (
                        mail.to == "support@brightside.example" and f"Number {number}." in mail.parts.text
                    )
                )
        finally:
            assert await asyncio.to_thread(again.stop) == 0
        with closing(open_reader(running.place.config().data / "desk.sqlite3")) as connection:
            rows = arrivals.handled_after(SqliteTx(connection), 0)
        assert len(rows) == 20


async def test_sighup_reaches_gate_and_desk_and_ends_neither(start):
    async with start() as running:
        pid = int((running.place.config().data / "desk.lock").read_text())
        os.kill(pid, signal.SIGHUP)
        await running.post(letters.filed_with_report(1))
        await running.office.wait_for(lambda mail: mail.to == "ada@teashop.example")
        assert "part.died" not in running.daemon.log.read_text()
