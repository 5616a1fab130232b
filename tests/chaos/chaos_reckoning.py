"""The reckoning after a run: what the senders were promised, what the house holds, and what the smarthost received."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path

from gatepost.demo.sink import Caught
from gatepost.keys import audit_key
from gatepost.store.audit import AuditLog
from gatepost.store.glance import glance
from gatepost.store.invariants import examine

_OWN = "SELECT count(*) FROM waiting"


@dataclass
class Reckoning:
    """The figures of one run, and everything about them that is wrong. `wrong` must be empty."""

    acknowledged: int = 0
    tickets: int = 0
    quarantined: int = 0
    lost: int = 0
    doubled: int = 0
    outgoing: int = 0
    delivered: int = 0
    extra_copies: int = 0
    most_copies: int = 0
    wrong: list[str] = field(default_factory=list)


def reckon(
    data: Path,
    acknowledged: Iterable[str],
    caught: list[Caught],
    *,
    desk_kills: int,
    lost_replies: Counter[str] | None = None,
) -> Reckoning:
    """Compare. The daemon stands still; `lost_replies` counts by Message-ID the mails that the sink took in silence."""
    found = Reckoning()
    found.wrong += [str(breach) for breach in examine(data, int(time.time() * 1000))]
    connection = sqlite3.connect(f"file:{data / 'desk.sqlite3'}?mode=ro", uri=True)
    try:
        _incoming(connection, found, set(acknowledged))
        _outgoing(connection, found)
        _copies(connection, found, caught, desk_kills, lost_replies or Counter())
    finally:
        connection.close()
    fault = glance(data, AuditLog(audit_key(data, make=False)).verify)
    if fault is not None:
        found.wrong.append(f"I6 the audit log is not as it was written: row {fault.id}, {fault.said}")
    for path, sql in ((data / "spool.sqlite3", "SELECT count(*) FROM arrival"), (data / "desk.sqlite3", _OWN)):
        if left := _one(path, sql):
            found.wrong.append(f"{left} arrivals still wait in {path.name}")
    return found


@dataclass(frozen=True)
class Waiting:
    """What is not done yet: arrivals in the spool, deliveries to be tried now, deliveries put off."""

    arrivals: int
    due: int
    put_off: int

    @property
    def moves(self) -> bool:
        """Whether waiting a little longer helps."""
        return bool(self.arrivals or self.due)


def waiting(data: Path) -> Waiting:
    """What is not done yet; the daemon may run."""
    soon = int(time.time() * 1000) + 1_000
    desk = data / "desk.sqlite3"
    return Waiting(
        arrivals=_one(data / "spool.sqlite3", "SELECT count(*) FROM arrival") + _one(desk, _OWN),
        due=_one(desk, f"SELECT count(*) FROM delivery WHERE state = 'sending' OR next < {soon}"),
        put_off=_one(desk, f"SELECT count(*) FROM delivery WHERE next >= {soon}"),
    )


def make_due(data: Path) -> None:
    """Let every planned try be due now; only while no daemon runs."""
    connection = sqlite3.connect(data / "desk.sqlite3", isolation_level=None)
    connection.execute("UPDATE delivery SET next = 0 WHERE next IS NOT NULL")
    connection.close()


def _incoming(connection: sqlite3.Connection, found: Reckoning, acknowledged: set[str]) -> None:
    """I1: each mail that got a 250 is there, once, as a message on a ticket of its own or whole in quarantine."""
    stored = Counter(row[0] for row in connection.execute("SELECT message_id FROM message"))
    held = Counter(f"<{row[0].split()[-1]}@client.example>" for row in connection.execute(
        "SELECT subject FROM quarantine WHERE state = 'held' AND subject <> ''"))  # fmt: skip
    unread = _value(connection, "SELECT count(*) FROM quarantine WHERE subject = ''")
    ids = {_bare(message_id) for message_id in acknowledged}
    have = Counter({_bare(key): count for key, count in (stored + held).items()})
    found.acknowledged = len(acknowledged)
    found.tickets = _value(connection, "SELECT count(*) FROM ticket")
    found.quarantined = held.total() + unread
    missing = ids - set(have)
    found.lost = max(0, len(missing) - unread)
    found.doubled = sum(count - 1 for count in have.values())
    if found.lost:
        found.wrong.append(f"I1 {found.lost} accepted mails have no message, for example {sorted(missing)[:3]}")
    if found.doubled:
        twice = [key for key, count in have.items() if count > 1]
        found.wrong.append(f"I1 {found.doubled} mails are there twice, for example {twice[:3]}")
    unhandled = _value(connection, "SELECT count(*) FROM arrival WHERE outcome = ''")
    if unhandled:
        found.wrong.append(f"I2 {unhandled} arrivals have no outcome")


def _outgoing(connection: sqlite3.Connection, found: Reckoning) -> None:
    """I3: of each ticket its vendor and its customer hear, once each."""
    wanted = Counter({"acknowledgement": 1, "ticket": 1})
    per_ticket: dict[int, Counter[str]] = {row[0]: Counter() for row in connection.execute("SELECT number FROM ticket")}
    for ticket, template in connection.execute("SELECT ticket, template FROM outbox WHERE ticket <> 0"):
        per_ticket[ticket][template] += 1
        found.outgoing += 1
    odd = [number for number, sent in per_ticket.items() if sent != wanted]
    if odd:
        found.wrong.append(f"I3 {len(odd)} tickets have other mails than theirs: {odd[0]} {per_ticket[odd[0]]}")


def _copies(
    connection: sqlite3.Connection, found: Reckoning, caught: list[Caught], desk_kills: int, lost_replies: Counter[str]
) -> None:
    """I4: whatever counts as sent has arrived; a further copy has a kill or a lost reply behind it, and is the same."""
    copies: dict[str, list[bytes]] = {}
    for mail in caught:
        copies.setdefault(message_id_of(mail.content), []).append(mail.content)
    found.extra_copies = sum(len(some) - 1 for some in copies.values())
    found.most_copies = max((len(some) for some in copies.values()), default=0)
    for message_id, some in copies.items():
        if len(some) - 1 > desk_kills + lost_replies[message_id]:
            found.wrong.append(f"I4 {message_id} arrived {len(some)} times")
        if len(set(some)) > 1:
            found.wrong.append(f"I4 the copies of {message_id} differ")
    unsent = 0
    for message_id, state, ticket in connection.execute(
        """SELECT outbox.message_id, delivery.state, delivery.ticket FROM delivery
           JOIN outbox ON outbox.id = delivery.outbox"""
    ):
        found.delivered += state == "sent" and ticket != 0
        unsent += state != "sent"
        if state == "sent" and _bare(message_id) not in copies:
            found.wrong.append(f"I4 {message_id} counts as sent and never arrived")
    if unsent:
        found.wrong.append(f"I4 {unsent} deliveries have not ended well")


def message_id_of(content: bytes) -> str:
    """The Message-ID of a mail, without its brackets."""
    return _bare(str(message_from_bytes(content, policy=compat32)["Message-ID"]))


def _bare(message_id: str) -> str:
    return message_id.strip().strip("<>")


def _one(path: Path, sql: str) -> int:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return _value(connection, sql)
    finally:
        connection.close()


def _value(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])
