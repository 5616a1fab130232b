"""Keeps one side's real addresses from the other (D5): takes them out of what is relayed, and checks what goes out.

An address is found in any case, percent-encoded, written with (at), broken over lines and behind quote marks. A whole
domain is given as `@acme.example`. What is in pictures, or hidden on purpose, is beyond it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape

from ..core.letter import Attachment
from . import look

PUT = "…"
_CLOSE = r"[\s>|*]{0,8}"
_AT = rf"{_CLOSE}(?:@|%40|\ufe6b|\uff20|[(\[{{]\s?at\s?[)\]}}]){_CLOSE}"
_LOCAL = r"[a-z0-9._+-]{1,64}"
_SCAN_OCTETS = 4_000_000
_UNDRAWN = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])


def mask(text: str, addresses: Iterable[str], put: str = PUT) -> str:
    """`text` without the addresses: `On Monday Jane <jane@shop.example> wrote:` becomes `On Monday Jane wrote:`.

    A bare one becomes `put`, and so does the local part where it stands for the name. Linear in the text.
    """
    pattern = _pattern(tuple(sorted({address.lower() for address in addresses if address})))
    if pattern is None or not text:
        return text
    return pattern.sub(lambda found: "" if found.group("angled") else put, text)


def leaks(raw: bytes, forbidden: Iterable[str], *, files: bool = True) -> list[str]:
    """A sentence for each place of the mail `raw` that still holds a forbidden address; empty where it may leave.

    Looked at: every field, the text and the HTML; with `files` also the files' names and the first 4 MB of each.
    """
    addresses = tuple(sorted({address.lower() for address in forbidden if address}))
    pattern = _pattern(addresses)
    if pattern is None:
        return []
    parts = look.parts(raw)
    places = [(f"the field {name}", value) for name, value in parts.headers]
    places += [("the text", parts.text), ("the HTML", unescape(parts.html))]
    for attachment in parts.attachments if files else ():
        places += [
            (f"the name of the file {attachment.filename}", attachment.filename.rpartition(".")[0]),
            (f"the file {attachment.filename}", _words(attachment)),
        ]
    return [
        f"{place} holds {_shown(found.group())}"
        for place, text in places
        if (found := pattern.search(text.translate(_UNDRAWN))) is not None
    ]


@lru_cache(maxsize=256)
def _pattern(addresses: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern for all the addresses; None for none. Every repetition in it is bounded, so matching is linear."""
    forms = []
    for address in addresses:
        local, _, domain = address.rpartition("@")
        if domain:
            host = rf"{_CLOSE}\.{_CLOSE}".join(re.escape(label) for label in domain.split("."))
            forms.append(rf"(?:{re.escape(local) if local else _LOCAL}){_AT}{host}")
    if not forms:
        return None
    either = "|".join(forms)
    before, after = r"(?<![a-z0-9._+-])", r"(?![a-z0-9-]|\.[a-z0-9])"
    angled = rf"(?P<angled>[ \t]?[<\[(](?:mailto:)?(?:{either})[>\])])"
    return re.compile(rf"{angled}|{before}(?:mailto:)?(?P<address>{either}){after}", re.IGNORECASE)


def _words(attachment: Attachment) -> str:
    return attachment.content[:_SCAN_OCTETS].decode("utf-8", "replace")


def _shown(address: str) -> str:
    return " ".join(address.split())[:120]
