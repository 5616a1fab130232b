"""The house's keys: named by the config, or made once in the data folder and read from there.

A key NAME lies in DATA/keys/NAME, a later one of the same name in DATA/keys/NAME-ID; the one with the highest id is the
current one, which signs or seals, and every other still reads what it has signed or sealed. A file that others on the
machine can read is refused.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .config import ReplyAddressSection
from .core.reply_address import Keys
from .errors import PermanentError
from .store import hanging
from .store.database import Tx
from .store.glance import DESK_FILE, glance
from .vault import Vault

_OCTETS = 32
_MOST = 255


class KeyName(StrEnum):
    """What a key is for."""

    REPLY = "reply"
    SEAL = "seal"
    AUDIT = "audit"


ROTATED = (KeyName.REPLY, KeyName.SEAL)
"""Those of which there may be several; the audit log is one chain under one key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """One key in the data folder: never its words. `fault` says why it cannot be used, '' where it can."""

    name: KeyName
    id: int
    path: Path
    current: bool = False
    fault: str = ""


def reply_keys(section: ReplyAddressSection, data: Path) -> Keys:
    """The keys of section [reply_address]; without any there, those of the data folder, the first made if absent.

    Raises PermanentError where a key cannot be read or is too short. Whoever loses this key loses every reply address
    that is out there: it belongs into the backup.
    """
    if not section.keys:
        found = _own_keys(data, KeyName.REPLY, first=section.current)
        return Keys(current=max(found), secrets=found)
    found = {int(number): secret.read() for number, secret in section.keys.items()}
    try:
        return Keys(current=section.current, secrets=found)
    except ValueError as error:
        raise PermanentError(f"[reply_address.keys]: {error}", "openssl rand -hex 32 makes a good one.") from error


def vault(data: Path) -> Vault:
    """The keys that seal secrets and raw mails (K04), the first made if absent."""
    found = _own_keys(data, KeyName.SEAL, first=1)
    return Vault(current=max(found), keys=found)


def audit_key(data: Path, *, make: bool = True) -> bytes:
    """The key that seals the audit log: in the data folder, and never in the database that it seals (J15).

    It is made once, unless `make` is false. Raises PermanentError where it cannot be read.
    """
    path = data / "keys" / KeyName.AUDIT
    if make:
        _refuse_lost(data, KeyName.AUDIT)
    return _made(path) if make else _read(path)


def key_files(data: Path, *, first_reply: int = 1) -> Iterator[KeyFile]:
    """Every key of the data folder, in order, with what is wrong with it."""
    for name in KeyName:
        first = first_reply if name is KeyName.REPLY else 1
        files = _files(data, name, first)
        for number, path in sorted(files.items()):
            yield KeyFile(name=name, id=number, path=path, current=number == max(files), fault=_fault(path))


def lost(data: Path, name: KeyName) -> str:
    """What hangs on a key of which no file is there; '' where there is one, or nothing does."""
    if _files(data, name, 1) or not (data / DESK_FILE).is_file():
        return ""
    return glance(data, _HANGING[name])


def _refuse_lost(data: Path, name: KeyName) -> None:
    """No key is made in the place of one that is lost: nobody would notice, and what it has sealed would not open."""
    if hanging_on := lost(data, name):
        raise PermanentError(
            f"{data / 'keys' / name.value} is gone, and {hanging_on} on it",
            f"Restore it from a backup; if it is lost for good: gatepost keys rotate {name.value} (docs/keys.md).",
        )


_HANGING: dict[KeyName, Callable[[Tx], str]] = {
    KeyName.REPLY: lambda tx: f"the reply addresses of {n} tickets hang" if (n := hanging.signed(tx)) else "",
    KeyName.SEAL: lambda tx: f"{n} sealed texts hang" if (n := sum(hanging.sealed_with(tx).values())) else "",
    KeyName.AUDIT: lambda tx: f"{n} rows of the audit log hang" if (n := hanging.logged(tx)) else "",
}


def rotate(data: Path, name: KeyName, *, first: int = 1, above: int = 0) -> KeyFile:
    """Make a further key, which signs or seals from the next start on, with an id `above` those of keys that are lost.

    Raises PermanentError for one that cannot be: the audit log's is made anew only where it is gone.
    """
    files = _files(data, name, first)
    if name not in ROTATED and files:
        raise PermanentError(f"the key {name.value} is not rotated", "The audit log is one chain under one key.")
    number = max((first, above, *files)) + 1 if name in ROTATED else 1
    if number > _MOST:
        raise PermanentError(f"there are {_MOST} keys {name.value} already", "Remove those that read nothing any more.")
    path = data / "keys" / (f"{name.value}-{number}" if name in ROTATED else name.value)
    _made(path)
    return KeyFile(name=name, id=number, path=path, current=True)


def _own_keys(data: Path, name: KeyName, *, first: int) -> dict[int, bytes]:
    files = _files(data, name, first)
    if not files:
        _refuse_lost(data, name)
        return {first: _made(data / "keys" / name.value)}
    return {number: _read(path) for number, path in files.items()}


def _files(data: Path, name: KeyName, first: int) -> dict[int, Path]:
    folder = data / "keys"
    found = {first: folder / name.value} if (folder / name.value).exists() else {}
    for path in sorted(folder.glob(f"{name.value}-*")):
        number = path.name.removeprefix(f"{name.value}-")
        if number.isdigit() and int(number) <= _MOST:
            found[int(number)] = path
    return found


def _made(path: Path) -> bytes:
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
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            key = file.read(65_536).strip()
    except OSError as error:
        hint = "Run it as the user of the daemon; a key that is lost comes back only from a backup."
        raise PermanentError(f"{path} cannot be read: {error.strerror}", hint) from error
    if mode & 0o077:
        raise PermanentError(
            f"{path} can be read by others (mode {mode:04o})",
            f"chmod 600 {path}; if others may have read it, make a new one: gatepost keys rotate.",
        )
    if len(key) < 2 * _OCTETS:
        raise PermanentError(
            f"{path} holds no whole key",
            "Restore it from a backup: what it has signed or sealed is not recognised without it.",
        )
    return key


def _fault(path: Path) -> str:
    try:
        _read(path)
    except PermanentError as error:
        return error.message
    return ""
