"""Reads the argument of MAIL and RCPT: the path between angle brackets and the parameters after it (RFC 5321 4.1.2).

A plain address takes one regular expression; everything else takes the long way, which knows quoted local parts,
address literals, source routes and SMTPUTF8 (RFC 6531). Pure; the replies are chosen by the caller.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

PATH_OCTETS = 256
LOCAL_OCTETS = 64
DOMAIN_OCTETS = 255

# Every class is bounded and none can match what follows it, so the match is linear.
_PLAIN = re.compile(
    rb"(?i:FROM|TO): ?<([A-Za-z0-9!#$&'*+/=?^_`{|}~.-]{1,64})@([A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?)>"
    rb"(?: +(.*))?"
)
_ATOM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.")
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Fault(Enum):
    """Why a path cannot be read."""

    SYNTAX = "syntax"
    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A path as it was read: `local` unquoted, `domain` as written ('' for `<>` and for a bare `<postmaster>`)."""

    local: str
    domain: str
    parameters: str = ""
    quoted: bool = False
    routed: bool = False

    @property
    def address(self) -> str:
        """The address as it may be written again: quoted where it must be; '' for the null sender."""
        local = self.local
        if self.quoted and not _is_dot_atom(local):
            local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{local}@{self.domain}" if self.domain else local

    @property
    def international(self) -> bool:
        """Whether it needs SMTPUTF8."""
        return not (self.local.isascii() and self.domain.isascii())


def read_path(keyword: bytes, argument: bytes) -> Path | Fault:
    """The path in `argument`, which is what follows the verb; `keyword` is b"FROM:" or b"TO:"."""
    if (plain := _PLAIN.fullmatch(argument)) and argument[: len(keyword)].upper() == keyword:
        local, domain, parameters = plain.groups()
        if b".." not in local and b".." not in domain and not local.startswith(b".") and not local.endswith(b"."):
            return _printable(local.decode(), domain.decode(), parameters or b"")
    return _the_long_way(keyword, argument)


def _printable(local: str, domain: str, parameters: bytes) -> Path | Fault:
    if not parameters:
        return Path(local=local, domain=domain)
    if not parameters.isascii() or any(byte < 32 or byte == 127 for byte in parameters):
        return Fault.SYNTAX
    return Path(local=local, domain=domain, parameters=parameters.decode("ascii"))


def _the_long_way(keyword: bytes, argument: bytes) -> Path | Fault:
    try:
        text = unicodedata.normalize("NFC", argument.decode("utf-8"))
    except UnicodeDecodeError:
        return Fault.NOT_UTF8
    if text[: len(keyword)].upper() != keyword.decode("ascii"):
        return Fault.SYNTAX
    text = text[len(keyword) :].lstrip(" ")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Cf", "Zl", "Zp") for char in text):
        return Fault.SYNTAX
    end = _closing_bracket(text)
    if end < 0 or (text[end + 1 :] and not text.startswith(" ", end + 1)):
        return Fault.SYNTAX
    if len(text[: end + 1].encode()) > PATH_OCTETS:
        return Fault.TOO_LONG
    parameters = text[end + 1 :].strip(" ")
    if not parameters.isascii():
        return Fault.SYNTAX
    return _read_mailbox(text[1:end], parameters)


def _closing_bracket(text: str) -> int:
    """Where the path ends; a `>` inside a quoted string does not end it. -1 where it is not closed."""
    if not text.startswith("<"):
        return -1
    quoted = escaped = False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == ">" and not quoted:
            return index
    return -1


def _read_mailbox(text: str, parameters: str) -> Path | Fault:
    routed = text.startswith("@")
    if routed:
        # A source route, which RFC 5321 appendix C asks to accept and to ignore in MAIL.
        route, colon, text = text.partition(":")
        if not colon or not all(_is_domain(hop.removeprefix("@")) for hop in route.split(",")):
            return Fault.SYNTAX
    if not text:
        return Path(local="", domain="", parameters=parameters)
    quoted = text.startswith('"')
    local, domain, sound = _split_quoted(text) if quoted else _split_plain(text)
    if not sound:
        return Fault.SYNTAX
    if (len(local.encode()) > LOCAL_OCTETS and quoted) or len(domain.encode()) > DOMAIN_OCTETS:
        return Fault.TOO_LONG
    return Path(local=local, domain=domain, parameters=parameters, quoted=quoted, routed=routed)


def _split_plain(text: str) -> tuple[str, str, bool]:
    local, at, domain = text.rpartition("@")
    if not at:
        return text, "", text.lower() == "postmaster"
    return local, domain, _is_dot_atom(local) and (_is_domain(domain) or _is_literal(domain))


def _split_quoted(text: str) -> tuple[str, str, bool]:
    """A quoted local part: printable characters, a backslash before any of them."""
    local: list[str] = []
    escaped = False
    for index, char in enumerate(text[1:], 1):
        if escaped:
            local.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            at, domain = text[index + 1 : index + 2], text[index + 2 :]
            return "".join(local), domain, at == "@" and bool(local) and (_is_domain(domain) or _is_literal(domain))
        else:
            local.append(char)
    return "", "", False


def _is_dot_atom(local: str) -> bool:
    return (
        bool(local)
        and all(char in _ATOM or not char.isascii() for char in local)
        and ".." not in local
        and not local.startswith(".")
        and not local.endswith(".")
    )


def _is_domain(domain: str) -> bool:
    """Labels of letters, digits, hyphens (and underscores, which the world uses), or of non-ASCII letters."""
    return all(
        0 < len(label) <= 63
        and not label.startswith("-")
        and not label.endswith("-")
        and all(char in _LABEL or not char.isascii() for char in label.lower())
        for label in domain.split(".")
    )


def _is_literal(domain: str) -> bool:
    inner = domain.removeprefix("[").removesuffix("]")
    return (
        len(domain) == len(inner) + 2
        and bool(inner)
        and all(c.isascii() and (c.isalnum() or c in ":.-") for c in inner)
    )
