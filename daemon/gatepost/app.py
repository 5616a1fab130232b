"""The door of the desk: joins the parts that parts.py builds from Config, starts and stops them. Read this file first.

The gate, the other process of the daemon, has its own door in ingress/gate.py; supervisor.py starts both.
"""

import asyncio
import logging
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from .absences import AwayConfig
from .answers import Answers
from .audit_heads import Heads
from .clock import Clock
from .clockwork import Clockwork
from .config import Config
from .core import Millis
from .core.letter import Door
from .delivery.ways import Ways
from .desk import Desk, Gate, Spool
from .digest import Digests
from .errors import MistakesError, PermanentError
from .health.watch import Watch
from .ingress.archive_import import Taker
from .ingress.gate_link import GateLink
from .ingress.imap import open_mailboxes
from .notify import notify
from .parts import (
    build_counter,
    build_deliverer,
    build_evaluator,
    build_health_pages,
    build_house,
    build_metrics,
    build_readers,
    open_database,
)
from .portal.app import Portal
from .portal.server import PortalServer
from .portal.staff.desk import StaffDesk
from .postroom import Postroom
from .privacy.control import Privacy
from .privacy.retention import Retention
from .release import Releases
from .report_cards import CardWatch
from .rulebook import ReloadResult
from .scheduler import Scheduler
from .store import mailboxes
from .store.arrivals import Outcome
from .store.audit import head as audit_head
from .store.intake import Intake
from .store.spool_reader import SpoolReader
from .tray import Tray

if TYPE_CHECKING:
    from .authentication import Evaluator

_log = logging.getLogger("gatepost.app")
_GRACE = 10.0
_MAILBOXES_SECONDS = 300.0


def run_desk(config: Config, clock: Clock) -> None:
    """Be the desk until SIGTERM; SIGHUP reads rules and templates again."""
    asyncio.run(_run(config, clock))


async def _run(config: Config, clock: Clock) -> None:
    office = Office(config, clock)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_end_without_memory)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGHUP, office.reload)
    await office.open()
    ready = config.data / "run" / "desk.ready"
    ready.write_text(str(os.getpid()), encoding="ascii")
    _log.info("desk.ready data=%s", config.data)
    notify("READY=1")
    await stop.wait()
    ready.unlink(missing_ok=True)
    await office.close()
    _log.info("desk.stopped")


class Office:
    """The parts of the desk's process, joined."""

    def __init__(self, config: Config, clock: Clock) -> None:
        # What decides comes first: a mistake in rules or templates is told before anything is opened.
        self.house = build_house(config)
        self.db = open_database(config)

        # Whether all is well, and the figures for those who watch over several machines.
        self._spool = SpoolReader(config.data)
        self._watch = Watch(
            data=config.data, db=self.db, house=self.house, spool=self._spool, clock=clock,
            least_octets=config.smtp.free_octets or config.smtp.message_octets * 3 // 2,
        )  # fmt: skip
        self._metrics = build_metrics(config, self.db, self._watch)
        self._health = build_health_pages(config, self._watch, self._metrics)

        self._take_and_send_mail(config, clock)
        self._serve_pages(config, clock)
        self._watch_the_clock(config, clock)
        self._tasks: list[asyncio.Task[None]] = []

    def _take_and_send_mail(self, config: Config, clock: Clock) -> None:
        """Mail comes from the gate's spool, is read by readers without rights, and goes out by the couriers."""
        self._link = GateLink(config.data)
        self._readers = build_readers(config)
        deliverer = partial(build_deliverer, self.house, self.db, clock, self._metrics)
        self._ways = Ways(config.delivery, config.route, hostname=config.gatepost.hostname, make=deliverer)
        self._evaluator = build_evaluator(config.authentication)
        self._desk = self._new_desk(self._spool, self._link, clock, self._evaluator)

        # Mail that this process takes itself waits in its own database; an archive never holds up a mailbox.
        # Who vouches for an archive has been asked; a mailbox's mail is evaluated as far as its bytes tell.
        self._intakes = {}
        for door, evaluator in ((Door.IMPORT, None), (Door.IMAP, self._evaluator)):
            waiting = Intake(self.db, door)
            self._intakes[door] = self._new_desk(waiting, waiting, clock, evaluator)

        self.db.write_now(lambda tx: mailboxes.keep_only(tx, tuple(config.imap)))
        self._mailboxes = open_mailboxes(
            config.imap,
            db=self.db,
            data=config.data,
            addresses=self.house.addresses,
            otherwise=config.brands()[0].support[0],
            octets=config.smtp.message_octets,
            clock=clock,
            wake=self._wake_mailboxes,
        )

    def _serve_pages(self, config: Config, clock: Clock) -> None:
        """The pages behind the links of our letters; without a portal's URL no letter has such links."""
        self._releases = Releases(db=self.db, house=self.house, reader=self._readers, clock=clock)
        hours = config.delivery.delay_notice_hours
        self._postroom = Postroom(db=self.db, house=self.house, clock=clock, delay_hours=hours)
        self._portal = self._portal_server = None
        if any(brand.portal for brand in config.brands()):
            staff_desk = StaffDesk(self._releases, self._postroom, self._readers)
            wake, read = self._ways.wake, self._readers.read
            self._portal = Portal(build_counter(config, self.house, self.db, clock, staff_desk, wake, read))
            self._portal_server = PortalServer(self._portal.app, config.page)

    def _watch_the_clock(self, config: Config, clock: Clock) -> None:
        """The clock only wakes those who look into their tables."""
        house, db, hour = self.house, self.db, config.clock.digest_hour
        pace, plans = config.clock.catch_up_per_minute, {slug: one.plan() for slug, one in config.away.items()}
        self._started = Clock.monotonic()
        clockwork = Clockwork(
            house=house, db=db, clock=clock, wake_delivery=self._ways.wake, per_minute=pace, mail_waits=self._mail_waits
        )
        self._heads = Heads(house=house, db=db, clock=clock, section=config.audit, data=config.data, hour=hour)
        persons = Privacy(db=db, house=house, clock=clock, fold=self._link.fold)
        answers = Answers(
            house=house, db=db, clock=clock, releases=self._releases, postroom=self._postroom, privacy=persons,
            taker=Taker(db, self._intakes[Door.IMPORT].wake),
        )  # fmt: skip
        retention = Retention(db=db, house=house, clock=clock, ages=config.retention, privacy=persons)
        self._scheduler = Scheduler()
        for seconds, name, look in (
            (0.5, "tray", Tray(config.data, answers.table(config)).look),
            (1.0, "deadlines", clockwork.look),
            (1.0, "releases", self._releases.look),
            (2.0, "outbox", self._look_at_outbox),
            (2.0, "rules", self._look_at_rules),
            (5.0, "mailboxes", self._look_at_mailboxes),
            (5.0, "postroom", self._postroom.look),
            (10.0, "absences", AwayConfig(house=house, db=db, clock=clock, plans=plans).look),
            (15.0, "watch", self._look_around),
            (20.0, "audit-heads", self._heads.look),
            (60.0, "digests", Digests(house=house, db=db, clock=clock, hour=hour).look),
            (60.0, "report cards", CardWatch(house=house, db=db, clock=clock, section=config.report_card).look),
            (60.0, "retention", retention.look),
        ):
            self._scheduler.every(seconds, name, look)
        if self._portal is not None:
            self._scheduler.every(30.0, "portal", self._portal.look)

    def _new_desk(self, spool: Spool, gate: Gate, clock: Clock, evaluator: "Evaluator | None") -> Desk:
        """Who handles the mail that waits at `spool`, and says at `gate` what is done."""
        return Desk(
            house=self.house,
            db=self.db,
            spool=spool,
            gate=gate,
            readers=self._readers,
            clock=clock,
            wake_delivery=self._ways.wake,
            evaluator=evaluator,
            on_handled=self._on_handled,
        )

    async def open(self) -> None:
        """Start working."""
        await self._readers.start()
        self._tasks = [
            asyncio.create_task(self._desk.run(), name="desk"),
            asyncio.create_task(self._hear_news(), name="news"),
            *(asyncio.create_task(desk.run(), name=f"desk-{door}") for door, desk in self._intakes.items()),
        ]
        for task in self._tasks:
            task.add_done_callback(_end_with_error)
        self._loop = asyncio.get_running_loop()
        for mailbox in self._mailboxes:
            mailbox.start()
        self._ways.start()
        self._scheduler.start()
        await self._look_around()
        for server in self._servers():
            await _open_server(server)

    async def close(self) -> None:
        """Stop working: nothing new is begun, what is being sent is finished within the grace."""
        await self._scheduler.close(_GRACE)
        await asyncio.gather(*(asyncio.to_thread(mailbox.close) for mailbox in self._mailboxes))
        self._link.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ways.close(_GRACE)
        for server in self._servers():
            await server.close()
        await self._readers.close()
        self._spool.close()
        self._heads.note_now(await self.db.read(audit_head))
        self.db.close()

    async def _mail_waits(self) -> Millis | None:
        """When the oldest mail came that is not handled; what lies in a mailbox from before the start may be any age.

        An archive holds no deadline up: what comes out of it keeps or breaks no promise.
        """
        if any(not box.is_seen for box in self._mailboxes) and Clock.monotonic() - self._started < _MAILBOXES_SECONDS:
            return 0
        desks = (self._desk, self._intakes[Door.IMAP])
        found = [at for at in [await desk.unhandled_since() for desk in desks] if at is not None]
        return min(found, default=None)

    async def _look_around(self) -> None:
        """Have the watch look; that it still does is what keeps a service manager from starting all of it anew."""
        await self._watch.look()
        notify("WATCHDOG=1", f"STATUS={self._watch.sentence}")

    def _servers(self) -> list[PortalServer]:
        return [server for server in (self._portal_server, self._health) if server is not None]

    def reload(self) -> None:
        """Read rules, templates and pictures again; a set with a mistake in it never replaces a sound one (R7)."""
        _tell_reload(self.house.rulebook.reload())
        self.house.look_at_topics(at_once=True)
        try:
            if self.house.letters.reload():
                _log.info("templates.reloaded")
        except MistakesError as mistakes:
            _log.error("templates.refused the old set stays: %s", mistakes)
        if self._portal is not None:
            self._portal.counter.faces.read(self.house.brands.values())

    def _wake_mailboxes(self) -> None:
        """Said in the thread of a mailbox: a mail was taken."""
        self._loop.call_soon_threadsafe(self._intakes[Door.IMAP].wake)

    def _on_handled(self, outcome: Outcome, took: Millis) -> None:
        if self._metrics is not None:
            self._metrics.handled(outcome, took)

    async def _hear_news(self) -> None:
        async for anew in self._link.news():
            self._desk.wake(gate_is_new=anew)

    async def _look_at_outbox(self) -> None:
        self._ways.wake()

    async def _look_at_mailboxes(self) -> None:
        for mailbox in self._mailboxes:
            mailbox.watch()

    async def _look_at_rules(self) -> None:
        # In a thread: checking hundreds of rules takes a while, in which mail and pages go on under the old ones.
        result = await asyncio.to_thread(self.house.rulebook.poll)
        if result is not None:
            _tell_reload(result)
        await asyncio.to_thread(self.house.look_at_topics)


async def _open_server(server: PortalServer) -> None:
    """Open the pages; mail goes on where that cannot be done."""
    try:
        await server.open()
    except PermanentError as error:
        _log.error("portal.closed no page can be seen: %s", error)


def _tell_reload(result: ReloadResult) -> None:
    if result.error is not None:
        for mistake in result.error.mistakes:
            _log.error("rules.refused the old rules stay: %s", mistake)
    elif result.changed:
        _log.info("rules.reloaded rules=%d digest=%s", result.rules, result.digest[:12])
    else:
        _log.info("rules.unchanged rules=%d digest=%s", result.rules, result.digest[:12])


def _end_without_memory(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What was read when memory ran out is gone, and who waits for it waits in vain: the supervisor starts us anew."""
    loop.default_exception_handler(context)
    if isinstance(context.get("exception"), MemoryError):
        signal.raise_signal(signal.SIGTERM)


def _end_with_error(task: "asyncio.Task[None]") -> None:
    """A part that fails takes the process with it: the supervisor starts a sound one."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("part.failed name=%s", task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
