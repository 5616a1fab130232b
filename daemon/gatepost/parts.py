"""Builds the parts of the desk from Config, a function each; app.py joins them, and commands take what they need."""

import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from . import shipped
from .clock import Clock
from .config import AuthenticationSection, Config, DeliverySection
from .config.types import endpoint
from .core.addresses import Addresses
from .core.event import Undeliverable
from .core.outgoing import Due, Expired, Refused
from .delivery.courier import Courier
from .delivery.outbox import Deliverer
from .events import happened
from .health.watch import Watch
from .house import House
from .keys import audit_key, reply_keys, vault
from .lighter import send_lighter
from .mail.parse import TRACE_OCTETS, ReadLimits
from .mail.signing import Signer, signer
from .mail.templates import Letters
from .page_mail import ReadLetter
from .portal.app import open_counter
from .portal.counter import Counter
from .portal.server import PortalServer
from .portal.staff.desk import StaffDesk
from .promises import promises
from .reader.pool import ReaderPool
from .rulebook import Rulebook, known_names
from .store.audit import AuditLog
from .store.database import Database, Tx
from .store.lane import Lane
from .store.restore import refuse_cut_off
from .store.schema import migrate
from .topics import catalogue as topics

if TYPE_CHECKING:
    from .authentication import Evaluator
    from .health.metrics import Metrics


def build_house(config: Config) -> House:
    """Everything that decides: rules, letters, keys, brands. Raises MistakesError with all mistakes of a part."""
    own_rules, own = Path(config.gatepost.rules), Path(config.gatepost.templates)
    letters = Letters(own / "mail", shipped.folder("templates") / "mail", own / "locale")
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
        roles=config.roles(),
        group_roles=config.staff_sso.roles,
        tell_assigned=config.staff_pages.assigned_mail,
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


def build_readers(config: Config) -> ReaderPool:
    """Who turns raw mail into letters, under limits."""
    return ReaderPool(
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


def build_deliverer(
    house: House,
    db: Database,
    clock: Clock,
    metrics: "Metrics | None",
    courier: Courier,
    section: DeliverySection,
    lane: Lane,
    name: str,
) -> Deliverer:
    """Who sends on one way; the name of a route tells the claims of one from those of another."""
    return Deliverer(
        db,
        courier,
        clock,
        section,
        owner=f"desk-{os.getpid()}-{name}" if name else f"desk-{os.getpid()}",
        chance=random.Random(),
        on_failed=partial(_tell_ticket, house, clock),
        on_result=metrics.tried if metrics is not None else None,
        lane=lane,
    )


def build_counter(
    config: Config,
    house: House,
    db: Database,
    clock: Clock,
    desk: StaffDesk,
    wake: Callable[[], None],
    read_letter: ReadLetter,
) -> Counter:
    """What the pages share."""
    own_pages = Path(config.gatepost.templates) / "portal"
    return open_counter(
        house, db, clock, own_pages, page=config.page, portal=config.portal, staff=config.staff_pages, desk=desk,
        sso=config.sso, staff_sso=config.staff_sso, shop_sign_in=config.shop_sign_in, wake=wake,
        read_letter=read_letter,
    )  # fmt: skip


def build_metrics(config: Config, db: Database, watch: Watch) -> "Metrics | None":
    """The figures for Prometheus; nothing, not even its library, where the config wants none."""
    if not config.metrics.listen:
        return None
    from .health.metrics import Metrics  # noqa: PLC0415

    return Metrics(data=config.data, db=db, watch=watch)


def build_health_pages(config: Config, watch: Watch, metrics: "Metrics | None") -> PortalServer | None:
    """The pages on which health and figures are asked for."""
    if metrics is None:
        return None
    from .health.page import health_pages  # noqa: PLC0415

    section = config.page.model_copy(update={"listen": config.metrics.listen})
    return PortalServer(health_pages(watch, metrics), section, "metrics.listen")


def _tell_ticket(house: House, clock: Clock, tx: Tx, due: Due, result: Refused | Expired) -> None:
    """In the transaction in which a mail of ours is given up: its ticket says so, unless it goes out once more."""
    if isinstance(result, Refused) and send_lighter(tx, house, due.outbox, f"{result.code} {result.said}", clock.now()):
        return
    event = Undeliverable(participant=due.participant, address=due.recipient, reason=f"{result.code} {result.said}")
    happened(tx, house, due.ticket, event, clock.now())


def _signer(config: Config) -> Signer | None:
    dkim = config.delivery.dkim
    return signer(dkim.domain, dkim.selector, dkim.key.read()) if dkim is not None else None
