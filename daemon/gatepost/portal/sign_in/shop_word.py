"""Reads the word that a shop signs for who is signed in there: a JWT for this portal, good for minutes, once."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ...config import ShopSignInSection
from ...core import Millis
from ...errors import PermanentError
from ...links import LinkError
from .entrance import Proved, spoken
from .entry import readable

_LONGEST = 2000
_SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What it proves; `ident` and `expires` see to it that it is used once."""

    proved: Proved
    ident: str
    expires: Millis


def read(section: ShopSignInSection, text: str, now: Millis) -> Word:
    """The word in `text`. Raises LinkError for one that is not the shop's, not for us, or too old."""
    from joserfc import errors, jwt  # noqa: PLC0415 - an extra

    rules = jwt.JWTClaimsRegistry(
        now=lambda: now // 1000,
        leeway=_SKEW_SECONDS,
        iss={"essential": True, "value": section.issuer},
        aud={"essential": True, "value": section.audience},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
        email={"essential": True},
    )
    if len(text) > _LONGEST:
        raise LinkError("this word is not the shop's")
    try:
        key, algorithms = _key(section)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.SecurityWarning)
            claims = jwt.decode(text, key, algorithms=algorithms).claims
        rules.validate(claims)
    except errors.ExpiredTokenError as error:
        raise LinkError("this word is no longer good", expired=True) from error
    except (errors.JoseError, ValueError, TypeError) as error:
        raise LinkError("this word is not the shop's") from error
    return _word(claims, section.longest_seconds)


def _word(claims: dict[str, object], longest: int) -> Word:
    issued, expires, ident, address = (claims.get(name) for name in ("iat", "exp", "jti", "email"))
    sound = isinstance(issued, int) and isinstance(expires, int) and isinstance(ident, str) and isinstance(address, str)
    if not sound or int(str(expires)) - int(str(issued)) > longest:
        raise LinkError("this word is good for longer than a word may be")
    proved = Proved(
        address=readable(str(address)), name=str(claims.get("name", ""))[:100], language=spoken(claims.get("locale"))
    )
    return Word(proved=proved, ident=f"shop {ident}", expires=(int(str(expires)) + _SKEW_SECONDS) * 1000)


def _key(section: ShopSignInSection):  # type: ignore[no-untyped-def]  # joserfc's own kinds of key
    """The key, and the algorithms that fit it: the word's own head never chooses (I05)."""
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey  # noqa: PLC0415 - an extra

    if section.secret is not None:
        return OctKey.import_key(section.secret.read()), ["HS256"]
    pem = Path(section.public_key).read_bytes()
    kinds = (
        # RFC 9864 has given the first a name of its own; most who sign still write the old one.
        (Ed25519PublicKey, OKPKey, ["Ed25519", "EdDSA"]),
        (EllipticCurvePublicKey, ECKey, ["ES256"]),
        (RSAPublicKey, RSAKey, ["RS256"]),
    )
    try:
        given = load_pem_public_key(pem)
    except ValueError as error:
        raise PermanentError(f"{section.public_key} holds no public key", "Give it as PEM.") from error
    for public, kind, algorithms in kinds:
        if isinstance(given, public):
            return kind.import_key(pem), algorithms
    raise PermanentError(f"{section.public_key} is of no kind that is taken", "Ed25519, P-256 and RSA are.")
