"""The house's keys: those that sign reply addresses, of the config or made once in the data folder; the audit log's."""

import os
import secrets
from pathlib import Path

from .config import ReplyAddressSection
from .core.reply_address import Keys
from .errors import PermanentError

_OCTETS = 32


def reply_keys(section: ReplyAddressSection, data: Path) -> Keys:
    """The keys of section [reply_address]; without any there, the one of the data folder, made if absent.

    Raises PermanentError where a key cannot be read or is too short. Whoever loses this key loses every reply address
    that is out there: it belongs into the backup.
    """
    if not section.keys:
        return Keys(current=section.current, secrets={section.current: _own_key(data / "keys" / "reply")})
    found = {int(number): secret.read() for number, secret in section.keys.items()}
    try:
        return Keys(current=section.current, secrets=found)
    except ValueError as error:
        raise PermanentError(f"[reply_address.keys]: {error}", "openssl rand -hex 32 makes a good one.") from error


def audit_key(data: Path, *, make: bool = True) -> bytes:
    """The key that seals the audit log: in the data folder, and never in the database that it seals (J15).

    It is made once, unless `make` is false. Raises PermanentError where it cannot be read.
    """
    path = data / "keys" / "audit"
    return _own_key(path) if make else _read(path)


def _own_key(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(_OCTETS).encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        hint = "Run it as the user of the daemon; a key that is lost comes back only from a backup."
        raise PermanentError(f"{path} cannot be read: {error.strerror}", hint) from error
    if len(key) < 2 * _OCTETS:
        raise PermanentError(
            f"{path} holds no whole key",
            "Restore it from a backup: what it has signed or sealed is not recognised without it.",
        )
    return key
