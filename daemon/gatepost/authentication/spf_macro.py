"""Expands the macros of SPF (RFC 7208 section 7): pure, but for the validated name of `%{p}`, which is handed in."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

Address = IPv4Address | IPv6Address

_MACRO = re.compile(r"%(?:([%_-])|\{([A-Za-z])([0-9]*)([rR]?)([.+,/_=-]*)\})")
_PLAIN = {"%": "%", "_": " ", "-": "%20"}
_NAME = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What the letters stand for. `sender` is local@domain, `domain` the one being looked at, `validated` is %{p}."""

    ip: Address
    sender: str
    helo: str
    domain: str
    validated: str = "unknown"


def expand(spec: str, values: Values) -> str:
    """The domain that `spec` means; one too long loses labels on its left (RFC 7208 7.3)."""
    name = _MACRO.sub(lambda found: _expanded(found, values), spec)
    if len(name) <= _NAME:
        return name
    # In one step, since a record of macros alone makes a name of a million characters.
    return name[-_NAME - 1 :].partition(".")[2]


def wants_validated(spec: str) -> bool:
    """Whether the domain-spec holds %{p}, which costs questions."""
    return any((found[2] or "").lower() == "p" for found in _MACRO.finditer(spec))


def _expanded(found: re.Match[str], values: Values) -> str:
    if found[1]:
        return _PLAIN[found[1]]
    letter, digits, reverse, delimiters = found[2], found[3], found[4], found[5] or "."
    parts = re.split(f"[{re.escape(delimiters)}]", _value(letter.lower(), values))
    if reverse:
        parts.reverse()
    if digits:
        parts = parts[-int(digits) :]
    text = ".".join(parts)
    return quote(text, safe="-._~") if letter.isupper() else text


def _value(letter: str, values: Values) -> str:
    local, _, domain = values.sender.rpartition("@")
    match letter:
        case "s":
            return values.sender
        case "l":
            return local
        case "o":
            return domain
        case "d":
            return values.domain
        case "i":
            return dotted(values.ip)
        case "p":
            return values.validated
        case "v":
            return "in-addr" if values.ip.version == 4 else "ip6"
        case _:
            return values.helo


def dotted(ip: Address) -> str:
    """The address in dots: as it is written for IPv4, nibble by nibble for IPv6."""
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
