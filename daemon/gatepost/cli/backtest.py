"""`gatepost rules backtest`: decides stored mail again under the rules as they lie in the folder; changes nothing."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import shipped
from ..clock import Clock
from ..config import Config, find, load
from ..core import Millis
from ..core.rules.backtest import Backtest, Change, Found, Idle, Stored
from ..core.rules.book import Book
from ..log import printable
from ..outline import counted, instant, table
from ..rulebook import examine_folders
from ..store import decisions
from . import EX_OK
from .options import config_option, look, rules_option
from .rules import EX_FOUND, known_here

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A backtest at its end: its sums, its rules, since when, how many arrivals it looked at, and the seconds."""

    test: Backtest
    book: Book
    since: Millis
    looked_at: int
    seconds: float

    @property
    def left_out(self) -> int:
        """How many arrivals no rules have decided."""
        return self.looked_at - self.test.mails - self.test.undecided


class Since(click.ParamType[int]):
    """How far back: `30d`, `12h`, `2w`, or a day."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Millis:
        """The instant, or a usage error that shows the forms."""
        if isinstance(value, int):
            return value
        count, unit = str(value)[:-1], _UNITS.get(str(value)[-1:])
        try:
            if unit is not None and count.isascii() and count.isdecimal():
                span = timedelta(**{unit: int(count)})
                return Clock().now() - span // timedelta(milliseconds=1)
            return int(datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither a span like 30d, 12h or 2w nor a day like 2026-11-01", param, ctx)


@click.command()
@config_option
@click.option("--since", type=Since(), default="30d", show_default=True, help="A span (30d, 12h, 2w) or a day (UTC).")
@rules_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def backtest(config_path: str | None, since: Millis, folder: Path | None, as_json: bool) -> int:
    """Decide stored mail again: which mails would go elsewhere, and which rules never hit.

    Each mail is taken as it was seen when it came, with the subscription and the vendor of then. The rules are those
    that lie in the folder now, whether or not the daemon has read them. Nothing is written and nothing is sent. Exit
    codes: 1 when a mail would go elsewhere, 78 when the rules have a mistake.
    """
    config = load(find(config_path), secrets=False)
    own, known = known_here(config, folder)
    book = examine_folders(shipped.folder("rules"), own, known).sound("the rules; no mail was decided")
    done = _run(config, book, since)
    print(json.dumps(as_data(done), ensure_ascii=False) if as_json else "\n".join(as_text(done)))
    return EX_FOUND if done.test.moved else EX_OK


def _run(config: Config, book: Book, since: Millis) -> Done:
    """Decide all mails, batch by batch, so that no snapshot of the database is held for long."""
    test, looked_at, after, began = Backtest(book), 0, 0, Clock.monotonic()
    length = look(config, lambda tx: decisions.count_since(tx, since))
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, label="Deciding again", file=sys.stderr, hidden=hidden, show_pos=True) as bar:
        while True:
            last, count, mails = look(config, partial(decisions.stored, since=since, after=after))
            if not count:
                break
            for mail in mails:
                test.take(mail)
            after, looked_at = last, looked_at + count
            bar.update(count)
    return Done(test=test, book=book, since=since, looked_at=looked_at, seconds=Clock.monotonic() - began)


def as_text(done: Done) -> Iterator[str]:
    """The sums for people."""
    test = done.test
    rules = counted(len(done.book.rules), "rule")
    yield f"{counted(test.mails, 'mail')} since {instant(done.since)} UTC, decided again by {rules}"
    if done.left_out:
        yield f"{done.left_out} more were not decided by rules: copies, reports, doubts"
    if test.undecided:
        asked = ", ".join(f"{word} ({count})" for word, count in sorted(test.lacking.items()))
        why = f"which ask what was not kept when they came: {asked}"
        yield f"{test.undecided} more cannot be decided by these rules, {why}"
    if not test.mails:
        return  # Rules that had no mail to hit are not dead.
    yield f"{done.seconds:.1f} s, {test.mails / max(done.seconds, 0.001):.0f} mails a second"
    yield ""
    yield f"{test.moved or 'No'} mail{'s' * (test.moved != 1)} would go elsewhere."
    yield from _changed(test)
    yield from _idle(test.idle())


def _changed(test: Backtest) -> Iterator[str]:
    """The table of what would go elsewhere, and the one of what would stay and be treated otherwise."""
    moved = [_row(change, found) for change, found in _sorted(test) if change.what == "route"]
    if moved:
        yield table(("mails", "went to", "would go to", "by rule", "first of them"), moved)
    stays = [(change.what, *_row(change, found)) for change, found in _sorted(test) if change.what != "route"]
    if stays:
        yield from ("", "Going to the same place, but otherwise:")
        yield table(("step", "mails", "was", "would be", "by rule", "first of them"), stays)


def as_data(done: Done) -> dict[str, object]:
    """The sums for programs."""
    test = done.test
    return {
        "since": done.since,
        "rules": done.book.digest,
        "mails": test.mails,
        "left_out": done.left_out,
        "undecided": {"mails": test.undecided, "words": dict(sorted(test.lacking.items()))},
        "seconds": round(done.seconds, 3),
        "moved": test.moved,
        "changes": [
            asdict(change) | {"mails": found.count, "first": [_sample(mail) for mail in found.samples]}
            for change, found in _sorted(test)
        ],
        "hits": dict(test.hits.most_common()),
        "idle": [
            {"file": one.rule.file, "rule": one.rule.name, "would_hit": one.would, "stopped_by": one.shadow}
            for one in test.idle()
        ],
    }


def _sorted(test: Backtest) -> list[tuple[Change, Found]]:
    return sorted(test.changes.items(), key=lambda one: -one[1].count)


def _row(change: Change, found: Found) -> tuple[str, ...]:
    rules = change.by_after if change.by_before == change.by_after else f"{change.by_before} → {change.by_after}"
    samples = "; ".join(f"{_place(mail)} {printable(mail.seen.subject)[:30]}".strip() for mail in found.samples)
    return (str(found.count), change.before or "-", change.after or "-", printable(rules), samples)


def _place(mail: Stored) -> str:
    return f"ticket {mail.ticket}" if mail.ticket else f"arrival {mail.arrival}"


def _sample(mail: Stored) -> dict[str, object]:
    return {"arrival": mail.arrival, "ticket": mail.ticket, "subject": mail.seen.subject}


def _idle(idle: Sequence[Idle]) -> Iterator[str]:
    """The rules that hit nothing: what stops before those that are shadowed, and the dead ones file by file."""
    if shadowed := [one for one in idle if one.would]:
        yield from ("", "Shadowed: a rule before them stops every mail that they would have met.")
        rows = [(one.would, one.rule.file, one.rule.name, one.shadow) for one in shadowed]
        yield table(("mails", "file", "rule", "stopped by"), [tuple(map(str, row)) for row in rows])
    if dead := [one.rule for one in idle if not one.would]:
        yield from ("", "Dead: their conditions held for no mail.")
        for file in dict.fromkeys(rule.file for rule in dead):
            yield f"  {file}: {', '.join(rule.name for rule in dead if rule.file == file)}"
