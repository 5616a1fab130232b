"""The questions that we have asked by mail, each answered once."""

import json

from ..core import Millis
from ..core.confirmation import Ask, Kind, Question
from .database import Row, Tx


def put(tx: Tx, *, ticket: int, participant: int, address: str, ask: Ask, now: Millis) -> int:
    """Remember a question that is being asked; its number, which its token carries."""
    about = {"subject": ask.subject, "dated": ask.dated, "names": ask.names}
    return tx.insert(
        """INSERT INTO confirmation (kind, ticket, participant, address, quarantine, about, asked)
           VALUES (:kind, :ticket, :participant, :address, :quarantine, :about, :asked) RETURNING id""",
        kind=ask.kind.value,
        ticket=ticket,
        participant=participant,
        address=address.casefold(),
        quarantine=ask.quarantine,
        about=json.dumps(about, ensure_ascii=False),
        asked=now,
    )


def find(tx: Tx, number: int) -> Question | None:
    """The question with this number."""
    row = tx.row("SELECT * FROM confirmation WHERE id = :id", id=number)
    return _question(row) if row else None


def asked_since(tx: Tx, address: str, since: Millis, kind: Kind | None = None) -> bool:
    """Whether this address was asked anything (of this kind) after the instant `since`."""
    count = tx.value(
        """SELECT count(*) FROM confirmation
           WHERE address = :address AND asked > :since AND (:kind = '' OR kind = :kind)""",
        address=address.casefold(),
        since=since,
        kind=kind.value if kind is not None else "",
    )
    return int(count) > 0


def answer(tx: Tx, number: int, now: Millis) -> bool:
    """Take the answer to a question; False where it was answered before."""
    changed = tx.run("UPDATE confirmation SET answered = :now WHERE id = :id AND answered IS NULL", id=number, now=now)
    return changed > 0


def _question(row: Row) -> Question:
    about = json.loads(row["about"])
    ask = Ask(
        kind=Kind(row["kind"]),
        quarantine=row["quarantine"],
        subject=about["subject"],
        dated=about["dated"],
        names=tuple(about["names"]),
    )
    return Question(
        id=row["id"],
        ticket=row["ticket"],
        participant=row["participant"],
        address=row["address"],
        ask=ask,
        asked=row["asked"],
        answered=row["answered"],
    )
