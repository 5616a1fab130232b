"""A backup is whole or it is none; a restore brings everything back, and is never half done (M12, O2)."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gatepost.cli import run
from gatepost.core import DAY
from gatepost.core.consent import Consent, Scope, Stage
from gatepost.core.identity import Authentication, Identity, Trust
from gatepost.core.letter import Door, Envelope, Letter, Mailbox
from gatepost.core.party import Customer, Participant, Party, Role
from gatepost.core.ticket import Ticket
from gatepost.errors import PermanentError
from gatepost.lock import DataLock, prepare_data_folder
from gatepost.store import (
    backup,
    consents,
    erasure,
    manifest,
    messages,
    one_time,
    parties,
    persons,
    restore,
    sessions,
    tickets,
    trace,
)
from gatepost.store.database import Database
from gatepost.store.invariants import examine
from gatepost.store.schema import migrate
from gatepost.store.sessions import Kind, Session
from gatepost.store.spool import ROW_OCTETS, Spool
from gatepost.store.spool_reader import SpoolReader
from gatepost.travel import ON_A_PAGE

NOW = 1_795_975_000_000
CONFIG = """
[gatepost]
data = "data"
hostname = "mail.market.example"
staff = "leads@office.example"
[authentication]
mode = "off"
[team.triage]
name = "Triage"
address = "triage@office.example"
[brand.market]
name = "Market"
support = ["support@market.example"]
privacy = "https://market.example/privacy"
data_use = "https://market.example/data"
"""


class Place:
    """A data folder with both databases, a key, and what a test puts in; and the config that names it."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.toml"
        self.config.write_text(CONFIG)
        self.data, self.backups = folder / "data", folder / "backups"
        prepare_data_folder(self.data)
        self.write(lambda tx: trace.note(tx, kind="first", said="a line", now=1))
        key = self.data / "keys" / "reply"
        key.parent.mkdir(mode=0o700)
        key.write_text("ab" * 32)
        (self.data / "audit-heads").write_text("1 abc\n")

    def write(self, work):
        database = Database(f"sqlite:///{self.data / 'desk.sqlite3'}", prepare=migrate)
        try:
            return database.write_now(work)
        finally:
            database.close()

    def read(self, sql: str, data: Path | None = None):
        database = Database(f"sqlite:///{(data or self.data) / 'desk.sqlite3'}")
        try:
            return database.read_now(lambda tx: [tuple(row) for row in tx.rows(sql)])
        finally:
            database.close()

    async def accept(self, *mails: bytes) -> list[int]:
        spool = Spool(self.data, now=lambda: NOW)
        spool.start()
        envelope = Envelope(mail_from="a@b.example", recipients=("support@market.example",), door=Door.SMTP)
        try:
            return [await spool.accept(envelope, raw, NOW) for raw in mails]
        finally:
            spool.close(5.0)

    def back_up(self, now: int = NOW) -> Path:
        return backup.back_up(self.data, self.backups, now)

    def command(self, *words: str, crash: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "gatepost", *words, "-c", self.config],
            env={**os.environ, "GATEPOST_CRASH": crash}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def pending(data: Path) -> list[bytes]:
    reader = SpoolReader(data)
    try:
        return [arrival.raw for arrival in reader.pending(0, 100)]
    finally:
        reader.close()


@pytest.mark.catalogue("M12")
async def test_a_restore_brings_databases_large_mails_keys_and_heads_back(place):
    large = b"Subject: large\r\n\r\n" + b"x" * ROW_OCTETS
    await place.accept(b"Subject: small\r\n\r\n", large)
    made = place.back_up()
    assert made.name == "gatepost-20261129T175640Z"
    place.write(lambda tx: trace.note(tx, kind="later", said="after the backup", now=2))
    (place.data / "keys" / "reply").unlink()
    done = restore.restore(made, place.data, NOW)
    assert place.read("SELECT kind FROM trace") == [("first",)]
    assert pending(place.data) == [b"Subject: small\r\n\r\n", large]
    assert (place.data / "keys" / "reply").read_text() == "ab" * 32
    assert (place.data / "audit-heads").read_text() == "1 abc\n"
    assert examine(place.data, NOW) == []
    assert place.read("SELECT kind FROM trace", done.aside) == [("first",), ("later",)]
    loose = [path for path in place.data.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert loose == []


async def test_what_the_desk_has_handled_is_not_handled_again_after_a_restore(place):
    """The spool is copied first: a mail that is in both copies is taken out of the spool's."""
    ids = await place.accept(b"Subject: handled\r\n\r\n" + b"x" * ROW_OCTETS, b"Subject: waits\r\n\r\n")
    place.write(
        lambda tx: tx.run(
            """INSERT INTO arrival (door, spool, received, mail_from, recipients, peer, helo, size, outcome, tries, cause,
               handled) VALUES ('smtp', :id, :now, '', '[]', '', '', 1, 'self', 1, '', 1)""",
            id=ids[0], now=NOW,
        )
    )  # fmt: skip
    made = place.back_up()
    assert list((made / "spool").iterdir()) == []
    restore.restore(made, place.data, NOW)
    assert pending(place.data) == [b"Subject: waits\r\n\r\n"]


async def test_a_backup_of_a_spool_that_has_lost_a_file_is_none(place):
    await place.accept(b"x" * (ROW_OCTETS + 1))
    next((place.data / "spool").iterdir()).unlink()
    with pytest.raises(Exception, match="file of arrival"):
        place.back_up()
    assert [path.suffix for path in place.backups.iterdir()] == [".partial"]


def test_what_was_deleted_is_not_in_the_backup(place):
    canary = "canary-5f1c" * 40
    place.write(lambda tx: [trace.note(tx, kind="x", said=canary, now=1) for _ in range(50)])
    place.write(lambda tx: tx.run("DELETE FROM trace WHERE kind = 'x'"))
    made = place.back_up()
    assert b"canary-5f1c" not in b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())


async def test_a_data_folder_that_breaks_an_invariant_gives_no_backup(place):
    await place.accept(b"Subject: waits\r\n\r\n")
    connection = sqlite3.connect(place.data / "desk.sqlite3", isolation_level=None)
    connection.execute(
        """INSERT INTO delivery (outbox, ticket, recipient, destination, state, attempts, since, owner, code, said,
           changed) VALUES (1, 0, 'a@b.example', 'b.example', 'sent', 1, 1, '', 0, '', 1)"""
    )
    connection.close()
    with pytest.raises(PermanentError, match=r"does not verify: I7 .* I4 a mail that counts as sent"):
        place.back_up()


def test_a_damaged_database_gives_no_backup(place):
    (place.data / "spool.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(PermanentError, match=r"no backup was made: file is not a database"):
        place.back_up()
    assert list(place.backups.iterdir()) == []


@pytest.mark.catalogue("M07")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a small disk of its own is mounted")
def test_a_backup_for_which_there_is_no_room_is_none_and_gives_the_room_back(place, small_disk):
    place.write(lambda tx: [trace.note(tx, kind="x", said=os.urandom(400).hex(), now=1) for _ in range(3_000)])
    free = shutil.disk_usage(small_disk).free
    done = place.command("backup", str(small_disk))
    assert done.returncode == 75
    assert "no backup was made" in done.stderr and "room" in done.stderr
    assert shutil.disk_usage(small_disk).free >= free - 65_536
    assert list(small_disk.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs leave to mount a tmpfs")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("fault", ["changed", "missing", "manifest", "newer"])
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_touched(place, fault):
    made = place.back_up()
    said = json.loads((made / manifest.FILE).read_text())
    match fault:
        case "changed":
            path = made / "desk.sqlite3"
            octets = bytearray(path.read_bytes())
            octets[5000] ^= 1
            path.write_bytes(octets)
        case "missing":
            (made / "keys" / "reply").unlink()
        case "manifest":
            (made / manifest.FILE).unlink()
        case "newer":
            (made / manifest.FILE).write_text(json.dumps({**said, "migrations": [*said["migrations"], "m9999_future"]}))
    before = sorted((path.name, path.stat().st_mtime_ns) for path in place.data.iterdir())
    words = {"changed": "not what was", "missing": "is missing", "manifest": "no backup", "newer": "newer gatepost"}
    with pytest.raises(Exception, match=words[fault]):
        restore.restore(made, place.data, NOW)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in place.data.iterdir()) == before


def test_the_newest_are_kept_and_rests_are_cleared(place):
    names = [place.back_up(NOW + n * 60_000).name for n in range(4)]
    (place.backups / "gatepost-19990101T000000Z.partial").mkdir()
    (place.backups / "my-own").mkdir()
    backup.keep_newest(place.backups, 2)
    assert sorted(path.name for path in place.backups.iterdir()) == [*names[2:], "my-own"]


def test_held_mail_waits_for_a_word(place):
    place.write(
        lambda tx: [
            tx.run(
                """INSERT INTO outbox (id, ticket, participant, message, template, key, address, message_id, mail_from,
                   subject, raw, auto, state, error, created)
                   VALUES (1, 0, 0, 0, 't', 'k', '', 'm@x', '', 's', x'00', 'no', 'ready', '', 1)"""
            ),
            tx.run(
                """INSERT INTO delivery (outbox, ticket, recipient, destination, state, attempts, since, next, owner, code,
                   said, changed) VALUES (1, 0, 'a@b.example', 'b.example', 'queued', 0, 1, 1, '', 0, '', 1)"""
            ),
        ]
    )
    made = place.back_up()
    assert restore.restore(made, place.data, NOW, hold=True).held == 1
    assert place.read("SELECT state, next FROM delivery") == [("dead", None)]


def test_who_was_erased_since_is_erased_again_also_after_a_cut(place):
    """`replay` hears of the replaced database, and of the one that a cut-off restore had moved aside before."""
    made = place.back_up()
    heard = []

    def replay(old: Path, new: Path, _: int) -> int:
        heard.append((old.parent.name, new.parent.name))
        return 2

    assert restore.restore(made, place.data, NOW, replay=replay).erased == 2
    restore.restore(made, place.data, NOW + 60_000, replay=replay)
    assert heard == [("data", "restoring"), ("data", "restoring"), ("replaced-20261129T175640Z", "restoring")]


@pytest.mark.catalogue("L05")
def test_a_restore_does_not_bring_an_erased_person_back(place):
    def file(tx):
        who = Customer(id=0, address="jane@canary.example", name="Jane Canary", language="en", zone="UTC")
        return parties.put_customer(tx, who)[0]

    number = place.write(file)
    made = place.back_up()

    def erase(tx):
        one = erasure.begin(tx, persons.of_customer(tx, number), by="staff", now=NOW)
        while erasure.advance(tx, one):
            pass

    place.write(erase)
    done = restore.restore(made, place.data, NOW)
    assert done.erased == 1
    # The daemon ends it at its start; until then only the list of erasures knows whom it is about.
    assert place.read("SELECT count(*) FROM customer WHERE address LIKE '%canary%' OR name LIKE '%Canary%'") == [(0,)]
    assert place.read("SELECT state FROM erasure WHERE strings LIKE '%canary%'") == [("swept",)]


# The commands, killed at each point.


@pytest.mark.catalogue("M01", "M12")
@pytest.mark.parametrize("point", ["backup.spool", "backup.desk", "backup.verified"])
def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(place, point):
    assert place.command("backup", str(place.backups), crash=point).returncode == -9
    assert all(path.name.endswith(".partial") for path in place.backups.iterdir())
    done = place.command("backup", str(place.backups), "--keep", "1")
    assert (done.returncode, "verified" in done.stdout) == (0, True)
    (only,) = place.backups.iterdir()
    assert restore.check_backup(only).counts["tickets"] == 0


@pytest.mark.catalogue("M01", "M12")
@pytest.mark.parametrize("point", ["restore.copied", "restore.aside", "restore.placing:1", "restore.placing:2"])
def test_a_restore_that_is_killed_lets_nothing_start_until_it_is_run_again(place, point):
    made = place.back_up()
    place.write(lambda tx: trace.note(tx, kind="later", said="x", now=2))
    assert place.command("restore", str(made), "--yes", crash=point).returncode == -9
    refused = place.command("run")
    assert refused.returncode == 70
    assert "a restore of" in refused.stderr and "was cut off" in refused.stderr
    again = place.command("restore", str(made), "--yes")
    assert again.returncode == 0, again.stderr
    assert place.read("SELECT kind FROM trace") == [("first",)]
    kept = [place.read("SELECT count(*) FROM trace", old.parent) for old in place.data.glob("replaced-*/desk.sqlite3")]
    assert [(2,)] in kept
    assert not (place.data / "restoring").exists()


def test_a_restore_under_a_running_daemon_is_refused(place, capsys):
    made = place.back_up()
    with DataLock(place.data, "gate"):
        assert run(["restore", str(made), "--yes", "-c", str(place.config)]) == 70
    assert "another gatepost" in capsys.readouterr().err
    assert run(["restore", str(made), "--check", "-c", str(place.config)]) == 0


# Upgrades.


def forget(*names: str):
    """Take migrations back, as if a program of before had made the file."""

    def work(tx):
        for name in names:
            tx.run("DELETE FROM _sqlite_migrations WHERE name = :name", name=name)
        tx.run("DROP TABLE alarm")
        tx.run("DROP TABLE watch")

    return work


def test_an_upgrade_is_rehearsed_backed_up_and_done(place, capsys):
    assert run(["upgrade", "-c", str(place.config)]) == 0
    assert "up to date" in capsys.readouterr().out
    database = Database(f"sqlite:///{place.data / 'desk.sqlite3'}")
    database.write_now(forget("m0070_alarms"))
    database.close()
    assert run(["upgrade", "--dry-run", "-c", str(place.config)]) == 0
    assert "would run m0070_alarms; the copy is sound" in capsys.readouterr().out
    assert place.read("SELECT count(*) FROM sqlite_master WHERE name = 'alarm'") == [(0,)]
    assert not (place.data / "upgrade-try").exists()
    assert run(["upgrade", "-c", str(place.config)]) == 0
    assert "ran m0070_alarms; the backup from before is" in capsys.readouterr().out
    assert place.read("SELECT count(*) FROM alarm") == [(0,)]
    (before,) = (place.data / "backups").iterdir()
    assert "m0070_alarms" not in manifest.read(before).migrations


def test_an_upgrade_that_would_fail_changes_nothing(place, capsys):
    database = Database(f"sqlite:///{place.data / 'desk.sqlite3'}")
    database.write_now(lambda tx: tx.run("DELETE FROM _sqlite_migrations WHERE name = 'm0070_alarms'"))
    database.close()
    assert run(["upgrade", "-c", str(place.config)]) == 1
    assert "a migration fails: table alarm already exists" in capsys.readouterr().err
    assert not (place.data / "backups").exists()


@pytest.mark.catalogue("K02", "J04")
def test_nothing_that_may_have_been_ended_since_the_backup_lives_again(place):
    def live(tx):
        parties.put_customer(tx, Customer(id=0, address="ada@shop.example", name="Ada", language="en"))
        ticket = tickets.open_(tx, Ticket(number=0, brand="market", subject="S", filed=NOW))
        tickets.join(tx, Participant(ticket=ticket, number=1, role=Role.REQUESTER, address="ada@shop.example"))
        identity = Identity(party=Party.CUSTOMER, trust=Trust.TRUSTED, authentication=Authentication.VERIFIED)
        letter = Letter(sender=Mailbox(address="ada@shop.example"), subject="S", text="T")
        messages.put(tx, ticket=ticket, author=1, received=NOW, letter=letter, nature=ON_A_PAGE, identity=identity)
        sessions.open_(tx, Session(id=0, kind=Kind.CUSTOMER, customer=1, started=NOW, expires=NOW + DAY), "cookie")
        sessions.ask(
            tx,
            address="ada@shop.example",
            kind=Kind.CUSTOMER,
            brand="market",
            language="en",
            wanted="",
            per_hour=3,
            now=NOW,
        )
        sessions.mailed(tx, 1, "link", NOW + DAY)
        consents.set_switch(tx, 1, Scope.ACT, NOW)
        consents.ask(
            tx,
            Consent(
                id=0, customer=1, staff="vera", staff_name="Vera", brand="market", ticket=ticket, reason="r",
                scope=Scope.READ, until=NOW + DAY, asked=NOW,
            ),
        )  # fmt: skip
        secret = one_time.begin(
            tx,
            token="token",
            ticket=ticket,
            giver=1,
            receiver=2,
            passphrase=False,
            tries=3,
            made=NOW,
            expires=NOW + DAY,
        )
        one_time.fill(tx, secret, key=1, octets=b"sealed")

    place.write(live)
    assert run(["backup", str(place.backups), "-c", str(place.config)]) == 0
    (made,) = place.backups.iterdir()
    assert run(["restore", str(made), "--yes", "-c", str(place.config)]) == 0

    def check(tx):
        assert sessions.find(tx, "cookie", Kind.CUSTOMER, NOW) is None
        assert sessions.link(tx, "link").used is not None
        assert consents.standing(tx, 1) is None and consents.find(tx, 1).stage is Stage.WITHDRAWN
        secret = one_time.by_token(tx, "token")
        assert secret.state is one_time.State.DESTROYED and one_time.octets(tx, secret.id) == b""

    place.write(check)
