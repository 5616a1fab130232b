"""How the parts of the daemon stand, as its supervisor tells it in DATA/run/parts.json; written here and read here."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a part stands: its process (0: none at the moment), how often it has died in all, how, and when last."""

    pid: int
    deaths: int
    exit: int
    died: Millis | None


def tell(data: Path, standing: Mapping[str, Standing]) -> None:
    """Write it down, whole or not at all; a disk that refuses this stops nothing."""
    path = _path(data)
    with suppress(OSError):
        new = path.with_suffix(".new")
        new.write_text(json.dumps({name: asdict(part) for name, part in standing.items()}), encoding="utf-8")
        new.replace(path)


def read(data: Path) -> dict[str, Standing]:
    """Every part by its name; nothing where no supervisor has run."""
    try:
        said = json.loads(_path(data).read_text(encoding="utf-8"))
        return {name: Standing(**part) for name, part in said.items()}
    except (OSError, ValueError, TypeError):
        return {}


def _path(data: Path) -> Path:
    return data / "run" / "parts.json"
