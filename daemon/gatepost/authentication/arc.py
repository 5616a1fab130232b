"""ARC (RFC 8617): what a forwarder or list saw before it changed a mail, if the operator has listed its seal.

A chain counts as far down as its seals are of listed sealers, from the newest on: each is believed about what it saw.
"""

import re
from dataclasses import dataclass

from ..mail.authenticate import dmarc_results
from .message import Field, Signed
from .resolver import Lookups
from .signature import Dkim, Tags, Worthless, check_body, check_header, key_of, signed_names, tags_of

_SETS = 20
_INSTANCE = re.compile(rb"\s*i\s*=\s*([0-9]{1,2})\s*;(.*)", re.DOTALL | re.IGNORECASE)
_NAMES = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What became of the chain: the word of RFC 8601 for it, the sealer that is believed, and why."""

    result: str
    sealer: str = ""
    detail: str = ""
    passed: bool = False


@dataclass(frozen=True, slots=True)
class _Set:
    results: Field
    message: Field
    seal: Field

    def in_order(self) -> tuple[Field, Field, Field]:
        return self.results, self.message, self.seal


async def judge(mail: Signed, from_domain: str, sealers: frozenset[str], lookups: Lookups) -> Chain:
    """Whether a listed sealer saw a DMARC pass for the From domain, under a chain that holds. Never raises.

    A mail whose newest seal is of nobody listed costs no question of DNS.
    """
    try:
        sets = _sets(mail)
        if not sets:
            return Chain(result="none")
        seals = [tags_of(each.seal[1], (b"a", b"b", b"cv", b"d", b"s")) for each in sets]
        newest = _domain(seals[-1])
        if newest not in sealers:
            return Chain(result="none", sealer=newest, detail=f"the sealer {newest} is not listed")
        await _check_chain(mail, sets, seals, lookups)
    except Worthless as error:
        return Chain(result=str(error.result if error.result is Dkim.TEMPERROR else Dkim.FAIL), detail=str(error))
    for each, seal in zip(reversed(sets), reversed(seals), strict=True):
        if (sealer := _domain(seal)) not in sealers:
            break
        if _saw_pass(each.results, from_domain):
            return Chain(result="pass", sealer=sealer, detail=f"it saw dmarc=pass for {from_domain}", passed=True)
    return Chain(result="pass", sealer=newest, detail=f"no listed sealer saw dmarc=pass for {from_domain}")


def _sets(mail: Signed) -> list[_Set]:
    """The complete sets from the first on. Raises Worthless for a gap, a double or too many (RFC 8617 5.2)."""
    found: dict[tuple[int, bytes], Field] = {}
    for name in _NAMES:
        for field in mail.named(name):
            instance = _instance(name, field)
            if (instance, name) in found:
                raise Worthless(f"there are two {name.decode()} of instance {instance}")
            found[instance, name] = field
    count = len(found) // 3
    if count > _SETS or set(found) != {(number, name) for number in range(1, count + 1) for name in _NAMES}:
        raise Worthless("the sets of the chain are not complete")
    return [_Set(*(found[number, name] for name in _NAMES)) for number in range(1, count + 1)]


def _instance(name: bytes, field: Field) -> int:
    if name == _NAMES[0]:
        stated = _INSTANCE.match(field[1])
        text = stated[1] if stated else b""
    else:
        text = tags_of(field[1], (b"a", b"i"))[b"i"]
    if not text.isdigit() or len(text) > 2:
        raise Worthless("a set of the chain has no instance")
    return int(text)


async def _check_chain(mail: Signed, sets: list[_Set], seals: list[Tags], lookups: Lookups) -> None:
    """Raises Worthless where the newest message signature or one of the seals does not hold (RFC 8617 5.2)."""
    for number, seal in enumerate(seals, start=1):
        if seal[b"cv"] != (b"none" if number == 1 else b"pass") or b"h" in seal:
            raise Worthless(f"seal {number} says cv={seal[b'cv'][:10].decode('ascii', 'replace')}")
    message = sets[-1].message
    tags = tags_of(message[1], (b"a", b"b", b"bh", b"d", b"h", b"s"))
    names = signed_names(tags)
    if b"arc-seal" in names or b"l" in tags:
        raise Worthless("the newest message signature covers what it must not, or only a part")
    if _domain(tags) != _domain(seals[-1]):
        raise Worthless("the newest message signature is not of the sealer")
    tags = {b"c": b"relaxed/relaxed", **tags}
    key = await key_of(tags, lookups)
    await check_body(mail, tags)
    check_header(mail.fields, names, message, tags, key)
    for number, seal in reversed(list(enumerate(seals, start=1))):
        await _check_seal(sets[:number], seal, lookups)


async def _check_seal(sets: list[_Set], seal: Tags, lookups: Lookups) -> None:
    """A seal covers every set up to its own, oldest first, its own seal last without b= (RFC 8617 5.1.1)."""
    covered = [field for each in sets for field in each.in_order()][:-1]
    names = [field[0].lower() for field in covered]
    tags = {**seal, b"c": b"relaxed/relaxed"}
    # Fields of one name are taken from the bottom up, so that the oldest must stand lowest.
    check_header(tuple(reversed(covered)), names, sets[-1].seal, tags, await key_of(seal, lookups))


def _saw_pass(field: Field, from_domain: str) -> bool:
    stated = _INSTANCE.match(field[1])
    text = stated[2].decode("ascii", "replace") if stated is not None else ""
    findings = dmarc_results(text)
    return bool(findings) and all(finding == ("pass", from_domain) for finding in findings)


def _domain(tags: Tags) -> str:
    return tags[b"d"][:253].decode("ascii", "replace").lower()
