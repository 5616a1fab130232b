"""One run of the harness: mail flows, processes die, everything starts again, and at the end the figures must agree."""

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.imap_server import ImapServer
from chaos_daemon import DaemonUnderTest
from chaos_reckoning import Reckoning, Waiting, make_due, message_id_of, reckon, waiting
from chaos_senders import Accounts, Senders, letter

from gatepost.demo.script import Action, Drop, KeepThenDrop, Reply, Stage
from gatepost.demo.sink import Caught, Sink
from gatepost.errors import PermanentError
from gatepost.store.invariants import examine
from gatepost.store.restore import check_backup

POINTS = (
    "accept.before_commit",
    "accept.committed",
    "accept.replied",
    "store.before_commit",
    "store.committed",
    "desk.written",
    "deliver.before_record",
    "imap.taken",
    "imap.put_away",
)
PARTS = ("gate", "desk", "reader", "gate", "desk", "reader", "supervisor", "backup")
# Patience counts from the last sign of progress: how long all takes depends on the machine, standing still does not.
STALL_SECONDS = 120.0
POINT_SECONDS = 90.0
# More mails than that wait: nobody writes new ones for the moment.
BACKLOG = 400
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
    fetched: int = 0
    backups: int = 0
    reckoning: Reckoning = field(default_factory=Reckoning)

    def __str__(self) -> str:
        found = self.reckoning
        kills = ", ".join(f"{part} {count}" for part, count in sorted(self.kills.items()))
        lines = [
            f"seed {self.seed}, {self.seconds:.0f} s",
            f"kills            {self.kills.total():7d}   ({kills})",
            f"acknowledged     {found.acknowledged:7d}   ({self.fetched} of them by IMAP; "
            f"{self.accounts.in_the_dark} tries ended in the dark, {self.accounts.put_off} were put off)",
            f"tickets          {found.tickets:7d}   ({found.quarantined} in quarantine)",
            f"lost             {found.lost:7d}",
            f"doubled          {found.doubled:7d}",
            f"outgoing         {found.outgoing:7d}   ({found.delivered} delivered)",
            f"further copies   {found.extra_copies:7d}   (at most {found.most_copies} of one mail; "
            f"{self.lost_replies} replies were lost)",
            f"whole backups    {self.backups:7d}   (each verified after the run)",
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
    with ImapServer() as mailbox:
        daemon = DaemonUnderTest(folder, smarthost.port, command=command, imap=mailbox.port)
        mails = Senders(
            daemon.port, count=senders, chance=random.Random(seed + 1), pause=PAUSE_SECONDS, lmtp=daemon.lmtp
        )
        helpers = [
            asyncio.create_task(_put_into(mailbox, mails, random.Random(seed + 2), result)),
            asyncio.create_task(_keep_calm(daemon.data, mails)),
        ]
        try:
            mails.start()
            for point in points:
                await _die_at(daemon, point, result)
            daemon.start()
            await daemon.ready()
            await _kill_at_random(daemon, kills, chance, every, result, progress)
            mails.stop()
            for helper in helpers:
                helper.cancel()
            await mails.finished(STALL_SECONDS)
            result.exit_code = await _drain(daemon, smarthost, mailbox)
        finally:
            for helper in helpers:
                helper.cancel()
            daemon.kill_all()
            await smarthost.close()
    result.accounts, result.caught = mails.accounts, smarthost.mails
    result.lost_replies = len(smarthost.taken_in_silence)
    desk_kills = sum(count for part, count in result.kills.items() if part not in ("gate", "backup"))
    result.reckoning = reckon(
        daemon.data,
        result.accounts.acknowledged,
        result.caught,
        desk_kills=desk_kills,
        lost_replies=Counter(message_id_of(mail.content) for mail in smarthost.taken_in_silence),
    )
    result.reckoning.wrong += [f"I1 refused for good: {said}" for said in result.accounts.refused[:3]]
    _check_backups(folder / "backups", result)
    result.seconds = time.monotonic() - begun
    return result


async def _put_into(mailbox: ImapServer, mails: Senders, chance: random.Random, result: Run) -> None:
    """Put mails into the mailbox that the daemon fetches. What lies there counts as acknowledged: nobody sends it again."""
    while True:
        await mails.calm.wait()
        number = mails.number()
        mailbox.add(letter(number))
        mails.accounts.acknowledged.add(f"<{number}@client.example>")
        result.fetched += 1
        await asyncio.sleep(chance.uniform(0, 4 * PAUSE_SECONDS))


async def _keep_calm(data: Path, mails: Senders) -> None:
    """Have no new mails written while more wait than one can look at in an evening."""
    while True:
        left = await asyncio.to_thread(waiting, data)
        if left.arrivals + left.due + left.put_off > BACKLOG:
            mails.calm.clear()
        else:
            mails.calm.set()
        await asyncio.sleep(0.5)


def _check_backups(folder: Path, result: Run) -> None:
    """Whatever is called a backup is one, whoever was killed while it was made."""
    for made in sorted(folder.glob("gatepost-*")) if folder.exists() else ():
        if made.name.endswith(".partial"):
            continue
        try:
            check_backup(made)
            result.reckoning.wrong += [
                f"{made.name}: {breach}"
                for breach in examine(made, int(time.time() * 1000))
                if breach.invariant != "I5"
            ]
            result.backups += 1
        except PermanentError as error:
            result.reckoning.wrong.append(f"a backup that is none: {error}")


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
        if part == "backup":
            await _kill_backup(daemon, chance)
        elif part == "supervisor":
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


async def _kill_backup(daemon: DaemonUnderTest, chance: random.Random) -> None:
    """Begin a backup while mail flows, and kill it somewhere on its way, or let it end."""
    making = daemon.command("backup", str(daemon.folder / "backups"), "--keep", "3")
    try:
        await asyncio.to_thread(making.communicate, None, chance.uniform(0.3, 2.5))
    except subprocess.TimeoutExpired:
        making.kill()
        await asyncio.to_thread(making.communicate)


async def _drain(daemon: DaemonUnderTest, smarthost: Smarthost, mailbox: ImapServer) -> int:
    """Start afresh with everything due, until nothing waits; the exit code of the last stop.

    The smarthost calms down only after the first round: a reply is lost, and its mail sent again, also without a kill.
    Raises AssertionError where nothing has moved for a long time.
    """
    while True:
        daemon.kill_all()
        make_due(daemon.data)
        daemon.start()
        await daemon.ready()
        left = await _settled(daemon, mailbox)
        if not left.put_off:
            return await daemon.stop()
        smarthost.calm_down()


async def _settled(daemon: DaemonUnderTest, mailbox: ImapServer) -> Waiting:
    """Wait until nothing is left to do at once; what was put off."""
    moved, before = time.monotonic(), (0, 0)
    while True:
        left, lying = await asyncio.to_thread(waiting, daemon.data), len(mailbox.raws())
        if not left.moves and not lying:
            return left
        now = (lying + left.arrivals, left.due)
        if now != before:
            moved, before = time.monotonic(), now
        assert time.monotonic() - moved < STALL_SECONDS, f"nothing moves: {left}, {lying} in the mailbox"
        await asyncio.sleep(0.1)
