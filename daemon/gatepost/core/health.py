"""Whether all is well: what was seen of the house at one instant, and the troubles that follow from it. Pure.

Each trouble has a kind out of a closed list, with a title and what to do about it; the same list serves the health
endpoint, the alarms to staff, `gatepost status` and the documentation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from . import DAY, MINUTE, Millis

QUEUE_AGE: Millis = 15 * MINUTE
MAILBOX_PATIENCE: Millis = 5 * MINUTE
MAILBOX_STALE: Millis = 15 * MINUTE
RECENT: Millis = 15 * MINUTE
BACKWARDS: Millis = MINUTE


class Kind(Enum):
    """What can be wrong: the word for tables and logs, the title for people, what to do, and whether it is unhealthy.

    A kind that is not `unhealthy` is told to staff and shown, but the health endpoint still says yes.
    """

    DISK = ("disk", "The disk is nearly full", "Make room in the data folder's file system, or give it more.", True)
    DATABASE = ("database", "The database refuses to be written", "Look at the disk and at the log of the desk.", True)
    QUEUE = ("queue", "Accepted mail waits to be handled", "See gatepost status, then the log of the desk.", True)
    OUTBOX = ("outbox", "Mail that is due does not go out", "See gatepost outbox list and the log of the desk.", True)
    MAILBOX = ("mailbox", "A mailbox is not fetched", "Try the sign-in with gatepost doctor; see the log.", True)
    CLOCK = ("clock", "The clock was set", "Let chrony or systemd-timesyncd keep the time; look at the dates.", True)
    GATE = ("gate", "The gate does not answer", "No mail is accepted: see the log of the supervisor.", True)
    PART = ("part", "A part of gatepost died and was started again", "The log has its last words.", False)
    DEAD_LETTERS = (
        "dead-letters",
        "Mails were given up",
        "gatepost outbox list --state dead, then retry or drop.",
        False,
    )
    SET_ASIDE = (
        "set-aside",
        "Mails of a mailbox could not be taken",
        "They lie in its folder of failed mails; the log says why. Move them back once the cause is gone.",
        False,
    )
    BREAKER = ("breaker", "A circuit breaker is open", "gatepost breaker list shows which, and why.", False)

    def __init__(self, word: str, title: str, advice: str, unhealthy: bool) -> None:
        self.word = word
        self.title = title
        self.advice = advice
        self.unhealthy = unhealthy


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong now. `subject` tells two of one kind apart: a mailbox's name, say."""

    kind: Kind
    subject: str = ""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A mailbox: since when it fails, when it was last looked through, and what its server said.

    `waiting` mails lie there still; `aside` were set aside so far, the last of them at `aside_at` for `aside_said`; the
    OAuth2 token in use was given at `token` and ends at `token_ends`.
    """

    name: str
    failing: Millis | None
    fetched: Millis | None
    said: str
    waiting: int = 0
    aside: int = 0
    aside_at: Millis | None = None
    aside_said: str = ""
    token: Millis | None = None
    token_ends: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen at the instant `now`. None means: nothing of the kind.

    `oldest_arrival` is when the oldest mail came that has no outcome yet, `oldest_due` when the oldest delivery was due
    that nobody has tried. `stepped` is when the clock was last set, and `step` by how much; `latest` is the newest
    instant that is written down. `deaths` are the parts that died, with the instant of the last time.
    """

    now: Millis
    free_octets: int
    least_octets: int
    database_fault: str = ""
    waiting: int = 0
    oldest_arrival: Millis | None = None
    oldest_due: Millis | None = None
    mailboxes: tuple[Box, ...] = ()
    stepped: Millis | None = None
    step: Millis = 0
    latest: Millis = 0
    gate_fault: str = ""
    deaths: tuple[tuple[str, Millis], ...] = ()
    dead_letters: int = 0
    breakers: tuple[str, ...] = ()


def troubles(seen: Seen) -> tuple[Trouble, ...]:
    """Everything that is wrong, the worst first."""
    return tuple(sorted(_troubles(seen), key=lambda trouble: list(Kind).index(trouble.kind)))


def healthy(found: tuple[Trouble, ...]) -> bool:
    """Whether the health endpoint says yes."""
    return not any(trouble.kind.unhealthy for trouble in found)


def _troubles(seen: Seen) -> Iterator[Trouble]:
    if seen.free_octets < seen.least_octets:
        yield Trouble(kind=Kind.DISK, why=f"{_size(seen.free_octets)} are free, {_size(seen.least_octets)} are needed")
    if seen.database_fault:
        yield Trouble(kind=Kind.DATABASE, why=seen.database_fault)
    if seen.gate_fault:
        yield Trouble(kind=Kind.GATE, why=seen.gate_fault)
    if _older(seen, seen.oldest_arrival, QUEUE_AGE):
        yield Trouble(
            kind=Kind.QUEUE, why=f"{seen.waiting} wait, the oldest since {_minutes(seen, seen.oldest_arrival)}"
        )
    if _older(seen, seen.oldest_due, QUEUE_AGE):
        yield Trouble(kind=Kind.OUTBOX, why=f"the oldest was due {_minutes(seen, seen.oldest_due)} ago")
    yield from filter(None, (_mailbox(seen, box) for box in seen.mailboxes))
    yield from _clock(seen)
    for name, at in seen.deaths:
        if not _older(seen, at, RECENT):
            yield Trouble(kind=Kind.PART, subject=name, why=f"the {name} died and runs again")
    if seen.dead_letters:
        yield Trouble(kind=Kind.DEAD_LETTERS, why=f"{seen.dead_letters} could not be delivered in all their time")
    for box in seen.mailboxes:
        if box.aside_at is not None and not _older(seen, box.aside_at, DAY):
            why = f"{box.name}: {box.aside} so far, the last one with {box.aside_said}"
            yield Trouble(kind=Kind.SET_ASIDE, subject=box.name, why=why)
    for pair in seen.breakers:
        yield Trouble(kind=Kind.BREAKER, subject=pair, why=f"no automatic mail goes to {pair}")


def _mailbox(seen: Seen, box: Box) -> Trouble | None:
    if _older(seen, box.failing, MAILBOX_PATIENCE):
        said = f": {box.said}" if box.said else ""
        why = f"{box.name} cannot be fetched since {_minutes(seen, box.failing)}{said}"
        return Trouble(kind=Kind.MAILBOX, subject=box.name, why=why)
    if box.failing is None and _older(seen, box.fetched, MAILBOX_STALE):
        why = f"{box.name} was last looked through {_minutes(seen, box.fetched)} ago"
        return Trouble(kind=Kind.MAILBOX, subject=box.name, why=why)
    return None


def _clock(seen: Seen) -> Iterator[Trouble]:
    if seen.latest - seen.now > BACKWARDS:
        behind = (seen.latest - seen.now) // MINUTE
        yield Trouble(kind=Kind.CLOCK, why=f"it is {behind} minutes behind what is already written down")
    elif seen.stepped is not None and not _older(seen, seen.stepped, RECENT):
        yield Trouble(kind=Kind.CLOCK, why=f"it jumped by {seen.step / 1000:+.0f} seconds")


def _older(seen: Seen, at: Millis | None, age: Millis) -> bool:
    return at is not None and seen.now - at > age


def _minutes(seen: Seen, at: Millis | None) -> str:
    minutes = (seen.now - (at or seen.now)) // MINUTE
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _size(octets: int) -> str:
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.0f} MB"
