"""The grammar of an SPF record (RFC 7208 sections 4.6.1, 5, 6, 7.1): text to terms, or a mistake. It asks no DNS."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

_TERM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9]*)(?=[:/]|\Z)(.*)")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_LENGTHS = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_NETWORK = re.compile(r"([^/]+)(?:/(0|[1-9][0-9]{0,2}))?\Z")
_LETTERS = "slodiphvSLODIPHV"
_REST = r"(?:[1-9][0-9]{0,2})?[rR]?[.+,/_=-]*\}|%%|%_|%-"
_MACRO = rf"%\{{[{_LETTERS}]{_REST}"
_LITERAL = r"[!-$&-~]"
_STRING = re.compile(rf"(?:%\{{[{_LETTERS}crtCRT]{_REST}|{_LITERAL})*")
_SPEC = re.compile(f"(?:{_MACRO}|{_LITERAL})+")
_ENDS_IN_MACRO = re.compile(f".*(?:{_MACRO})")
# A domain-spec that does not end in a macro ends in a top label: not of digits alone, no hyphen at its ends.
_ENDS_IN_LABEL = re.compile(r".*\.(?=[^.]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?")
_SPEC_NEEDED = ("include", "exists")
_SPEC_ALLOWED = ("a", "mx", "ptr", *_SPEC_NEEDED)


class Malformed(ValueError):
    """The record breaks the grammar; the whole of it counts for nothing (RFC 7208 4.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One directive: what follows when it matches, its name, its domain-spec with macros, its network or lengths."""

    qualifier: str
    name: str
    spec: str = ""
    network: IPv4Network | IPv6Network | None = None
    length4: int = 32
    length6: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The mechanisms in their order, and the domain-spec of `redirect`, '' for none."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""


def parse(text: str) -> Record:
    """The terms behind `v=spf1`. Raises Malformed for any mistake anywhere."""
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in filter(None, text.split(" ")[1:]):
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            mechanisms.append(_mechanism(term))
            continue
        name, value = modifier[1].lower(), modifier[2]
        if name in ("redirect", "exp"):
            if name in modifiers:
                raise Malformed(f"{name} stands there twice")
            modifiers[name] = _spec(value)
        elif not _STRING.fullmatch(value):
            raise Malformed(f"the value of {name} is malformed")
    return Record(mechanisms=tuple(mechanisms), redirect=modifiers.get("redirect", ""))


def _mechanism(term: str) -> Mechanism:
    found = _TERM.fullmatch(term)
    if found is None:
        raise Malformed(f"{term[:60]!r} is no mechanism")
    qualifier, name, rest = found[1] or "+", found[2].lower(), found[3]
    if name == "all" and not rest:
        return Mechanism(qualifier=qualifier, name=name)
    if name in ("ip4", "ip6") and rest[:1] == ":":
        return Mechanism(qualifier=qualifier, name=name, network=_network(name, rest[1:]))
    if name in ("a", "mx"):
        lengths = _LENGTHS.search(rest)
        assert lengths is not None, "the pattern matches the empty end"
        rest, four, six = rest[: lengths.start()], int(lengths[1] or 32), int(lengths[2] or 128)
        if four > 32 or six > 128:
            raise Malformed(f"{term[:60]!r} has too long a prefix")
        return Mechanism(qualifier=qualifier, name=name, spec=_target(name, rest), length4=four, length6=six)
    if name in _SPEC_ALLOWED:
        return Mechanism(qualifier=qualifier, name=name, spec=_target(name, rest))
    raise Malformed(f"{term[:60]!r} is no mechanism")


def _target(name: str, rest: str) -> str:
    """The domain-spec behind the colon, '' where it may be left out and is."""
    if not rest and name not in _SPEC_NEEDED:
        return ""
    if rest[:1] != ":":
        raise Malformed(f"{name} is followed by {rest[:60]!r}")
    return _spec(rest[1:])


def _spec(text: str) -> str:
    if _SPEC.fullmatch(text) and (_ENDS_IN_MACRO.fullmatch(text) or _ENDS_IN_LABEL.fullmatch(text)):
        return text
    raise Malformed(f"{text[:60]!r} is no domain")


def _network(name: str, text: str) -> IPv4Network | IPv6Network:
    found = _NETWORK.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise Malformed(f"{text[:60]!r} is no network") from error
    if network.version != int(name[-1]):
        raise Malformed(f"{text[:60]!r} is no {name} network")
    return network
