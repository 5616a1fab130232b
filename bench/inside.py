"""The rows of single steps, in this process: reading a mail against bare mail-parser, and five hundred rules."""

import time
from collections.abc import Callable, Iterator

import mailparser

from gatepost.core.rules.book import Book, load
from gatepost.core.rules.judge import judge
from gatepost.core.rules.seen import Seen
from gatepost.mail.parse import read_letter
from gatepost.patterns import compile_pattern

from .figures import Row, Sample
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


def _each(things: list[bytes] | list[str], work: Callable[..., object]) -> Sample:
    """CPU milliseconds for one of them."""
    began = time.process_time()
    for thing in things:
        work(thing)
    spent = 1000 * (time.process_time() - began) / len(things)
    return Sample(spent, cpu_ms=spent)
