"""One run of the harness: mail flows, processes die, everything starts again, and at the end the figures must agree."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos_daemon import DaemonUnderTest
from chaos_reckoning import Reckoning, make_due, message_id_of, reckon, waiting
from chaos_senders import Accounts, Senders

from gatepost.demo.script import Action, Drop, KeepThenDrop, Reply, Stage
from gatepost.demo.sink import Caught, Sink

POINTS = (
    "accept.before_commit",
    "accept.committed",
    "accept.replied",
    "store.before_commit",
    "store.committed",
    "desk.written",
    "deliver.before_record",
)
PARTS = ("gate", "desk", "reader", "gate", "desk", "reader", "supervisor")
DRAIN_SECONDS = 180.0
POINT_SECONDS = 30.0
# Between two mails of a sender: few enough that the desk keeps up between its deaths, and delivery is killed too.
PAUSE_SECONDS = 0.4


class Smarthost(Sink):
    """A sink that fails one time in five: it puts off, hangs up before the mail, or takes it without a word."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.habits = _Moods(chance)
        self.taken_in_silence: list[Caught] = []

    def calm_down(self) -> None:
        """Take everything from now on."""
        self.habits = {}

    def keep(self, mail: Caught) -> None:
        super().keep(mail)
        if isinstance(self.habits, _Moods) and isinstance(self.habits.last, KeepThenDrop):
            self.taken_in_silence.append(mail)


class _Moods(dict[Stage, Action]):
    """Habits by chance: what the sink does at a stage is looked up here each time."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.last: Action | None = None

    def get(self, stage: Stage, default: Action | None = None) -> Action | None:
        self.last = default
        if stage in (Stage.MAIL, Stage.RCPT, Stage.END) and self._chance.random() < 0.07:
            more = (Drop(reset=True), KeepThenDrop()) if stage is Stage.END else ()
            self.last = self._chance.choice((Reply(450), Drop(), *more))
        return self.last


@dataclass
class Run:
    """What one run has done, and its reckoning."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    accounts: Accounts = field(default_factory=Accounts)
    caught: list[Caught] = field(default_factory=list)
    lost_replies: int = 0
    seconds: float = 0.0
    exit_code: int = -1
    reckoning: Reckoning = field(default_factory=Reckoning)

    def __str__(self) -> str:
        found = self.reckoning
        kills = ", ".join(f"{part} {count}" for part, count in sorted(self.kills.items()))
        lines = [
            f"seed {self.seed}, {self.seconds:.0f} s",
            f"kills            {self.kills.total():7d}   ({kills})",
            f"acknowledged     {found.acknowledged:7d}   ({self.accounts.in_the_dark} tries ended in the dark, "
            f"{self.accounts.put_off} were put off)",
            f"tickets          {found.tickets:7d}   ({found.quarantined} in quarantine)",
            f"lost             {found.lost:7d}",
            f"doubled          {found.doubled:7d}",
            f"outgoing         {found.outgoing:7d}   ({found.delivered} delivered)",
            f"further copies   {found.extra_copies:7d}   (at most {found.most_copies} of one mail; "
            f"{self.lost_replies} replies were lost)",
            *(f"WRONG {sentence}" for sentence in found.wrong),
        ]
        return "\n".join(lines)


async def run(
    folder: Path,
    *,
    seed: int,
    kills: int,
    points: Sequence[str] = (),
    senders: int = 8,
    command: Sequence[str] = (sys.executable, "-m", "gatepost"),
    every: tuple[float, float] = (0.05, 0.4),
    progress: bool = False,
) -> Run:
    """Kill `kills` times at random and once at each of `points` (name:count) while mail flows; then let it drain."""
    chance = random.Random(seed)
    result = Run(seed=seed)
    begun = time.monotonic()
    smarthost = Smarthost(chance)
    await smarthost.start()
    daemon = DaemonUnderTest(folder, smarthost.port, command=command)
    mails = Senders(daemon.port, count=senders, chance=random.Random(seed + 1), pause=PAUSE_SECONDS)
    try:
        mails.start()
        for point in points:
            await _die_at(daemon, point, result)
        daemon.start()
        await daemon.ready()
        await _kill_at_random(daemon, kills, chance, every, result, progress)
        mails.stop()
        await mails.finished(DRAIN_SECONDS)
        result.exit_code = await _drain(daemon, smarthost)
    finally:
        daemon.kill_all()
        await smarthost.close()
    result.accounts, result.caught = mails.accounts, smarthost.mails
    result.lost_replies = len(smarthost.taken_in_silence)
    desk_kills = sum(count for part, count in result.kills.items() if part != "gate")
    result.reckoning = reckon(
        daemon.data,
        result.accounts.acknowledged,
        result.caught,
        desk_kills=desk_kills,
        lost_replies=Counter(message_id_of(mail.content) for mail in smarthost.taken_in_silence),
    )
    result.reckoning.wrong += [f"I1 refused for good: {said}" for said in result.accounts.refused[:3]]
    result.seconds = time.monotonic() - begun
    return result


async def _die_at(daemon: DaemonUnderTest, point: str, result: Run) -> None:
    """Start it with a crash point armed, wait until a part has died there, and let the machine lose its power."""
    before = daemon.deaths
    daemon.start(crash=point)
    async with asyncio.timeout(POINT_SECONDS):
        while daemon.deaths == before:
            await asyncio.sleep(0.01)
            daemon.look()
    daemon.kill_all()
    make_due(daemon.data)
    result.kills[point.partition(":")[0]] += 1


async def _kill_at_random(
    daemon: DaemonUnderTest, kills: int, chance: random.Random, every: tuple[float, float], result: Run, progress: bool
) -> None:
    """Kill a part, or everything; every seventh kill is that of everything, so that no part waits long for its return."""
    deck: list[str] = []
    done = 0
    while done < kills:
        await asyncio.sleep(chance.uniform(*every))
        if not deck:
            deck = list(PARTS)
            chance.shuffle(deck)
        part = deck.pop()
        if part == "supervisor":
            daemon.kill_all()
            make_due(daemon.data)
            daemon.start()
        elif not daemon.kill(part):
            deck.insert(0, part)
            continue
        done += 1
        result.kills[part] += 1
        if done % 3 == 0:  # Kills that come fast meet processes that start; let the others meet them at work.
            await daemon.ready()
            await asyncio.sleep(chance.uniform(0.1, 0.5))
        if progress and done % 20 == 0:
            print(f"\r{done} of {kills} kills", end="", file=sys.stderr, flush=True)


async def _drain(daemon: DaemonUnderTest, smarthost: Smarthost) -> int:
    """Start afresh with everything due, until nothing waits; the exit code of the last stop.

    The smarthost calms down only after the first round: a reply is lost, and its mail sent again, also without a kill.
    """
    async with asyncio.timeout(DRAIN_SECONDS):
        while True:
            daemon.kill_all()
            make_due(daemon.data)
            daemon.start()
            await daemon.ready()
            while (left := waiting(daemon.data)).moves:
                await asyncio.sleep(0.05)
            if not left.put_off:
                return await daemon.stop()
            smarthost.calm_down()
