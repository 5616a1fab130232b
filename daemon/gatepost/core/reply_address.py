"""Signed addresses and ids: what a token carries, how it is written, and how it is read back.

A token is 25 bytes in lower-case base32, 40 characters without padding, so that it survives programs that change case
and fits the 64 octets of a local part (RFC 5321 4.5.3.1.1):

    1 byte  id of the key             5 bytes  number of the ticket, outbox mail, or question
    1 byte  what the token is for     2 bytes  number of the participant on that ticket
                                     16 bytes  MAC: HMAC-SHA-256 over "gatepost", purpose and the nine bytes, cut to 128
                                               bits (RFC 2104 section 5 asks for at least half the hash)

A token says who may be meant, never who has written: `identity` weighs it against the sender.
"""

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

TOKEN_LENGTH = 40
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
_RUNS = re.compile("[A-Za-z2-7]{40,}")
_LONG_RUN = 120
_MAC_BYTES = 16


class Purpose(IntEnum):
    """What a token is for; each purpose has MACs of its own, so that none can be used as another."""

    REPLY = 1
    DELIVERY = 2
    CONFIRM = 3


_PURPOSES = frozenset(Purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a verified token says. `ticket` holds the outbox mail's number for DELIVERY, the question's for CONFIRM."""

    purpose: Purpose
    ticket: int
    participant: int
    key_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The signing keys by id. New tokens are signed by `current`; every key listed still verifies."""

    current: int
    secrets: Mapping[int, bytes]

    def __post_init__(self) -> None:
        if self.current not in self.secrets:
            raise ValueError(f"the current key {self.current} is not among the keys {sorted(self.secrets)}")
        for key_id, secret in self.secrets.items():
            if not 0 <= key_id <= 255 or len(secret) < 32:
                raise ValueError(f"key {key_id}: an id is 0..255 and a secret has at least 32 bytes")

    def __repr__(self) -> str:
        return f"Keys(current={self.current}, ids={sorted(self.secrets)})"


def sign(keys: Keys, purpose: Purpose, ticket: int, participant: int) -> str:
    """The token for a participant of a ticket (or a recipient of an outbox mail), 40 lower-case characters."""
    body = bytes((keys.current, purpose)) + ticket.to_bytes(5, "big") + participant.to_bytes(2, "big")
    return b32encode(body + _mac(keys.secrets[keys.current], purpose, body)).decode("ascii").lower()


def read(keys: Keys, text: str) -> Token | None:
    """The token that `text` is, in either case; None for all that we have not signed. Constant time in the MAC."""
    lowered = text.lower()
    if len(lowered) != TOKEN_LENGTH or not _ALPHABET.issuperset(lowered):
        return None
    blob = b32decode(lowered.upper())
    body, mac = blob[:-_MAC_BYTES], blob[-_MAC_BYTES:]
    secret = keys.secrets.get(body[0])
    if secret is None or body[1] not in _PURPOSES:
        return None
    purpose = Purpose(body[1])
    if not hmac.compare_digest(mac, _mac(secret, purpose, body)):
        return None
    return Token(
        purpose=purpose,
        ticket=int.from_bytes(body[2:7], "big"),
        participant=int.from_bytes(body[7:9], "big"),
        key_id=body[0],
    )


def _standing(keys: Keys, text: str) -> Iterator[tuple[int, Token]]:
    """Every verified token in `text` with its position; linear in the text.

    A token may stand within a longer run of its characters: `support%2B` before it ends in two of them. Of a run that
    is far too long for that, only the two ends are looked at.
    """
    heads, lowered = _heads(tuple(keys.secrets)), text.lower()
    if not any(head in lowered for head in heads):  # Of nearly every text this is all that there is to do.
        return
    for run in _RUNS.finditer(text):
        at, end = run.span()
        while end - at >= TOKEN_LENGTH:
            token = read(keys, text[at : at + TOKEN_LENGTH]) if text[at : at + 3].lower() in heads else None
            if token is not None:
                yield at, token
                at += TOKEN_LENGTH
            else:
                at = at + 1 if end - at <= _LONG_RUN else end - TOKEN_LENGTH


@lru_cache(maxsize=64)
def _heads(key_ids: tuple[int, ...]) -> frozenset[str]:
    """How tokens of ours begin: three characters are the 15 bits of key and purpose, but for the last."""
    starts = (bytes((key_id, purpose)) for key_id in key_ids for purpose in Purpose)
    return frozenset(b32encode(start).decode("ascii").lower()[:3] for start in starts)


def find(keys: Keys, text: str) -> tuple[Token, ...]:
    """The verified tokens that stand in `text`: in an address, a Message-ID, a header or a body."""
    return tuple(token for _, token in _standing(keys, text))


def scrub(keys: Keys, text: str, keep: Iterable[Token], put: str = "…") -> str:
    """`text` with every token of ours but those in `keep` replaced by `put` (I8)."""
    kept = {(token.purpose, token.ticket, token.participant) for token in keep}
    pieces: list[str] = []
    done = 0
    for at, token in _standing(keys, text):
        if (token.purpose, token.ticket, token.participant) not in kept:
            pieces += (text[done:at], put)
            done = at + TOKEN_LENGTH
    return "".join(pieces) + text[done:]


def _mac(secret: bytes, purpose: Purpose, body: bytes) -> bytes:
    return hmac.digest(secret, b"gatepost\x00" + bytes((purpose,)) + body, "sha256")[:_MAC_BYTES]
