"""The manifest of a backup: what is in it, with sizes and hashes, so that a restore knows what it has in its hands."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core import Millis
from ..errors import PermanentError
from .copying import digest, sync

FILE = "manifest.json"
_FORM = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`files` has the size and the hash of each file by its path in the backup, `keys` the fingerprint of each key.

    `counts` are figures for people: how many tickets, messages and waiting mails the backup holds.
    """

    form: int = _FORM
    version: str
    made: Millis
    migrations: tuple[str, ...]
    files: dict[str, tuple[int, str]]
    keys: dict[str, str]
    counts: dict[str, int]


def write(folder: Path, manifest: Manifest) -> None:
    """Write it into the backup, last of all."""
    path = folder / FILE
    path.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    path.chmod(0o600)
    sync(path)


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises PermanentError where there is none, or one of another form."""
    path = folder / FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PermanentError(
            f"{folder} is no backup of gatepost: {path.name} cannot be read ({error})",
            "Name the folder that gatepost backup has printed.",
        ) from error
    if said.get("form") != _FORM:
        raise PermanentError(f"{folder} is a backup of another form", "Restore it with the version that made it.")
    files = {name: (int(size), str(hash_)) for name, (size, hash_) in said.pop("files").items()}
    return Manifest(files=files, migrations=tuple(said.pop("migrations")), **said)


def differences(folder: Path, manifest: Manifest) -> list[str]:
    """What of the backup is not as its manifest says, in sentences."""
    found = []
    for name, (size, hash_) in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != size or digest(path) != hash_:
            found.append(f"{name} is not what was backed up")
    return found
