"""One DKIM signature (RFC 6376), or the like of it in ARC: its tags checked, its key fetched, its two hashes verified.

dkimpy verifies the hash over the header and knows the keys. What it leaves open is closed here: a signature must cover
From, be of SHA-256 (RFC 8301), and its numbers must be of a size that costs nothing; the body's hash is ours, since
dkimpy's is quadratic in runs of blanks.
"""

import asyncio
import base64
import binascii
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from ..core import SECOND, Millis
from .message import Field, Signed
from .resolver import Kind, Lookups, NoAnswer, Unusable, ascii_form, canonical

_FIELD = 4_096
_NAMES = 100
_LARGE = 32_768
_KEY_TEXT = 4_096
_MODULUS_BITS = (1_024, 8_192)
_EXPONENT_BITS = 64
_ALGORITHMS = {b"rsa-sha256": b"rsa", b"ed25519-sha256": b"ed25519"}
_BLANKS = re.compile(rb"\s{80}")
_DIGITS = re.compile(rb"[0-9]{1,12}")

# dkimpy tells what it meets in foreign mail; the finding says it already.
_SILENT = logging.getLogger("gatepost.authentication.dkimpy")
_SILENT.disabled = True

Tags = Mapping[bytes, bytes]


class Dkim(StrEnum):
    """The results of RFC 8601 2.7.1 that occur; `neutral` is a right signature that proves too little."""

    PASS = "pass"  # noqa: S105 - a word of RFC 8601, no password
    FAIL = "fail"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What became of one signature: the domain that signs (d=), its selector, the result, and a word on it."""

    domain: str
    selector: str
    result: Dkim
    detail: str


class Worthless(Exception):
    """The signature does not count; the message says why, `result` which word RFC 8601 has for it."""

    def __init__(self, detail: str, result: Dkim = Dkim.PERMERROR) -> None:
        super().__init__(detail)
        self.result = result


def tags_of(value: bytes, needed: tuple[bytes, ...]) -> Tags:
    """The tags of a signature field. Raises Worthless where it is malformed, too large, or lacks one."""
    if len(value) > _FIELD or _BLANKS.search(value):
        raise Worthless("the field is too long")
    try:
        tags: dict[bytes, bytes] = parse_tag_value(re.sub(rb"\r\n(?=[ \t])", b"", value))
    except InvalidTagValueList as error:
        raise Worthless("the field is malformed") from error
    if missing := [tag.decode() for tag in needed if not tags.get(tag)]:
        raise Worthless(f"it has no {missing[0]}=")
    if tags.get(b"a") not in _ALGORITHMS:
        raise Worthless(f"the algorithm {_shown(tags[b'a'])} does not count (RFC 8301)")
    return tags


async def verify(mail: Signed, field: Field, lookups: Lookups, received: Millis) -> Signature:
    """What one DKIM-Signature field is worth for a mail that came at `received`. Never raises."""
    tags: Tags = {}
    try:
        tags = tags_of(field[1], (b"v", b"a", b"b", b"bh", b"d", b"h", b"s"))
        _check_tags(tags, received)
        names = signed_names(tags)
        if b"l" in tags:
            raise Worthless("it covers only a part of the body (l=)", Dkim.NEUTRAL)
        key = await key_of(tags, lookups, strict_identity=tags.get(b"i", b""))
        await check_body(mail, tags)
        if mail.start > _LARGE:
            await asyncio.to_thread(check_header, mail.fields, names, field, tags, key)
        else:
            check_header(mail.fields, names, field, tags, key)
    except Worthless as error:
        return _said(tags, error.result, str(error))
    return _said(tags, Dkim.PASS, "")


def domain_of(field: Field) -> str:
    """The domain that a signature field claims, '' where it cannot be read: to choose which to verify first."""
    try:
        return _name(tags_of(field[1], (b"a", b"d"))[b"d"])
    except Worthless:
        return ""


def _check_tags(tags: Tags, received: Millis) -> None:
    if tags[b"v"] != b"1":
        raise Worthless(f"its version is {_shown(tags[b'v'])}")
    if b"q" in tags and b"dns/txt" not in [way.strip() for way in tags[b"q"].split(b":")]:
        raise Worthless("its key is not in DNS (q=)")
    domain, identity = tags[b"d"].lower(), tags.get(b"i", b"").lower()
    if identity and not re.search(rb"[@.]" + re.escape(domain) + rb"\Z", identity):
        raise Worthless("its i= is not of its d=")
    for tag in (b"t", b"x", b"l"):
        if tag in tags and not _DIGITS.fullmatch(tags[tag]):
            raise Worthless(f"its {tag.decode()}= is no number")
    if b"x" in tags and int(tags[b"x"]) * SECOND < received:
        raise Worthless("it had expired when the mail came (x=)", Dkim.FAIL)


def signed_names(tags: Tags) -> list[bytes]:
    """The names in h=, in lower case. Raises Worthless where From is not among them (RFC 6376 5.4)."""
    names = [name.strip().lower() for name in tags[b"h"].split(b":")]
    if len(names) > _NAMES:
        raise Worthless("it covers too many fields")
    if b"from" not in names:
        raise Worthless("it does not cover From")
    return names


async def key_of(tags: Tags, lookups: Lookups, strict_identity: bytes = b"") -> bytes:
    """The key record of a signature, once it is clear that it can be used. Raises Worthless."""
    name = canonical(f"{_name(tags[b's'])}._domainkey.{_name(tags[b'd'])}")
    if name is None:
        raise Worthless("its s= and d= name no key")
    try:
        texts = await lookups.ask(name, Kind.TXT)
    except NoAnswer as error:
        raise Worthless(error.message, Dkim.TEMPERROR) from error
    except Unusable as error:
        raise Worthless(error.message) from error
    if len(texts) != 1:
        raise Worthless(f"there is no key at {name}" if not texts else f"there are several keys at {name}")
    key = texts[0].encode("latin-1")
    _check_key(key, tags, strict_identity)
    return key


def _check_key(record: bytes, tags: Tags, identity: bytes) -> None:
    if len(record) > _KEY_TEXT:
        raise Worthless("its key is too long")
    try:
        key: dict[bytes, bytes] = parse_tag_value(record)
        flags = [flag.strip() for flag in key.get(b"t", b"").split(b":")]
        if not key.get(b"p"):
            raise Worthless("its key was revoked")
        if b"h" in key and b"sha256" not in [hash_.strip() for hash_ in key[b"h"].split(b":")]:
            raise Worthless("its key is not for SHA-256")
        if not {b"*", b"email"} & {service.strip() for service in key.get(b"s", b"*").split(b":")}:
            raise Worthless("its key is not for mail")
        if b"s" in flags and identity and identity.rpartition(b"@")[2].lower() != tags[b"d"].lower():
            raise Worthless("its key allows no subdomain in i= (t=s)")
        if b"y" in flags:
            raise Worthless("its key is for tests only (t=y)", Dkim.NEUTRAL)
        public, bits, kind, _ = dkim.evaluate_pk("", record)
    except (dkim.DKIMException, InvalidTagValueList, binascii.Error, ValueError, IndexError, TypeError) as error:
        raise Worthless("its key cannot be read") from error
    if kind != _ALGORITHMS[tags[b"a"]]:
        raise Worthless("its key is of another kind than a= says")
    if kind == b"rsa" and not (
        _MODULUS_BITS[0] <= bits <= _MODULUS_BITS[1] + 2 and 0 < public["publicExponent"] < 1 << _EXPONENT_BITS
    ):
        raise Worthless("its key is too small or too large")


async def check_body(mail: Signed, tags: Tags) -> None:
    """Raises Worthless where the body is not the one that was signed."""
    form = tags.get(b"c", b"simple/simple").partition(b"/")[2] or b"simple"
    if form not in (b"simple", b"relaxed"):
        raise Worthless("its canonicalization is unknown")
    if await mail.body_hash(form) != _decoded(tags[b"bh"]):
        raise Worthless("the body was changed after it was signed", Dkim.FAIL)


def check_header(fields: tuple[Field, ...], names: list[bytes], field: Field, tags: Tags, key: bytes) -> None:
    """Raises Worthless where one of the fields `names` is not the one that was signed, or one was added to From."""
    signer = dkim.DKIM(logger=_SILENT, minkey=_MODULUS_BITS[0])
    signer.headers = list(fields)
    _decoded(tags[b"b"])
    try:
        valid = signer.verify_sig(
            {tag: value for tag, value in tags.items() if tag not in (b"bh", b"l")},
            list(names),
            field,
            lambda name, timeout: key,
        )
    except Exception as error:
        # The library raises more than its own errors on a hostile field.
        raise Worthless("the signature is malformed", Dkim.FAIL) from error
    if not valid:
        raise Worthless("the signature does not fit the header", Dkim.FAIL)


def _decoded(value: bytes) -> bytes:
    try:
        return base64.b64decode(re.sub(rb"\s+", b"", value), validate=True)
    except binascii.Error as error:
        raise Worthless("it is not base64") from error


def _shown(octets: bytes) -> str:
    return octets[:253].decode("ascii", "replace")


def _name(octets: bytes) -> str:
    """A name as DNS has it; UTF-8 is allowed in d= and s= (RFC 8616 5)."""
    return ascii_form(octets[:253].decode("utf-8", "replace").lower())


def _said(tags: Tags, result: Dkim, detail: str) -> Signature:
    domain = canonical(_name(tags.get(b"d", b""))) or ""
    return Signature(domain=domain, selector=_shown(tags.get(b"s", b""))[:63], result=result, detail=detail)
