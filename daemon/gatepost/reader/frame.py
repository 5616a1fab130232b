"""What goes over the reader's pipe: a mail in; out a Letter or a refusal: a length, a JSON head, the files' bytes.

The child's first octet, before any mail, says that it is ready.

The child is not trusted: whatever it sends is checked field by field, and a frame that is not exactly right raises
ValueError here, never later. Nothing is pickled.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from ..core.letter import Attachment, Forwarded, Letter, Mailbox, Report, ReportedRecipient, Trouble
from ..core.secret import Kind as SecretKind
from ..mail.parse import Cause, HostileMail

LENGTH_OCTETS = 4
READY = b"R"
HEAD_OCTETS = 64 * 1_048_576
_T = TypeVar("_T")


def length(count: int) -> bytes:
    """A length as it stands on the pipe: four octets, the highest first."""
    return count.to_bytes(LENGTH_OCTETS, "big")


def of_letter(letter: Letter) -> list[bytes]:
    """The frame of a letter, in pieces that need not be joined: length, head, then the content of each file."""
    head = json.dumps({"letter": _letter(letter)}).encode("ascii")
    return [length(len(head)), head, *(file.content for file in letter.attachments)]


def of_refusal(error: HostileMail) -> list[bytes]:
    """The frame of a mail that was refused as hostile."""
    head = json.dumps({"hostile": error.cause.value, "message": error.message}).encode("ascii")
    return [length(len(head)), head]


def opened(head: bytes) -> dict[str, Any]:
    """The head of a frame, taken apart once. Raises ValueError for one that is none."""
    return _object(json.loads(head))


def sizes(shape: dict[str, Any]) -> list[int]:
    """The octets of each file that follows an opened head. Raises ValueError for a head that is broken."""
    if "letter" not in shape:
        return []
    files = _list(_object(shape["letter"]).get("attachments"), _object)
    return [_count(file.get("size")) for file in files]


def to_letter(shape: dict[str, Any], contents: list[bytes]) -> Letter:
    """The letter of an opened frame. Raises HostileMail where the frame says so, ValueError where it is broken."""
    if "hostile" in shape:
        raise HostileMail(Cause(_text(shape["hostile"])), _text(shape.get("message")))
    value = _object(shape.get("letter"))
    files = _list(value.get("attachments"), _object)
    if [len(content) for content in contents] != [_count(file.get("size")) for file in files]:
        raise ValueError("the files of the frame have other sizes than it says")
    return Letter(
        sender=None if value.get("sender") is None else _to_mailbox(value["sender"]),
        from_=tuple(_list(value.get("from"), _to_mailbox)),
        to=tuple(_list(value.get("to"), _to_mailbox)),
        cc=tuple(_list(value.get("cc"), _to_mailbox)),
        reply_to=tuple(_list(value.get("reply_to"), _to_mailbox)),
        subject=_text(value.get("subject")),
        message_id=_text(value.get("message_id")),
        in_reply_to=tuple(_list(value.get("in_reply_to"), _text)),
        references=tuple(_list(value.get("references"), _text)),
        date=None if value.get("date") is None else _integer(value["date"]),
        headers=tuple(_list(value.get("headers"), _to_pair)),
        text=_text(value.get("text")),
        reply_text=_text(value.get("reply_text")),
        relay_text=_text(value.get("relay_text")),
        language=_text(value.get("language")),
        attachments=tuple(_to_file(*pair) for pair in zip(files, contents, strict=True)),
        report=None if value.get("report") is None else _to_report(_object(value["report"])),
        forwarded=None if value.get("forwarded") is None else _to_forwarded(_object(value["forwarded"])),
        troubles=tuple(Trouble(name) for name in _list(value.get("troubles"), _text)),
        secrets=tuple(SecretKind(name) for name in _list(value.get("secrets"), _text)),
        fingerprint=_text(value.get("fingerprint")),
    )


def _letter(letter: Letter) -> dict[str, Any]:
    return {
        "sender": None if letter.sender is None else _mailbox(letter.sender),
        "from": [_mailbox(box) for box in letter.from_],
        "to": [_mailbox(box) for box in letter.to],
        "cc": [_mailbox(box) for box in letter.cc],
        "reply_to": [_mailbox(box) for box in letter.reply_to],
        "subject": letter.subject,
        "message_id": letter.message_id,
        "in_reply_to": letter.in_reply_to,
        "references": letter.references,
        "date": letter.date,
        "headers": letter.headers,
        "text": letter.text,
        "reply_text": letter.reply_text,
        "relay_text": letter.relay_text,
        "language": letter.language,
        "attachments": [_file(file) for file in letter.attachments],
        "report": None if letter.report is None else _report(letter.report),
        "forwarded": None if letter.forwarded is None else _forwarded(letter.forwarded),
        "troubles": [trouble.value for trouble in letter.troubles],
        "secrets": [kind.value for kind in letter.secrets],
        "fingerprint": letter.fingerprint,
    }


def _mailbox(box: Mailbox) -> list[str]:
    return [box.name, box.address]


def _file(file: Attachment) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "size": len(file.content),
        "sha256": file.sha256,
        "content_id": file.content_id,
        "inline": file.inline,
    }


def _forwarded(mail: Forwarded) -> dict[str, Any]:
    return {"sender": _mailbox(mail.sender), "subject": mail.subject, "words": mail.words}


def _report(report: Report) -> dict[str, Any]:
    recipients = [[r.address, r.action, r.status, r.diagnostic] for r in report.recipients]
    return {"recipients": recipients, "cited": report.cited}


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object was expected")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text was expected")
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("a whole number was expected")
    return value


def _count(value: Any) -> int:
    if _integer(value) < 0:
        raise ValueError("a count was expected")
    return _integer(value)


def _list(value: Any, read: Callable[[Any], _T]) -> list[_T]:
    if not isinstance(value, list):
        raise ValueError("a list was expected")
    return [read(item) for item in value]


def _to_pair(value: Any) -> tuple[str, str]:
    first, second = _list(value, _text)
    return first, second


def _to_mailbox(value: Any) -> Mailbox:
    name, address = _list(value, _text)
    return Mailbox(name=name, address=address)


def _to_file(value: dict[str, Any], content: bytes) -> Attachment:
    inline = value.get("inline")
    if not isinstance(inline, bool):
        raise ValueError("yes or no was expected")
    return Attachment(
        filename=_text(value.get("filename")),
        content_type=_text(value.get("content_type")),
        size=len(content),
        sha256=_text(value.get("sha256")),
        content_id=_text(value.get("content_id")),
        inline=inline,
        content=content,
    )


def _to_forwarded(value: dict[str, Any]) -> Forwarded:
    return Forwarded(
        sender=_to_mailbox(value.get("sender")), subject=_text(value.get("subject")), words=_text(value.get("words"))
    )


def _to_report(value: dict[str, Any]) -> Report:
    recipients = _list(value.get("recipients"), lambda item: _list(item, _text))
    return Report(
        recipients=tuple(
            ReportedRecipient(address=address, action=action, status=status, diagnostic=diagnostic)
            for address, action, status, diagnostic in recipients
        ),
        cited=tuple(_list(value.get("cited"), _text)),
    )
