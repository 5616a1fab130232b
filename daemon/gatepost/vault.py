"""Seals what only this house may read: AES-256-GCM, the key made by HKDF of a server key and, for a link, its token.

The database holds what is sealed, the data folder (or the config) the server keys, the link the token: whoever has one
or two of the three reads nothing. What a sealed text is for and which row it stands in is bound to it, so that moved to
another place it does not open. The current key seals; every key that is there still opens.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import scrypt, sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import PermanentError

_NONCE = 12
_KEY = 32
_TOKEN = 32


class Purpose(StrEnum):
    """What a sealed text is; a text sealed for one purpose does not open for another."""

    RAW = "raw"
    ONE_TIME = "one-time"


class Unopened(PermanentError):
    """Sealed by a key that is not here, for another place, with another token or passphrase, or changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed text and the id of the key that sealed it."""

    key: int
    octets: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """The server keys by id; `current` seals."""

    current: int
    keys: Mapping[int, bytes]

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"the current key {self.current} is not among the keys {sorted(self.keys)}")
        if any(len(key) < _KEY for key in self.keys.values()):
            raise ValueError(f"a sealing key has at least {_KEY} bytes")

    def __repr__(self) -> str:
        return f"Vault(current={self.current}, ids={sorted(self.keys)})"

    def seal(self, purpose: Purpose, about: str, plain: bytes, *, token: bytes = b"", passphrase: str = "") -> Sealed:
        """`plain` sealed for a purpose and a place; with `token` and `passphrase` it opens by these alone."""
        nonce = os.urandom(_NONCE)
        key = self._key(self.current, purpose, about, token, passphrase)
        return Sealed(key=self.current, octets=nonce + AESGCM(key).encrypt(nonce, plain, _bound(purpose, about)))

    def open(self, purpose: Purpose, about: str, sealed: Sealed, *, token: bytes = b"", passphrase: str = "") -> bytes:
        """What was sealed. Raises Unopened (permanent) for all that does not fit."""
        if sealed.key not in self.keys:
            raise Unopened(f"it was sealed with key {sealed.key}, which is not here", "gatepost keys list")
        nonce, octets = sealed.octets[:_NONCE], sealed.octets[_NONCE:]
        key = self._key(sealed.key, purpose, about, token, passphrase)
        try:
            return AESGCM(key).decrypt(nonce, octets, _bound(purpose, about))
        except (InvalidTag, ValueError) as error:
            raise Unopened("it does not open") from error

    def _key(self, number: int, purpose: Purpose, about: str, token: bytes, passphrase: str) -> bytes:
        material = self.keys[number] + b"|" + token
        if passphrase:
            # The salt is no secret and differs by row and token; what it costs is what a guesser pays for each guess.
            salt = sha256(_bound(purpose, about) + token).digest()
            material += b"|" + scrypt(passphrase.encode("utf-8"), salt=salt, n=1 << 14, r=8, p=1, dklen=_KEY)
        derived = HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=b"gatepost." + purpose.value.encode("ascii"))
        return derived.derive(material)


def fresh() -> Vault:
    """A vault with a key that nobody keeps: what it seals opens in this process alone."""
    return Vault(current=1, keys={1: os.urandom(_KEY)})


def new_token() -> str:
    """The half of a key that goes into a link: 256 bits, as letters and digits that need no escaping."""
    return secrets.token_urlsafe(_TOKEN)


def _bound(purpose: Purpose, about: str) -> bytes:
    return f"gatepost.{purpose.value}:{about}".encode()
