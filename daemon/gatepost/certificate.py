"""Looks at a certificate and its key as a TLS client would: a whole handshake in memory, without a socket."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .core import Millis
from .errors import PermanentError

_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What a certificate says: the host names it is for, and until when it is good; None where that is over."""

    names: tuple[str, ...]
    until: Millis | None

    def covers(self, host: str) -> bool:
        """Whether it names `host`, itself or by a wildcard for the first label (RFC 6125 6.4.3)."""
        return bool({host.lower(), "*." + host.lower().partition(".")[2]} & {name.lower() for name in self.names})


def look_at_pair(certificate: Path, key: Path) -> Pair:
    """What the certificate chain in `certificate` says, once it is known to belong to `key`.

    Raises PermanentError where the files cannot be read, are no PEM, or do not belong together.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    # The certificate itself is the anchor: who signed it, and whether its time has come, is not asked here.
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        server.load_cert_chain(certificate, key, password=_no_password)
        client.load_verify_locations(certificate)
    except (OSError, ValueError) as error:
        why = _why(error)
        hint = _NO_PAIR if "mismatch" in why else _HINT
        raise PermanentError(f"{certificate} and {key} cannot be used: {why}", hint) from error
    return _shake_hands(server, client)


_NO_PAIR = "The key is that of another certificate: name the two that were made together."
_HINT = "Both are PEM files; the certificate comes first in its file, and its key has no passphrase."


def _no_password() -> str:
    raise ValueError("the key has a passphrase")


def _why(error: Exception) -> str:
    """OpenSSL's words, without its numbers."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or error).replace("_", " ").lower()


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> Pair:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server)
    done: set[ssl.SSLObject] = set()
    for side in (theirs, ours) * 4:
        if side in done:
            continue
        try:
            side.do_handshake()
            done.add(side)
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            if error.verify_code == _EXPIRED:
                return Pair(names=(), until=None)
            raise PermanentError(f"the certificate is refused: {error.verify_message}", _HINT) from error
    said: dict[str, Any] = dict(theirs.getpeercert() or {})
    names = tuple(value for kind, value in said.get("subjectAltName", ()) if kind == "DNS")
    return Pair(names=names, until=int(ssl.cert_time_to_seconds(said["notAfter"])) * 1000)
