"""Arrivals as the desk saw them: the raw bytes, what became of each, its tries, and its duplicates."""

import json
import zlib
from collections.abc import Sequence
from enum import StrEnum
from itertools import takewhile

from ..core import HOUR, Millis
from ..core.copy import Copy
from ..core.letter import Arrival, Door, Envelope
from ..core.nature import Author
from ..core.party import Role
from .database import Row, Tx
from .trace import count

_WINDOW_WITHOUT_ID = 12 * HOUR
_as_json = json.JSONEncoder(ensure_ascii=False).encode


class Outcome(StrEnum):
    """What became of an arrival; exactly one of these, once it is handled (invariant I2)."""

    OPENED = "opened"
    CONTINUED = "continued"
    DUPLICATE = "duplicate"
    EVENT = "event"
    REPORT = "report"
    QUARANTINED = "quarantined"
    SELF = "self"


_KEPT_BACK = "automatic.kept_back"


def begin(tx: Tx, arrival: Arrival, *, keep: bool = True) -> int:
    """The desk's row for an arrival, with its raw bytes while it has no outcome; its id.

    Without `keep`, the bytes are somebody else's to keep, or not.
    """
    known = _row_of(tx, arrival)
    if known is not None:
        if keep and not known["outcome"]:
            put_raw(tx, known["id"], arrival.raw)
        return int(known["id"])
    row = tx.insert(
        """INSERT INTO arrival (door, spool, received, mail_from, recipients, peer, helo, size, outcome, tries, cause)
           VALUES (:door, :spool, :received, :mail_from, :recipients, :peer, :helo, :size, '', 0, '') RETURNING id""",
        door=arrival.envelope.door.value,
        spool=arrival.id,
        received=arrival.received,
        mail_from=arrival.envelope.mail_from,
        recipients=json.dumps(arrival.envelope.recipients),
        peer=arrival.envelope.peer,
        helo=arrival.envelope.helo,
        size=len(arrival.raw),
    )
    if keep:
        put_raw(tx, row, arrival.raw)
    return row


def put_raw(tx: Tx, arrival: int, raw: bytes) -> None:
    """Keep the bytes of a mail, where they are not kept yet."""
    sql = "INSERT INTO raw (arrival, octets) VALUES (:id, :octets) ON CONFLICT (arrival) DO NOTHING"
    tx.run(sql, id=arrival, octets=zlib.compress(raw, 1))


def next_of(tx: Tx, door: Door) -> int:
    """The number of the next arrival by one of our own doors."""
    return int(tx.value("SELECT coalesce(max(spool), 0) + 1 FROM arrival WHERE door = :door", door=door.value))


def drop_raw(tx: Tx, arrival: int) -> int:
    """Drop the bytes of a mail; 1 where there were any."""
    return tx.run("DELETE FROM raw WHERE arrival = :arrival", arrival=arrival)


def handled(tx: Tx, some: Sequence[Arrival]) -> list[int]:
    """The spool ids of those arrivals that have an outcome: the gate may clear them."""
    return [arrival.id for arrival in some if (row := _row_of(tx, arrival)) is not None and row["outcome"]]


def outcome_of(tx: Tx, arrival: int) -> Outcome | None:
    """What became of an arrival; None while it is not handled."""
    word = tx.value("SELECT outcome FROM arrival WHERE id = :id", id=arrival)
    return Outcome(word) if word else None


def finish(
    tx: Tx, arrival: int, outcome: Outcome, now: Millis, *, message: int = 0, ticket: int = 0, cause: str = ""
) -> None:
    """Write what became of an arrival."""
    tx.run(
        """UPDATE arrival SET outcome = :outcome, message = :message, ticket = :ticket, cause = :cause, handled = :now
           WHERE id = :id""",
        id=arrival,
        outcome=outcome.value,
        message=message or None,
        ticket=ticket or None,
        cause=cause,
        now=now,
    )


def failed(tx: Tx, arrival: int, cause: str) -> int:
    """Count a try that failed; how many there were."""
    tx.run("UPDATE arrival SET tries = tries + 1, cause = :cause WHERE id = :id", id=arrival, cause=cause)
    return int(tx.value("SELECT tries FROM arrival WHERE id = :id", id=arrival))


def decided(tx: Tx, arrival: int, said: dict[str, object]) -> None:
    """Keep how an arrival was decided, for `gatepost trace`."""
    tx.run(
        """INSERT INTO decision (arrival, said) VALUES (:arrival, :said)
           ON CONFLICT (arrival) DO UPDATE SET said = excluded.said""",
        arrival=arrival,
        said=_as_json(said),
    )


def seen(tx: Tx, fingerprint: str, message_id: str, *, ticket: int | None, now: Millis) -> Copy | None:
    """The earlier copy of this mail, or else an earlier, different mail with its Message-ID (B08).

    `ticket` is the one that the mail cites: a copy on another ticket is another message. Without a Message-ID only a
    copy of the last hours counts, since people do write the same words twice (B09).
    """
    since = 0 if message_id else now - _WINDOW_WITHOUT_ID
    row = tx.row(
        """SELECT message, ticket, at FROM seen WHERE fingerprint = :fingerprint AND at > :since
           AND (:ticket = 0 OR ticket IN (0, :ticket)) ORDER BY message > 0 DESC, at DESC LIMIT 1""",
        fingerprint=fingerprint,
        since=since,
        ticket=ticket or 0,
    )
    if row is not None:
        return _copy(tx, row["message"], row["ticket"], row["at"])
    if not message_id:
        return None
    row = tx.row(
        "SELECT message, ticket FROM seen WHERE message_id = :id AND fingerprint <> :fingerprint ORDER BY at LIMIT 1",
        id=message_id,
        fingerprint=fingerprint,
    )
    return Copy(message=row["message"], ticket=row["ticket"], same_mail=False) if row else None


def _copy(tx: Tx, message: int, ticket: int, at: Millis) -> Copy:
    """An earlier copy with what is known of the message that it became."""
    row = tx.row(
        """SELECT author,
             NOT EXISTS (SELECT 1 FROM arrival WHERE message = :message AND door <> :past) AS archived,
             NOT EXISTS (SELECT 1 FROM message AS other WHERE other.ticket = :ticket AND other.id < :message) AS first,
             EXISTS (SELECT 1 FROM message AS other
                       JOIN participant AS by ON by.ticket = other.ticket AND by.number = other.author
                       JOIN participant AS mine ON mine.ticket = other.ticket AND mine.number = message.author
                     WHERE other.ticket = :ticket AND other.id > :message AND other.author_kind = :human
                       AND by.role IN (:vendor, :staff, :collaborator)
                       AND mine.role NOT IN (:vendor, :staff, :collaborator)) AS answered
           FROM message WHERE id = :message""",
        message=message,
        ticket=ticket,
        past=Door.IMPORT.value,
        human=Author.HUMAN.value,
        vendor=Role.VENDOR.value,
        staff=Role.STAFF.value,
        collaborator=Role.COLLABORATOR.value,
    )
    if row is None:
        return Copy(message=message, ticket=ticket, same_mail=True, at=at)
    return Copy(
        message=message,
        ticket=ticket,
        same_mail=True,
        at=at,
        archived=bool(row["archived"]),
        first=bool(row["first"]),
        author=row["author"],
        answered=bool(row["answered"]),
    )


def remember(tx: Tx, fingerprint: str, message_id: str, *, message: int, ticket: int, now: Millis) -> None:
    """Remember a mail, so that its next copy is known."""
    tx.run(
        """INSERT INTO seen (fingerprint, message_id, message, ticket, at)
           VALUES (:fingerprint, :message_id, :message, :ticket, :at)
           ON CONFLICT (fingerprint, ticket) DO UPDATE SET message = excluded.message, at = excluded.at""",
        fingerprint=fingerprint,
        message_id=message_id,
        message=message,
        ticket=ticket,
        at=now,
    )


def find(tx: Tx, arrival: int) -> Row | None:
    """The row of an arrival."""
    return tx.row("SELECT * FROM arrival WHERE id = :id", id=arrival)


def handled_after(tx: Tx, after: int, limit: int = 100) -> Sequence[Row]:
    """The arrivals behind the row `after` that have an outcome, in order, up to the first that has none."""
    rows = tx.rows("SELECT * FROM arrival WHERE id > :after ORDER BY id LIMIT :limit", after=after, limit=limit)
    return list(takewhile(lambda row: bool(row["outcome"]), rows))


def of_ticket(tx: Tx, number: int) -> Sequence[Row]:
    """The arrivals of a ticket in the order in which they came; copies of a message among them."""
    return tx.rows("SELECT * FROM arrival WHERE ticket = :number ORDER BY id", number=number)


def ways(tx: Tx, message: int) -> tuple[str, ...]:
    """The ways by which a message came, in order: the door, and the mailbox or archive where it lay."""
    rows = tx.rows("SELECT door, peer FROM arrival WHERE message = :message ORDER BY id", message=message)
    lay = (Door.IMAP.value, Door.IMPORT.value)
    return tuple(f"{row['door']} {row['peer']}".strip() if row["door"] in lay else row["door"] for row in rows)


def decision(tx: Tx, arrival: int) -> dict[str, object]:
    """How an arrival was decided; empty where it has not been."""
    said = tx.value("SELECT said FROM decision WHERE arrival = :arrival", arrival=arrival)
    found: dict[str, object] = json.loads(said) if said else {}
    return found


def raw(tx: Tx, arrival: int) -> bytes:
    """The bytes of a mail, exactly as they came; b'' where they are no longer kept."""
    octets = tx.value("SELECT octets FROM raw WHERE arrival = :arrival", arrival=arrival)
    return zlib.decompress(octets) if octets is not None else b""


def as_arrival(tx: Tx, row: Row) -> Arrival:
    """A stored arrival as it came in, to be run again."""
    envelope = Envelope(
        mail_from=row["mail_from"],
        recipients=tuple(json.loads(row["recipients"])),
        door=Door(row["door"]),
        peer=row["peer"],
        helo=row["helo"],
    )
    return Arrival(id=row["spool"], received=row["received"], envelope=envelope, raw=raw(tx, row["id"]))


def automatic_sent(tx: Tx, *, address: str, ticket: int, now: Millis) -> None:
    """Remember that an automatic mail is leaving, for the caps."""
    tx.run(
        "INSERT INTO automatic (at, address, domain, ticket) VALUES (:at, :address, :domain, :ticket)",
        at=now,
        address=address.casefold(),
        domain=address.casefold().rpartition("@")[2],
        ticket=ticket,
    )


def kept_back(tx: Tx) -> None:
    """Count an automatic mail that a cap or a breaker has kept back."""
    count(tx, _KEPT_BACK, 1)


def automatic_day(tx: Tx, now: Millis) -> tuple[int, int]:
    """How many automatic mails left in 24 hours, and how many were kept back since the desk's beginning."""
    sent = tx.value("SELECT count(*) FROM automatic WHERE at > :day", day=now - 86_400_000)
    kept = tx.value("SELECT value FROM counter WHERE name = :name", name=_KEPT_BACK)
    return int(sent or 0), int(kept or 0)


def automatic_counts(
    tx: Tx, *, address: str, now: Millis, domain_from: int = 0, all_from: int = 0
) -> tuple[int, int, int]:
    """Automatic mails to this address in 24 hours, to its domain in an hour, and in all in a minute.

    The last two are 0 where not even `domain_from` or `all_from` can have left: mails lie in order of time, so that can
    be said without counting them.
    """
    row = tx.row(
        """WITH most (hour, minute) AS (
             SELECT max(rowid) - (SELECT rowid FROM automatic WHERE at > :hour ORDER BY at LIMIT 1) + 1,
                    max(rowid) - (SELECT rowid FROM automatic WHERE at > :minute ORDER BY at LIMIT 1) + 1
             FROM automatic)
           SELECT
             (SELECT count(*) FROM automatic WHERE address = :address AND at > :day) AS address_day,
             CASE WHEN hour >= :domain_from
               THEN (SELECT count(*) FROM automatic WHERE domain = :domain AND at > :hour) ELSE 0 END AS domain_hour,
             CASE WHEN minute >= :all_from
               THEN (SELECT count(*) FROM automatic WHERE at > :minute) ELSE 0 END AS all_minute
           FROM most""",
        domain_from=domain_from,
        all_from=all_from,
        address=address.casefold(),
        domain=address.casefold().rpartition("@")[2],
        day=now - 86_400_000,
        hour=now - 3_600_000,
        minute=now - 60_000,
    )
    return (row["address_day"], row["domain_hour"], row["all_minute"]) if row else (0, 0, 0)


def _row_of(tx: Tx, arrival: Arrival) -> Row | None:
    """The desk's row of an arrival; the instant is part of the key, since a new spool counts from 1 again."""
    return tx.row(
        "SELECT id, outcome FROM arrival WHERE door = :door AND spool = :spool AND received = :received",
        door=arrival.envelope.door.value,
        spool=arrival.id,
        received=arrival.received,
    )
