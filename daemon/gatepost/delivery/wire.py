"""What may go over the wire at all: the last look at addresses and bytes before a server sees them.

Whatever fails here is a fault of ours, found before anything was said; it decides nothing else.
"""

import re

from ..mail import international
from ..mail.writing import LINE_OCTETS, lines_fit

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_DOMAIN}")


def plain(address: str) -> bool:
    """Whether it is one address that may stand between < and > (RFC 5321 4.1.2), without quotes, routes or spaces."""
    return len(address) <= 254 and _ADDRESS.fullmatch(address) is not None


def carried(address: str) -> str:
    """The address as it goes over the wire: a plain one as it is, one beyond ASCII as RFC 6531 has it, or ''."""
    if plain(address):
        return address
    beyond = "" if address.isascii() else international.written(address)
    return beyond if not beyond.isascii() or plain(beyond) else ""


def fault_of(content: bytes) -> str:
    """Why these bytes may not be sent (RFC 5322 2.1.1, 2.3; RFC 5321 2.3.8), or '' if they may."""
    pairs = content.count(b"\r\n")
    if not content.endswith(b"\r\n"):
        return "the mail does not end with CRLF"
    if content.count(b"\r") != pairs or content.count(b"\n") != pairs:
        return "the mail holds a bare CR or LF"
    if b"\0" in content:
        return "the mail holds a NUL"
    if not lines_fit(content):
        return f"the mail has a line of more than {LINE_OCTETS} octets"
    return ""
