"""The one screen of `gatepost status`: what runs, what is wrong, what waits and why; read beside a running daemon.

It reads the desk's database, asks the gate, and believes the last look of the desk's watch. It changes nothing.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..core import MINUTE, Millis
from ..errors import TemporaryError
from ..ingress.gate_link import ask_status
from ..lock import holder
from ..outline import counted
from ..store import alarms, arrivals, breakers, deadlines, figures, mailboxes, outbox_view, vitals
from ..store.alarms import Alarm
from ..store.database import Tx
from ..store.figures import Figures
from ..store.glance import DESK_FILE, glance
from ..store.mailboxes import MailboxState
from ..store.spool_reader import SpoolReader
from ..store.vitals import Vitals
from . import standing

_SILENT = 2 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the desk's database says, on one snapshot.

    `automatic` is how many automatic mails left in 24 hours, and how many were kept back in all.
    """

    figures: Figures
    vitals: Vitals
    reasons: dict[str, int]
    next_deadline: Millis | None
    alarms: tuple[Alarm, ...]
    breakers: tuple[str, ...]
    automatic: tuple[int, int]
    mailboxes: tuple[MailboxState, ...]
    watched: Millis | None
    troubles: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole screen. `gate` is what the gate says, or why it says nothing; `spooled` how much waits behind it.

    `look` is what somebody should look at.
    """

    now: Millis
    process: int
    gate: dict[str, Any] | str
    spooled: int
    deaths: dict[str, int]
    stored: Stored | None
    look: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether nobody need look."""
        return not self.look


async def overview(data: Path, now: Millis) -> Overview:
    """The screen at this instant."""
    try:
        gate: dict[str, Any] | str = await ask_status(data)
    except TemporaryError as error:
        gate = error.message
    stored = glance(data, partial(_read, now=now)) if (data / DESK_FILE).is_file() else None
    process = holder(data)
    return Overview(
        now=now,
        process=process,
        gate=gate,
        spooled=_spooled(data),
        deaths={name: part.deaths for name, part in standing.read(data).items() if part.deaths and process},
        stored=stored,
        look=tuple(_look(gate, stored, process, now)),
    )


def _spooled(data: Path) -> int:
    try:
        spool = SpoolReader(data)
    except TemporaryError:
        return 0
    try:
        return spool.count()
    finally:
        spool.close()


def _read(tx: Tx, now: Millis) -> Stored:
    last = vitals.last(tx)
    return Stored(
        figures=figures.read(tx),
        vitals=vitals.read(tx),
        reasons=outbox_view.reasons(tx),
        next_deadline=deadlines.next_due(tx),
        alarms=alarms.standing(tx),
        automatic=arrivals.automatic_day(tx, now),
        breakers=tuple(f"{one.pair}: {one.why}" for one in breakers.all_open(tx)),
        mailboxes=mailboxes.states(tx),
        watched=last[0] if last is not None else None,
        troubles=tuple(last[1]["troubles"]) if last is not None else (),
    )


def _look(gate: dict[str, Any] | str, stored: Stored | None, process: int, now: Millis) -> list[str]:
    """What somebody should look at, in sentences, the worst first."""
    found = []
    if isinstance(gate, str):
        found.append(f"{gate} (is gatepost running with this data folder?)")
    if stored is None:
        return [*found, "there is no database yet: start gatepost once, or import your vendors"]
    if process and (stored.watched is None or now - stored.watched > _SILENT):
        found.append("the desk does not look around: see its log")
    elif process:
        found += [f"{each['what']}: {each['why']}. {each['advice']}" for each in stored.troubles]
    deliveries = stored.figures.deliveries
    if deliveries["error"]:
        found.append(
            f"{counted(deliveries['error'], 'mail')} could not be composed: gatepost outbox list --state error"
        )
    if deliveries["dead"] and not process:
        found.append(f"{counted(deliveries['dead'], 'mail')} given up: gatepost outbox list --state dead")
    return found
