"""The spool: what is in it, what may open it, what is left in it after each kind of trouble."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from gatepost.core.letter import Door, Envelope
from gatepost.errors import PermanentError, TemporaryError
from gatepost.lock import prepare_data_folder
from gatepost.store.connection import open_writer
from gatepost.store.spool import ROW_OCTETS, Spool, SpoolReader
from gatepost.store.spool_files import Reserve

NOW = 1_790_000_000_000
ENVELOPE = Envelope(
    mail_from="jürgen@b.example", recipients=("support@market.example", "help@market.example"), door=Door.SMTP,
    peer="192.0.2.1", helo="client.example", tls="TLSv1.3",
)  # fmt: skip


def spool_at(data: Path, **more) -> Spool:
    data.mkdir(exist_ok=True)
    return Spool(data, **{"now": lambda: NOW, **more})


@pytest.fixture
def spool(tmp_path):
    spool = spool_at(tmp_path / "data")
    spool.start()
    yield spool
    assert spool.close()


async def test_an_arrival_comes_back_whole(spool, tmp_path):
    number = await spool.accept(ENVELOPE, b"Subject: x\r\n\r\n\xff\r\n", NOW + 5)
    reader = SpoolReader(tmp_path / "data")
    arrival = reader.get(number)
    assert arrival == reader.pending(0, 10)[0]
    assert (arrival.id, arrival.received, arrival.envelope, arrival.raw) == (
        number, NOW + 5, ENVELOPE, b"Subject: x\r\n\r\n\xff\r\n",
    )  # fmt: skip
    reader.close()


@pytest.mark.parametrize("size", [0, 1, ROW_OCTETS, ROW_OCTETS + 1, 1_000_000])
async def test_rows_and_files_hold_the_same_bytes(spool, tmp_path, size):
    raw = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    number = await spool.accept(ENVELOPE, raw, NOW)
    reader = SpoolReader(tmp_path / "data")
    assert reader.get(number).raw == raw
    reader.close()
    assert len(list(spool.files.folder.iterdir())) == (size > ROW_OCTETS)


async def test_those_who_wait_together_share_a_commit(spool):
    numbers = await asyncio.gather(*(spool.accept(ENVELOPE, b"x%d" % n, NOW) for n in range(100)))
    assert len(set(numbers)) == 100
    assert spool.counters.accepted == 100
    assert spool.counters.commits < 50


async def test_pending_is_paged_by_number_and_by_size(spool, tmp_path):
    numbers = [await spool.accept(ENVELOPE, b"x" * 1_000, NOW) for _ in range(5)]
    reader = SpoolReader(tmp_path / "data")
    assert [arrival.id for arrival in reader.pending(numbers[1], 2)] == numbers[2:4]
    assert [arrival.id for arrival in reader.pending(0, 10, octets=1_500)] == numbers[:2]
    assert reader.count() == 5
    reader.close()


async def test_cleared_rows_and_files_are_gone_and_their_numbers_never_come_again(spool, tmp_path):
    first = await spool.accept(ENVELOPE, b"x" * (ROW_OCTETS + 1), NOW)
    second = await spool.accept(ENVELOPE, b"y", NOW)
    spool.clear([first, second, 12345])
    assert spool.close()
    again = spool_at(tmp_path / "data")
    again.start()
    third = await again.accept(ENVELOPE, b"z", NOW)
    assert third > second
    again.close()
    reader = SpoolReader(tmp_path / "data")
    assert [arrival.id for arrival in reader.pending(0, 10)] == [third]
    reader.close()
    assert list(spool.files.folder.iterdir()) == []


async def test_numbers_do_not_repeat_after_the_file_was_lost(tmp_path):
    """The desk remembers which arrivals it has done; a new file must not give their numbers to other mail."""
    numbers = []
    for day in (0, 1):
        spool = spool_at(tmp_path / "data", now=lambda day=day: NOW + day * 86_400_000)
        spool.start()
        numbers.append(await spool.accept(ENVELOPE, b"x", NOW))
        spool.close()
        for path in (tmp_path / "data").glob("spool.sqlite3*"):
            path.unlink()
    assert numbers[1] > numbers[0]


@pytest.mark.catalogue("B12")
async def test_the_settings_on_which_a_250_depends_are_read_back(tmp_path):
    connection = open_writer(tmp_path / "x.sqlite3")
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()


@pytest.mark.catalogue("B12")
async def test_a_file_is_synced_with_its_folder_before_its_row_exists(tmp_path):
    events = []
    spool = spool_at(tmp_path / "data", connect=lambda path, **more: Told(open_writer(path, **more), events))
    spool.files._fsync = lambda handle: events.append("fsync")
    spool.start()
    events.clear()
    await spool.accept(ENVELOPE, b"x" * (ROW_OCTETS + 1), NOW)
    spool.close()
    assert events == ["fsync", "fsync", "BEGIN IMMEDIATE", "INSERT", "COMMIT"]


class Told:
    """A connection that writes down its statements."""

    def __init__(self, connection, events) -> None:
        self._connection = connection
        self._events = events

    def execute(self, sql, *values):
        self._events.append(sql.strip())
        return self._connection.execute(sql, *values)

    def executemany(self, sql, rows):
        self._events.append(sql.split()[0])
        return self._connection.executemany(sql, rows)

    def __getattr__(self, name):
        return getattr(self._connection, name)


async def test_files_without_a_row_are_swept_at_the_start_and_others_stay(tmp_path):
    spool = spool_at(tmp_path / "data")
    spool.start()
    number = await spool.accept(ENVELOPE, b"x" * (ROW_OCTETS + 1), NOW)
    spool.close()
    (spool.files.folder / "orphan.eml").write_bytes(b"never answered")
    (spool.files.folder / "half.eml.part").write_bytes(b"never finished")
    again = spool_at(tmp_path / "data")
    again.start()
    again.close()
    assert len(list(spool.files.folder.iterdir())) == 1
    reader = SpoolReader(tmp_path / "data")
    assert reader.get(number) is not None
    assert reader.lost() == []
    next(spool.files.folder.iterdir()).unlink()
    assert (reader.get(number), reader.pending(0, 9), reader.lost()) == (None, [], [number])
    reader.close()


@pytest.mark.catalogue("B10")
async def test_a_file_that_cannot_be_synced_is_refused_and_leaves_nothing(spool):
    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    good, spool.files._fsync = spool.files._fsync, broken
    with pytest.raises(TemporaryError):
        await spool.accept(ENVELOPE, b"x" * (ROW_OCTETS + 1), NOW)
    assert list(spool.files.folder.iterdir()) == []
    spool.files._fsync = good
    assert await spool.accept(ENVELOPE, b"x" * (ROW_OCTETS + 1), NOW)


@pytest.mark.catalogue("B11")
async def test_a_really_full_file_refuses_mail_and_takes_it_again_when_cleared(tmp_path):
    def small(path, **more):
        connection = open_writer(path, **more)
        connection.execute("PRAGMA max_page_count = 60")
        return connection

    spool = spool_at(tmp_path / "data", connect=small)
    spool.start()
    numbers = []
    with pytest.raises(TemporaryError, match="room"):
        for _ in range(100):
            numbers.append(await spool.accept(ENVELOPE, b"x" * 9_000, NOW))
    assert numbers
    reader = SpoolReader(tmp_path / "data")
    assert [arrival.id for arrival in reader.pending(0, 100)] == numbers
    spool.clear(numbers)
    assert spool.close()
    assert reader.count() == 0
    reader.close()
    again = spool_at(tmp_path / "data", connect=small)
    again.start()
    assert await again.accept(ENVELOPE, b"x" * 9_000, NOW) > numbers[-1]
    again.close()


@pytest.mark.catalogue("B11")
async def test_clearing_on_a_full_disk_spends_the_reserve(tmp_path):
    reserve = tmp_path / "data" / "spool.reserve"

    class Full(Told):
        def execute(self, sql, *values):
            if sql.startswith("DELETE") and reserve.exists():
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *values)

    spool = spool_at(tmp_path / "data", connect=lambda path, **more: Full(open_writer(path, **more), []))
    spool.start()
    assert reserve.stat().st_size == 2 * 1024 * 1024
    number = await spool.accept(ENVELOPE, b"x", NOW)
    spool.clear([number])
    assert spool.close()
    assert spool.counters.cleared == 1
    assert reserve.exists()
    reader = SpoolReader(tmp_path / "data")
    assert reader.count() == 0
    reader.close()


def test_a_reserve_that_does_not_fit_is_left_out(tmp_path):
    assert not Reserve(tmp_path / "reserve", 1 << 60).keep()
    assert not (tmp_path / "reserve").exists()


@pytest.mark.catalogue("B14")
async def test_a_damaged_file_is_refused_with_the_way_to_repair_it(tmp_path):
    spool = spool_at(tmp_path / "data")
    spool.start()
    for number in range(50):
        await spool.accept(ENVELOPE, b"%d" % number * 1_000, NOW)
    spool.close()
    content = bytearray(spool.path.read_bytes())
    content[4096 * 2 : 4096 * 8] = b"\xa5" * (4096 * 6)
    spool.path.write_bytes(content)
    with pytest.raises(PermanentError, match="damaged") as refused:
        spool_at(tmp_path / "data").start()
    assert ".recover" in refused.value.hint


@pytest.mark.catalogue("B14")
def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "spool.sqlite3").write_bytes(b"this is a text" * 1_000)
    with pytest.raises(PermanentError):
        spool_at(tmp_path / "data").start()


@pytest.mark.catalogue("B14")
async def test_a_newer_schema_is_refused_by_both_sides(tmp_path):
    spool = spool_at(tmp_path / "data")
    spool.start()
    spool.close()
    connection = sqlite3.connect(spool.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(PermanentError, match="newer gatepost"):
        spool_at(tmp_path / "data").start()
    with pytest.raises(PermanentError, match="newer gatepost"):
        SpoolReader(tmp_path / "data")


def test_a_reader_without_a_spool_says_so(tmp_path):
    with pytest.raises(TemporaryError, match="does not exist yet"):
        SpoolReader(tmp_path)


@pytest.mark.catalogue("M18")
async def test_files_are_for_their_owner_alone(tmp_path, request):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    umask = os.umask(0o022)
    request.addfinalizer(lambda: os.umask(umask))
    prepare_data_folder(data)
    spool = spool_at(data)
    spool.start()
    await spool.accept(ENVELOPE, b"x" * (ROW_OCTETS + 1), NOW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in data.rglob("*")}
    spool.close()
    assert data.stat().st_mode & 0o777 == 0o700
    assert all(mode == (0o700 if (data / name).is_dir() else 0o600) for name, mode in modes.items())
