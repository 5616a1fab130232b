"""The rows of single steps, in this process: reading a mail against bare mail-parser, rules, stored mail, topics."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import mailparser

from gatepost import shipped
from gatepost.config import load as load_config
from gatepost.core.letter import Arrival, Envelope
from gatepost.core.rules.backtest import Backtest
from gatepost.core.rules.book import Book, load
from gatepost.core.rules.judge import judge
from gatepost.core.rules.seen import Seen
from gatepost.mail.parse import read_letter
from gatepost.mail.secrets import find
from gatepost.parts import build_house, open_database
from gatepost.patterns import compile_pattern
from gatepost.pipeline import handle
from gatepost.store import decisions
from gatepost.store.database import Database, Tx
from gatepost.topics import labelled
from gatepost.topics.catalogue import Topics
from gatepost.topics.catalogue import load as load_topics

from .figures import Row, Sample
from .house import build
from .mails import mail


def read(reps: int, quick: bool) -> Iterator[Row]:
    """The whole reading of a mail: text, quotes, language, fingerprint; the base only takes it apart."""
    for name, octets, count in (("4 KB", 4_096, 300), ("50 KB", 50_000, 40), ("5 MB", 5_000_000, 1)):
        if quick and octets > 50_000:
            continue
        mails = [mail(number, octets) for number in range(count // 4 if quick and count > 4 else count)]
        row = Row(f"read {name}", "ms", base_name="mail-parser")
        for _ in range(reps):
            row.base.append(_each(mails, lambda raw: mailparser.parse_from_bytes(raw).mail))
            row.ours.append(_each(mails, read_letter))
        yield row
    yield _masking(reps)


def _masking(reps: int) -> Row:
    """Looking for credentials in a mail that talks of passwords and has one, against the whole reading of a mail."""
    talk = "I forgot my password. The login is admin, password: hunter22! Thank you. "
    texts = [f"{mail(number, 4_096).decode('latin-1')}\n{talk}" for number in range(100)]
    row = Row("mask 4 KB", "ms", base_name="mail read")
    for _ in range(reps):
        row.base.append(_each([text.encode("latin-1") for text in texts], read_letter))
        row.ours.append(_each(texts, find))
    return row


def rules(reps: int, quick: bool) -> Iterator[Row]:
    """Every condition of 500 rules, none of which holds, over a text of 4 KB."""
    some = [
        {
            "name": f"rule {number}",
            "when": {"words": [f"never{number}", f"nowhere {number}"], "party": "customer"},
            "then": {"route": "triage"},
            "hit": [{"text": f"never{number}", "party": "customer"}],
            "miss": [{}],
        }
        for number in range(500)
    ]
    loaded = load({"many.toml": {"rule": some}}, compile_pattern)
    assert isinstance(loaded, Book), loaded
    book: Book = loaded
    texts = [mail(number, 4_096).decode("ascii") for number in range(20 if quick else 100)]
    row = Row("500 rules on 4 KB", "ms")
    for _ in range(reps):
        row.ours.append(_each(texts, lambda text: judge(book, Seen(text=text))))
    yield row


def topics(reps: int, quick: bool) -> Iterator[Row]:
    """What a mail of 4 KB is about, by the shipped model, which remembers nothing at the beginning of a turn.

    The mails are words of the held-out examples in any order: more different ones than a person ever writes.
    """
    chance = random.Random(1)
    examples = labelled.read([shipped.folder("rules") / "topics"], "held-out")
    words = [word for example in examples for word in example.text.split()]
    texts = [" ".join(chance.choices(words, k=650)) for _ in range(100 if quick else 400)]
    row = Row("topics of 4 KB", "ms")
    for _ in range(reps):
        named: Topics = load_topics(shipped.folder("rules"))
        row.ours.append(_each(texts, named.of))
    yield row


def backtest(reps: int, quick: bool) -> Iterator[Row]:
    """Mails of 4 KB decided again from what is stored of them, by the shipped rules: 0.5 ms is 2,000 a second."""
    count = 100 if quick else 500
    row = Row("decided again, 4 KB", "ms")
    with TemporaryDirectory() as folder, contextlib.closing(_stored(Path(folder), count)) as database:
        book = build_house(load_config(Path(folder) / "config.toml")).rulebook.book
        for _ in range(reps):
            began = time.process_time()
            decided = database.read_now(partial(_decide_again, book))
            spent = 1000 * (time.process_time() - began) / decided
            assert decided == count
            row.ours.append(Sample(spent, cpu_ms=spent))
    yield row


def _stored(folder: Path, count: int) -> Database:
    """A desk's database with as many mails, each of which opened a ticket."""
    config = load_config(build(folder, 1, customers=count).config)
    house, database = build_house(config), open_database(config)
    for number in range(count):
        raw = mail(number, 4_096)
        envelope = Envelope(mail_from=f"jane{number}@customer.example", recipients=("support@orchard.example",))
        arrival = Arrival(id=number, received=number, envelope=envelope, raw=raw)
        database.write_now(partial(handle, house=house, arrival=arrival, letter=read_letter(raw), now=number))
    return database


def _decide_again(book: Book, tx: Tx) -> int:
    """Decide every stored mail again; how many there were."""
    test, after = Backtest(book), 0
    while True:
        after, looked_at, mails = decisions.stored(tx, 0, after)
        if not looked_at:
            return test.mails
        for one in mails:
            test.take(one)


def _each(things: Sequence[bytes] | Sequence[str], work: Callable[..., object]) -> Sample:
    """CPU milliseconds for one of them."""
    began = time.process_time()
    for thing in things:
        work(thing)
    spent = 1000 * (time.process_time() - began) / len(things)
    return Sample(spent, cpu_ms=spent)
