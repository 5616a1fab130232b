"""`gatepost rules add-example`: makes an example of a rule out of a real ticket, without what is private in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
import tomlkit
from tomlkit.items import AoT, Table

from .. import shipped
from ..config import find, load
from ..core.rules.book import Book
from ..core.rules.examples import Known
from ..core.rules.from_mail import as_values, example
from ..core.rules.judge import captures
from ..core.rules.rule import Rule
from ..core.rules.seen import Seen
from ..errors import MistakesError, PermanentError
from ..mail.private import without_close, without_private
from ..rulebook import examine_folders
from ..store import arrivals, decisions, messages, tickets
from ..store.database import Tx
from . import EX_OK
from .options import config_option, look
from .rules import known_here


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """One mail as the rules saw it, the rule that routed it, and the names of who takes part."""

    seen: Seen
    by: str
    names: tuple[str, ...]


@click.command("add-example")
@config_option
@click.argument("number", metavar="TICKET", type=int)
@click.option("--rule", "name", default="", metavar="NAME", help="The rule; else the one that routed the ticket.")
@click.option("--miss", is_flag=True, help="An example that the rule must not match.")
@click.option("--arrival", type=int, default=0, metavar="ID", help="Another mail than the one that opened the ticket.")
@click.option("--write", is_flag=True, help="Put it into the operator's rule file, in place of printing it.")
def add_example(config_path: str | None, number: int, name: str, miss: bool, arrival: int, write: bool) -> int:
    """Turn a ticket into an example of a rule, with private data replaced.

    Addresses, URLs, hosts, credentials, numbers of four digits and more, and the names of who takes part are replaced
    by others of the same shape; what stands below "Kind regards" is left out. Names of third persons, and a street in
    a sentence, are not: read it before you keep it.
    """
    config = load(find(config_path), secrets=False)
    own, known = known_here(config, None)
    mail = look(config, lambda tx: _mail(tx, number, arrival))
    book = examine_folders(shipped.folder("rules"), own, known).sound("the rules")
    rule = _rule(book, name or mail.by)
    cleaned = _cleaned(mail)
    shorter = replace(cleaned, text=without_close(cleaned.text))
    made = example(book, rule, shorter, hit=not miss) or example(book, rule, cleaned, hit=not miss)
    if made is None:
        verb = "match" if miss else "miss"
        raise PermanentError(
            f"what is left of ticket {number} without its private parts would {verb} the rule {rule.name!r}",
            "Write the example by hand; gatepost rules explain shows what the rule looks at.",
        )
    kind, fields = ("miss", {}) if miss else ("hit", captures(rule, made))
    printed = f"[[rule.{kind}]]\n{_table(made, fields).as_string()}".rstrip()
    if not write:
        click.echo(printed)
        return EX_OK
    path = own / rule.file
    _write(path, rule, kind, _table(made, fields), own, known)
    click.echo(f"{path}: the rule {rule.name!r} has one more example of a {kind}:\n\n{printed}")
    return EX_OK


def _mail(tx: Tx, number: int, arrival: int) -> _Mail:
    rows = arrivals.of_ticket(tx, number)
    if tickets.find(tx, number) is None or not rows:
        raise PermanentError(f"there is no ticket {number}", "gatepost tickets lists those that are there.")
    chosen = next((row["id"] for row in rows if not arrival or row["id"] == arrival), 0)
    found = decisions.seen_of(tx, chosen)
    if found is None:
        raise PermanentError(
            f"ticket {number} has no such mail that rules have decided", f"gatepost trace {number} lists its arrivals."
        )
    people = {p.name for p in tickets.participants(tx, number)} | {
        m.sender_name for m in messages.of_ticket(tx, number)
    }
    return _Mail(seen=found.seen, by=found.before.by, names=tuple(sorted(filter(None, people))))


def _rule(book: Book, name: str) -> Rule:
    rule = next((rule for rule in book.rules if rule.name == name), None)
    if rule is None:
        raise PermanentError(f"there is no rule {name!r}", "gatepost rules check lists them; name one by --rule.")
    return rule


def _cleaned(mail: _Mail) -> Seen:
    subject, text = (without_private(words, mail.names) for words in (mail.seen.subject, mail.seen.text))
    return replace(mail.seen, subject=subject, text=text.strip())


def _table(made: Seen, fields: Mapping[str, str]) -> Table:
    table = tomlkit.table()
    for word, value in as_values(made):
        several = isinstance(value, str) and "\n" in value
        table.add(word, tomlkit.string(str(value), multiline=True) if several else tomlkit.item(value))
    if fields:
        filled = tomlkit.inline_table()
        filled.update(fields)
        table.add("fields", filled)
    return table


def _write(path: Path, rule: Rule, kind: str, made: Table, own: Path, known: Known) -> None:
    """Add the example to the operator's file; where the rules then have a mistake, the file stays as it was."""
    if not path.is_file():
        raise PermanentError(
            f"the rule {rule.name!r} is one of ours, in {rule.file}",
            f"Copy {shipped.folder('rules') / rule.file} to {own}, which then stands in its place, and say it again.",
        )
    before = path.read_text(encoding="utf-8")
    document = tomlkit.parse(before)
    table = document["rule"][rule.number]
    examples = table.get(kind)
    if not isinstance(examples, AoT):
        examples = table.setdefault(kind, tomlkit.aot())
    examples.append(made)
    _put(path, tomlkit.dumps(document))
    try:
        examine_folders(shipped.folder("rules"), own, known).sound("the file stays as it was")
    except MistakesError:
        _put(path, before)
        raise


def _put(path: Path, text: str) -> None:
    """Write a file in one step, so that whoever reads meanwhile finds the old one or the new one."""
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
