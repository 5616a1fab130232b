"""Signs outgoing mail with DKIM (RFC 6376, RFC 8463): relaxed/relaxed, the whole body, fields oversigned.

A field that is signed once more than it occurs cannot be added later: a second From or Subject breaks the signature.
Reading keys and RSA's arithmetic are dkimpy's, Ed25519 is libsodium's; what is hashed is decided here. Verifying mail
is authentication's business.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from dkim.crypto import HASH_ALGORITHMS, RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
from nacl.signing import SigningKey

from ..core import SECOND, Millis
from ..errors import PermanentError

OVERSIGNED = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "sender",
    "mime-version", "content-type", "content-transfer-encoding", "auto-submitted", "list-unsubscribe",
    "list-unsubscribe-post",
)  # fmt: skip
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410 7: the DER in front of the 32 octets.
_LEAST_BITS = 1_024
_BLANKS = re.compile(rb"[ \t]+")
_FOLD = 70


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with its name in DNS: `selector._domainkey.domain`."""

    domain: str
    selector: str
    algorithm: str
    _key: Any

    def covers(self, domain: str) -> bool:
        """Whether its signature stands for mail From that domain (RFC 7489 3.1.1, relaxed alignment)."""
        folded = domain.lower()
        return folded == self.domain or folded.endswith("." + self.domain)

    def sign(self, raw: bytes, now: Millis) -> bytes:
        """`raw`, CRLF line ends, with a DKIM-Signature field in front; `now` is what it says in `t=`."""
        head, _, body = raw.partition(b"\r\n\r\n")
        fields = _fields(head)
        names = [name for name, _ in fields if name in OVERSIGNED]
        listed = ":".join((*names, *OVERSIGNED))
        body_hash = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode("ascii")
        tags = (
            f"v=1; a={self.algorithm}; c=relaxed/relaxed;\r\n d={self.domain}; s={self.selector};\r\n"
            f" t={now // SECOND}; bh={body_hash};\r\n h={_folded(listed, ':')};\r\n b="
        )
        field = f"DKIM-Signature: {tags}".encode("ascii")
        signed = _signed(fields, listed.split(":")) + _relaxed_field("dkim-signature", field.partition(b":")[2])
        signature = base64.b64encode(self._signature(signed)).decode("ascii")
        return field + _folded(signature, "").encode("ascii") + b"\r\n" + raw

    def _signature(self, signed: bytes) -> bytes:
        digest = HASH_ALGORITHMS[b"rsa-sha256"](signed)
        if self.algorithm == "ed25519-sha256":
            # RFC 8463 3: the hash is what is signed.
            return bytes(self._key.sign(digest.digest()).signature)
        return bytes(RSASSA_PKCS1_v1_5_sign(digest, self._key))


def signer(domain: str, selector: str, pem: bytes) -> Signer:
    """The signer for a private key in PEM: RSA of 1,024 bits or more (RFC 8301 3.2), or Ed25519.

    Raises PermanentError for anything else.
    """
    try:
        lines = [line for line in pem.strip().splitlines() if line and not line.startswith(b"-----")]
        der = base64.b64decode(b"".join(lines), validate=True)
        if der.startswith(_ED25519) and len(der) == len(_ED25519) + 32:
            return Signer(domain.lower(), selector, "ed25519-sha256", SigningKey(der[len(_ED25519) :]))
        key = parse_pem_private_key(pem)
        bits = int(key["modulus"]).bit_length()
    except Exception as error:
        hint = "Write one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
        raise PermanentError(f"the DKIM key of {domain} is no private key in PEM, RSA or Ed25519", hint) from error
    if bits < _LEAST_BITS:
        raise PermanentError(f"the DKIM key of {domain} has {bits} bits", "Use 2048 (RFC 8301 3.2).")
    return Signer(domain.lower(), selector, "rsa-sha256", key)


def _fields(head: bytes) -> list[tuple[str, bytes]]:
    """The fields of a header section, topmost first, each with its lower-case name."""
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", head)
    parted = (line.partition(b":") for line in unfolded.split(b"\r\n"))
    return [(name.strip().lower().decode("ascii"), value) for name, colon, value in parted if colon]


def _signed(fields: list[tuple[str, bytes]], names: list[str]) -> bytes:
    """The fields that `names` lists, the lowest of a name first (RFC 6376 5.4.2); one that is not there is nothing."""
    left: dict[str, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    return b"".join(_relaxed_field(name, left[name].pop()) + b"\r\n" for name in names if left.get(name))


def _relaxed_field(name: str, value: bytes) -> bytes:
    """RFC 6376 3.4.2."""
    return name.encode("ascii") + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _folded(text: str, after: str) -> str:
    """`text` in lines that mail may carry, broken behind `after` or, where that is '', anywhere."""
    pieces = [piece + after for piece in text.split(after)] if after else list(text)
    if after:
        pieces[-1] = pieces[-1].removesuffix(after)
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > _FOLD:
            lines.append("")
        lines[-1] += piece
    return "\r\n ".join(lines)
