"""Says whether a text is one plain mail address, in words for the person who wrote it; it looks nothing up.

Meant for addresses that people write into configs, imports and forms, not for headers of incoming mail: no quoted local
part, no comment, no display name, no address literal, so that nothing can ride along into an SMTP command.
"""

import re

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def plain(text: str) -> str:
    """`text` as an address with its domain in lower case. Raises ValueError with one sentence on what is wrong.

    The local part is a dot-atom (RFC 5322 3.2.3) of at most 64 octets, the domain host labels (RFC 5321 4.1.2).
    """
    shown = text if len(text) <= 80 else text[:79] + "…"
    if text != text.strip():
        raise ValueError(f"{shown!r} has spaces around the address")
    if any(c in text for c in " ,;<>\t\r\n"):
        raise ValueError(f"{shown!r} is more than one plain address; write it like support@market.example")
    local, at, name = text.rpartition("@")
    if not at or not local or not name:
        raise ValueError(f"{shown!r} is not a mail address; write it like support@market.example")
    if not _ATOM.fullmatch(local):
        raise ValueError(f"{shown!r} has a part before the @ that we do not write into mail: {local[:64]!r}")
    if len(local) > 64:
        raise ValueError(f"{shown!r} has more than 64 characters before the @ (RFC 5321 4.5.3.1.1)")
    if len(text) > 254:
        raise ValueError(f"{shown!r} is longer than 254 characters (RFC 5321 4.5.3.1.3)")
    return f"{local}@{domain(name)}"


def folds_onto_another(address: str) -> bool:
    """Whether an address beyond ASCII becomes one of plain letters where case does not count: ß is ss then, ſ is s."""
    local = address.rpartition("@")[0]
    return any(not c.isascii() and any(folded.isascii() for folded in c.casefold()) for c in local)


def domain(text: str) -> str:
    """`text` as a domain name in lower case. Raises ValueError with one sentence on what is wrong."""
    lowered = text.lower()
    shown = lowered if len(lowered) <= 80 else lowered[:79] + "…"
    if not lowered.isascii():
        raise ValueError(f"the domain {shown!r} has to be written in its xn-- form")
    if len(lowered) > 253 or not all(_LABEL.fullmatch(label) for label in lowered.split(".")):
        raise ValueError(f"{shown!r} is not a domain name")
    return lowered
