"""`gatepost rules …`: check the rules and print their vocabulary; nothing is sent and nothing is changed."""

import json
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from .. import config, shipped
from ..core.rules import reference
from ..core.rules.book import Book
from ..core.rules.examples import Known
from ..core.rules.rule import Rule
from ..errors import GatepostError, Mistake, PermanentError
from ..lock import holder
from ..mail.templates import Letters
from ..outline import counted
from ..rulebook import Findings, examine_folders, known_names
from ..store import parties
from ..topics import catalogue
from . import EX_OK, LazyGroup
from .options import config_option, look, rules_option

EX_FOUND = 1


@click.group(
    cls=LazyGroup,
    table={
        "explain": "explain:explain",
        "backtest": "backtest:backtest",
        "add-example": "add_example:add_example",
    },
)
def rules() -> None:
    """Check the rules that route mail, try them on a mail, and look up their words."""


@rules.command()
@click.option("-c", "--config", "config_file", metavar="FILE", help="The config; its folders, teams and brands.")
@rules_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(config_file: str | None, folder: Path | None, as_json: bool) -> int:
    """Run every rule's examples and look for rules that cannot work.

    The shipped rules are checked together with the operator's, as the daemon would load them; without any config, on
    their own. Exit codes: 1 when an
    example fails or a rule looks wrong, 78 when a file cannot be read as rules.
    """
    own, known = _surroundings(config_file, folder)
    findings = examine_folders(shipped.folder("rules"), own, known, words=True)
    book = findings.book or findings.sound("the rules")
    if as_json:
        print(json.dumps(_as_data(book, findings), ensure_ascii=False))
    else:
        print("\n".join(_as_text(book, findings)))
    return EX_FOUND if findings.mistakes or findings.warnings else EX_OK


@rules.command()
@config_option
def reload(config_path: str | None) -> int:
    """Check the rules, and tell the running daemon to read them now.

    It would see the change by itself within seconds. Exit codes: 78 when the rules have a mistake, and then nothing is
    told to the daemon; 70 when none is running.
    """
    loaded = config.load(config.find(config_path), secrets=False)
    own, known = known_here(loaded, None)
    book = examine_folders(shipped.folder("rules"), own, known).sound("the rules; the daemon was told nothing")
    process = holder(loaded.data)
    if not process:
        raise PermanentError(f"no gatepost runs on {loaded.data}", "The rules are sound; the next start reads them.")
    os.kill(process, signal.SIGHUP)
    print(f"process {process} was told to read {counted(len(book.rules), 'rule')} ({book.digest[:12]})")
    return EX_OK


@rules.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", is_flag=True, help="Print the tables of docs/rules.md.")
def words(as_json: bool, markdown: bool) -> int:
    """Print every condition and every step that a rule may use, with its type."""
    if as_json:
        print(json.dumps(reference.as_data(), ensure_ascii=False))
    else:
        print(reference.as_markdown().rstrip("\n") if markdown else reference.as_text())
    return EX_OK


def _surroundings(config_file: str | None, folder: Path | None) -> tuple[Path | None, Known]:
    """The operator's folder and the names that rules may use, as far as they are told."""
    try:
        place = config.find(config_file)
    except PermanentError:  # There is no config at all, as on a developer's machine.
        return folder, Known()
    return known_here(config.load(place, secrets=False), folder)


def known_here(loaded: config.Config, folder: Path | None) -> tuple[Path, Known]:
    """The operator's rules, else `folder`, and the names that rules may use here."""
    letters_folder = Path(loaded.gatepost.templates)
    letters = Letters(letters_folder / "mail", shipped.folder("templates") / "mail", letters_folder / "locale")
    own = folder or Path(loaded.gatepost.rules)
    topics = frozenset(catalogue.named(shipped.folder("rules"), own))
    return own, replace(known_names(loaded, letters.names()), topics=topics, **_imported(loaded))


def _imported(loaded: config.Config) -> dict[str, frozenset[str]]:
    """The names of vendors and products, where the daemon has run and made its database."""
    try:
        vendors, products = look(loaded, lambda tx: (parties.vendors(tx), parties.products(tx)))
    except GatepostError:
        return {}
    return {
        "vendors": frozenset(vendor.slug for vendor in vendors),
        "products": frozenset(product.slug for product in products),
    }


def _as_text(book: Book, findings: Findings) -> Iterator[str]:
    rows = [("file", "rule", "goes to", "hits", "misses")]
    rows += [(r.file, r.name, _destination(r), str(len(r.hits)), str(len(r.misses))) for r in book.rules]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for file, name, destination, hits, misses in rows:
        yield f"{file:<{widths[0]}}  {name:<{widths[1]}}  {destination:<{widths[2]}}  {hits:>4}  {misses:>6}"
    yield ""
    yield from (f"mistake  {mistake}" for mistake in findings.mistakes)
    yield from (f"warning  {warning}" for warning in findings.warnings)
    yield _summary(book, findings)


def _summary(book: Book, findings: Findings) -> str:
    examples = sum(len(rule.hits) + len(rule.misses) for rule in book.rules)
    found = ", ".join(
        counted(count, what)
        for count, what in ((len(findings.mistakes), "mistake"), (len(findings.warnings), "warning"))
        if count
    )
    files = len({rule.file for rule in book.rules})
    looked = f"{counted(len(book.rules), 'rule')} in {counted(files, 'file')}, {counted(examples, 'example')}"
    return f"{looked}: {found or 'all well'}"


def _destination(rule: Rule) -> str:
    steps = {step.word: step.value for step in rule.steps}
    beside = steps.get("team") or steps.get("cause") or ""
    return f"{steps.get('route', '(unchanged)')} {beside}".strip()


def _as_data(book: Book, findings: Findings) -> dict[str, object]:
    return {
        "digest": book.digest,
        "rules": [
            {
                "file": rule.file,
                "rule": rule.name,
                "goes_to": _destination(rule),
                "hits": len(rule.hits),
                "misses": len(rule.misses),
            }
            for rule in book.rules
        ],
        "mistakes": _mistakes(findings.mistakes),
        "warnings": _mistakes(findings.warnings),
    }


def _mistakes(mistakes: Iterable[Mistake]) -> list[dict[str, object]]:
    return [asdict(mistake) for mistake in mistakes]
