"""Body parts on their way out: text and files become 7-bit MIME parts, and the finished mail is checked byte by byte.

What is written here is composed anew from values; no parsed mail is ever serialised again.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from hashlib import sha256

from ..core.letter import Attachment
from ..errors import PermanentError
from .fields import filename_parameter, one_line

LINE_OCTETS = 998
_SHORT = 900
_EIGHT_BIT = bytes(range(128, 256))
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}")
_FIELD = re.compile(rb"([!-9;-~]+):[ -~]*(?:\r\n[ \t][ -~\t]*)*\r\n")


class BrokenMailError(PermanentError):
    """A composed mail failed the check before it leaves: a fault of ours, never sent."""


def clean_text(text: str) -> str:
    """`text` with one kind of line end (LF) and no control character but tab; ends with a line end."""
    if not text.replace("\n", "").isprintable() and _UNCLEAN.search(text) is not None:
        text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    return text if text.endswith("\n") else text + "\n"


def text_part(text: str, subtype: str) -> bytes:
    """A part text/`subtype` of clean text in UTF-8: 7bit where it is so already, else quoted-printable or base64."""
    data = text.encode("utf-8")
    if data.isascii() and b"From " not in data and lines_fit(data, _SHORT, b"\n"):
        encoding, body = b"7bit", data.replace(b"\n", b"\r\n")
    elif len(data.translate(None, _EIGHT_BIT)) * 3 > len(data) * 2:
        encoding, body = b"quoted-printable", _quoted_printable(data)
    else:
        encoding, body = b"base64", _base64(data.replace(b"\n", b"\r\n"))
    head = b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n"
    return head % (subtype.encode("ascii"), encoding) + body


def attachment_part(attachment: Attachment) -> bytes:
    """A part that carries the file's exact bytes, in base64.

    Composite types (message/*, multipart/*) may not be base64 (RFC 2045 6.4) and could not be kept byte for byte
    otherwise, so they travel as application/octet-stream under their own file name.
    """
    kind = attachment.content_type.lower()
    if _TYPE.fullmatch(kind) is None or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    shown = b"inline" if attachment.inline and kind.startswith("image/") else b"attachment"
    filename = one_line(attachment.filename, 200) or "file"
    return b"".join(
        (
            b"Content-Type: ", kind.encode("ascii"), _charset(kind, attachment.content), b"\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Disposition: ", shown, filename_parameter(filename), b"\r\n\r\n",
            _base64(attachment.content),
        )
    )  # fmt: skip


def multipart(subtype: str, parts: list[bytes], seed: str) -> bytes:
    """A part multipart/`subtype` around `parts`; its boundary comes from `seed` and stands in none of them."""
    turn = 0
    while True:
        boundary = b"=_" + sha256(f"{subtype}{turn}{seed}".encode("utf-8", "replace")).hexdigest()[:32].encode("ascii")
        if not any(boundary in part for part in parts):
            break
        turn += 1
    head = b'Content-Type: multipart/%b;\r\n boundary="%b"\r\n\r\n' % (subtype.encode("ascii"), boundary)
    return head + b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary


def lines_fit(content: bytes, most: int = LINE_OCTETS, end: bytes = b"\r\n") -> bool:
    """Whether no line of `content`, ended by `end`, is longer than `most`; looks at one end in so many octets."""
    at, reach = 0, most + len(end)
    while len(content) - at > reach:
        found = content.rfind(end, at, at + reach)
        if found < 0:
            return False
        at = found + len(end)
    return len(content) - at <= most or content.find(end, at) >= 0


def check(raw: bytes, names: list[str], *, international: bytes = b"") -> None:
    """Raise BrokenMailError unless `raw` may leave: exactly the fields `names`, CRLF alone, 7 bits, lines <= 998.

    RFC 5322 2.1.1 and 2.3; RFC 5321 2.3.8. `international` is the one field that may stand in it in UTF-8 (RFC 6532).
    """
    if international and raw.count(international) == 1:
        raw = raw.replace(international, b"To: x\r\n")
    if not raw.isascii() or b"\x00" in raw:
        raise BrokenMailError("the mail holds 8-bit octets or NUL")
    if not raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n") or not raw.endswith(b"\r\n"):
        raise BrokenMailError("the mail holds a bare CR or LF")
    if not lines_fit(raw):
        raise BrokenMailError(f"the mail holds a line of more than {LINE_OCTETS} octets")
    found, at = [], 0
    while not raw.startswith(b"\r\n", at):
        field = _FIELD.match(raw, at)
        if field is None:
            raise BrokenMailError("the header section holds a line that is no field")
        found.append(field.group(1).decode("ascii"))
        at = field.end()
    if found != names:
        raise BrokenMailError(f"the header fields are {found}, wanted {names}")


def _quoted_printable(data: bytes) -> bytes:
    """RFC 2045 6.7; a line's leading `From ` is encoded too, for the mailboxes that would write `>From `."""
    body = b"\n" + b2a_qp(data, istext=True)
    return body.replace(b"\nFrom ", b"\n=46rom ")[1:].replace(b"\n", b"\r\n")


def _base64(data: bytes) -> bytes:
    encoded = b64encode(data)
    lines = [encoded[at : at + 76] for at in range(0, len(encoded), 76)]
    return b"\r\n".join(lines) + b"\r\n"


def _charset(kind: str, content: bytes) -> bytes:
    """Text that is UTF-8 says so, since the default would be us-ascii (RFC 2046 4.1.2)."""
    if not kind.startswith("text/"):
        return b""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return b""
    return b"; charset=utf-8"
