"""What is fuzzed: each target takes octets and raises where something is wrong. Used with and without coverage guidance.

`make fuzz` runs each of them for minutes (run.py), `make test` over its seeds and over what was once found.
"""

import asyncio
import contextlib
import importlib.util
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from gatepost.authentication import signature, spf_record
from gatepost.authentication.message import split
from gatepost.config import Config, load
from gatepost.core import commands, own_links, reply_address
from gatepost.core.reply_address import Keys, Purpose
from gatepost.core.rules.examples import Known
from gatepost.errors import MistakesError
from gatepost.ingress.marketplace import COLUMNS, Kind
from gatepost.ingress.mbox import Dialect, plain, spans
from gatepost.ingress.table_file import read_table
from gatepost.mail import address, authenticate, encoded_word, fields
from gatepost.mail.parse import HostileMail, read_letter
from gatepost.reader import frame
from gatepost.rulebook import examine

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
KEYS = Keys(current=1, secrets={1: b"k" * 32, 2: b"m" * 32})
KNOWN = Known(teams=frozenset({"triage", "billing"}))
TOKEN = reply_address.sign(KEYS, Purpose.REPLY, 42, 1)


def module(path: str) -> ModuleType:
    """Another file of the tests, for what it has to offer."""
    spec = importlib.util.spec_from_file_location(f"fuzz_{Path(path).stem}", TESTS / path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


_reading, _ingress = module("mail/test_reading_fuzz.py"), module("ingress/conftest.py")
_folder = Path(tempfile.mkdtemp(prefix="gatepost-fuzz-"))
_loop = asyncio.new_event_loop()
_gate = _ingress.config_for(_folder / "data", commands=1_000_000, junk_commands=1_000_000, errors=1_000_000)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def mail(data: bytes) -> None:
    """Any octets are a letter, a safe one, and it goes through the reader's frame unchanged."""
    try:
        letter = read_letter(data)
    except HostileMail:
        return
    _reading.assert_safe(letter)
    _, head, *contents = frame.of_letter(letter)
    assert frame.to_letter(frame.opened(head), contents) == letter


def frames(data: bytes) -> None:
    """Whatever a reader says is a letter, or refused at once with ValueError, KeyError or HostileMail."""
    head, _, rest = data.partition(b"\0")
    try:
        shape = frame.opened(head)
        contents = []
        for size in frame.sizes(shape):
            contents.append(rest[:size])
            rest = rest[size:]
        frame.to_letter(shape, contents)
    except (ValueError, KeyError, HostileMail):
        return


def addresses(data: bytes) -> None:
    """An address that the strict grammar lets through is one, and can be written."""
    text = text_of(data)
    encoded_word.decode_words(text)
    address.display_name(text)
    box = address.strict(text)
    if box is not None and fields.writable(box.address):
        assert fields.mailbox("From", box).count(b"\n") >= 1
        assert not set(box.address) & set("\r\n\0 ")
    authenticate.dmarc_results(text)
    # Private letters stand for the words meanwhile; those that were there before are replaced.
    plain = "".join("\ufffd" if "\ue000" <= letter < "\uf8ff" else letter for letter in text)
    assert encoded_word.unmasked(*encoded_word.masked(plain)) == plain
    masked, words = encoded_word.masked(text)
    assert encoded_word.unmasked(masked, words) in (text, plain)


def tokens(data: bytes) -> None:
    """A token is found wherever it stands by itself, and none is left in a text that was scrubbed."""
    text = text_of(data)
    planted = f"{text}<{TOKEN}>{text}"
    assert reply_address.read(KEYS, TOKEN) in reply_address.find(KEYS, planted)
    scrubbed = reply_address.scrub(KEYS, planted, ())
    assert TOKEN not in scrubbed.lower()
    assert reply_address.find(KEYS, scrubbed) == ()
    reply_address.read(KEYS, text)


def words(data: bytes) -> None:
    """Commands are read or not, and no secret of a link of ours stays."""
    text = text_of(data)
    for rank in commands.Rank:
        orders = commands.read_orders(text, rank)
        if orders is not None:
            commands.below(text, orders)
    cut = own_links.without_secrets(text, ("my.orchard.example",))
    assert own_links.without_secrets(cut, ("my.orchard.example",)) == cut


REPLY = re.compile(rb"(?:[2345][0-9]{2}[ -][\x20-\x7e]*\r\n)*")


def smtp(data: bytes) -> None:
    """Whatever comes, in whatever pieces (divided by FF FE), every reply is one."""
    talk = _ingress.BareTalk(_gate, _loop)
    for piece in data.split(b"\xff\xfe"):
        talk.say(piece)
    assert REPLY.fullmatch(talk.heard), talk.heard


def config(data: bytes) -> None:
    """Any file is a config, or mistakes with lines that are there."""
    path = _folder / "config.toml"
    path.write_bytes(data)
    try:
        assert isinstance(load(path, secrets=False), Config)
    except MistakesError as error:
        last = data.count(b"\n") + 2
        assert error.mistakes
        assert all(0 <= mistake.line <= last and mistake.message for mistake in error.mistakes), error.mistakes


def rules(data: bytes) -> None:
    """Any file is rules, or mistakes."""
    found = examine({"50-fuzz.toml": data}, KNOWN, words=True)
    assert found.book is not None or found.mistakes
    assert all(each.message for each in (*found.mistakes, *found.warnings))


def records(data: bytes) -> None:
    """What DNS and signatures say is read, or it is malformed."""
    with contextlib.suppress(spf_record.Malformed):
        spf_record.parse(text_of(data))
    with contextlib.suppress(signature.Worthless):
        signature.tags_of(data, (b"v", b"a", b"d", b"s", b"h", b"b"))
    split(data)


def tables(data: bytes) -> None:
    """Any table is rows or mistakes."""
    for kind in Kind:
        for name in ("table.csv", "table.json"):
            path = _folder / name
            path.write_bytes(data)
            try:
                assert all(set(row.cells) <= set(COLUMNS[kind].known) for row in read_table(path, COLUMNS[kind]))
            except MistakesError as error:
                assert error.mistakes


def mboxes(data: bytes) -> None:
    """The mails of an mbox lie inside of it, one after the other."""
    for dialect in (None, *Dialect):
        end = 0
        for span in spans(io.BytesIO(data), dialect):
            assert end <= span.start <= span.end <= len(data)
            end = span.end
            plain(data[span.start : span.end], dialect or Dialect.MBOXRD)


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (mail, frames, addresses, tokens, words, smtp, config, rules, records, tables, mboxes)
}


def seeds(name: str) -> Iterator[bytes]:
    """What a target begins with: good cases, and those in found/NAME that once were trouble."""
    yield from (path.read_bytes() for path in sorted((Path(__file__).parent / "found" / name).glob("*")))
    match name:
        case "mail":
            yield from _reading.SEEDS
        case "frames":
            for raw in _reading.SEEDS[:20]:
                try:
                    _, head, *contents = frame.of_letter(read_letter(raw))
                except HostileMail:
                    continue
                yield head + b"\0" + b"".join(contents)
        case "smtp":
            talk = module("ingress/test_conversation_fuzz.py")
            yield b"\xff\xfe".join(talk.LINES)
            yield from talk.LINES + talk.NOISE
        case "config":
            yield (ROOT / "config.example.toml").read_bytes()
            yield module("config/test_config_any_text.py").LIVE.encode()
        case "rules":
            yield from (path.read_bytes() for path in sorted((ROOT / "rules").glob("*.toml")))
        case "tables":
            yield from (path.read_bytes() for path in sorted((ROOT / "examples").rglob("*.csv")))
            yield json.dumps([{"slug": "acme", "name": "Acme", "support_address": "help@acme.example"}]).encode()
        case _:
            yield from WORDS


WORDS = (
    b"Ada Lovelace <ada@customer.example>", b'"A, B" <a.b+c@x.example>, d@y.example', b"=?utf-8?q?Caf=C3=A9?= <x@y.example>",
    b"#close\n#note seen it\n#move other-product\n\nHello,", b"https://my.orchard.example/rate/abc.def.ghi/5 and more",
    b"mx.example; dmarc=pass (p=none) header.from=customer.example; spf=pass", b"v=spf1 ip4:192.0.2.0/24 include:_spf.x.example -all",
    b"v=DKIM1; k=rsa; p=MIIB", b"v=1; a=rsa-sha256; d=x.example; s=s; h=from:to; bh=AAAA; b=AAAA",
    b"From a@b.example Mon Jan  1 00:00:00 2024\nSubject: x\n\n>From here\n\nFrom c@d.example Mon Jan  1 00:00:00 2024\n\ny\n",
)  # fmt: skip
