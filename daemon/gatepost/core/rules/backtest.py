"""Decides stored mail again under other rules, and counts what would change; it reads and writes nothing itself."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..quarantine import Release
from ..trip import unheld
from ..verdict import Verdict
from .book import Book
from .judge import GUARD, certain, judge
from .reading import Reading
from .render import where
from .rule import Rule, clauses
from .seen import Seen

SAMPLES = 3
_STEPS = ("acknowledge", "rating", "clock", "assign", "labels", "flags", "unflags", "notes", "copies", "fields")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A mail as it was seen and decided. `ticket` is 0 for none; `release` brought it out of quarantine.

    `unknown` are the words of the rules that were not kept of it, since the program of then did not have them.
    """

    arrival: int
    ticket: int
    seen: Seen
    before: Verdict
    release: Release | None = None
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way in which mails would be treated otherwise: `what` is `route` or a step, with the rules that say so."""

    what: str
    before: str
    after: str
    by_before: str
    by_after: str


@dataclass(slots=True, kw_only=True)
class Found:
    """The mails of one change: how many, and the first of them."""

    count: int = 0
    samples: list[Stored] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A rule that never hit. `would` is how many mails it would have hit, had `shadow` not stopped before it."""

    rule: Rule
    would: int = 0
    shadow: str = ""


class Backtest:
    """Takes stored mails one by one, and keeps the sums."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._at = {rule.name: at for at, rule in enumerate(book.rules)}
        self.mails = 0
        self.moved = 0
        self.undecided = 0
        self.lacking: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.changes: dict[Change, Found] = {}
        self._would: dict[str, Counter[str]] = {rule.name: Counter() for rule in book.rules}

    def take(self, mail: Stored) -> None:
        """Decide one mail again, unless a rule that it would meet asks what was not kept of it. Never raises."""
        reading = Reading(mail.seen)
        lacking = self._lacking(mail, reading) if mail.unknown else frozenset()
        if lacking:
            self.undecided += 1
            self.lacking.update(lacking)
            return
        self.mails += 1
        judged = judge(self._book, mail.seen, reading=reading)
        self._count(reading, judged, mail.unknown)
        after = unheld(judged, mail.release)
        changed = list(_changes(mail.before, after))
        self.moved += any(change.what == "route" for change in changed)
        for change in changed:
            found = self.changes.setdefault(change, Found())
            found.count += 1
            if len(found.samples) < SAMPLES:
                found.samples.append(mail)

    def idle(self) -> tuple[Idle, ...]:
        """The rules that never hit, in their order: shadowed by another, or dead. A rule for what is left may wait."""
        waiting = [rule for rule in self._book.rules if not self.hits[rule.name] and not rule.unconditional]
        return tuple(map(self._idle, waiting))

    def _idle(self, rule: Rule) -> Idle:
        would = self._would[rule.name]
        shadow = would.most_common(1)[0][0] if would else ""
        return Idle(rule=rule, would=would.total(), shadow=shadow)

    def _lacking(self, mail: Stored, reading: Reading) -> frozenset[str]:
        """The unknown words of the first rule whose hit hangs on them; none where the mail is decided without."""
        if mail.seen.doubt:
            return frozenset()
        for rule in self._book.rules:
            held = certain(rule.when, reading, mail.unknown)
            if held is None:
                return mail.unknown.intersection(clause.word for clause in clauses(rule.when))
            if held and rule.stop:
                break
        return frozenset()

    def _count(self, reading: Reading, judged: Verdict, unknown: frozenset[str]) -> None:
        """Who hit; and who of those that have never hit would have, behind the rule that stopped."""
        if judged.by == GUARD:
            return
        self.hits.update(trace.rule for trace in judged.trail if trace.hit)
        last = judged.trail[-1].rule if judged.trail else ""
        for rule in self._book.rules[self._at.get(last, -1) + 1 :]:
            if not self.hits[rule.name] and certain(rule.when, reading, unknown):
                self._would[rule.name][last] += 1


def run(book: Book, mails: Iterable[Stored]) -> Backtest:
    """The sums over all `mails`."""
    test = Backtest(book)
    for mail in mails:
        test.take(mail)
    return test


def _changes(before: Verdict, after: Verdict) -> Iterator[Change]:
    """What is otherwise: the route, or where that stays, each step that the customer, the vendor or staff notice."""
    if where(before) != where(after):
        yield Change(what="route", before=where(before), after=where(after), by_before=before.by, by_after=after.by)
        return
    for word in _STEPS:
        old, new = _told(getattr(before, word)), _told(getattr(after, word))
        if old != new:
            yield Change(what=word, before=old, after=new, by_before=before.by, by_after=after.by)


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(" = ".join(one) if isinstance(one, tuple) else str(one) for one in value)
    return str(value)
