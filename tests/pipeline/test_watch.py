"""What the watch finds, and what staff hear of it: once when it lasts, once when it is over (M16, N07)."""

import pytest

from gatepost.clock import FixedClock
from gatepost.core import HOUR, MINUTE
from gatepost.core.letter import Door, Envelope
from gatepost.errors import TemporaryError
from gatepost.health.standing import Standing, tell
from gatepost.health.watch import Watch
from gatepost.store import alarms, breakers, intake, mailboxes, vitals
from gatepost.store.intake import Found

JANE = "Jane Roe <jane@customer.example>"
PLENTY = 10**12


class Spool:
    """A spool in which nothing waits, until a test says otherwise."""

    def __init__(self):
        self.state = (0, None)

    def waiting(self):
        return self.state


class Post:
    """A watch over a market, its clock set by hand; the gate answers from `self.gate`."""

    def __init__(self, market, data, monkeypatch):
        self.market, self.spool, self.seconds, self.free = market, Spool(), 100.0, PLENTY
        self.gate_answers = True
        data.joinpath("run").mkdir(exist_ok=True)
        self.data = data
        self.clock = FixedClock(market.now)
        self.watch = Watch(
            data=data, db=market.db, house=market.house, spool=self.spool, clock=self.clock, least_octets=10**9,
            monotonic=lambda: self.seconds, free=lambda _: self.free,
        )  # fmt: skip
        monkeypatch.setattr("gatepost.health.watch.ask_status", self._ask)

    async def _ask(self, _):
        if not self.gate_answers:
            raise TemporaryError("the gate does not answer: no such file")
        return {"accepted": 1}

    async def look(self, passed=15_000):
        self.clock.at += passed
        self.seconds += passed / 1000
        await self.watch.look()
        return [trouble["kind"] for trouble in self.watch.report()["troubles"]]

    def write(self, sql, **values):
        self.market.db.write_now(lambda tx: tx.run(sql, **values))

    def letters(self):
        return [mail.message["Subject"] for mail in self.market.sent("staff/alarm")]


@pytest.fixture
def post(market, tmp_path, monkeypatch):
    return Post(market, tmp_path, monkeypatch)


async def test_all_is_well_after_the_first_look_and_not_before(post):
    assert not post.watch.healthy
    assert await post.look() == []
    assert post.watch.healthy
    assert post.watch.report() == {"verdict": "well", "troubles": []}


@pytest.mark.catalogue("M16")
async def test_staff_are_told_of_a_full_disk_once_when_it_lasts_and_once_when_it_is_over(post):
    await post.look()
    post.free = 5
    assert await post.look() == ["disk"]
    assert not post.watch.healthy
    assert post.letters() == []
    for _ in range(5):
        await post.look()
    assert post.letters() == ["Trouble: The disk is nearly full"]
    (first,) = post.market.sent("staff/alarm")
    assert first.to == "staff@staff.example"
    assert first.message["Auto-Submitted"] == "auto-generated"
    assert "Make room" in first.text
    post.free = PLENTY
    for _ in range(3):
        assert await post.look() == []
    assert post.letters() == ["Trouble: The disk is nearly full", "Over: The disk is nearly full"]
    assert post.market.db.read_now(alarms.standing) == ()


async def test_a_fault_that_only_one_look_has_seen_writes_no_mail(post):
    post.gate_answers = False
    assert await post.look() == ["gate"]
    post.gate_answers = True
    assert await post.look() == []
    assert post.letters() == []


@pytest.mark.catalogue("M16")
async def test_accepted_mail_that_waits_longer_than_a_quarter_of_an_hour_is_unhealthy(post):
    post.spool.state = (3, post.clock.at)
    assert await post.look(14 * MINUTE) == []
    assert await post.look(2 * MINUTE) == ["queue"]
    assert not post.watch.healthy
    assert "3 wait, the oldest since 16 minutes" in post.watch.report()["troubles"][0]["why"]


async def test_mail_of_a_mailbox_counts_as_waiting_and_that_of_an_archive_does_not(post):
    for door in (Door.IMPORT, Door.IMAP):
        found = Found(
            source=door.value, position="1", received=post.clock.at, raw=b"Subject: x\r\n\r\n",
            envelope=Envelope(mail_from="", recipients=("support@orchard.example",), door=door),
        )  # fmt: skip
        post.market.db.write_now(lambda tx, found=found: intake.take(tx, found))
    assert await post.look(16 * MINUTE) == ["queue"]
    assert "1 wait" in post.watch.report()["troubles"][0]["why"]


@pytest.mark.catalogue("M16")
async def test_mail_that_is_due_and_does_not_go_out_is_unhealthy(post, compose_mail):
    post.market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    assert await post.look(14 * MINUTE) == []
    assert await post.look(2 * MINUTE) == ["outbox"]
    assert not post.watch.healthy


@pytest.mark.catalogue("M16", "N07")
async def test_a_mailbox_that_fails_or_that_nobody_looks_through_is_unhealthy(post):
    post.market.db.write_now(lambda tx: mailboxes.failing(tx, "support", "LOGIN failed", post.clock.at))
    assert await post.look(4 * MINUTE) == []
    assert await post.look(2 * MINUTE) == ["mailbox"]
    assert "LOGIN failed" in post.watch.report()["troubles"][0]["why"]
    await post.look()
    assert post.letters() == ["Trouble: A mailbox is not fetched (support)"]
    post.market.db.write_now(lambda tx: mailboxes.well(tx, "support", post.clock.at))
    assert await post.look() == []
    assert "mailbox" in await post.look(16 * MINUTE)
    assert not post.watch.healthy


@pytest.mark.catalogue("N11")
async def test_mails_that_were_set_aside_are_told_once_and_forgotten_after_a_day(post):
    def aside(tx):
        mailboxes.well(tx, "support", post.clock.at)
        mailboxes.set_aside(tx, "support", 2, "UID 7: it has 99000000 octets", post.clock.at)

    post.market.db.write_now(aside)
    for _ in range(3):
        assert await post.look() == ["set-aside"]
    assert post.watch.healthy
    said = " ".join(post.market.sent("staff/alarm")[0].text.split())
    assert "support: 2 so far, the last one with UID 7: it has 99000000 octets" in said
    assert post.letters() == ["Trouble: Mails of a mailbox could not be taken (support)"]
    post.clock.at += 24 * HOUR
    post.market.db.write_now(lambda tx: mailboxes.well(tx, "support", post.clock.at))
    assert "set-aside" not in await post.look(MINUTE)


async def test_a_mailbox_that_the_config_no_longer_has_troubles_nobody(post):
    post.market.db.write_now(lambda tx: mailboxes.failing(tx, "old", "gone", post.clock.at))
    post.market.db.write_now(lambda tx: mailboxes.failing(tx, "support", "no", post.clock.at))
    post.market.db.write_now(lambda tx: mailboxes.keep_only(tx, ("support",)))
    assert await post.look(6 * MINUTE) == ["mailbox"]
    assert [box.name for box in post.watch.seen.mailboxes] == ["support"]


@pytest.mark.catalogue("M16", "M03")
@pytest.mark.parametrize("step", [HOUR, -HOUR, -10 * 365 * 24 * HOUR, 61_000])
async def test_a_clock_that_jumps_is_told_and_forgotten_after_a_while(post, step):
    await post.look()
    post.clock.at += step
    assert await post.look() == ["clock"]
    assert not post.watch.healthy
    assert f"{step / 1000:+.0f} seconds" in post.watch.report()["troubles"][0]["why"]
    assert await post.look(16 * MINUTE) == []


@pytest.mark.catalogue("M16", "M03")
async def test_a_clock_behind_what_is_written_down_is_unhealthy_from_the_start(post, compose_mail):
    post.market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    post.clock.at -= 2 * HOUR
    assert await post.look() == ["clock"]
    assert "119 minutes behind" in post.watch.report()["troubles"][0]["why"]


@pytest.mark.catalogue("M16")
async def test_a_database_that_cannot_be_written_or_read_is_unhealthy(post, monkeypatch):
    await post.look()

    async def refuse(_):
        raise TemporaryError("the database refused the transaction: disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(post.market.db, "write", refuse)
        assert await post.look() == ["database"]
        assert "disk I/O error" in post.watch.report()["troubles"][0]["why"]
        assert not post.watch.healthy
    assert await post.look() == []
    post.write("DROP TABLE attempt")
    assert await post.look() == ["database"]


async def test_a_part_that_died_is_told_to_staff_and_is_no_reason_to_be_unhealthy(post):
    await post.look()
    died = Standing(pid=7, deaths=1, exit=-9, died=post.clock.at)
    tell(post.data, {"gate": died, "desk": Standing(pid=8, deaths=0, exit=0, died=None)})
    assert await post.look() == ["part"]
    assert post.watch.healthy
    await post.look()
    assert post.letters() == ["Trouble: A part of gatepost died and was started again (gate)"]
    assert "part" not in await post.look(20 * MINUTE)


async def test_dead_letters_and_open_breakers_are_shown_and_the_breaker_has_a_letter_of_its_own(post, compose_mail):
    post.market.arrive(compose_mail(JANE, "Shipping Labels", "Blank."))
    post.write("UPDATE delivery SET state = 'dead', next = NULL WHERE id = 1")
    post.write("UPDATE delivery SET state = 'sent', next = NULL WHERE id <> 1")
    now = post.clock.at
    post.market.db.write_now(lambda tx: breakers.open_(tx, "bot@loop.example", "loop", now, now + HOUR))
    assert await post.look() == ["dead-letters", "breaker"]
    await post.look()
    assert post.watch.report()["verdict"] == "look"
    assert post.letters() == ["Trouble: Mails were given up"]


async def test_a_command_beside_the_daemon_can_read_the_last_look(post):
    post.free = 5
    await post.look()
    at, said = post.market.db.read_now(vitals.last)
    assert at == post.clock.at
    assert said["troubles"][0]["kind"] == "disk"
