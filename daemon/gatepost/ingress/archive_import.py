"""Takes a mail archive into the desk's database: in the order in which its mails came, each once, nothing ever sent.

The command reads the archive and hands mails over in batches, to the running desk or to one that it runs itself. A mail
is remembered by its place in the archive, so that an import that was interrupted goes on where it stopped.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ..core import Millis
from ..core.addresses import Addresses
from ..core.letter import Door, Envelope
from ..errors import PermanentError
from ..store import intake
from ..store.database import Database, Tx
from ..store.intake import Found
from ..tray import Said
from .archive import Item
from .found_mail import read_found

_log = logging.getLogger("gatepost.import")
_BATCH_MAILS = 200
_BATCH_OCTETS = 8 * 1024 * 1024
BACKLOG = 1_000

Send: TypeAlias = Callable[[Said], Awaitable[Said]]


class Past(Protocol):
    """Where mail of the past lies. `source` names it in the store; `stable`: a mail keeps its place there."""

    @property
    def label(self) -> str: ...

    @property
    def source(self) -> str: ...

    @property
    def stable(self) -> bool: ...

    def items(self) -> Iterator[Item]:
        """Every mail, in the order in which they lie there."""

    def several(self, items: Sequence[Item]) -> Iterator[tuple[Item, bytes | None]]:
        """The mails with their bytes; None where one has gone meanwhile."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has become of the mails of an archive so far."""

    found: int = 0
    too_new: int = 0
    too_large: int = 0
    gone: int = 0
    known: int = 0
    taken: int = 0
    octets: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


class Taker:
    """The desk's side: commits batches of mails as arrivals, and says how much waits."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self._db, self._wake = db, wake

    async def answer(self, said: Said) -> Said:
        """Take the mails that are handed over; what waits then. Raises PermanentError for what is no batch."""
        found = list(_unpacked(said))

        def write(tx: Tx) -> tuple[int, int, dict[str, int]]:
            taken = sum(1 for each in found if intake.take(tx, each))
            after = int(said.get("after", -1))
            outcomes = intake.outcomes(tx, Door.IMPORT, after) if after >= 0 else {}
            return taken, intake.backlog(tx, Door.IMPORT), outcomes

        taken, waiting, outcomes = await self._db.write(write)
        self._wake()
        last = await self._db.read(intake.last)
        return {"taken": taken, "waiting": waiting, "outcomes": outcomes, "last": last}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be taken: mails from before `before`, of at most `octets`, for `otherwise` where none is named."""

    addresses: Addresses
    otherwise: str
    octets: int
    before: Millis | None = None


def look_through(archive: Past, wanted: Wanted, tally: Tally, on_item: Callable[[], object]) -> list[Item]:
    """The mails to take, the oldest first; the others are counted."""
    items = []
    for item in archive.items():
        on_item()
        tally.found += 1
        if wanted.before is not None and item.received >= wanted.before:
            tally.too_new += 1
        elif item.size > wanted.octets:
            tally.too_large += 1
            _log.warning("import.too_large %s: %d octets", item.position, item.size)
        else:
            tally.octets += item.size
            items.append(item)
    items.sort(key=lambda item: (item.received, item.path, item.start))
    return items


async def hand_in(
    archive: Past, items: Sequence[Item], wanted: Wanted, tally: Tally, send: Send, on_mail: Callable[[int], object]
) -> None:
    """Read the mails and hand them over, batch by batch; `on_mail` hears how many more are done."""
    for batch in _batches(items):
        mails = []
        for item, raw in await asyncio.to_thread(list, archive.several(batch)):
            if raw is None:
                tally.gone += 1
                _log.warning("import.gone %s", item.position)
                continue
            mails.append(_packed(archive, item, raw, wanted))
        answer = await send({"mails": mails})
        tally.taken += answer["taken"]
        tally.known += len(mails) - answer["taken"]
        on_mail(len(batch))


def _batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    octets = 0
    for item in items:
        if batch and (len(batch) == _BATCH_MAILS or octets + item.size > _BATCH_OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(item)
        octets += item.size
    if batch:
        yield batch


def _packed(archive: Past, item: Item, raw: bytes, wanted: Wanted) -> Said:
    found = read_found(
        raw, wanted.addresses, door=Door.IMPORT, source=archive.source[:200], otherwise=wanted.otherwise
    )  # fmt: skip
    return {
        "source": archive.source,
        "position": item.position,
        "received": item.received or found.received or 0,
        "mail_from": found.envelope.mail_from,
        "recipients": list(found.envelope.recipients),
        "raw": base64.b64encode(raw).decode("ascii"),
    }


def _unpacked(said: Said) -> Iterator[Found]:
    try:
        for mail in said["mails"]:
            envelope = Envelope(
                mail_from=str(mail["mail_from"]),
                recipients=tuple(str(each) for each in mail["recipients"]),
                door=Door.IMPORT,
                peer=str(mail["source"])[:200],
            )
            yield Found(
                source=str(mail["source"]),
                position=str(mail["position"]),
                received=int(mail["received"]),
                envelope=envelope,
                raw=base64.b64decode(mail["raw"], validate=True),
            )
    except (ValueError, KeyError, TypeError) as error:
        raise PermanentError(f"these are no mails that a command left: {error}") from error
