"""Signed links: a URL part that says what it is for, about what, and until when, and carries a MAC.

Each purpose has its own salt, so that a link for one thing never opens another. What a link may do is its page's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from itsdangerous import BadSignature, Serializer, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.exc import BadData

from .core import DAY, Millis
from .core.party import Vendor
from .core.reply_address import Keys
from .errors import PermanentError

_LONGEST = 1_200
_SHORT = 64


class For(StrEnum):
    """What a link is for."""

    RATE = "rate"
    UNSUBSCRIBE = "unsubscribe"
    VIEW = "view"
    ATTACHMENT = "attachment"
    CHOOSE = "choose"
    VENDOR = "vendor"
    CONSENT = "consent"
    HAND_OVER = "hand-over"
    ACCESS = "access"
    SSO = "sso"
    PROVED = "proved"
    VENDOR_CHANGE = "vendor-change"
    STAFF_SSO = "staff-sso"
    STAFF_PROVED = "staff-proved"


class _Signer(Signer):
    """The library's, which derives its keys for each link anew; they are the same each time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived: dict[object, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        key = self._derived.get(secret_key)
        if key is None:
            key = self._derived[secret_key] = super().derive_key(secret_key)
        return key


class _Serializer(URLSafeSerializer):
    """The library's, which tries for each link whether zlib makes it shorter; a short one never becomes so."""

    _signer: Signer | None = None

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        if self._signer is None or salt is not None:
            self._signer = super().make_signer(salt)
        return self._signer

    def dump_payload(self, obj: object) -> bytes:
        json = Serializer.dump_payload(self, obj)
        return base64_encode(json) if len(json) < _SHORT else super().dump_payload(obj)


VENDOR_LINK_LIVES: Millis = 60 * DAY


class LinkError(PermanentError):
    """A link that cannot be used; `expired` tells one that was good once from one that never was."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message, "Ask for a new one.")
        self.expired = expired


@dataclass(frozen=True, slots=True)
class Links:
    """Signs and reads links with the house's keys: the current one signs, every one of them still reads."""

    keys: Keys
    _made: dict[For, URLSafeSerializer] = field(default_factory=dict, init=False, repr=False, compare=False)

    def sign(self, purpose: For, about: Sequence[int | str], until: Millis) -> str:
        """The part of a URL that stands for `about` until that instant (to the second). Only ids belong in there."""
        text = self._serializer(purpose).dumps([until // 1000, *about])
        return text if isinstance(text, str) else text.decode("ascii")

    def read(self, purpose: For, text: str, now: Millis) -> tuple[int | str, ...]:
        """What a link is about. Raises LinkError (permanent) for one that is forged, broken, foreign or too old."""
        if len(text) > _LONGEST:
            raise LinkError("this link is not one of ours")
        try:
            until, *about = self._serializer(purpose).loads(text)
        except (BadSignature, BadData, ValueError, TypeError) as error:
            raise LinkError("this link is not one of ours") from error
        if now >= until * 1000:
            raise LinkError("this link is no longer good", expired=True)
        return tuple(about)

    def _serializer(self, purpose: For) -> URLSafeSerializer:
        made = self._made.get(purpose)
        if made is None:
            made = self._made[purpose] = self._make(purpose)
        return made

    def _make(self, purpose: For) -> URLSafeSerializer:
        # The last key signs (itsdangerous); the library's own default is SHA-1.
        older = [secret for number, secret in sorted(self.keys.secrets.items()) if number != self.keys.current]
        return _Serializer(
            [*older, self.keys.secrets[self.keys.current]],
            salt=f"gatepost.link.{purpose.value}",
            signer=_Signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": sha256},
        )


def vendor_link(links: Links, vendor: Vendor, now: Millis) -> str:
    """The link to a vendor's page. It is tied to the support address: whoever gets their mail no more is out."""
    return links.sign(For.VENDOR, (vendor.id, vendor_mark(vendor)), now + VENDOR_LINK_LIVES)


def vendor_mark(vendor: Vendor) -> str:
    """What of the support address stands in a vendor's link."""
    return sha256(vendor.support_address.casefold().encode("utf-8")).hexdigest()[:12]
