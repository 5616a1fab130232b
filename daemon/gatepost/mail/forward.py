"""Finds in a mail the one that it forwards: attached as message/rfc822, or as a header block within the text (M6).

The words of many programs and languages are data. Whether the forwarder may open a ticket for the original sender is
not asked here. Every function is linear in what it reads, and reads a bounded part of the mail.
"""

from ..core.letter import Forwarded, Mailbox
from . import address, body, header, mime
from .quote_signs import folded, header_block, is_forward_mark, is_original_mark, is_plain
from .quote_words import FROM_LABELS

_LINES = 400
_LINE_CHARACTERS = 1_000
_BLOCK_LINES = 15
_OWN_WORDS = 600
_MESSAGES = ("message/rfc822", "message/global")
_PREFIXES = (
    "fwd:", "fw:", "[fwd:", "fwd :", "fw :", "fwd：", "forward:", "forwarded:",  # English
    "wg:", "wtrlt:", "weitergeleitet:",  # German
    "tr:", "tr :",  # French
    "i:", "inoltra:",  # Italian
    "rv:", "reenv:",  # Spanish
    "enc:", "encaminhado:",  # Portuguese
    "doorst:", "doorgestuurd:",  # Dutch
    "pd:", "podaj dalej:",  # Polish
    "vb:", "vidarebefordrat:",  # Swedish
    "vs:", "videresendt:",  # Danish, Norwegian
    "vl:", "přeposláno:", "továbbítás:", "ilt:", "转发:", "转发：", "轉寄:", "転送:", "전달:", "пересл:", "fs:",
)  # fmt: skip
_SUBJECTS = frozenset(
    {"subject", "betreff", "objet", "sujet", "asunto", "oggetto", "onderwerp", "temat", "assunto", "ämne", "emne"}
    | {
        "aihe",
        "předmět",
        "predmet",
        "tárgy",
        "subiect",
        "тема",
        "относно",
        "θέμα",
        "konu",
        "主题",
        "主旨",
        "件名",
        "제목",
    }
)
_FROMS = frozenset(FROM_LABELS)
_AROUND = str.maketrans(dict.fromkeys('<>[]()"“”„«»,;|', " "))


def find(subject: str, text: str, tree: mime.Tree, hints: tuple[str, ...] = ()) -> Forwarded | None:
    """The mail that this one forwards; None where it forwards none, several, or one without a single sender.

    `subject` and `text` are the outer mail's, as a person reads them. Never raises.
    """
    attached = [part for part in tree.leaves() if part.type in _MESSAGES]
    says_so = is_forward_subject(subject)
    if attached:
        few_words = len(text.strip()) <= _OWN_WORDS
        return _attached(attached[0]) if len(attached) == 1 and (says_so or few_words) else None
    return in_text(text, subject_says_so=says_so)


def is_forward_subject(subject: str) -> bool:
    """Whether the subject begins as programs begin that of a forward."""
    return subject[:80].casefold().lstrip().startswith(_PREFIXES)


def plain_subject(subject: str) -> str:
    """The subject without the marks of a forward before it, and without the bracket that one of them opens."""
    subject = subject.strip()
    for _ in range(5):
        prefix = next((one for one in _PREFIXES if subject[:80].casefold().startswith(one)), "")
        if not prefix:
            break
        subject = subject[len(prefix) :].strip()
        if prefix.startswith("["):
            subject = subject.removesuffix("]")
    return subject


def in_text(text: str, *, subject_says_so: bool) -> Forwarded | None:
    """The mail whose header block stands in `text`. Without a line that marks a forward, the subject must say so."""
    lines = text[: _LINES * _LINE_CHARACTERS].split("\n", _LINES)[:_LINES]
    for at, line in enumerate(lines):
        if not line or is_plain(line):
            continue
        bare = _bare(line)
        if is_forward_mark(bare) or (subject_says_so and is_original_mark(bare)):
            return _block(_bares(lines, at + 1))
        if subject_says_so and header_block(_bares(lines, at), 0):
            return _block(_bares(lines, at))
    return None


def _bares(lines: list[str], start: int) -> list[str]:
    return [_bare(line) for line in lines[start : start + _BLOCK_LINES]]


def _bare(line: str) -> str:
    """A line without the marks of a quote, and without the stars that stand for bold."""
    bare = line[:_LINE_CHARACTERS].strip()
    while bare.startswith((">", "|")):
        bare = bare[1:].lstrip()
    return bare.replace("*", "") if bare.startswith("*") else bare


def _block(lines: list[str]) -> Forwarded | None:
    """The mail whose header block begins with or soon after the first of these lines."""
    said: dict[str, str] = {}
    for line in lines:
        label, value = _field(line)
        if label in _FROMS:
            said.setdefault("from", value)
        elif label in _SUBJECTS:
            said.setdefault("subject", value)
        elif not line and said:
            break
    sender = _mailbox(said.get("from", ""))
    return Forwarded(sender=sender, subject=said.get("subject", "")[:998]) if sender is not None else None


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition("：") if "：" in line[:20] else line.partition(":")
    return (folded(name.strip()), value.strip()) if colon and len(name) <= 20 else ("", "")


def _mailbox(value: str) -> Mailbox | None:
    """The one address of a From line, in any of the spellings of programs: `A <a@b>`, `A [mailto:a@b]`, `a@b`."""
    words = value.translate(_AROUND).split()
    found = [
        canonical for word in words if "@" in word and (canonical := address.addr_spec(word.removeprefix("mailto:")))
    ]
    if len(set(found)) != 1:
        return None
    name = value[: min(at for mark in "<[(" if (at := value.find(mark)) >= 0)] if any(m in value for m in "<[(") else ""
    name = header.one_line(name.strip(" \"'“”„«»,"))
    return Mailbox(address=found[0], name="" if "@" in name else name)


def _attached(part: mime.Part) -> Forwarded | None:
    """The mail that is attached; its words are its own, apart from the forwarder's."""
    raw = part.content().lstrip(b"\r\n")
    head = header.split(raw)
    fields = head.all("from")
    sender = address.strict(address.field_text(fields[0])) if len(fields) == 1 else None
    if sender is None:
        return None
    words = body.read(mime.read(raw, head)).text
    return Forwarded(sender=sender, subject=header.readable(head.first("subject")), words=words)
