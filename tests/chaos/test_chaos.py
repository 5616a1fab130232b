"""Nothing that was accepted is lost or doubled, whoever is killed and whenever; and the harness would notice if it were."""

import asyncio
import random
import sys
from pathlib import Path

import chaos_run
import pytest

FAULTY = Path(chaos_run.__file__).with_name("faulty.py")
SEED = 20_261_123


def with_fault(name: str) -> tuple[str, ...]:
    return sys.executable, str(FAULTY), name


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    """Each named crash point once and 24 kills at random, while eight senders send."""
    chance = random.Random(SEED)
    points = [f"{point}:{chance.randint(1, 3)}" for point in chaos_run.POINTS]
    folder = tmp_path_factory.mktemp("chaos")
    result = asyncio.run(chaos_run.run(folder, seed=SEED, kills=24, points=points))
    print(result)
    return result


@pytest.mark.catalogue("B01", "M01")
def test_what_was_acknowledged_is_there_exactly_once_after_every_kill(short_run):
    found = short_run.reckoning
    assert short_run.kills.total() == 24 + len(chaos_run.POINTS)
    assert found.acknowledged > 50
    assert (found.lost, found.doubled) == (0, 0)
    assert found.tickets + found.quarantined == found.acknowledged
    assert found.wrong == []


@pytest.mark.catalogue("F08")
def test_what_counts_as_sent_has_arrived_and_further_copies_have_a_kill_or_a_lost_reply_behind_them(short_run):
    found = short_run.reckoning
    assert found.delivered == found.outgoing == 2 * found.tickets
    assert short_run.lost_replies + found.extra_copies > 0  # There was something to look at.
    assert not [sentence for sentence in found.wrong if sentence.startswith("I4")]


def test_the_daemon_stops_in_order_after_all_that(short_run):
    assert short_run.exit_code == 0


async def test_the_harness_notices_a_house_that_forgets_what_it_has_seen(tmp_path):
    result = await chaos_run.run(
        tmp_path, seed=1, kills=0, points=["accept.committed:1"], command=with_fault("no-dedupe")
    )
    assert result.reckoning.doubled > 0
    assert result.reckoning.lost == 0


async def test_the_harness_notices_a_house_that_handles_a_mail_in_two_transactions(tmp_path):
    result = await chaos_run.run(
        tmp_path,
        seed=2,
        kills=0,
        points=["faulty.between:1", "faulty.between:2"],
        command=with_fault("two-transactions"),
    )
    assert result.reckoning.lost > 0
    assert result.reckoning.wrong


@pytest.mark.chaos
def test_a_thousand_kills(tmp_path, capsys):
    points = [f"{point}:{hit}" for point in chaos_run.POINTS for hit in (1, 2, 3)]
    with capsys.disabled():
        result = asyncio.run(
            chaos_run.run(tmp_path, seed=SEED, kills=1_000 - len(points), points=points, progress=True)
        )
        print(f"\n{result}")
    assert result.reckoning.wrong == []
    assert result.exit_code == 0
