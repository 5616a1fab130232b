"""The door of the desk: builds every part from Config, joins them, starts, stops. Read this file first.

The gate, the other process of the daemon, has its own door in ingress/gate.py; supervisor.py starts both.
"""

import asyncio
import logging
import os
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from . import absences, privacy, shipped
from .absences import AwayConfig
from .audit_heads import Heads
from .clock import Clock
from .clockwork import Clockwork
from .config import AuthenticationSection, Config, DeliverySection
from .config.types import endpoint
from .core import Millis
from .core.addresses import Addresses
from .core.audit import Who, operator
from .core.away_plan import AwayPlan
from .core.event import Undeliverable
from .core.letter import Door
from .core.outgoing import Due, Expired, Refused
from .delivery.courier import Courier
from .delivery.outbox import Deliverer
from .delivery.ways import Ways
from .desk import Desk
from .digest import Digests
from .errors import MistakesError, PermanentError
from .events import undeliverable
from .house import House
from .ingress.archive_import import Taker
from .ingress.gate_link import GateLink
from .ingress.imap import open_mailboxes
from .ingress.import_tray import Importer
from .ingress.tray import Question, Said, Tray
from .keys import audit_key, reply_keys, vault
from .lighter import send_lighter
from .mail.parse import TRACE_OCTETS, ReadLimits
from .mail.signing import Signer, signer
from .mail.templates import Letters
from .notify import notify
from .page_mail import ReadLetter
from .portal.app import Portal, open_counter
from .portal.counter import Counter
from .portal.entrance import Proved
from .portal.invitations import invite
from .portal.server import PortalServer
from .portal.staff_desk import StaffDesk
from .postroom import Postroom
from .privacy import Privacy
from .promises import promises
from .reader.pool import ReaderPool
from .release import Releases
from .report_cards import CardWatch
from .retention import Retention
from .rulebook import ReloadResult, Rulebook, known_names
from .scheduler import Scheduler
from .staff_reset import reset_totp
from .store import mailboxes
from .store.arrivals import Outcome
from .store.audit import AuditLog
from .store.audit import head as audit_head
from .store.database import Database, Tx
from .store.intake import Intake
from .store.lane import Lane
from .store.restore import refuse_cut_off
from .store.schema import migrate
from .store.spool_reader import SpoolReader
from .topics import catalogue as topics
from .topics import corrections
from .watch import Watch

if TYPE_CHECKING:
    from .authentication import Evaluator
    from .metrics import Metrics

_log = logging.getLogger("gatepost.app")
_GRACE = 10.0
_WATCH_SECONDS = 15.0


def build_house(config: Config) -> House:
    """Everything that decides: rules, letters, keys, brands. Raises MistakesError with all mistakes of a part."""
    own_rules, own_letters = Path(config.gatepost.rules), Path(config.gatepost.templates) / "mail"
    letters = Letters(own_letters, shipped.folder("templates") / "mail")
    return House(
        hostname=config.gatepost.hostname,
        staff=config.gatepost.staff,
        brands=config.brands(),
        teams=config.teams(),
        addresses=Addresses(config.brands(), config.reply_address.separator, config.reply_address.domain),
        reply=config.reply_address,
        keys=reply_keys(config.reply_address, config.data),
        authentication=config.authentication,
        limits=config.limits,
        promises=promises(config.clock),
        rulebook=Rulebook(shipped.folder("rules"), own_rules, known=known_names(config, letters.names())),
        letters=letters,
        audit=AuditLog(audit_key(config.data)),
        signer=_signer(config),
        discounts=config.discounts(),
        message_octets=config.delivery.message_octets,
        link_days=config.delivery.link_days,
        view_days=config.portal.view_days,
        members=config.members(),
        topics=topics.Shelf(shipped.folder("rules"), own_rules, bar=config.topics.bar),
        vault=vault(config.data),
        secrets=config.secrets,
    )


def build_evaluator(section: AuthenticationSection) -> "Evaluator | None":
    """Who asks DNS about senders; None in the modes that do not, and which do not pay for loading it."""
    if section.mode != "evaluate":
        return None
    from .authentication import Evaluator  # noqa: PLC0415
    from .authentication.dns_resolver import DnsResolver  # noqa: PLC0415

    servers = [endpoint(server) for server in section.nameservers]
    resolver = DnsResolver(servers=servers, seconds=section.query_seconds, monotonic=Clock.monotonic)
    return Evaluator(resolver, sealers=section.arc_sealers, seconds=section.evaluation_seconds)


def open_database(config: Config) -> Database:
    """The desk's database, brought up to this program's schema. Raises PermanentError where a restore was cut off."""
    refuse_cut_off(config.data)
    return Database(f"sqlite:///{config.data / 'desk.sqlite3'}", prepare=migrate)


def run_desk(config: Config, clock: Clock) -> None:
    """Be the desk until SIGTERM; SIGHUP reads rules and templates again."""
    asyncio.run(_run(config, clock))


async def _run(config: Config, clock: Clock) -> None:
    office = Office(config, clock)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
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

        # Mail comes from the gate's spool, is read by readers without rights, and goes out by the courier.
        self._spool = SpoolReader(config.data)
        self._link = GateLink(config.data)
        self._readers = ReaderPool(
            count=config.gatepost.readers,
            cpu_seconds=config.limits.reader_cpu_seconds,
            wall_seconds=config.limits.reader_wall_seconds,
            memory_octets=config.limits.reader_memory_octets,
            limits=ReadLimits(
                # What the doors let in is read, with the trace fields that they put above it.
                message_octets=config.smtp.message_octets + TRACE_OCTETS,
                header_octets=config.smtp.header_octets + TRACE_OCTETS,
            ),
        )
        # Whether all is well, and the figures for those who watch over several machines.
        self._watch = Watch(
            data=config.data, db=self.db, house=self.house, spool=self._spool, clock=clock,
            least_octets=config.smtp.free_octets or config.smtp.message_octets * 3 // 2,
        )  # fmt: skip
        self._metrics = build_metrics(config, self.db, self._watch)
        self._health = build_health_pages(config, self._watch, self._metrics)

        hostname = config.gatepost.hostname
        self._ways = Ways(config.delivery, config.route, hostname=hostname, make=partial(self._deliverer, clock))
        self._evaluator = build_evaluator(config.authentication)
        self._desk = Desk(
            house=self.house,
            db=self.db,
            spool=self._spool,
            gate=self._link,
            readers=self._readers,
            clock=clock,
            wake_delivery=self._ways.wake,
            evaluator=self._evaluator,
            on_handled=self._on_handled,
        )

        self._clockwork = Clockwork(
            house=self.house,
            db=self.db,
            clock=clock,
            wake_delivery=self._ways.wake,
            per_minute=config.clock.catch_up_per_minute,
        )
        # Mail that this process takes itself waits in its own database; an archive never holds up a mailbox.
        self._intakes = {door: self._intake(door, clock) for door in (Door.IMPORT, Door.IMAP)}

        releases = Releases(db=self.db, house=self.house, reader=self._readers, clock=clock)
        postroom = Postroom(db=self.db, house=self.house, clock=clock, delay_hours=config.delivery.delay_notice_hours)

        # The pages behind the links of our letters; without a portal's URL no letter has such links.
        self._portal = self._portal_server = None
        if any(brand.portal for brand in config.brands()):
            staff_desk = StaffDesk(releases, postroom, self._readers)
            self._portal = Portal(
                _counter(config, self.house, self.db, clock, staff_desk, self._ways.wake, self._readers.read)
            )
            self._portal_server = PortalServer(self._portal.app, config.page)

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

        # The clock only wakes those who look into their tables.
        self._scheduler = Scheduler()
        self._scheduler.every(2.0, "outbox", self._look_at_outbox)
        self._scheduler.every(1.0, "deadlines", self._clockwork.look)
        digests = Digests(house=self.house, db=self.db, clock=clock, hour=config.clock.digest_hour)
        self._scheduler.every(60.0, "digests", digests.look)
        cards = CardWatch(house=self.house, db=self.db, clock=clock, section=config.report_card)
        self._scheduler.every(60.0, "report cards", cards.look)
        plans = {slug: section.plan() for slug, section in config.away.items()}
        away = AwayConfig(house=self.house, db=self.db, clock=clock, plans=plans)
        self._scheduler.every(10.0, "absences", away.look)
        self._scheduler.every(2.0, "rules", self._look_at_rules)
        self._heads = Heads(
            house=self.house, db=self.db, clock=clock, section=config.audit, data=config.data,
            hour=config.clock.digest_hour,
        )  # fmt: skip
        self._scheduler.every(20.0, "audit-heads", self._heads.look)
        if self._portal is not None:
            self._scheduler.every(30.0, "portal", self._portal.look)
        self._scheduler.every(5.0, "mailboxes", self._look_at_mailboxes)
        self._scheduler.every(1.0, "releases", releases.look)
        self._scheduler.every(5.0, "postroom", postroom.look)
        self._privacy = Privacy(db=self.db, house=self.house, clock=clock, fold=self._link.fold)
        retention = Retention(db=self.db, house=self.house, clock=clock, ages=config.retention, privacy=self._privacy)
        self._scheduler.every(60.0, "retention", retention.look)
        self._scheduler.every(0.5, "tray", Tray(config.data, self._answers(config, releases, postroom, clock)).look)
        self._scheduler.every(_WATCH_SECONDS, "watch", self._look_around)
        self._tasks: list[asyncio.Task[None]] = []

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

    async def _look_around(self) -> None:
        """Have the watch look; that it still does is what keeps a service manager from starting all of it anew."""
        await self._watch.look()
        notify("WATCHDOG=1", f"STATUS={self._watch.sentence}")

    def _servers(self) -> list[PortalServer]:
        return [server for server in (self._portal_server, self._health) if server is not None]

    def reload(self) -> None:
        """Read rules and templates again; a set with a mistake in it never replaces a sound one (R7)."""
        _tell_reload(self.house.rulebook.reload())
        self.house.look_at_topics(at_once=True)
        try:
            if self.house.letters.reload():
                _log.info("templates.reloaded")
        except MistakesError as mistakes:
            _log.error("templates.refused the old set stays: %s", mistakes)

    def _wake_mailboxes(self) -> None:
        """Said in the thread of a mailbox: a mail was taken."""
        self._loop.call_soon_threadsafe(self._intakes[Door.IMAP].wake)

    def _deliverer(self, clock: Clock, courier: Courier, section: DeliverySection, lane: Lane, name: str) -> Deliverer:
        """Who sends on one way; the name of a route tells the claims of one from those of another."""
        return Deliverer(
            self.db,
            courier,
            clock,
            section,
            owner=f"desk-{os.getpid()}-{name}" if name else f"desk-{os.getpid()}",
            chance=random.Random(),
            on_failed=partial(_tell_ticket, self.house, clock),
            on_result=self._metrics.tried if self._metrics is not None else None,
            lane=lane,
        )

    def _intake(self, door: Door, clock: Clock) -> Desk:
        """Who handles the mail that waits at one of our own doors."""
        waiting = Intake(self.db, door)
        # Who vouches for an archive has been asked; a mailbox's mail is evaluated as far as its bytes tell.
        evaluator = self._evaluator if door is Door.IMAP else None
        return Desk(
            evaluator=evaluator,
            house=self.house,
            db=self.db,
            spool=waiting,
            gate=waiting,
            readers=self._readers,
            clock=clock,
            wake_delivery=self._ways.wake,
            on_handled=self._on_handled,
        )

    def _on_handled(self, outcome: Outcome, took: Millis) -> None:
        if self._metrics is not None:
            self._metrics.handled(outcome, took)

    def _answers(
        self, config: Config, releases: Releases, postroom: Postroom, clock: Clock
    ) -> dict[Question, Callable[[Said], Awaitable[Said]]]:
        """Who answers what a command may ask."""
        taker = Taker(self.db, self._intakes[Door.IMPORT].wake)

        async def away(said: Said) -> Said:
            plan = AwayPlan(**said["plan"]) if said["plan"] is not None else None
            told = await self.db.write(
                lambda tx: absences.put(tx, self.house, str(said["vendor"]), plan, _by(said), clock.now())
            )
            return {"said": told}

        async def label(said: Said) -> Said:
            await self.db.write(
                lambda tx: corrections.correct(
                    tx, self.house.audit, int(said["ticket"]), str(said["topic"]), _by(said), clock.now()
                )
            )
            return {}

        async def reset(said: Said) -> Said:
            had = await self.db.write(
                lambda tx: reset_totp(tx, self.house.audit, str(said["name"]), _by(said), clock.now())
            )
            return {"had": had}

        async def ask_in(said: Said) -> Said:
            brand = self.house.brands[str(said["brand"])]
            people = [Proved(address=address, name=name, language=code) for address, name, code in said["people"]]
            done = await self.db.write(lambda tx: invite(tx, self.house, brand, people, _by(said), clock.now()))
            return {"said": [[one.address, one.fate.value] for one in done]}

        return {
            Question.MAIL: taker.answer,
            Question.IMPORT: Importer(self.db, config, self.house.audit, clock).answer,
            Question.LABEL: label,
            Question.AWAY: away,
            Question.RESET_TOTP: reset,
            Question.INVITE: ask_in,
            **_answers(releases, postroom),
            **privacy.answers(self._privacy),
        }

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


def _counter(
    config: Config,
    house: House,
    db: Database,
    clock: Clock,
    desk: StaffDesk,
    wake: Callable[[], None],
    read_letter: ReadLetter,
) -> Counter:
    own_pages = Path(config.gatepost.templates) / "portal"
    return open_counter(
        house, db, clock, own_pages, page=config.page, portal=config.portal, staff=config.staff_pages, desk=desk,
        sso=config.sso, shop_sign_in=config.shop_sign_in, wake=wake, read_letter=read_letter,
    )  # fmt: skip


def _answers(releases: Releases, postroom: Postroom) -> dict[Question, Callable[[Said], Awaitable[Said]]]:
    """Who answers what concerns the quarantine and the outbox."""

    async def release(said: Said) -> Said:
        outcome, ticket = await releases.release(int(said["id"]), str(said["said"]), _by(said))
        return {"outcome": outcome.value, "ticket": ticket}

    async def forget(said: Said) -> Said:
        await releases.forget(int(said["id"]), str(said["said"]), _by(said))
        return {}

    async def retry(said: Said) -> Said:
        return {"said": await postroom.retry(int(said["id"]), _by(said))}

    async def drop(said: Said) -> Said:
        return {"said": await postroom.drop(int(said["id"]), str(said["reason"]), _by(said))}

    async def close_breaker(said: Said) -> Said:
        return {"closed": await postroom.close_breaker(str(said["pair"]), _by(said))}

    return {
        Question.RELEASE: release,
        Question.FORGET: forget,
        Question.RETRY: retry,
        Question.DROP: drop,
        Question.CLOSE_BREAKER: close_breaker,
    }


def build_metrics(config: Config, db: Database, watch: Watch) -> "Metrics | None":
    """The figures for Prometheus; nothing, not even its library, where the config wants none."""
    if not config.metrics.listen:
        return None
    from .metrics import Metrics  # noqa: PLC0415

    return Metrics(data=config.data, db=db, watch=watch)


def build_health_pages(config: Config, watch: Watch, metrics: "Metrics | None") -> PortalServer | None:
    """The pages on which health and figures are asked for."""
    if metrics is None:
        return None
    from .health_page import health_pages  # noqa: PLC0415

    section = config.page.model_copy(update={"listen": config.metrics.listen})
    return PortalServer(health_pages(watch, metrics), section, "metrics.listen")


async def _open_server(server: PortalServer) -> None:
    """Open the pages; mail goes on where that cannot be done."""
    try:
        await server.open()
    except PermanentError as error:
        _log.error("portal.closed no page can be seen: %s", error)


def _by(said: Said) -> Who:
    """Who gave the command that left this question."""
    return operator(str(said.get("by", "")))


def _tell_reload(result: ReloadResult) -> None:
    if result.error is not None:
        for mistake in result.error.mistakes:
            _log.error("rules.refused the old rules stay: %s", mistake)
    elif result.changed:
        _log.info("rules.reloaded rules=%d digest=%s", result.rules, result.digest[:12])
    else:
        _log.info("rules.unchanged rules=%d digest=%s", result.rules, result.digest[:12])


def _tell_ticket(house: House, clock: Clock, tx: Tx, due: Due, result: Refused | Expired) -> None:
    """In the transaction in which a mail of ours is given up: its ticket says so, unless it goes out once more."""
    if isinstance(result, Refused) and send_lighter(tx, house, due.outbox, f"{result.code} {result.said}", clock.now()):
        return
    event = Undeliverable(participant=due.participant, address=due.recipient, reason=f"{result.code} {result.said}")
    undeliverable(tx, house, due.ticket, event, clock.now())


def _signer(config: Config) -> Signer | None:
    dkim = config.delivery.dkim
    return signer(dkim.domain, dkim.selector, dkim.key.read()) if dkim is not None else None


def _end_with_error(task: "asyncio.Task[None]") -> None:
    """A part that fails takes the process with it: the supervisor starts a sound one."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("part.failed name=%s", task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
