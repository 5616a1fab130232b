"""The second factor of staff: codes of an authenticator app (TOTP, RFC 6238), each taken once; its secret at rest.

A secret is sealed with AES-GCM under a key outside the database, bound to its owner's name. Until somebody enrols it,
it is made anew from the sign-in link, so that a look at the page keeps nothing.
"""

import hmac
import io
import os
from base64 import b32encode
from dataclasses import dataclass

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...core import SECOND, Millis
from ...errors import PermanentError

STEP = 30 * SECOND
_OCTETS = 20
_NONCE = 12
_DRIFT = 1


@dataclass(frozen=True, slots=True)
class Authenticators:
    """Makes, seals and checks secrets; `key` is the audit log's, of which its own key is derived."""

    key: bytes

    def proposed(self, staff: str, link: str) -> str:
        """The secret that this sign-in link offers for enrolment, in base32 (RFC 4648 6)."""
        octets = hmac.digest(self.key, f"gatepost.authenticator.new\0{staff}\0{link}".encode(), "sha256")
        return b32encode(octets[:_OCTETS]).decode("ascii")

    def seal(self, staff: str, secret: str) -> bytes:
        """`secret` as it is stored."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher().encrypt(nonce, secret.encode("ascii"), staff.encode())

    def unseal(self, staff: str, sealed: bytes) -> str:
        """The secret. Raises PermanentError where it was sealed with another key, or for somebody else."""
        try:
            return self._cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], staff.encode()).decode("ascii")
        except InvalidTag as error:
            hint = f"Restore keys/audit from the backup, or let {staff} enrol again: gatepost staff reset-totp {staff}"
            raise PermanentError(f"the authenticator of {staff} cannot be read", hint) from error

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.key, b"gatepost.authenticator.seal", "sha256"))


def step_of(secret: str, code: str, now: Millis) -> int | None:
    """The time step for which `code` is right, one before or behind that of `now` allowed; None for a wrong one."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return None
    machine, current = pyotp.TOTP(secret), now // STEP
    steps = range(current - _DRIFT, current + _DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(machine.generate_otp(step), digits)), None)


def address(secret: str, staff: str, issuer: str) -> str:
    """The otpauth: URI that an app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff, issuer_name=issuer)


def picture(uri: str) -> bytes:
    """The URI as a QR code in SVG: dark on white, whatever the page's colours."""
    out = io.BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False)
    return out.getvalue()
