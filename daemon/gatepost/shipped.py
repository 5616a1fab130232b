"""Says where our own templates, catalogues, rules and examples lie: in a wheel, or at the root of the checkout."""

from importlib import resources
from pathlib import Path
from typing import Literal

from .errors import PermanentError

_ROOT = Path(__file__).resolve().parents[2]


def folder(kind: Literal["templates", "locale", "rules", "examples"]) -> Path:
    """The folder of what ships as `kind`. Raises PermanentError where an installation lost it."""
    for place in (Path(str(resources.files("gatepost"))) / "_shipped" / kind, _ROOT / kind):
        if place.is_dir():
            return place
    raise PermanentError(f"the shipped {kind} are missing from this installation", "Install gatepost again.")
