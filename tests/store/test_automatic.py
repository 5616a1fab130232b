"""How many automatic mails left within a window: counted only where as many as matter can have left."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gatepost.core import HOUR, MINUTE
from gatepost.core.breaker import EVERYBODY
from gatepost.store import arrivals, breakers
from gatepost.store.database import Database, Tx
from gatepost.store.schema import migrate

NOW = 1_800_000_000_000


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'desk.sqlite3'}", prepare=migrate)) as database:
        yield database


def _sent(tx: Tx, address: str, *ages: int) -> None:
    for age in ages:
        arrivals.automatic_sent(tx, address=address, ticket=1, now=NOW - age)


def test_what_matters_is_counted_and_the_rest_is_not(db: Database) -> None:
    def counts(domain_from: int, all_from: int) -> tuple[int, int, int]:
        return db.read_now(
            lambda tx: arrivals.automatic_counts(
                tx, address="a@x.example", now=NOW, domain_from=domain_from, all_from=all_from
            )
        )

    assert counts(0, 0) == counts(1, 1) == (0, 0, 0)
    db.write_now(lambda tx: _sent(tx, "a@x.example", 3 * HOUR, 50 * MINUTE))
    db.write_now(lambda tx: _sent(tx, "b@x.example", 40 * MINUTE, 20 * MINUTE, 5))
    db.write_now(lambda tx: _sent(tx, "c@y.example", 4, 3))
    # Six left within the hour, four of them to the domain; three within the minute.
    assert counts(0, 0) == counts(4, 3) == counts(6, 3) == (2, 4, 3)
    assert counts(7, 4) == (2, 0, 0)


def test_no_window_holds_more_than_is_said_at_a_glance(db: Database) -> None:
    assert db.read_now(lambda tx: breakers.most_since(tx, NOW - HOUR)) == 0
    db.write_now(lambda tx: _sent(tx, "a@x.example", *range(2 * HOUR, 0, -5 * MINUTE)))

    def erase(tx: Tx) -> None:
        tx.run("DELETE FROM automatic WHERE at = :at", at=NOW - 15 * MINUTE)

    db.write_now(erase)
    for age in range(0, 3 * HOUR, 7 * MINUTE):
        most, exact = db.read_now(
            lambda tx, since=NOW - age: (
                breakers.most_since(tx, since),
                breakers.traffic(tx, EVERYBODY, since, 1_000).out,
            )
        )
        assert exact <= most <= exact + 1
