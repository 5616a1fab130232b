"""Reads the prose of delivery reports: which addresses failed, with what status, and which mail came back.

Mail systems without RFC 3464 parts each write in their own way; an address counts only in the places where they put the
failed one. flufl.bounce knows more habits and is asked last, behind a guard.
"""

import logging
from collections.abc import Iterable, Iterator
from email.message import Message

from flufl.bounce import scan_message

from ..core.letter import ReportedRecipient
from . import bounce_signs as signs

_TEXT_CAP = 64 * 1024
_LINE_CAP = 1_000
_ADDRESSES_CAP = 50
# Some of its patterns backtrack: small mails only.
_FLUFL_CAP = 16 * 1024
_FLUFL_LINES = 400

# flufl.bounce logs whole tracebacks with the words of the mail in them.
logging.getLogger("flufl.bounce").addHandler(logging.NullHandler())
logging.getLogger("flufl.bounce").propagate = False

_RETURNED_BEGINS = (
    "this is a copy of", "original message", "your original message", "the original message", "returned message",
    "message header", "original headers", "below this line is a copy", "included is a copy", "unsent message",
    "undelivered message", "message text follows", "received:", "return-path:", "dkim-signature:",
    "begin message header", "message headers follow", "headers of the", "copy of the message", "returned mail",
    "begin original message", "the header of the", "mime-version:", "----- message", "ursprüngliche nachricht",
    "元のメッセージ",
)  # fmt: skip
# The summary of the returned mail that some systems print before the failed addresses.
_SUMMARY_LABELS = (
    "to:", "from:", "cc:", "subject:", "sent:", "date:", "sender:", "reporting-mta", "message-id:",
)  # fmt: skip
_ANNOUNCED = (
    "following recipient", "following address", "following user", "these recipients", "following e-mail",
    "recipient(s)", "following destination", "following persons", "could not be delivered to", "not delivered to",
    "wasn't delivered to", "couldn't be delivered to", "failed recipients", "intended recipient", "addresses had",
    "address(es)", "your message to", "your mail to", "destinataires suivants", "folgende empfänger",
    "folgenden empfänger", "folgende adresse", "siguientes destinatarios", "seguenti destinatari",
    "volgende geadresseerden", "seguintes destinatários", "recipient:", "recipient address", "次の宛先", "以下の宛先",
    "宛先メールアドレス", "收件人", "следующим получателям", "delivery of email to this address",
)  # fmt: skip
_NOT_FAILED = (
    "mailer-daemon@", "postmaster@", "mailerdaemon@", "abuse@", "support@",
)  # fmt: skip


def readable(parts: Iterable[Message]) -> str:
    """The text of the parts that a person would read, capped; HTML only where there is no plain text."""
    listed = list(parts)
    for wanted in ("text/plain", "text/html"):
        texts = [part_text(part) for part in listed if part.get_content_type() == wanted]
        joined = "\n".join(texts)[:_TEXT_CAP]
        if joined.strip():
            return _without_tags(joined) if wanted == "text/html" else joined
    return ""


def part_text(part: Message) -> str:
    """The decoded text of a leaf part, capped; bytes that are no text of its charset are replaced."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return content[:_TEXT_CAP].decode(charset, "replace")
    except (LookupError, UnicodeError):
        return content[:_TEXT_CAP].decode("latin-1")


def status_lines(part: Message) -> list[str]:
    """The lines of a delivery-status part, which the standard library has split into blocks of header fields."""
    payload = part.get_payload()
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if isinstance(payload, str):
        return part_text(part).splitlines()
    blocks = [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    lines: list[str] = []
    for block in blocks[: _ADDRESSES_CAP * 4]:
        lines += [line for name, value in block.items() for line in f"{name}: {value}".splitlines()]
        body = block.get_payload()
        lines += ["", *(body.splitlines() if isinstance(body, str) else ()), ""]
    if encoding in ("base64", "quoted-printable"):
        decoded = Message()
        decoded["Content-Transfer-Encoding"] = encoding
        decoded.set_payload("\n".join(lines))
        return [*lines, *part_text(decoded).splitlines()]
    return lines


def field_groups(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Groups of fields, parted by blank lines or by the next Final-Recipient; names in lower case, values unfolded."""
    group: dict[str, str] = {}
    name = ""
    for line in lines:
        if not line.strip():
            if group:
                yield group
            group, name = {}, ""
        elif line[0] in " \t" and name:
            group[name] = (group[name] + " " + line.strip())[:_LINE_CAP]
        elif ":" in line:
            name, _, value = line[:_LINE_CAP].partition(":")
            name = name.strip().lower()
            if name == "final-recipient" and name in group:
                yield group
                group = {}
            group.setdefault(name, value.strip())
    if group:
        yield group


def status_code(value: str) -> str:
    """The first enhanced status code (RFC 3463) in `value`, such as 5.1.1, or ''."""
    for word in value[:_LINE_CAP].replace("(", " ").replace(")", " ").replace("#", " ").replace("-", " ").split():
        numbers = word.strip(".,;:[]<>").split(".")
        if (
            len(numbers) == 3
            and numbers[0] in ("2", "4", "5")
            and all(n.isascii() and n.isdigit() and len(n) <= 3 for n in numbers)
        ):
            return ".".join(numbers)
    return ""


def bare_address(text: str) -> str:
    """The address within angle brackets, quotes or blanks; lower-case domain."""
    if "<" in text and ">" in text:
        text = text[text.rindex("<") + 1 :].partition(">")[0]
    text = text.strip(" \t\"'<>;:,()[]*")
    for prefix in ("mailto:", "smtp:", "rfc822;"):
        text = text[len(prefix) :] if text.lower().startswith(prefix) else text
    local, at, domain = text.strip("\"'<>").rpartition("@")
    return (local + at + domain.lower())[:320]


def recipients(message: Message, text: str) -> list[ReportedRecipient]:
    """The recipients that the prose names, with the status found beside them."""
    delayed = signs.is_delay(signs.field(message, "subject"), text)
    status = next((code for line in text.splitlines()[:400] if (code := status_code(line))), "")
    action = "delayed" if delayed else "failed"
    found = list(dict.fromkeys(_named(message, text)))[:_ADDRESSES_CAP]
    if status and status[0] != ("4" if delayed else "5"):
        status = ""
    return [ReportedRecipient(address=address, action=action, status=status) for address in found]


def _named(message: Message, text: str) -> list[str]:
    header = ",".join(str(value) for value in message.get_all("x-failed-recipients", []))
    listed = [bare_address(piece) for piece in header[: _LINE_CAP * 10].split(",") if "@" in piece]
    if listed:
        return listed
    own = {bare_address(signs.field(message, name)).lower() for name in ("from", "to")}
    lines = list(_report_lines(text))
    for chosen in (_headed_lines(lines), _listed_lines(lines), lines):
        named = [
            one for one in _addresses(chosen) if one.lower() not in own and not one.lower().startswith(_NOT_FAILED)
        ]
        if named:
            return named
    return _asked_of_flufl(message)


def _report_lines(text: str) -> Iterator[str]:
    """The lines of the mail system's own words: those above the returned mail, without its summary of it."""
    for line in text[:_TEXT_CAP].splitlines()[:400]:
        bare = line.strip(" \t-=*>_+|#").lower()
        if bare.startswith(_RETURNED_BEGINS):
            return
        if not bare.startswith(_SUMMARY_LABELS):
            yield line[:_LINE_CAP]


def _headed_lines(lines: list[str]) -> list[str]:
    """The lines that begin with an address in angle brackets and a colon (qmail, Postfix), or hold nothing else."""
    bare = [line.strip(" \t*-") for line in lines]
    return [
        line.partition(":")[0] if line.startswith("<") else line
        for line in bare
        if "@" in line and ((line.startswith("<") and ">" in line) or len(line.rstrip(":;.,").split()) == 1)
    ]


def _listed_lines(lines: list[str]) -> list[str]:
    """The few lines from the words that announce the failed addresses, to the blank line after the first of them."""
    start = next((n for n, line in enumerate(lines) if any(word in line.lower() for word in _ANNOUNCED)), None)
    if start is None:
        return []
    chosen: list[str] = []
    for line in lines[start : start + 40]:
        if not line.strip() and any("@" in one for one in chosen):
            break
        chosen.append(line)
    return chosen


def _addresses(lines: Iterable[str]) -> Iterator[str]:
    """What looks like an address among the words of the lines."""
    for line in lines:
        if "@" not in line:
            continue
        for word in line.replace("<", " <").replace("(", " ").replace(",", " ").replace("=", " ").split()[:60]:
            address = bare_address(word.partition("...")[0].rstrip(".:;!"))
            local, at, domain = address.rpartition("@")
            if at and local and "." in domain and not set(address) & set("/\\=?<>\"'") and domain.isprintable():
                yield address


def _asked_of_flufl(message: Message) -> list[str]:
    """The addresses that flufl.bounce finds; none where the mail is not small or it stumbles."""
    texts = [payload for part in message.walk() if isinstance(payload := part.get_payload(), str)]
    if sum(map(len, texts)) > _FLUFL_CAP or sum(text.count("\n") for text in texts) > _FLUFL_LINES:
        return []
    try:
        found = scan_message(message)
    except Exception:
        # It raises IndexError and AttributeError on mails without From, or with raw bytes in it.
        return []
    return [
        bare_address(one.decode("ascii", "replace") if isinstance(one, bytes) else str(one)) for one in sorted(found)
    ]


def returned_ids(parts: Iterable[Message]) -> tuple[str, ...]:
    """The Message-IDs of the returned mail: from its attached form, its attached headers, or its copy in the text."""
    ids: list[str] = []
    for part in parts:
        kind, payload = part.get_content_type(), part.get_payload()
        for name in ("x-cm-original-message-id", "x-original-message-id"):
            ids += _ids(str(part.get(name, "") or ""))
        if kind in signs.RETURNED_TYPES and isinstance(payload, list) and payload and isinstance(payload[0], Message):
            ids += _ids(str(payload[0].get("message-id", "") or ""))
        elif kind in signs.RETURNED_TYPES or kind == "text/plain":
            ids += _ids_in_lines(part_text(part))
    return tuple(dict.fromkeys(ids))[:20]


def _ids_in_lines(text: str) -> Iterator[str]:
    """The value of each `Message-ID:` line, also where it is quoted, indented, or folded onto the next line."""
    expected = False
    for line in text.splitlines():
        bare = line[:_LINE_CAP].lstrip(" \t>|").rstrip()
        lowered = bare.lower()
        if lowered.startswith("message-id:"):
            bare = bare[len("message-id:") :]
            expected = not bare.strip()
        elif not expected:
            continue
        else:
            expected = False
        yield from _ids(bare)


def _ids(value: str) -> list[str]:
    start, end = value.find("<"), value.find(">")
    inner = value[start + 1 : end].strip() if 0 <= start < end else ""
    return [f"<{inner}>"] if inner and len(inner) < 998 and not set(inner) & set(" \t\r\n") else []


def _without_tags(html: str) -> str:
    """The text between tags, for reading only: entities stay, and blocks end lines."""
    pieces = []
    for piece in html.split("<"):
        tag, closed, rest = piece.partition(">")
        pieces.append(
            ("\n" if tag.lower().startswith(("br", "p", "/p", "div", "/div", "tr", "/tr", "li")) else "")
            + (rest if closed else tag)
        )
    return "".join(pieces)
